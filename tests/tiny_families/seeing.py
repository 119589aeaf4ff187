"""Families that read pictures into text, with bridges of their own between the two."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from tests.tiny_families import Special
from tests.tiny_families.multimodal import GRID, among, flat_patches, normal, parts
from tests.tiny_models import BATCH, padding

__all__ = ["SPECIAL"]


def _by_item(model: nn.Module) -> Tensor:
    """The patches of each picture in an axis of their own, as ColQwen2's processor pads them."""
    vision = model.config.vlm_config.vision_config
    return torch.randn(BATCH, 16, 3 * vision.patch_size**2 * vision.temporal_patch_size)


def _drawn(model: nn.Module) -> dict[str, Any]:
    """A picture to start from and the grid of the one to draw, for each of two items; the picture stands as 16 tokens."""
    ids = torch.randint(5, 90, (BATCH, 21))
    ids[:, 1], ids[:, 2:18], ids[:, 18] = (
        model.config.image_start_token_id,
        model.config.image_token_id,
        model.config.image_end_token_id,
    )
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "pixel_values": torch.randn(32, 3 * model.config.vision_config.patch_size**2),
        "image_grid_thw": torch.tensor([[1, 4, 4]] * 2 * BATCH),
        "images_per_sample": torch.tensor([2] * BATCH),
    }


def _pooled(model: nn.Module) -> dict[str, Any]:
    """Two pictures of 4 × 4 patches, each pooled to 2 × 2 tokens; one pool lacks a patch."""
    rows = torch.arange(32).view(BATCH, 2, 2, 2, 2).transpose(2, 3).reshape(8, 4)
    rows[-1, -1] = -1
    ids = torch.randint(5, 90, (BATCH, 9))
    ids[:, 1:5] = model.config.image_token_id
    return {
        "input_ids": ids,
        "attention_mask": padding(9),
        "mm_token_type_ids": (ids == model.config.image_token_id).long(),
        "pixel_values": torch.randn(BATCH, 16, 192),
        "image_token_pooling": rows,
        "image_grids": torch.tensor([[2, 2, 0, 0]] * BATCH),
    }


def _tiles(model: nn.Module) -> dict[str, Any]:
    """Two pictures, each a whole and one tile of it: 4 tokens, 2 rows of 2, and a mark at the end of each row."""
    ids = torch.randint(5, 90, (BATCH, 14))
    ids[:, 1:11] = model.config.image_token_id
    sizes = torch.tensor([[32, 32]] * BATCH)
    return {
        "input_ids": ids,
        "attention_mask": padding(14),
        "pixel_values": torch.randn(BATCH, 2, 3, 32, 32),
        "image_sizes": sizes,
    }


def _heard_and_seen(model: nn.Module) -> dict[str, Any]:
    """A picture of 4 × 4 patches, 4 tokens, and a sound of 24 frames, 3 tokens, for each item."""
    ids = torch.randint(5, 90, (BATCH, 12))
    ids[:, 1:5], ids[:, 6:9] = model.config.image_token_id, model.config.audio_token_id
    return {
        "input_ids": ids,
        "attention_mask": padding(12),
        "pixel_values": torch.randn(32, 192),
        "image_grid_hw": torch.tensor([[4, 4]] * BATCH),
        "input_features": torch.randn(BATCH, 24, 80),
        "input_features_mask": torch.ones(BATCH, 24, dtype=torch.long),
    }


def _strip(model: nn.Module) -> dict[str, Any]:
    """Two pictures of 4 × 4 patches side by side in one strip, as the processor packs them."""
    size = model.config.patch_size
    return {"pixel_values": torch.randn(1, 3, size, 32 * size), "target_sizes": torch.tensor([[4, 4]] * BATCH)}


_MOLMO = parts(
    {"image_patch_id": 110},
    text={"additional_vocab_size": 8},
    vision={"image_size": [32, 32], "num_key_value_heads": 4},
    adapter={"vision_feature_layer": [1, 0], "text_hidden_size": 32, "num_key_value_heads": 4},
)
_GRANITE = parts(
    {
        "image_grid_pinpoints": [[32, 32]],
        "downsample_rate": "1/2",
        "deepstack_layer_map": [[0, 0]],
        "spatial_target_layers": [1, 2, 3, 4],
    },
    text={"num_hidden_layers": 5},
    vision={"hidden_size": 128},
)
_DRAWN = parts(vq={"num_embeddings": 16, "latent_channels": 32, "embed_dim": 32})
_STRIP = Special({"insert_layer_id": 0}, _strip)
_EARS = {  # a part the model can do without, whose kind nothing else says
    "model_type": "parakeet_encoder",
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "intermediate_size": 48,
    "subsampling_conv_channels": 8,
    "projection_hidden_size": 32,
    "projection_bias": False,
}
SAM = {
    "image_size": 64,
    "window_size": 2,
    "global_attn_indexes": [1],
    "output_channels": 16,
    "downsample_channels": [24, 32],
}

SPECIAL: dict[str, Special] = {
    "colqwen2": Special(inputs=among(("image", 4), pixel_values=_by_item, image_grid_thw=GRID)),
    "glm_image": Special(_DRAWN),
    "GlmImageVisionModel": Special(
        _DRAWN,
        lambda model: {"pixel_values": flat_patches(model), "grid_thw": GRID},
    ),
    "GlmImageModel": Special(_DRAWN, _drawn),
    "GlmImageForConditionalGeneration": Special(_DRAWN, _drawn),
    "granite4_vision": Special(_GRANITE, _tiles),
    "Granite4VisionTextModel": Special(_GRANITE),
    "molmo2": Special(_MOLMO),
    "Molmo2Model": Special(_MOLMO, _pooled),
    "Molmo2ForConditionalGeneration": Special(_MOLMO, _pooled),
    "Molmo2VisionModel": Special(_MOLMO, {"pixel_values": normal(BATCH, 16, 192)}),
    "Molmo2Adapter": Special(
        _MOLMO,
        lambda model: {"image_features": torch.randn(BATCH, 16, 64), "pooled_patches_idx": torch.arange(32).view(8, 4)},
    ),
    "nemotron_h_omni": Special(
        {
            "image_token_id": 110,
            "audio_token_id": 111,
            "vision_hidden_size": 32,
            "projector_hidden_size": 32,
            "vision_config": {"video_temporal_patch_size": 2, "max_img_size": 64},
            "audio_config": _EARS,
        },
        _heard_and_seen,
    ),
    "MiniCPMOcrVisionModel": _STRIP,
    "MiniCPMV4_7VisionModel": _STRIP,
    "UnlimitedOcrVisionModel": Special({"sam_config": SAM}, {"pixel_values": normal(BATCH, 3, 64, 64)}),
}
