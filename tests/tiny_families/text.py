"""Families of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BartConfig, DPRConfig, DynamicCache, PreTrainedConfig

from tests.tiny_configs import tiny_config
from tests.tiny_families import Special

__all__ = ["SPECIAL"]

BATCH, TOKENS = 2, 7


def _parts(**overrides: dict[str, Any]) -> Callable[[type[PreTrainedConfig]], PreTrainedConfig]:
    """Overrides by part ("text", "vision", "audio"), for the whole configuration and for a part by itself."""

    def config(cls: type[PreTrainedConfig]) -> PreTrainedConfig:
        default = cls()
        inner = {f"{part}_config": given for part, given in overrides.items() if f"{part}_config" in vars(default)}
        if inner:
            return tiny_config(cls, **inner, **overrides.get("whole", {}))
        own = next((part for part in ("vision", "audio") if part in cls.__name__.lower()), "text")
        return tiny_config(cls, **overrides.get(own, {}))

    return config


def _ids(*marks: tuple[int, int], tokens: int = TOKENS) -> Callable[[], Tensor]:
    """Ids with given tokens at given positions."""

    def ids() -> Tensor:
        found = torch.randint(5, 90, (BATCH, tokens))
        for position, token in marks:
            found[:, position] = token
        return found

    return ids


def _picture() -> Tensor:
    return torch.randn(BATCH, 3, 32, 32)


def _packed(model: nn.Module, **more: Any) -> dict[str, Any]:
    """A text with two pictures of 4 × 4 patches, packed one after the other and merged to 4 tokens each."""
    config = model.config
    vision = getattr(config, "vision_config", config)
    times = getattr(vision, "temporal_patch_size", None) or getattr(vision, "patch_temporal", None) or 1
    pixels, grid = torch.randn(32, 3 * times * vision.patch_size**2), torch.tensor([[1, 4, 4]] * BATCH)
    if vision is config:
        return {"pixel_values": pixels, "grid_thw": grid}
    found = {"input_ids": _ids(*((1 + at, config.image_token_id) for at in range(4)), tokens=8)()}
    return found | {"pixel_values": pixels, "image_grid_thw": grid} | more


def _typed(model: nn.Module) -> dict[str, Any]:
    """The same, with the sense that each token belongs to."""
    found = _packed(model)
    return found | {"mm_token_type_ids": (found["input_ids"] == model.config.image_token_id).int()}


def _with_picture(model: nn.Module, tokens: int, token: str = "image_token_id") -> dict[str, Any]:
    """A text with the places where the tokens of one picture go."""
    marks = [(1 + at, getattr(model.config, token)) for at in range(tokens)]
    return {"input_ids": _ids(*marks, tokens=tokens + 4)(), "pixel_values": _picture()}


_ENTITIES = {
    "entity_ids": lambda: torch.randint(1, 90, (BATCH, 2)),
    "entity_position_ids": lambda: torch.tensor([[[1, 2, -1], [3, -1, -1]]] * BATCH),
    "entity_attention_mask": lambda: torch.ones(BATCH, 2, dtype=torch.long),
}
_SPANS = {
    "entity_start_positions": lambda: torch.tensor([[1, 3]] * BATCH),
    "entity_end_positions": lambda: torch.tensor([[2, 3]] * BATCH),
}
_SEPARATED = _ids((1, 2), (3, 2), (4, 2))
_DOCUMENTS = {
    "context_input_ids": lambda: torch.randint(5, 90, (2 * BATCH, TOKENS)),
    "context_attention_mask": lambda: torch.ones(2 * BATCH, TOKENS, dtype=torch.long),
    "doc_scores": lambda: torch.randn(BATCH, 2),
}
_REFORMER = {
    "axial_pos_shape": (4, 8),
    "axial_pos_embds_dim": (16, 16),
    "attn_layers": ["local", "lsh"],
    "local_attn_chunk_length": 4,
    "lsh_attn_chunk_length": 4,
    "num_buckets": 4,
    "hash_seed": 0,
}
_LONG = {"input_ids": _ids(tokens=16), "attention_mask": None}
_LLAMA4 = _parts(
    text={
        "num_hidden_layers": 2,
        "layer_types": ["chunked_attention", "full_attention"],
        "no_rope_layers": [1, 0],
        "moe_layers": [1],
        "attention_chunk_size": 4,
    },
    vision={"intermediate_size": 128, "projector_input_dim": 32, "projector_output_dim": 32, "vision_output_dim": 32},
)
_STEP3 = _parts(text={"sliding_window": 4, "layer_types": ["sliding_attention", "full_attention"]})
_GEMMA3N = {
    "num_hidden_layers": 4,
    "layer_types": ["sliding_attention", "full_attention"] * 2,
    "intermediate_size": [48] * 4,
    "activation_sparsity_pattern": [0.0] * 4,
    "num_kv_shared_layers": 2,
    "hidden_size_per_layer_input": 8,
    "vocab_size_per_layer_input": 120,
    "laurel_rank": 8,
}
_SECTIONS = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 1, 1]}
_COMPASS = _parts(
    text={
        "layer_types": ["sliding_attention", "full_attention"],
        "rope_parameters": {"sliding_attention": _SECTIONS, "full_attention": _SECTIONS},
    },
    vision={"deepstack_visual_indexes": [0, 1]},
)
_QWEN4 = _parts(
    text={
        "rope_parameters": _SECTIONS,
        "indexer_n_heads": 2,
        "indexer_kv_heads": 1,
        "indexer_head_dim": 8,
        "indexer_budget": 4,
        "indexer_compress_ratio": 2,
    }
)
_WINDOWS = {"pos_emb_height": 2, "pos_emb_width": 2}
_GLIMMER = _parts(vision=_WINDOWS, whole={"out_hidden_size": 128})
_SPARK = _parts(
    vision=_WINDOWS,
    audio={"patch_sizes": [4, 2], "hidden_sizes": [16, 32], "depths": [1, 1]},
    whole={"out_hidden_size": 128},
)
_DOTS3 = _parts(
    text={
        "layer_types": ["indexed_attention", "sliding_attention"],
        "index_topk": 3,
        "sliding_window": 4,
        **{f"swa_{name}": 4 for name in ("num_attention_heads", "num_key_value_heads")},
        **{f"swa_{name}": 16 for name in ("q_lora_rank", "kv_lora_rank", "head_dim")},
        **{f"swa_{name}": 8 for name in ("qk_nope_head_dim", "v_head_dim")},
    },
    vision={
        "adapter_in_dim": 32,
        "adapter_out_dim": 32,
        "mlp_layer_types": ["dense", "sparse"],
    },
    audio={"adapter_input_size": 32, "adapter_out_dim": 32, "downsample_hidden_size": 16},
)
_SOUND = {"input_features": lambda: torch.randn(BATCH, 16, 32), "chunk_sample_lengths": lambda: torch.tensor([5120, 2560])}
_INKLING2 = _parts(vision={"text_hidden_size": 32})
_DIFFUSION = _parts(text={"num_experts": 4, "top_k_experts": 2, "moe_intermediate_size": 16, "global_head_dim": 8})


def _inkling(model: nn.Module) -> dict[str, Any]:
    """One picture and one sound an item; neither is attended to before it meets the text."""
    config = model.config
    size = config.vision_config.patch_size
    return {
        "input_ids": _ids((1, config.image_token_id), (3, config.audio_token_id), (4, config.audio_token_id))(),
        "pixel_values": torch.randn(BATCH, config.vision_config.temporal_patch_size, size, size, 3),
        "audio_input_ids": torch.randint(0, 16, (BATCH, 2, config.audio_config.n_mel_bins)),
    }


def _inkling2(model: nn.Module) -> dict[str, Any]:
    """Pictures of 2 × 2 tokens, each token a square of merged patches."""
    vision = getattr(model.config, "vision_config", model.config)
    size = vision.patch_size * vision.spatial_merge_size
    found = {"pixel_values": torch.randn(8, size, size, 3), "image_grid_thw": torch.tensor([[1, 2, 2]] * BATCH)}
    if vision is model.config:
        return found
    return {"input_ids": _ids(*((1 + at, model.config.image_token_id) for at in range(4)), tokens=8)()} | found


def _canvas(model: nn.Module) -> dict[str, Any]:
    """A canvas that is filled in after a prompt whose keys and values are cached."""
    cache, text = DynamicCache(), model.config.text_config
    for at, layer in enumerate(text.per_layer_config):
        cache.update(*(torch.randn(BATCH, layer.num_key_value_heads, 6, layer.head_dim) for _ in range(2)), at)
    return {"decoder_input_ids": torch.randint(5, 90, (BATCH, 5)), "past_key_values": cache}


SPECIAL: dict[str, Special] = {
    # mixtures of experts, latent attention
    "dbrx": Special({"attn_config": {"rope_theta": 1e4, "kv_n_heads": 2, "clip_qkv": 8.0}}),
    "deepseek_v2": Special({"num_experts_per_tok": 2}),
    "dots1": Special({"n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2}),
    "mistral4": Special({"head_dim": 16}),
    "nemotron": Special({"num_key_value_heads": 2}),
    "llama4": Special(_LLAMA4),
    "Llama4ForConditionalGeneration": Special(_LLAMA4, lambda model: _with_picture(model, 4)),
    "step3p7": Special(_STEP3),
    "gemma3n": Special(_parts(text=_GEMMA3N)),
    # hybrids
    "bailing_hybrid": Special({"n_group": 1}),
    "bamba": Special({"attn_layer_indices": [1]}),
    "falcon_h1": Special({"mamba_d_ssm": 64}),
    "granitemoehybrid": Special({"layer_types": ["linear_attention", "full_attention"]}),
    "jamba": Special({"attn_layer_period": 2, "attn_layer_offset": 1}),
    "lfm2_moe": Special({"layer_types": ["conv", "full_attention"]}),
    "mamba2": Special({"head_dim": 16}),
    "recurrent_gemma": Special({"block_types": ["recurrent", "attention"]}),
    "zamba": Special(
        {
            "num_hidden_layers": 3,
            "layers_block_type": ["linear_attention", "hybrid", "hybrid"],
            "attention_hidden_size": 64,
            "attention_head_dim": 16,
        }
    ),
    "zamba2": Special(
        {
            "num_hidden_layers": 3,
            "layers_block_type": ["linear_attention", "hybrid", "hybrid"],
            "attention_hidden_size": 64,
            "attention_head_dim": 16,
        }
    ),
    # encoders, encoder-decoders
    "bros": Special({"hidden_size": 64}),
    "lilt": Special({"hidden_size": 48}),
    "layoutlmv3": Special({"coordinate_size": 6, "shape_size": 4, "input_size": 32}, {"pixel_values": _picture}),
    "luke": Special(inputs=_ENTITIES),
    "LukeForEntitySpanClassification": Special(inputs=_ENTITIES | _SPANS),
    "LukeForMultipleChoice": Special(),
    "LongformerForQuestionAnswering": Special(inputs={"input_ids": _SEPARATED}),
    "LongformerForMultipleChoice": Special(inputs={"input_ids": lambda: _SEPARATED()[:, None].repeat(1, 2, 1)}),
    "mobilebert": Special({"intra_bottleneck_size": 32}),
    "SplinterForPreTraining": Special(inputs=lambda model: {"input_ids": _ids((2, model.config.question_token_id))()}),
    "T5GemmaEncoderModel": Special({"is_encoder_decoder": False}),
    "udop": Special(
        inputs={"bbox": lambda: torch.rand(BATCH, TOKENS, 4).sort(-1).values, "pixel_values": _picture},
    ),
    "xmod": Special({"default_language": "en_XX"}),
    "rag": Special(
        lambda cls: cls(
            question_encoder=tiny_config(DPRConfig).to_dict(),
            generator=tiny_config(BartConfig).to_dict(),
            n_docs=2,
            pad_token_id=1,
        ),
        _DOCUMENTS,
    ),
    # several senses
    "cohere_compass": Special(_COMPASS),
    "CohereCompassModel": Special(_COMPASS, _typed),
    "CohereCompassForConditionalGeneration": Special(_COMPASS, _typed),
    "qwen4_exp": Special(_QWEN4),
    "Qwen4ExpModel": Special(_QWEN4, _typed),
    "Qwen4ExpForConditionalGeneration": Special(_QWEN4, _typed),
    "muse_glimmer": Special(_GLIMMER, _packed),
    "MuseGlimmerTextModel": Special(),
    "muse_glimmer_assistant": Special(
        {"target_layer_ids": [0, 1]},
        lambda model: (
            {"noise_embeds": torch.randn(BATCH, 4, 32), "context_hidden_states": torch.randn(BATCH, 5, 64)}
            | {"attention_mask": torch.ones(BATCH, 9, dtype=torch.long)}
        ),
    ),
    "muse_spark": Special(_SPARK, _packed),
    "MuseSparkTextModel": Special(),
    "MuseSparkAudioModel": Special(_SPARK, {"input_values": lambda: torch.randn(BATCH, 16)}),
    "dots3_note": Special(_DOTS3),
    "Dots3NoteVisionModel": Special(_DOTS3, _packed),
    "Dots3NoteAudioModel": Special(_DOTS3, _SOUND),
    "Dots3NoteModel": Special(_DOTS3, _packed),
    "Dots3NoteForConditionalGeneration": Special(_DOTS3, _packed),
    "InklingModel": Special(inputs=_inkling),
    "InklingForConditionalGeneration": Special(inputs=_inkling),
    "InklingAudioModel": Special(
        inputs=lambda model: {"audio_input_ids": torch.randint(0, 16, (BATCH, model.config.n_mel_bins))},
    ),
    "InklingVisionModel": Special(
        inputs=lambda model: {"pixel_values": torch.randn(BATCH, 2, model.config.patch_size, model.config.patch_size, 3)},
    ),
    "inkling2": Special(_INKLING2),
    "Inkling2VisionModel": Special(_INKLING2, _inkling2),
    "Inkling2Model": Special(_INKLING2, _inkling2),
    "Inkling2ForConditionalGeneration": Special(_INKLING2, _inkling2),
    "neomme": Special(
        {"rope_parameters": {"full_attention": {"partial_rotary_factor": 0.5}}},
        lambda model: {"input_ids": _ids((2, 6), (3, 6))(), "pixel_values": torch.randn(4, model.config.patch_dim)},
    ),
    "diffusion_gemma": Special(_DIFFUSION),
    "DiffusionGemmaDecoderModel": Special(_DIFFUSION, _canvas),
    "Step3p7Model": Special(_STEP3, lambda model: _with_picture(model, 1)),
    "Step3p7ForConditionalGeneration": Special(_STEP3, lambda model: _with_picture(model, 1)),
    "Gemma3nAudioEncoder": Special(
        inputs=lambda model: {
            "audio_mel": torch.randn(BATCH, 60, model.config.input_feat_size),
            "audio_mel_mask": torch.zeros(BATCH, 60, dtype=torch.bool),
        }
    ),
    "VisualBertForRegionToPhraseAlignment": Special(
        inputs={
            "visual_attention_mask": lambda: torch.ones(BATCH, 3, dtype=torch.long),
            "region_to_phrase_position": lambda: torch.tensor([[0, 2], [1, 3]]),
            "labels": lambda: torch.rand(BATCH, 2, 3),
        }
    ),
    # hashing, bytes
    "reformer": Special(_REFORMER, _LONG),
    "ReformerModelWithLMHead": Special(_REFORMER | {"is_decoder": True}, _LONG),
    "blt": Special(
        {
            "encoder_config": {"hidden_size_global": 32},
            "decoder_config": {"hidden_size_global": 32},
            "encoder_hash_byte_group_vocab": 50,
            "encoder_hash_byte_group_size": [3, 4],
        },
        {"use_cache": False},
    ),
}
