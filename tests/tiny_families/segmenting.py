"""Families that cut out what somebody points at, in a picture or through a film: SAM and those after it."""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import nn

from tests.tiny_families import Special
from tests.tiny_families.vision import square

__all__ = ["SPECIAL"]

_PROMPTED = {"hidden_size": 32, "image_size": 64, "patch_size": 16}
_HIERA = {
    "image_size": [64, 64],
    "hidden_size": 8,
    "num_attention_heads": 1,
    "embed_dim_per_stage": [8, 16, 32, 64],
    "blocks_per_stage": [1, 1, 2, 1],
    "num_attention_heads_per_stage": [1, 2, 2, 2],
    "window_size_per_stage": [4, 2, 2, 2],
    "global_attention_blocks": [3],
    "window_positional_embedding_background_size": [4, 4],
}
_SAM2_VISION = {
    "backbone_config": _HIERA,
    "backbone_channel_list": [64, 32, 16, 8],
    "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
    "fpn_hidden_size": 32,
}
_WIDE = {"hidden_size": 128, "image_size": 64}
_MEMORY = {  # a memory of width 64 is written into the library's code, and a wider model
    "image_size": 64,
    "num_maskmem": 3,
    "memory_encoder_output_channels": 64,
    "memory_encoder_hidden_size": 128,
    "memory_attention_hidden_size": 128,
    "memory_fuser_embed_dim": 128,
    "mask_downsampler_embed_dim": 128,
    "mask_decoder_config": {"hidden_size": 128},
    "memory_attention_num_layers": 2,
    "memory_attention_rope_feat_sizes": [4, 4],
    "prompt_encoder_config": _WIDE | {"patch_size": 16},
}
_SAM3_VISION = {
    "backbone_config": {
        "image_size": 64,
        "patch_size": 8,
        "pretrain_image_size": 64,
        "window_size": 4,
        "global_attn_indexes": [1],
    },
    "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
    "fpn_hidden_size": 32,
}
_SAM_VISION = {"image_size": 32, "patch_size": 8, "output_channels": 32, "num_pos_feats": 16, "global_attn_indexes": [1]}
_POINTS = {"input_points": lambda: torch.rand(2, 1, 2, 2) * 30, "input_labels": lambda: torch.ones(2, 1, 2, dtype=torch.long)}


def _second_frame(model: nn.Module) -> dict[str, Any]:
    """A film of two frames whose first has been clicked on and segmented: the second attends to the memory of it."""
    session = getattr(sys.modules[type(model).__module__], type(model).__name__.replace("Model", "InferenceSession"))(
        video=torch.randn(2, 3, 64, 64), video_height=64, video_width=64, dtype=torch.float32
    )
    clicks = {"point_coords": torch.rand(1, 1, 2, 2) * 60, "point_labels": torch.ones(1, 1, 2, dtype=torch.int32)}
    session.add_point_inputs(session.obj_id_to_idx(1), 0, clicks)
    session.obj_with_new_inputs.append(1)
    session.cache.get_vision_features = lambda frame: None  # each run looks at the frame itself
    with torch.no_grad():
        model(inference_session=session, frame_idx=0)
    return {"inference_session": session, "frame_idx": 1}


SPECIAL: dict[str, Special] = {
    "sam": Special(
        config={"vision_config": _SAM_VISION, "prompt_encoder_config": {"image_size": 32, "patch_size": 8}}, inputs=_POINTS
    ),
    "SamVisionModel": Special(config=_SAM_VISION),
    "sam_hq": Special(
        config={
            "vision_config": _SAM_VISION,
            "prompt_encoder_config": {"image_size": 32, "patch_size": 8},
            "mask_decoder_config": {"vit_dim": 32},
        },
        inputs=_POINTS,
    ),
    "SamHQVisionModel": Special(config=_SAM_VISION),
    "sam2": Special(config={"vision_config": _SAM2_VISION, "prompt_encoder_config": _PROMPTED}, inputs={**square(64), **_POINTS}),
    "Sam2HieraDetModel": Special(config=_HIERA, inputs=square(64)),
    "Sam2VisionModel": Special(config=_SAM2_VISION, inputs=square(64)),
    "sam2_video": Special(config=_MEMORY | {"vision_config": _SAM2_VISION | {"fpn_hidden_size": 128}}, inputs=_second_frame),
    "edgetam_video": Special(
        config=_MEMORY
        | {
            "vision_config": _SAM2_VISION | {"fpn_hidden_size": 128},
            "perceiver_resampler_hidden_size": 64,
            "perceiver_resampler_attention_head_dim": 64,
            "perceiver_resampler_num_latents": 4,
            "perceiver_resampler_num_latents_2d": 4,
            "memory_attention_rope_k_sizes": [2, 2],
        },
        inputs=_second_frame,
    ),
    "sam3_tracker": Special(
        config={"vision_config": _SAM3_VISION, "prompt_encoder_config": {"image_size": 64, "patch_size": 8}},
        inputs={**square(64), **_POINTS},
    ),
    "sam3_tracker_video": Special(
        config=_MEMORY
        | {
            "vision_config": _SAM3_VISION | {"fpn_hidden_size": 128},
            "prompt_encoder_config": _WIDE | {"patch_size": 8},
            "memory_attention_rope_feat_sizes": [8, 8],
        },
        inputs=_second_frame,
    ),
}
