"""Families that draw boxes around things: DETR and those after it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from tests.tiny_families import Special
from tests.tiny_families.vision import RESNET, SWIN, square

__all__ = ["SPECIAL"]

_HGNET = {
    "embedding_size": 8,
    "depths": [1, 1, 1, 1],
    "hidden_sizes": [8, 8, 16, 16],
    "stem_channels": [3, 8, 8],
    "stage_in_channels": [8, 8, 8, 16],
    "stage_mid_channels": [4, 4, 4, 4],
    "stage_out_channels": [8, 8, 16, 16],
    "stage_num_blocks": [1, 1, 1, 1],
    "stage_numb_of_layers": [1, 1, 1, 1],
}
_HYBRID = {"encoder_in_channels": [8, 16, 16], "decoder_in_channels": [32, 32, 32]}


def _classes(model: nn.Module) -> dict[str, Any]:
    """Two pictures, two classes to find in each; the model forgets the words it has read, or a second run would read none."""
    for cache in (model.language_cache_class, model.language_cache_prompt):
        cache.has = lambda key: False
    return {
        "pixel_values": torch.randn(2, 3, 64, 64),
        "classes_input_ids": torch.randint(5, 90, (4, 5)),
        "classes_attention_mask": torch.ones(4, 5, dtype=torch.long),
        "tasks_input_ids": torch.randint(5, 90, (2, 6)),
        "tasks_attention_mask": torch.ones(2, 6, dtype=torch.long),
        "classes_structure": torch.tensor([2, 2]),
    }


def _grounded() -> Tensor:
    """A detection prompt as BERT writes it: [CLS] a cat . a dog . [SEP]."""
    return torch.tensor([[101, 7, 8, 1012, 9, 8, 1012, 102]]).repeat(2, 1)


_GROUNDING = Special(
    config={
        "backbone_config": SWIN | {"out_indices": [2, 3, 4]},
        "text_config": {"vocab_size": 1100},
        "disable_custom_kernels": True,
    },
    inputs={**square(64), "input_ids": _grounded, "attention_mask": lambda: torch.ones(2, 8, dtype=torch.long)},
)
_DETECTOR = Special(config={"backbone_config": _HGNET, **_HYBRID}, inputs=square(64))
_STAGES = {"model_type": "resnet", **RESNET, "out_indices": [1, 2, 3, 4]}
_MASKED = Special(
    config={"backbone_config": _STAGES, "d_model": 128, "encoder_attention_heads": 8, "decoder_attention_heads": 8},
    inputs=square(64),
)

SPECIAL: dict[str, Special] = {
    "d_fine": _DETECTOR,
    "deimv2": _DETECTOR,
    "grounding_dino": _GROUNDING,
    "mm_grounding_dino": _GROUNDING,
    "lw_detr": Special(
        config={
            "backbone_config": {
                "image_size": 64,
                "patch_size": 8,
                "num_windows": 4,
                "num_windows_side": 2,
                "window_block_indices": [0],
                "out_indices": [1, 2],
            },
            "group_detr": 2,
            "projector_scale_factors": [1.0],
        },
        inputs=square(64),
    ),
    "LwDetrViTBackbone": Special(
        config={"image_size": 64, "patch_size": 8, "num_windows": 4, "num_windows_side": 2, "window_block_indices": [0]}
    ),
    "pp_doclayout_v2": Special(
        config={"backbone_config": _HGNET, **_HYBRID, "class_thresholds": [0.0, 0.0], "class_order": [0, 1]}, inputs=square(64)
    ),
    "PPDocLayoutV2ReadingOrder": Special(
        inputs=lambda model: {
            "boxes": torch.randint(0, 100, (2, 5, 4)).sort(-1).values,
            "labels": torch.randint(0, 5, (2, 5)),
            "mask": torch.tensor([[True] * 5, [True] * 3 + [False] * 2]),
        }
    ),
    "pp_doclayout_v3": Special(
        config={
            "backbone_config": _HGNET | {"out_indices": [1, 2, 3, 4]},
            **_HYBRID,
            "x4_feat_dim": 8,
            "mask_feature_channels": [8, 8],
        },
        inputs=square(64),
    ),
    "pp_doclayout_v4": _DETECTOR,
    "rt_detr": Special(config={"backbone_config": RESNET, **_HYBRID}, inputs=square(64)),
    "rt_detr_v2": Special(config={"backbone_config": RESNET, **_HYBRID}, inputs=square(64)),
    "DetrForSegmentation": _MASKED,
    "ConditionalDetrForSegmentation": _MASKED,
    "omdet_turbo": Special(
        config={
            "backbone_config": {"model_type": "swin", **SWIN, "out_indices": [2, 3, 4]},
            "encoder_in_channels": [16, 32, 64],
            "vision_features_channels": [64, 64, 64],
            "d_model": 64,
            "text_projection_in_dim": 32,
            "text_projection_out_dim": 32,
            "class_embed_dim": 32,
            "decoder_hidden_dim": 64,
            "encoder_dim_feedforward": 48,
            "decoder_dim_feedforward": 48,
            "decoder_num_layers": 2,
            "disable_custom_kernels": True,
            "apply_layernorm_after_vision_backbone": False,
        },
        inputs=_classes,
    ),
}
