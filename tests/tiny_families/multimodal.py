"""Families of several senses: pictures and sound really stand among the tokens, so that every tower and every bridge runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig

from tests.tiny_configs import tiny_config
from tests.tiny_families import Special
from tests.tiny_models import BATCH, TOKENS, inputs_for, padding

__all__ = ["SPECIAL"]


def parts(top: dict[str, Any] | None = None, **overrides: dict[str, Any]) -> Callable[[type[PreTrainedConfig]], PreTrainedConfig]:
    """A configuration from overrides of its parts (``text``, ``vision`` …), whether the whole model or one part is built."""

    def build(cls: type[PreTrainedConfig]) -> PreTrainedConfig:
        nested = {f"{part}_config": values for part, values in overrides.items()}
        whole = cls().sub_configs.keys() & nested.keys()
        if whole:
            return tiny_config(cls, **(top or {}), **{name: nested[name] for name in whole})
        own = next((values for part, values in overrides.items() if part in cls.__name__.lower()), {})
        return tiny_config(cls, **own)

    return build


def among(*places: tuple[str, int], **given: Any) -> Callable[[nn.Module], dict[str, Any]]:
    """Inputs with the places of pictures and sounds among the words, each ("image", how many), and what the forward knows of
    ``given``; words only where it knows nothing of it."""

    def feed(model: nn.Module) -> dict[str, Any]:
        names = inspect.signature(model.forward).parameters
        found = inputs_for(model)
        known = {name: value(model) if callable(value) else value for name, value in given.items() if name in names}
        if known and "input_ids" in names:
            ids, kinds = _with_places(model.config, places)
            found |= {"input_ids": ids, "attention_mask": padding(ids.shape[1])}
            if "mm_token_type_ids" in names:
                found["mm_token_type_ids"] = kinds
        return found | known

    return feed


def _with_places(config: Any, places: tuple[tuple[str, int], ...]) -> tuple[Tensor, Tensor]:
    """Token ids, and what each stands for: 0 a word, 1 part of a picture, 2 of a video, 3 of a sound."""
    ids = torch.randint(5, 90, (BATCH, max(TOKENS, sum(count for _, count in places) + 3)))
    kinds, at = torch.zeros_like(ids), 1
    for of, count in places:
        ids[:, at : at + count] = marker(config, of)
        kinds[:, at : at + count] = {"image": 1, "video": 2, "audio": 3}.get(of, 0)
        at += count
    return ids, kinds


def marker(config: Any, of: str) -> int:
    """The token that stands for a part of an image, a video or a sound."""
    parts = [
        part for name in ("vision_config", "audio_config", "vlm_config") if (part := getattr(config, name, None)) is not None
    ]
    names = [f"{of}_token_id", f"{of}_token_index"]
    return next(v for part in (config, *parts) for name in names if (v := getattr(part, name, None)) is not None)


def _vision(model: nn.Module) -> Any:
    whole = getattr(model.config, "vlm_config", model.config)
    return getattr(whole, "vision_config", whole)


def flat_patches(model: nn.Module) -> Tensor:
    """Two pictures of 4 × 4 patches, one patch a row."""
    vision = _vision(model)
    channels = getattr(vision, "in_channels", None) or getattr(vision, "num_channels", None) or 3
    return torch.randn(32, channels * vision.patch_size**2 * getattr(vision, "temporal_patch_size", 1))


GRID = torch.tensor([[1, 4, 4], [1, 4, 4]])
_IMAGE = ("image", 4)
ON_GRID = among(_IMAGE, pixel_values=flat_patches, image_grid_thw=GRID, grid_thw=GRID)


def omni(sound: int) -> Callable[[nn.Module], dict[str, Any]]:
    """A picture, then ``sound`` places of a sound, each between its marks."""
    marked = (("vision_start", 1), _IMAGE, ("vision_end", 1), ("audio_start", 1), ("audio", sound), ("audio_end", 1))
    return among(
        *marked,
        pixel_values=flat_patches,
        image_grid_thw=GRID,
        grid_thw=GRID,
        input_features=lambda model: torch.randn(2, 16, 12),
        feature_attention_mask=torch.ones(2, 12, dtype=torch.long),
    )


def _patch_pictures(model: nn.Module) -> Tensor:
    """The patches of two pictures, each a small picture; the vision model alone wants a batch axis."""
    patches = torch.randn(32, 3, 8, 8)
    return patches[None] if getattr(model, "main_input_name", "") == "pixel_values" else patches


def _spots(rows: int, room: int) -> Tensor:
    """Column and row of each patch of two square pictures; (-1, -1) where there is none."""
    spots = torch.full((2, room, 2), -1)
    spots[:, : rows * rows] = torch.cartesian_prod(torch.arange(rows), torch.arange(rows)).flip(-1)
    return spots


def _without_last(*shape: int) -> Tensor:
    """A mask that leaves out the last column."""
    mask = torch.ones(shape, dtype=torch.bool)
    mask[..., -1] = False
    return mask


_SECTIONS = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 1, 1]}
_PICTURE = (2, 3, 32, 32)


def normal(*shape: int) -> Callable[[nn.Module], Tensor]:
    """Random numbers, drawn when a model is fed."""
    return lambda *model: torch.randn(shape)


def _visual_words(first: str, count: int, **more: int) -> dict[str, int]:
    return {"<image>": 110} | more | {first.format(i, chr(ord("A") + i)): 90 + i for i in range(count)}


_VQ = {"base_channels": 32, "channel_multiplier": [1, 1], "num_res_blocks": 1}
_WITH_QUERIES = {
    "query_embeds": normal(2, 8, 32),
    "encoder_hidden_states": normal(2, 17, 32),
    "input_ids": None,
    "attention_mask": None,
}
_FLORENCE = {
    "depths": [1, 1],
    "patch_size": [7, 3],
    "patch_stride": [4, 2],
    "patch_padding": [3, 1],
    "patch_prenorm": [False, True],
    "embed_dim": [16, 32],
    "num_heads": [2, 4],
    "num_groups": [2, 4],
}
_EMBEDDED = Special(inputs={"input_ids": None, "inputs_embeds": normal(2, 7, 32)})


def _crossed(model: nn.Module) -> dict[str, Any]:
    """A text and the states of a picture; the first word of the second item sees none of it.

    The mask is what the whole model makes of its processor's. Without one sdpa takes the cross attention for a causal one,
    as it takes every module that does not say ``is_causal``, and eager does not.
    """
    seen = torch.ones(BATCH, 1, TOKENS, 17, dtype=torch.bool)
    seen[:, :, :3, 9:] = False
    mask, rows = torch.zeros(seen.shape).masked_fill(~seen, torch.finfo(torch.float32).min), torch.ones(BATCH, 1, TOKENS, 1)
    mask[1, :, 0], rows[1, :, 0] = 0.0, 0.0
    states = {"cross_attention_states": torch.randn(BATCH, 17, 32), "cross_attention_mask": mask}
    return inputs_for(model) | states | {"full_text_row_masked_out_mask": rows}


_CROSSED = Special({"cross_attention_layers": [1]}, _crossed)

SPECIAL: dict[str, Special] = {
    "blip_2": Special(
        parts({"image_token_index": 110}, qformer={"use_qformer_text_input": True}),
        among(("image", 8), pixel_values=normal(*_PICTURE), use_image_text_matching_head=True),
    ),
    "Blip2QFormerModel": Special(inputs=_WITH_QUERIES),
    "instructblip": Special(
        {"image_token_index": 110},
        among(("image", 8), pixel_values=normal(*_PICTURE), qformer_input_ids=torch.arange(10).view(2, 5)),
    ),
    "InstructBlipQFormerModel": Special(inputs=_WITH_QUERIES | {"input_ids": torch.arange(10).view(2, 5)}),
    "instructblipvideo": Special(
        {"video_token_index": 110},
        among(("video", 32), pixel_values=normal(2, 4, 3, 32, 32), qformer_input_ids=torch.arange(10).view(2, 5)),
    ),
    "InstructBlipVideoVisionModel": Special(),
    "InstructBlipVideoQFormerModel": Special(inputs=_WITH_QUERIES | {"input_ids": torch.arange(10).view(2, 5)}),
    "kosmos2": Special(
        parts({"latent_query_num": 4}, text={"layers": 2}),
        {"pixel_values": normal(*_PICTURE), "image_embeds_position_mask": torch.tensor([[0, 1, 1, 1, 1, 0, 0]] * 2).bool()},
    ),
    "idefics": Special(
        {
            "use_resampler": True,
            "perceiver_config": {
                "resampler_n_latents": 4,
                "resampler_depth": 2,
                "resampler_n_heads": 4,
                "resampler_head_dim": 8,
            },
        },
        {"pixel_values": normal(2, 2, 3, 32, 32), "image_attention_mask": torch.ones(2, 7, 2).tril()},
    ),
    "mllama": Special(
        parts(
            vision={"intermediate_layers_indices": [0, 1], "vision_output_dim": 96, "num_global_layers": 2},
            text={"cross_attention_layers": [1]},
        ),
        {
            "pixel_values": normal(2, 1, 4, 3, 32, 32),
            "aspect_ratio_ids": torch.tensor([[6], [2]]),
            "aspect_ratio_mask": torch.tensor([[[1, 1, 1, 1]], [[1, 1, 0, 0]]]),
            "cross_attention_mask": torch.ones(2, 7, 1, 4),
        },
    ),
    "MllamaTextModel": _CROSSED,
    "MllamaForCausalLM": _CROSSED,
    "chameleon": Special(
        {
            "vocabulary_map": _visual_words("IMGIMG{1}Z", 8),
            "vq_config": _VQ | {"num_embeddings": 8, "embed_dim": 32, "latent_channels": 32, "resolution": 8},
        },
        among(("image", 16), pixel_values=normal(2, 3, 8, 8)),
    ),
    "emu3": Special(
        parts(
            {"vocabulary_map": _visual_words("<|visual token {0:06}|>", 8, **{"<|extra_200|>": 111})},
            vq=_VQ | {"codebook_size": 8, "attn_resolutions": [1], "temporal_downsample_factor": 2},
        ),
        among(("image", 20), pixel_values=normal(2, 3, 8, 8), image_sizes=torch.tensor([[8, 8], [8, 8]])),
    ),
    "pix2struct": Special(
        parts(text={"initializer_range": 0.02}),
        {
            "flattened_patches": lambda: torch.cat([torch.randint(0, 4, (2, 9, 2)), torch.randn(2, 9, 32)], -1),
            "attention_mask": padding(9),
        },
    ),
    "Pix2StructTextModel": Special({"initializer_range": 0.02}, {"encoder_hidden_states": normal(2, 9, 32)}),
    "vision_text_dual_encoder": Special(inputs={"pixel_values": normal(*_PICTURE)}),
    "vision_encoder_decoder": Special({"decoder": {"is_decoder": True, "add_cross_attention": True}}),
    "vipllava": Special({"vision_feature_layers": [-1, -2]}, among(("image", 16), pixel_values=normal(*_PICTURE))),
    "florence2": Special(
        parts(
            vision=_FLORENCE,
        ),
        among(("image", 17), pixel_values=normal(*_PICTURE)),
    ),
    "Florence2VisionBackbone": Special(_FLORENCE, lambda model: {"hidden_states": torch.randn(2, 3, 32, 32)}),
    "janus": Special(inputs=among(("image", 16), pixel_values=normal(*_PICTURE))),
    "shieldgemma2": Special(
        {"yes_token_index": 10, "no_token_index": 11, "mm_tokens_per_image": 4},
        among(_IMAGE, pixel_values=normal(*_PICTURE)),
    ),
    "qwen3_omni_moe": Special(
        parts(
            {"vision_start_token_id": 100, "vision_end_token_id": 101, "audio_end_token_id": 102},
            vision={"deepstack_visual_indexes": [0, 1]},
            audio={"downsample_hidden_size": 8},
            text={"shared_expert_intermediate_size": 48},
        ),
        omni(2),
    ),
    "Qwen3OmniMoeTalkerCodePredictorModel": _EMBEDDED,
    "Qwen3OmniMoeTalkerCodePredictorModelForConditionalGeneration": _EMBEDDED,
    "Qwen3OmniMoeCode2WavTransformerModel": _EMBEDDED,
    "Qwen3OmniMoeCode2Wav": Special({"decoder_dim": 32}, {"codes": lambda: torch.randint(0, 99, (2, 16, 4))}),
    "qwen2_vl": Special(inputs=ON_GRID),
    "qwen2_5_vl": Special(parts(vision={"window_size": 16, "fullatt_block_indexes": [1]}), ON_GRID),
    "qwen3_vl": Special(parts(vision={"deepstack_visual_indexes": [0, 1]}), ON_GRID),
    "qwen3_5": Special(inputs=ON_GRID),
    "qwen2_5_omni": Special(
        parts(
            {"vision_start_token_id": 100, "vision_end_token_id": 101},
            vision={"window_size": 16, "fullatt_block_indexes": [1]},
            audio={"n_window": 4},
        ),
        omni(3),
    ),
    "gemma4": Special(
        parts(
            text={
                "vocab_size_per_layer_input": 120,
                "hidden_size_per_layer_input": 8,
                "global_head_dim": 8,
                "num_hidden_layers": 4,
                "layer_types": ["sliding_attention", "full_attention"] * 2,
                "num_kv_shared_layers": 2,
            },
            vision={"pooling_kernel_size": 2, "position_embedding_size": 16},
            audio={"subsampling_conv_channels": [16, 8], "attention_chunk_size": 4, "attention_context_left": 3},
        ),
        among(
            _IMAGE,
            ("audio", 6),
            pixel_values=lambda model: torch.randn(2, 20, 192),
            pixel_position_ids=_spots(4, 20),
            image_position_ids=_spots(4, 20),
            input_features=lambda model: torch.randn(2, 24, 16),
            input_features_mask=torch.ones(2, 24, dtype=torch.bool),
        ),
    ),
    "glm4v": Special(inputs=ON_GRID),
    "glm4v_moe": Special(inputs=ON_GRID),
    "glm46v": Special(inputs=ON_GRID),
    "glm_ocr": Special(inputs=ON_GRID),
    "ernie4_5_vl_moe": Special(
        parts(text={"rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 2]}}), ON_GRID
    ),
    "exaone4_5": Special(parts(vision={"window_size": 16, "fullatt_block_indexes": [1]}), ON_GRID),
    "hunyuan_vl": Special(
        parts(text={"rope_parameters": _SECTIONS, "head_dim": 8}),
        among(("image", 8), pixel_values=flat_patches, image_grid_thw=GRID, grid_thw=GRID),
    ),
    "paddleocr_vl": Special(
        parts(text={"rope_parameters": _SECTIONS}),
        among(_IMAGE, pixel_values=_patch_pictures, image_grid_thw=GRID, grid_thw=GRID),
    ),
    "phi4_multimodal": Special(
        parts(
            vision={"crop_size": 32, "image_token_id": 110},
            audio={
                "audio_token_id": 111,
                "num_blocks": 2,
                "ext_pw_out_channel": 32,
                "depthwise_separable_out_channel": 32,
                "nemo_conv_channels": 8,
            },
        ),
        among(
            ("image", 13),
            ("audio", 8),
            image_pixel_values=lambda model: torch.randn(2, 2, 3, 32, 32),
            image_sizes=torch.tensor([[32, 32], [32, 32]]),
            image_attention_mask=_without_last(2, 2, 4, 4),
            audio_input_features=lambda model: torch.randn(2, 60, 80),
            audio_embed_sizes=torch.tensor([8, 8]),
            hidden_states=lambda model: torch.randn(2, 60, 80),
            mask=None,
            patch_attention_mask=_without_last(2, 4, 4),  # without padding its kernel is causal, and only that one
        ),
    ),
    "cosmos3_edge": Special(parts(vision={"num_patches": 16}), ON_GRID),
    "kimi_k25": Special(
        parts(vision={"pos_emb_height": 4, "pos_emb_width": 4}),
        among(_IMAGE, pixel_values=normal(32, 3, 8, 8), image_grid_thw=GRID, grid_thw=GRID),
    ),
    "lfm3_vl": Special(parts(vision={"layer_types": ["conv", "full_attention"]}), ON_GRID),
    "minimax_m3_vl": Special(
        parts(
            text={
                "layer_types": ["full_attention", "minimax_m3_sparse"],
                "index_block_size": 2,
                "index_topk_blocks": 2,
                "index_head_dim": 8,
                "dense_intermediate_size": 48,
                "shared_intermediate_size": 48,
            }
        ),
        ON_GRID,
    ),
    "video_llama_3": Special(
        inputs=among(
            _IMAGE,
            pixel_values=flat_patches,
            image_grid_thw=GRID,
            grid_thw=GRID,
            image_merge_sizes=torch.tensor([2, 2]),
            merge_sizes=torch.tensor([2, 2]),
        )
    ),
}
