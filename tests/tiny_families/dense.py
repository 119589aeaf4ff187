"""Families that answer with a picture: depth, masks, points, and films whose frames attend to those before."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedConfig, Sam2VisionConfig
from transformers.models.sam3_video.modeling_sam3_video import Sam3VideoInferenceSession

from tests.tiny_configs import tiny_config
from tests.tiny_families import Special, floats
from tests.tiny_families.detecting import SPECIAL as DETECTING
from tests.tiny_families.segmenting import SPECIAL as SEGMENTING
from tests.tiny_models import BATCH

__all__ = ["SPECIAL"]


def _known(family: str) -> dict[str, Any]:
    """What another family of vision needs of its configuration."""
    config = (DETECTING | SEGMENTING)[family].config
    assert isinstance(config, dict)
    return config


def _on_sam2(cls: type[PreTrainedConfig]) -> PreTrainedConfig:
    """EdgeTAM on the eyes of SAM 2, as its film model has them: its own come from timm."""
    sam2 = _known("sam2")
    config = tiny_config(cls, prompt_encoder_config=sam2["prompt_encoder_config"])
    config.vision_config = tiny_config(Sam2VisionConfig, **sam2["vision_config"])
    return config


def _followed(model: nn.Module) -> dict[str, Any]:
    """A film of two frames, with words to look for: what the first frame shows is followed into the second.

    The model writes into the session of a film, so each run gets a copy of it.
    """
    session = Sam3VideoInferenceSession(video=torch.randn(2, 3, 64, 64), video_height=64, video_width=64, dtype=torch.float32)
    prompt = session.add_prompt("two words")
    session.prompt_input_ids[prompt] = torch.randint(5, 90, (1, 7))
    session.prompt_attention_masks[prompt] = torch.ones(1, 7, dtype=torch.long)
    model(inference_session=session, frame_idx=0)

    def copied(module: nn.Module, args: tuple, given: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        return args, given | {"inference_session": copy.deepcopy(given["inference_session"])}

    model.register_forward_pre_hook(copied, with_kwargs=True)
    return {"inference_session": session, "frame_idx": 1}


_WIDE = {"hidden_size": 128}
_FILM = _known("sam3_tracker_video")
_DETECTOR = {
    "vision_config": _FILM["vision_config"],
    "geometry_encoder_config": _WIDE,
    "detr_encoder_config": _WIDE,
    "detr_decoder_config": _WIDE | {"num_queries": 3},
    "mask_decoder_config": _WIDE,
}
_HEADS = {
    "upsample_out_channels": [16, 16],
    "upsample_kernel_sizes": [4, 4],
    "conv_out_channels": [16],
    "conv_kernel_sizes": [1],
}
_SCALE = {
    "scale_conv_out_channels": [16],
    "scale_conv_kernel_sizes": [1],
    "scale_final_input_size": 64,
    "scale_final_hidden_sizes": [16, 16],
}
_SHUFFLED = _HEADS | {"upsample_kernel_sizes": [3, 3], "use_pixel_shuffle": True}
_LAYERS = {"num_first_full_attention_layers": 1, "num_last_full_attention_layers": 0}
_DEPTH = {
    "backbone_config": {
        "num_hidden_layers": 4,
        "out_indices": [1, 2, 3, 4],
        "reshape_hidden_states": False,
        "image_size": 32,
        "patch_size": 8,
    },
    "backbone_hidden_size": 32,
    "neck_hidden_sizes": [8, 8, 16, 16],
    "fusion_hidden_size": 16,
    "bottleneck_features": 16,
    "bin_embedding_dim": 8,
    "num_attractors": [4, 2, 2, 1],
}

_STAGES = {"out_features": ["stage1", "stage2", "stage3", "stage4"]}
_LCNET = {
    "stem_channels": [3, 4, 8],
    "block_configs": [[[3, 8, 8, 1, True]], [[3, 8, 8, 2, False]], [[3, 8, 16, 2, False]], [[3, 16, 16, 2, True]]],
    "out_indices": [1, 2, 3, 4],
    **_STAGES,
}
_POINTWISE = [[1, 1], [1, 1], [0, 0]]


def _strokes() -> dict[str, list[list[int]]]:
    """Kernels, strides and paddings that look along and across a line of text, long ones and short ones."""
    found = {"reduce_channel": _POINTWISE, "return_channel": _POINTWISE}
    for name, size in (("long", 7), ("mid", 5), ("short", 3)):
        half = size // 2
        found |= {
            f"vertical_long_to_small_conv_{name}ratio": [[size, 1], [1, 1], [half, 0]],
            f"horizontal_small_to_long_conv_{name}ratio": [[1, size], [1, 1], [0, half]],
            f"symmetric_conv_long_{name}ratio": [[size, size], [1, 1], [half, half]],
        }
    return found


_LINES = {
    "neck_out_channels": 16,
    "reduce_factor": 2,
    "intraclass_block_config": _strokes(),
    "scale_factor_list": [1, 2, 4, 8],
    "kernel_list": [3, 2, 2],
}
_PAGE = {"pixel_values": floats(3, 64, 64)}

SPECIAL: dict[str, Special] = {
    "sam3_video": Special(
        {
            "detector_config": _DETECTOR,
            "tracker_config": _FILM,
            "low_res_mask_size": 32,
            "score_threshold_detection": 0.0,
            "new_det_thresh": 0.0,
        },
        _followed,
    ),
    "pp_ocrv5_server_det": Special(_LINES | {"backbone_config": _known("pp_doclayout_v2")["backbone_config"] | _STAGES}, _PAGE),
    "pp_ocrv6_medium_det": Special(_LINES | {"backbone_config": _LCNET}, _PAGE),
    "pp_ocrv6_small_det": Special(
        {"backbone_config": _LCNET, "neck_out_channels": 16, "layer_list_out_channels": [8, 8, 16, 16]}, _PAGE
    ),
    "edgetam": Special(_on_sam2, {"pixel_values": floats(3, 64, 64), **SEGMENTING["sam"].inputs}),  # type: ignore[dict-item]
    "Sapiens2ForSemanticSegmentation": Special(_LAYERS | {"head_config": _HEADS}),
    "Sapiens2ForPoseEstimation": Special(_LAYERS | {"head_config": _HEADS}),
    "Sapiens2ForNormalEstimation": Special(_LAYERS | {"head_config": _SHUFFLED}),
    "Sapiens2ForImageMatting": Special(_LAYERS | {"head_config": _SHUFFLED}),
    "Sapiens2ForPointmapEstimation": Special(_LAYERS | {"head_config": _SHUFFLED | _SCALE}),
    "x_clip": Special(
        {"projection_dim": 32, "prompt_num_attention_heads": 4, "vision_config": {"mit_hidden_size": 32}},
        lambda model: {
            "pixel_values": torch.randn(BATCH, 4, 3, 32, 32),
            "input_ids": torch.randint(5, 90, (3, 7)),
        },
    ),
    "XCLIPTextModel": Special(),
    "XCLIPVisionModel": Special({"num_frames": 4}, lambda model: {"pixel_values": torch.randn(4 * BATCH, 3, 32, 32)}),
    "zoedepth": Special(_DEPTH, {"pixel_values": floats(3, 32, 32)}),
    "JanusVQVAE": Special({"num_patches": 2}, {"pixel_values": floats(3, 32, 32)}),
}
