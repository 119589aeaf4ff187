"""Families whose pictures, or proteins, stand in the text in as many places as the model itself makes of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tests.tiny_families import Special
from tests.tiny_families.multimodal import ON_GRID, among, marker, normal, parts
from tests.tiny_families.seeing import SAM
from tests.tiny_models import BATCH, inputs_for, padding

__all__ = ["SPECIAL"]


def pictured(*shape: int, **more: Any) -> Callable[[nn.Module], dict[str, Any]]:
    """A picture of this shape for each item, what else the model wants to know of it, and a text with its places.

    A function in ``more`` is called with the model; ``pixel_values`` stand for themselves.
    """

    def feed(model: nn.Module) -> dict[str, Any]:
        found, names = inputs_for(model), inspect.signature(model.forward).parameters
        if "pixel_values" not in names or "input_ids" not in names:
            return found
        seen = {"pixel_values": torch.randn(BATCH, *shape)} | {k: v(model) if callable(v) else v for k, v in more.items()}
        with torch.no_grad():
            rows = _rows(_owner(model).get_image_features(**seen, return_dict=True))
        ids = torch.randint(5, 90, (BATCH, rows // BATCH + 5))
        ids[:, 1 : 1 + rows // BATCH] = marker(model.config, "image")
        found |= seen | {"input_ids": ids, "attention_mask": padding(ids.shape[1])}
        kinds = (ids == marker(model.config, "image")).long()
        return found | {name: kinds for name in ("mm_token_type_ids", "token_type_ids") if name in names}

    return feed


def _owner(model: nn.Module) -> nn.Module:
    """The part that sees: the model, or one it is built on."""
    return next(part for part in model.modules() if hasattr(part, "get_image_features"))


def _rows(output: Any) -> int:
    """How many places the pictures take."""
    features = output if isinstance(output, (Tensor, list, tuple)) else output.pooler_output
    return sum(_rows(one) for one in features) if isinstance(features, (list, tuple)) else features[..., 0].numel()


def _strip(model: nn.Module) -> Tensor:
    """Two pictures of 4 × 4 patches side by side in one strip, as MiniCPM packs them."""
    size = model.config.vision_config.patch_size
    return torch.randn(1, 3, size, 32 * size)


_PLAIN = Special(inputs=pictured(3, 32, 32))
_SIZES = torch.tensor([[32, 32]] * BATCH)
_SIZED = Special(inputs=pictured(3, 32, 32, image_sizes=_SIZES))
_TILED = Special({"image_grid_pinpoints": [[32, 32]]}, pictured(2, 3, 32, 32, image_sizes=_SIZES))
_SEVERAL = Special(inputs=pictured(1, 3, 32, 32))
_PACKED = Special(
    parts({"insert_layer_id": 0, "image_token_id": 110, "downsample_mode": "16x"}, vision={"insert_layer_id": 0}),
    pictured(pixel_values=_strip, target_sizes=torch.tensor([[4, 4]] * BATCH)),
)

SPECIAL: dict[str, Special] = {
    **dict.fromkeys(("aya_vision", "cohere2_vision", "colpali", "deepseek_vl", "got_ocr2", "internvl", "llava"), _PLAIN),
    **dict.fromkeys(("ovis2", "paligemma", "qianfan_ocr"), _PLAIN),
    **dict.fromkeys(("mistral3", "mistral_large4", "lighton_ocr"), _SIZED),
    **dict.fromkeys(("llava_next", "llava_next_video", "llava_onevision"), _TILED),
    **dict.fromkeys(("idefics2", "idefics3", "smolvlm"), _SEVERAL),
    **dict.fromkeys(("modernvbert", "ultravbert", "colmodernvbert"), _SEVERAL),
    **dict.fromkeys(("minicpm_ocr", "minicpmv4_6", "minicpmv4_7"), _PACKED),
    **dict.fromkeys(("qwen3_5_moe", "glm5_next", "cosmos3_omni"), Special(inputs=ON_GRID)),
    "qwen3_vl_moe": Special(parts(vision={"deepstack_visual_indexes": [0, 1]}), ON_GRID),
    "hyperclovax_vision_v2": Special(parts(vision={"window_size": 16, "fullatt_block_indexes": [1]}), ON_GRID),
    "aria": Special({"projector_patch_to_query_dict": {16: 4}, "image_token_index": 110}, pictured(3, 32, 32)),
    "gemma3": Special({"mm_tokens_per_image": 4}, pictured(3, 32, 32)),
    "t5gemma2": Special({"encoder": {"mm_tokens_per_image": 4}}, pictured(3, 32, 32)),
    "T5Gemma2Encoder": Special({"text_config": {"dropout_rate": 0.0}, "mm_tokens_per_image": 4}, pictured(3, 32, 32)),
    "granite_docling": Special(inputs=pictured(1, 3, 32, 32, pixel_attention_mask=torch.ones(BATCH, 1, dtype=torch.bool))),
    "lfm2_vl": Special(
        parts(vision={"num_patches": 16}),
        pictured(
            16, 192, spatial_shapes=torch.tensor([[4, 4]] * BATCH), pixel_attention_mask=torch.ones(BATCH, 16, dtype=torch.long)
        ),
    ),
    "kosmos2_5": Special(
        {"latent_query_num": 4},
        {
            "flattened_patches": lambda: torch.cat([torch.randint(0, 4, (BATCH, 9, 2)), torch.randn(BATCH, 9, 32)], -1),
            "image_embeds_position_mask": torch.tensor([[0, 1, 1, 1, 1, 0, 0]] * BATCH),
        },
    ),
    "Kosmos2_5VisionModel": Special(),
    "evolla": Special(
        inputs={
            "protein_input_ids": lambda: torch.randint(4, 24, (BATCH, 9)),
            "protein_attention_mask": lambda: torch.ones(BATCH, 9, dtype=torch.long),
        }
    ),
    "video_llava": Special(
        inputs=among(
            *(("image", 16), ("video", 34)),
            pixel_values=normal(BATCH, 3, 32, 32),
            pixel_values_videos=normal(BATCH, 2, 3, 32, 32),
        )
    ),
    "git": Special(inputs={"pixel_values": lambda: torch.randn(BATCH, 3, 32, 32)}),
    "GitVisionModel": Special(),
    "deepseek_vl_hybrid": Special(
        {"high_res_vision_config": {"global_attn_indexes": [1]}},
        pictured(3, 32, 32, high_res_pixel_values=lambda model: torch.randn(BATCH, 3, 32, 32)),
    ),
    "deepseek_ocr2": Special(
        parts(text={"mlp_layer_types": ["dense", "sparse"], "num_experts_per_tok": 2}, vision={"sam_config": SAM}),
        pictured(3, 64, 64),
    ),
    "unlimited_ocr": Special(parts(text={"num_key_value_heads": 4}, vision={"sam_config": SAM}), pictured(3, 64, 64)),
    "tipsv2": Special(inputs={"pixel_values": lambda: torch.randn(BATCH, 3, 32, 32)}),
}
