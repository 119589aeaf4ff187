"""Families that hear or speak, and those that forecast, decide or fold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertConfig, PreTrainedConfig, Wav2Vec2Config

from tests.tiny_configs import tiny_config
from tests.tiny_families import BATCH, Special, floats

__all__ = ["SPECIAL"]

Inputs = Callable[[nn.Module], dict[str, Any]]


def _ids(*shape: int, below: int = 90) -> Callable[[], Tensor]:
    return lambda: torch.randint(5, below, (BATCH, *shape))


def _ones(*shape: int) -> Callable[[], Tensor]:
    return lambda: torch.ones(BATCH, *shape, dtype=torch.long)


def _heard(*shape: int, mask: str = "input_features_mask", masked: int = -1, **more: Tensor) -> Inputs:
    """Sound of this shape for each item, and a text with as many audio tokens as the model makes of it."""

    def inputs(model: nn.Module) -> dict[str, Any]:
        sound: dict[str, Any] = {"input_features": torch.randn(BATCH, *shape), **more}
        if mask:
            sound[mask] = torch.ones(BATCH, shape[masked], dtype=torch.long)
        with torch.no_grad():
            rows = model.get_audio_features(**sound).pooler_output.flatten(0, -2)
        ids = torch.randint(5, 90, (BATCH, len(rows) // BATCH + 7))
        ids[:, 2 : 2 + len(rows) // BATCH] = model.config.audio_token_id
        return sound | {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    return inputs


_FORECAST = Special(
    config={"prediction_length": 6, "context_length": 20, "num_time_features": 2},
    inputs={
        "past_values": floats(27),
        "past_time_features": floats(27, 2),
        "past_observed_mask": _ones(27),
        "future_values": floats(6),
        "future_time_features": floats(6, 2),
    },
)
_PATCHES = Special(
    config={"context_length": 32, "patch_length": 8, "patch_stride": 8, "prediction_length": 8, "num_input_channels": 3},
    inputs={"past_values": floats(32, 3)},
)
_STATES = {
    "states": floats(4, 17),
    "actions": floats(4, 4),
    "rewards": floats(4, 1),
    "returns_to_go": floats(4, 1),
    "timesteps": _ids(4),
    "attention_mask": _ones(4),
}

_MHA = {"num_key_value_heads": 4}  # these do not share key heads
_NEMOTRON = {"asr_config": _MHA}
_SPEECH = {"audio_config": {"intermediate_size": 128}}  # four frames of width 32 are one token
_MOON = {"num_key_value_heads": 4, "encoder_config": {"num_key_value_heads": 4}}
_FEW = {"num_filters": 2}
_VOICE = {"upsample_initial_channel": 32, "unit_embed_dim": 32, "lang_embed_dim": 8, "spkr_embed_dim": 8}
_UNITS = {"input_ids": lambda: torch.randint(5, 90, (1, 7)), "spkr_id": lambda: torch.tensor([[0]])}
_UNITS |= {"lang_id": lambda: torch.tensor([[0]])}
_CODES = {"num_codebooks": 4}
_CLAP = {"spec_size": 64, "patch_size": 4, "patch_embeds_hidden_size": 16, "depths": [1, 1], "num_attention_heads": [2, 4]}
_CLAP_SOUND = {"input_features": floats(1, 64, 16), "is_longer": _ones(1)}


def _listening(model: nn.Module) -> dict[str, Any]:
    """Qwen2-Audio has no method of its own for its audio tokens: a quarter of its frames."""
    ids = torch.randint(5, 90, (BATCH, 71))
    ids[:, 2:66] = model.config.audio_token_id
    sound = {"input_features": torch.randn(BATCH, 16, 256), "feature_attention_mask": torch.ones(BATCH, 256, dtype=torch.long)}
    return sound | {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def _seen(model: nn.Module) -> dict[str, Any]:
    """One camera's picture of 16 patches, and a few words."""
    ids = torch.randint(5, 90, (BATCH, 21))
    ids[:, :16] = model.config.vlm_config.image_token_id
    cameras = {"pixel_values": torch.randn(BATCH, 1, 3, 32, 32), "pixel_attention_mask": torch.ones(BATCH, 1, dtype=torch.bool)}
    return cameras | {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def _spoken(config_class: type[PreTrainedConfig]) -> PreTrainedConfig:
    decoder = tiny_config(BertConfig, is_decoder=True, add_cross_attention=True)
    return config_class.from_encoder_decoder_configs(tiny_config(Wav2Vec2Config), decoder)


SPECIAL: dict[str, Special] = {
    # sound as it is
    "audio_spectrogram_transformer": Special(config={"max_length": 24}, inputs={"input_values": floats(24, 16)}),
    "encodec": Special(inputs={"input_values": floats(1, 1000)}),
    "dac": Special(config={"decoder_hidden_size": 64, "encoder_hidden_size": 8}, inputs={"input_values": floats(1, 2048)}),
    "MimiDecoderModel": Special(inputs={"latents": floats(32, 4)}),
    "mimi": Special(inputs={"input_values": floats(1, 12000)}),
    "PocketTTSAudioTokenizerDecoderModel": Special(inputs={"latents": floats(32, 4)}),
    "pocket_tts_audio_tokenizer": Special(inputs={"input_values": floats(1, 12000)}),
    "VibeVoiceAcousticTokenizerDecoderModel": Special(config=_FEW, inputs={"hidden_states": floats(32, 4)}),
    "VibeVoiceAcousticTokenizerEncoderModel": Special(config=_FEW, inputs={"hidden_states": floats(1, 3200)}),
    "vibevoice_acoustic_tokenizer": Special(config=_FEW, inputs={"input_values": floats(1, 3200)}),
    "neucodec": Special(
        config=_MHA | {"quantization_dim": 64}, inputs={"input_values": floats(1, 3200), "input_features": floats(10, 160)}
    ),
    "PeAudioEncoder": Special(inputs={"input_values": floats(1, 8000)}),
    "pe_audio": Special(inputs={"input_values": floats(1, 8000)}),
    # sound and text
    "AudioFlamingo3Encoder": Special(
        config={"max_source_positions": 30}, inputs={"input_features": floats(16, 60), "input_features_mask": _ones(60)}
    ),
    "audioflamingo3": Special(config={"audio_config": {"max_source_positions": 30}}, inputs=_heard(16, 60)),
    "ClapModel": Special(config={"audio_config": _CLAP}, inputs=_CLAP_SOUND),
    "ClapAudioModel": Special(config=_CLAP, inputs=_CLAP_SOUND),
    "ClapAudioModelWithProjection": Special(config=_CLAP, inputs=_CLAP_SOUND),
    "ClvpEncoder": Special(config={"hidden_size": 128, "projection_dim": 128}),
    "ClvpModelForConditionalGeneration": Special(
        config={
            "text_config": {"hidden_size": 128, "projection_dim": 128},
            "speech_config": {"hidden_size": 128, "projection_dim": 128},
            "decoder_config": {"hidden_size": 128},
        },
        inputs={"input_features": floats(16, 40)},
    ),
    "FunAsrNanoEncoder": Special(inputs={"input_features": floats(20, 112), "input_features_mask": _ones(20)}),
    "fun_asr_nano": Special(config={"adaptor_config": {"intermediate_size": 8}}, inputs=_heard(20, 112, masked=0)),
    "GlmAsrEncoder": Special(inputs={"input_features": floats(16, 64)}),
    "glmasr": Special(config=_SPEECH, inputs=_heard(16, 64)),
    "GraniteSpeechCTCEncoder": Special(inputs={"hidden_states": floats(60, 160)}),
    "granite_speech": Special(config={"window_size": 15}, inputs=_heard(60, 160, mask="")),
    "GraniteSpeechPlusCTCEncoder": Special(inputs={"hidden_states": floats(60, 160)}),
    "granite_speech_plus": Special(config={"window_size": 15}, inputs=_heard(60, 160, mask="")),
    "GraniteSpeech5ForCTC": Special(
        config={"encoder_config": {"num_key_value_heads": 4}},
        inputs={"input_features": floats(60, 64), "attention_mask": _ones(60)},
    ),
    "granite_speech5": Special(
        config={"num_key_value_heads": 4}, inputs={"input_features": floats(60, 64), "attention_mask": _ones(60)}
    ),
    "MossTranscribeDiarizeAudioModel": Special(inputs={"input_features": floats(16, 256)}),
    "moss_transcribe_diarize": Special(inputs=_heard(16, 256, padding_mask=torch.ones(BATCH, 40000, dtype=torch.long))),
    "Nemotron3_5TranscribeAudioModel": Special(config=_NEMOTRON, inputs={"input_features": floats(64, 16)}),
    "Nemotron3_5TranscribeAsrAudioModel": Special(config=_MHA),
    "Nemotron3_5TranscribeWordTimestampModel": Special(config=_MHA),
    "nemotron3_5_transcribe": Special(
        config={"audio_config": _NEMOTRON, "word_timestamp_config": _MHA}, inputs=_heard(64, 16, masked=0)
    ),
    "Qwen2AudioEncoder": Special(inputs={"input_features": floats(16, 256)}),
    "qwen2_audio": Special(inputs=_listening),
    "Qwen3ASREncoder": Special(inputs={"input_features": floats(16, 100), "input_features_mask": _ones(100)}),
    "qwen3_asr": Special(inputs=_heard(16, 100)),
    "Qwen3ASRForTokenClassification": Special(),
    "VoxtralEncoder": Special(inputs={"input_features": floats(16, 256)}),
    "voxtral": Special(config=_SPEECH | {"audio_token_id": 100}, inputs=_heard(16, 256, mask="")),
    "VoxtralRealtimeEncoder": Special(inputs={"input_features": floats(16, 56)}),
    "voxtral_realtime": Special(inputs={"input_features": floats(16, 56)}),
    # speech to speech, speech to text
    "moonshine_streaming": Special(config=_MOON, inputs={"input_values": floats(4000)}),
    "moonshine": Special(config={"encoder_num_key_value_heads": 4, "decoder_num_key_value_heads": 4}),
    "speech_encoder_decoder": Special(config=_spoken, inputs={"inputs": None, "input_values": floats(2000)}),
    "SpeechT5Model": Special(inputs={"input_values": floats(6, 32), "decoder_input_values": floats(5, 32)}),
    "SpeechT5ForSpeechToText": Special(inputs={"input_values": floats(2000), "decoder_input_ids": _ids(5, below=80)}),
    "SpeechT5ForTextToSpeech": Special(inputs={"input_ids": _ids(7, below=80), "decoder_input_values": floats(5, 16)}),
    "SpeechT5ForSpeechToSpeech": Special(inputs={"input_values": floats(2000), "decoder_input_values": floats(5, 16)}),
    "SeamlessM4TCodeHifiGan": Special(config=_VOICE, inputs=_UNITS),
    "seamless_m4t": Special(config=_VOICE),
    "seamless_m4t_v2": Special(config=_VOICE),
    "SpeechT5HifiGan": Special(inputs={"spectrogram": floats(5, 80)}),
    "SeamlessM4TTextToUnitModel": Special(inputs={"input_ids": None, "inputs_embeds": floats(7, 32)}),
    "SeamlessM4TTextToUnitForConditionalGeneration": Special(inputs={"input_ids": None, "inputs_embeds": floats(7, 32)}),
    # text to speech
    "BarkFineModel": Special(inputs={"codebook_idx": 1, "input_ids": _ids(7, 8)}),
    "CsmBackboneModel": Special(config=_CODES, inputs={"input_ids": _ids(7, 4)}),
    "CsmForConditionalGeneration": Special(
        config=_CODES | {"depth_decoder_config": _CODES | {"backbone_hidden_size": 32}},
        inputs={"input_ids": _ids(7, 4), "labels": _ids(7, 4)},
    ),
    "dia": Special(inputs={"decoder_input_ids": _ids(5, 9)}),
    "FastSpeech2ConformerHifiGan": Special(inputs={"spectrogram": floats(5, 80)}),
    "FastSpeech2ConformerWithHifiGan": Special(config={"vocoder_config": {"model_in_dim": 16}}),
    "gradium_phonon_tts": Special(config={"flow_head_config": {"condition_dim": 32}}),
    "pocket_tts": Special(config={"flow_head_config": {"condition_dim": 32}}),
    "KyutaiSpeechToTextModel": Special(config=_CODES, inputs={"input_ids": _ids(7, 5)}),
    "KyutaiSpeechToTextForConditionalGeneration": Special(config=_CODES, inputs={"input_ids": _ids(7, 5)}),
    "MoshiForConditionalGeneration": Special(inputs={"user_audio_codes": _ids(8, 7), "moshi_audio_codes": _ids(8, 7)}),
    "MusicgenForConditionalGeneration": Special(inputs={"decoder_input_ids": lambda: torch.randint(5, 90, (4 * BATCH, 5))}),
    "musicgen": Special(
        inputs={
            "input_ids": lambda: torch.randint(5, 90, (4 * BATCH, 7)),
            "encoder_hidden_states": floats(6, 32),
            "encoder_attention_mask": _ones(6),
        }
    ),
    "MusicgenMelodyForConditionalGeneration": Special(
        inputs={"decoder_input_ids": lambda: torch.randint(5, 90, (4 * BATCH, 5)), "input_features": floats(6, 12)}
    ),
    "musicgen_melody": Special(
        inputs={
            "input_ids": lambda: torch.randint(5, 90, (4 * BATCH, 7)),
            "encoder_hidden_states": floats(6, 32),
            "encoder_attention_mask": _ones(6),
        }
    ),
    "vits": Special(inputs={"input_ids": _ids(7, below=38)}),
    # series
    "autoformer": _FORECAST,
    "informer": Special(config=_FORECAST.config | {"sampling_factor": 1}, inputs=_FORECAST.inputs),
    "time_series_transformer": _FORECAST,
    "patchtst": _PATCHES,
    "patchtsmixer": Special(config=_PATCHES.config | {"self_attn": True, "self_attn_heads": 4}, inputs=_PATCHES.inputs),
    "TimesFmModel": Special(
        config={"context_length": 128},
        inputs={"past_values": floats(128), "past_values_padding": lambda: torch.zeros(BATCH, 128), "freq": _ones(1)},
    ),
    "timesfm": Special(config={"context_length": 128}, inputs={"past_values": floats(128), "freq": _ones()}),
    "timesfm2_5": Special(config={"context_length": 128}, inputs={"past_values": floats(128)}),
    # decisions
    "DecisionTransformerGPT2Model": Special(config={"vocab_size": 120}),
    "decision_transformer": Special(inputs=_STATES),
    "jev": Special(
        inputs=lambda model: {
            "input_ids": torch.randint(5, 90, (1, 7)),
            "marks": torch.tensor([[3, 6]]),
            "num_options": torch.tensor([[2, 2]]),
            "question_type_ids": torch.tensor([[0, 2]]),
        }
    ),
    "PI0Model": Special(inputs=lambda model: _seen(model) | {"action_embeds": torch.randn(BATCH, 5, 32)}),
    "pi0": Special(config={"chunk_size": 5}, inputs=lambda model: _seen(model) | {"state": torch.randn(BATCH, 32)}),
    # proteins
    "esmc": Special(config=_MHA, inputs={"input_ids": _ids(7, below=60)}),
}
