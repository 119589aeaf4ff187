"""Families that answer in speech, and the parts of them that turn its tokens into sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tests.tiny_families import Special, floats
from tests.tiny_models import BATCH, TOKENS, padding

__all__ = ["SPECIAL"]

FRAMES = 20


def _codes(tokens: int) -> Callable[[], Tensor]:
    return lambda: torch.randint(0, 90, (BATCH, tokens))


def _thought(model: nn.Module) -> dict[str, Any]:
    """Codes already spoken, what the thinker hands over, and its text, the second item padded on the left, as to generate."""
    return {
        "input_ids": torch.randint(5, 90, (BATCH, TOKENS)),
        "thinker_reply_part": torch.randn(BATCH, 3, model.get_input_embeddings().embedding_dim),
        "input_text_ids": torch.randint(5, 90, (BATCH, TOKENS)),
        "attention_mask": padding(left=True),
    }


_SPOKEN = {f"tts_codec_{name}_token_id": 100 + at for at, name in enumerate(("mask", "pad", "start", "end"))}
_EMBEDDED = {"input_ids": None, "inputs_embeds": floats(TOKENS, 32)}
_DIFFUSED = {
    "mel_dim": 16,
    "block_size": 4,
    "look_ahead_layers": [1],
    "look_backward_layers": [0],
    "enc_emb_dim": 16,
    "enc_dim": 16,
    "enc_channels": [16, 16, 16, 16, 48],
    "enc_attention_channels": 8,
    "enc_se_channels": 8,
}
_WAVE = {
    "mel_dim": 16,
    "upsample_initial_channel": 32,
    "upsample_rates": [2, 2],
    "upsample_kernel_sizes": [4, 4],
    "resblock_kernel_sizes": [3],
    "resblock_dilation_sizes": [[1, 3, 5]],
}

_CODEC = {
    "acoustic_model_config": {
        "encoder_hidden_size": 4,
        "decoder_hidden_size": 32,
        "downsampling_ratios": [5, 4, 4, 4],
        "upsampling_ratios": [5, 4, 4, 4],
        "hidden_size": 32,
    },
}

SPECIAL: dict[str, Special] = {
    "xcodec": Special(_CODEC, {"input_values": floats(1, 1280)}),
    "xcodec2": Special(
        {"num_key_value_heads": 4, "quantization_dim": 64, "encoder_hidden_size": 4},
        {"input_values": floats(1, 3200), "input_features": floats(10, 160)},
    ),
    "Qwen2_5OmniTalkerForConditionalGeneration": Special(_SPOKEN, _thought),
    "Qwen2_5OmniToken2WavDiTModel": Special(
        _DIFFUSED,
        {
            "hidden_states": floats(FRAMES, 16),
            "condition_vector": floats(FRAMES, 16),
            "speaker_embedding": floats(FRAMES, 16),
            "quantized_code": _codes(FRAMES // 2),
            "time_step": torch.tensor(0.5),
        },
    ),
    "Qwen2_5OmniToken2WavBigVGANModel": Special(_WAVE, {"mel_spectrogram": floats(16, FRAMES)}),
    "Qwen2_5OmniToken2WavModel": Special(
        {"dit_config": _DIFFUSED, "bigvgan_config": _WAVE},
        {
            "code": _codes(FRAMES // 2),
            "conditioning": floats(16),
            "reference_mel": floats(FRAMES, 16),
            "num_steps": 2,
        },
    ),
    "Qwen3OmniMoeTalkerModel": Special({"shared_expert_intermediate_size": 48}, _EMBEDDED),
    "Qwen3OmniMoeTalkerForConditionalGeneration": Special(
        {"text_config": {"shared_expert_intermediate_size": 48}, "spatial_merge_size": 2}, _EMBEDDED
    ),
}
