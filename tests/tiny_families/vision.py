"""Families of vision."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import UVDocBackboneConfig

from tests.tiny_families import Special, floats

__all__ = ["SPECIAL"]


def square(side: int) -> dict[str, Any]:
    """Two square pictures."""
    return {"pixel_values": floats(3, side, side)}


SWIN = {
    "image_size": 64,
    "patch_size": 4,
    "window_size": 2,
    "embed_dim": 8,
    "depths": [1, 1, 1, 1],
    "num_heads": [1, 2, 2, 2],
    "num_layers": 4,
    "hidden_size": 64,
}
RESNET = {"embedding_size": 8, "hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1], "layer_type": "basic"}
_FOUR = {"num_hidden_layers": 4, "out_indices": [1, 2, 3, 4]}
_NECK = {"neck_hidden_sizes": [8, 8, 16, 16], "fusion_hidden_size": 16}
_TINY_SWIN = {"patch_size": 2, "window_size": 2, "depths": [1, 2], "num_heads": [2, 4], "encoder_stride": 4, "hidden_size": 64}
_EFFICIENT = {"width_coefficient": 0.25, "depth_coefficient": 0.1, "hidden_dim": 320}
_PERCEIVER = {
    "num_cross_attention_heads": 1,  # the widths of its position codes are odd numbers
    "num_self_attends_per_block": 2,
    "d_latents": 32,
    "image_size": 16,
    "train_size": [16, 16],
    "num_frames": 4,
    "audio_samples_per_frame": 32,
    "output_shape": [1, 4, 16, 16],
    "output_num_channels": 32,
}


def _channels(model: nn.Module) -> int:
    """Channels that the first convolution reads."""
    return next(part.in_channels for part in model.modules() if isinstance(part, nn.Conv2d))


_PAIRS = {"pixel_values": floats(2, 3, 64, 64)}
_DEPTH = Special(
    config={
        "backbone_config": _FOUR | {"reshape_hidden_states": False, "image_size": 32, "patch_size": 8},
        "patch_size": 8,
        "reassemble_hidden_size": 32,
        **_NECK,
    },
    inputs=square(32),
)
_PRISM = {"tubelet_size": [1, 8, 8], "num_spatial_layers": 2, "num_temporal_layers": 2}
_DEPTH_PRO = {"image_size": 16, "patch_size": 4}
_TABLE = Special(config={"max_text_length": 5, "post_conv_out_channels": 32}, inputs={})
_LINE = Special(inputs={"pixel_values": floats(3, 96, 128)})
_FEATURES = Special(inputs=lambda model: {"hidden_states": torch.randn(2, _channels(model), 3, 8)})
_PATCHES = {
    "pixel_values": floats(16, 192),
    "pixel_attention_mask": lambda: torch.tensor([[1] * 16, [1] * 12 + [0] * 4]),
    "spatial_shapes": lambda: torch.tensor([[4, 4], [3, 4]]),
}

SPECIAL: dict[str, Special] = {
    "Aimv2Model": Special(inputs=square(32)),
    "AlignModel": Special(config={"vision_config": _EFFICIENT, "projection_dim": 80}),
    "AlignVisionModel": Special(config=_EFFICIENT),
    "BeitForSemanticSegmentation": Special(config=_FOUR),
    "bridgetower": Special(
        config={
            "hidden_size": 128,
            "contrastive_hidden_size": 32,
            "logit_scale_init_value": 2.6,
            "text_config": {"hidden_size": 128},
            "vision_config": {"hidden_size": 128},
        },
        inputs=square(32),
    ),
    "chmv2": Special(
        config={
            "backbone_config": _FOUR | {"image_size": 32, "patch_size": 8, "return_class_token": True, "apply_layernorm": True},
            "patch_size": 8,
            "post_process_channels": [8, 8, 16, 16],
            "fusion_hidden_size": 16,
            "head_hidden_size": 16,
            "number_output_channels": 16,
        },
        inputs=square(32),
    ),
    "clipseg": Special(config={"extract_layers": [0, 1], "reduce_dim": 16, "decoder_num_attention_heads": 4}),
    "convnext": Special(config={"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]}),
    "convnextv2": Special(config={"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]}),
    "cvt": Special(
        config={"embed_dim": [8, 16, 32], "num_heads": [1, 2, 4], "depth": [1, 2, 3], "patch_sizes": [7, 3, 3]},
        inputs=square(64),
    ),
    "depth_anything": _DEPTH,
    "prompt_depth_anything": _DEPTH,
    "dpt": Special(config={"num_hidden_layers": 4, "backbone_out_indices": [0, 1, 2, 3], **_NECK}),
    "efficientnet": Special(config=_EFFICIENT),
    "efficientloftr": Special(
        config={
            "stage_num_blocks": [1, 1, 1, 1],
            "out_features": [8, 8, 16, 32],
            "hidden_size": 32,
            "num_attention_layers": 2,
            "num_attention_heads": 8,
            "num_key_value_heads": 8,
            "intermediate_size": 64,
            "fine_matching_slice_dim": 4,
        },
        inputs=_PAIRS,
    ),
    "eomt": Special(config={"num_blocks": 1}),
    "eomt_dinov3": Special(config={"num_blocks": 1}),
    "focalnet": Special(config={"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1], "embed_dim": 8}),
    "hiera": Special(
        inputs=square(64),
        config={
            "image_size": [64, 64],
            "depths": [1, 1, 2, 1],
            "decoder_hidden_size": 32,
            "decoder_depth": 1,
            "decoder_num_heads": 4,
        },
    ),
    "levit": Special(
        config={
            "image_size": 128,
            "patch_size": 16,
            "hidden_sizes": [16, 32, 48],
            "num_attention_heads": [2, 2, 2],
            "depths": [1, 1, 1],
            "key_dim": [8, 8, 8],
        }
    ),
    "lightglue": Special(config={"descriptor_dim": 32, "hidden_size": 32}, inputs=_PAIRS),
    "mask2former": Special(
        config={"backbone_config": SWIN, "feature_size": 32, "mask_feature_size": 32, "hidden_dim": 32}, inputs=square(64)
    ),
    "mobilevitv2": Special(inputs=square(64)),
    "oneformer": Special(
        config={"backbone_config": SWIN, "conv_dim": 32, "mask_dim": 32, "hidden_dim": 32},
        inputs=lambda model: {"pixel_values": torch.randn(2, 3, 64, 64), "task_inputs": torch.randint(5, 90, (2, 77))},
    ),
    "perceiver": Special(config=_PERCEIVER, inputs={"inputs": floats(7, 32)}),
    "PerceiverForMaskedLM": Special(config=_PERCEIVER, inputs={"input_ids": None}),
    "PerceiverForSequenceClassification": Special(config=_PERCEIVER, inputs={"input_ids": None}),
    "PerceiverForImageClassificationLearned": Special(config=_PERCEIVER, inputs={"inputs": floats(3, 16, 16)}),
    "PerceiverForImageClassificationFourier": Special(config=_PERCEIVER, inputs={"inputs": floats(3, 224, 224)}),
    "PerceiverForImageClassificationConvProcessing": Special(config=_PERCEIVER, inputs={"inputs": floats(3, 64, 64)}),
    "PerceiverForOpticalFlow": Special(config=_PERCEIVER, inputs={"inputs": floats(2, 27, 16, 16)}),
    "PerceiverForMultimodalAutoencoding": Special(
        config=_PERCEIVER,
        inputs=lambda model: {
            "inputs": {"image": torch.randn(2, 4, 3, 16, 16), "audio": torch.randn(2, 128, 1), "label": torch.randn(2, 2)},
            "subsampled_output_points": {"image": torch.arange(32), "audio": torch.arange(4), "label": None},
        },
    ),
    "depth_pro": Special(
        config={
            "image_model_config": _DEPTH_PRO,
            "patch_model_config": _DEPTH_PRO,
            "fov_model_config": _DEPTH_PRO,
            "patch_size": 16,
            "fusion_hidden_size": 16,
            "intermediate_hook_ids": [1, 0],
            "intermediate_feature_dims": [16, 16],
            "scaled_images_feature_dims": [16, 16, 16],
            "merge_padding_value": 1,
            "use_fov_model": True,
        },
        inputs=square(64),
    ),
    "slanet": _TABLE,
    "slanext": _TABLE,
    "SLANetBackbone": Special(inputs={"hidden_states": floats(3, 64, 64)}),
    "SLANeXtBackbone": Special(inputs={"hidden_states": floats(3, 32, 32)}),
    "pp_ocrv5_mobile_rec": _LINE,
    "pp_ocrv5_server_rec": _LINE,
    "pp_ocrv6_small_rec": Special(inputs={"pixel_values": floats(3, 48, 64)}),
    "pp_ocrv6_tiny_rec": Special(inputs={"pixel_values": floats(3, 48, 64)}),
    "PPOCRV5MobileRecEncoderWithSVTR": _FEATURES,
    "PPOCRV5ServerRecEncoderWithSVTR": _FEATURES,
    "PPOCRV6SmallRecEncoderWithSVTR": _FEATURES,
    "PPOCRV5MobileDetModel": Special(inputs=lambda model: {"hidden_states": torch.randn(2, 3, 64, 64)}),
    "FlavaForPreTraining": Special(inputs={"return_loss": lambda: False, **square(32)}),
    "seggpt": Special(
        config={
            "image_size": [64, 32],
            "patch_size": 8,
            "pretrain_image_size": 32,
            "merge_index": 0,
            "num_hidden_layers": 4,
            "intermediate_hidden_state_indices": [0, 1, 2, 3],
        },
        inputs={
            "pixel_values": floats(3, 32, 32),
            "prompt_pixel_values": floats(3, 32, 32),
            "prompt_masks": floats(3, 32, 32),
        },
    ),
    "Siglip2Model": Special(config={"vision_config": {"num_patches": 16}}, inputs=_PATCHES),
    "Siglip2VisionModel": Special(config={"num_patches": 16}, inputs=_PATCHES),
    "Siglip2ForImageClassification": Special(config={"vision_config": {"num_patches": 16}}, inputs=_PATCHES),
    "superglue": Special(
        config={
            "keypoint_detector_config": {"descriptor_decoder_dim": 32},
            "hidden_size": 32,
            "keypoint_encoder_sizes": [16, 32],
            "gnn_layers_types": ["self", "cross"],
        },
        inputs=_PAIRS,
    ),
    "swin": Special(config=_TINY_SWIN),
    "swinv2": Special(config=_TINY_SWIN),
    "tipsv2_dpt": Special(
        config={"backbone_config": _FOUR | {"image_size": 32, "patch_size": 8, "reshape_hidden_states": False}, **_NECK},
        inputs=square(32),
    ),
    "tvp": Special(
        config={"backbone_config": RESNET, "max_img_size": 64, "visual_prompt_size": 8},
        inputs=lambda model: {  # the library's position embeddings fit a batch of one only
            "input_ids": torch.randint(5, 90, (1, 7)),
            "pixel_values": torch.randn(1, 4, 3, 64, 64),
            "attention_mask": torch.ones(1, 7, dtype=torch.long),
        },
    ),
    "UVDocModel": Special(config={"backbone_config": {"out_indices": [1, 2, 3, 4, 5, 6]}}, inputs=square(128)),
    "UVDocBridge": Special(
        config=lambda cls: UVDocBackboneConfig(), inputs=lambda model: {"hidden_states": torch.randn(2, 128, 16, 16)}
    ),
    "upernet": Special(config={"backbone_config": RESNET, "hidden_size": 16}, inputs=square(64)),
    "VideoMAEForPreTraining": Special(
        config={"decoder_num_attention_heads": 4}, inputs={"bool_masked_pos": lambda: torch.arange(32).repeat(2, 1) % 2 == 0}
    ),
    "videomt": Special(config={"num_blocks": 1}, inputs={"pixel_values_videos": floats(2, 3, 32, 32)}),
    "VideoPrismClipModel": Special(config={"vision_config": _PRISM}),
    "VideoPrismVideoModel": Special(config=_PRISM),
    "VideoPrismVisionModel": Special(config=_PRISM),
    "VideoPrismForVideoClassification": Special(config=_PRISM),
    "ViltForImagesAndTextClassification": Special(
        config={"num_images": 2, "modality_type_vocab_size": 3}, inputs={"pixel_values": floats(2, 3, 32, 32)}
    ),
    "vitmatte": Special(
        config={
            "backbone_config": {
                "num_channels": 4,
                "image_size": 64,
                "patch_size": 16,
                "pretrain_image_size": 64,
                "window_block_indices": [0],
                "window_size": 2,
                "out_indices": [2],
            },
            "hidden_size": 32,
            "convstream_hidden_sizes": [8, 8, 16],
            "fusion_hidden_sizes": [16, 8, 8, 8],
        },
        inputs={"pixel_values": floats(4, 64, 64)},
    ),
    "vjepa2": Special(
        config={"crop_size": 32, "patch_size": 8, "frames_per_clip": 4, "tubelet_size": 2},
        inputs={"pixel_values_videos": floats(4, 3, 32, 32)},
    ),
}
