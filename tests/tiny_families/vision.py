"""Families of vision."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers import UVDocBackboneConfig

from tests.tiny_families import Special

__all__ = ["SPECIAL"]


def _picture(*shape: int) -> Callable[[], Tensor]:
    """[2, *shape], a batch of two."""
    return lambda: torch.randn(2, *shape)


def _square(side: int) -> dict[str, Any]:
    return {"pixel_values": _picture(3, side, side)}


_SWIN = {
    "image_size": 64,
    "patch_size": 4,
    "window_size": 2,
    "embed_dim": 8,
    "depths": [1, 1, 1, 1],
    "num_heads": [1, 2, 2, 2],
    "num_layers": 4,
    "hidden_size": 64,
}
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
_RESNET = {"embedding_size": 8, "hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1], "layer_type": "basic"}
_HYBRID = {"encoder_in_channels": [8, 16, 16], "decoder_in_channels": [32, 32, 32]}
_FOUR = {"num_hidden_layers": 4, "out_indices": [1, 2, 3, 4]}
_NECK = {"neck_hidden_sizes": [8, 8, 16, 16], "fusion_hidden_size": 16}
_TINY_SWIN = {"patch_size": 2, "window_size": 2, "depths": [1, 2], "num_heads": [2, 4], "encoder_stride": 4, "hidden_size": 64}
_EFFICIENT = {"width_coefficient": 0.25, "depth_coefficient": 0.1, "hidden_dim": 320}
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


def _channels(model: nn.Module) -> int:
    """Channels that the first convolution reads."""
    return next(part.in_channels for part in model.modules() if isinstance(part, nn.Conv2d))


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
        "backbone_config": _SWIN | {"out_indices": [2, 3, 4]},
        "text_config": {"vocab_size": 1100},
        "disable_custom_kernels": True,
    },
    inputs={**_square(64), "input_ids": _grounded, "attention_mask": lambda: torch.ones(2, 8, dtype=torch.long)},
)
_DETECTOR = Special(config={"backbone_config": _HGNET, **_HYBRID}, inputs=_square(64))
_PAIRS = {"pixel_values": _picture(2, 3, 64, 64)}
_DEPTH = Special(
    config={
        "backbone_config": _FOUR | {"reshape_hidden_states": False, "image_size": 32, "patch_size": 8},
        "patch_size": 8,
        "reassemble_hidden_size": 32,
        **_NECK,
    },
    inputs=_square(32),
)
_STAGES = {"model_type": "resnet", **_RESNET, "out_indices": [1, 2, 3, 4]}
_MASKED = Special(
    config={"backbone_config": _STAGES, "d_model": 128, "encoder_attention_heads": 8, "decoder_attention_heads": 8},
    inputs=_square(64),
)
_PRISM = {"tubelet_size": [1, 8, 8], "num_spatial_layers": 2, "num_temporal_layers": 2}
_DEPTH_PRO = {"image_size": 16, "patch_size": 4}
_TABLE = Special(config={"max_text_length": 5, "post_conv_out_channels": 32}, inputs={})
_LINE = Special(inputs={"pixel_values": _picture(3, 96, 128)})
_FEATURES = Special(inputs=lambda model: {"hidden_states": torch.randn(2, _channels(model), 3, 8)})
_PATCHES = {
    "pixel_values": _picture(16, 192),
    "pixel_attention_mask": lambda: torch.tensor([[1] * 16, [1] * 12 + [0] * 4]),
    "spatial_shapes": lambda: torch.tensor([[4, 4], [3, 4]]),
}

SPECIAL: dict[str, Special] = {
    "Aimv2Model": Special(inputs=_square(32)),
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
        inputs=_square(32),
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
        inputs=_square(32),
    ),
    "clipseg": Special(config={"extract_layers": [0, 1], "reduce_dim": 16, "decoder_num_attention_heads": 4}),
    "convnext": Special(config={"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]}),
    "convnextv2": Special(config={"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]}),
    "cvt": Special(
        config={"embed_dim": [8, 16, 32], "num_heads": [1, 2, 4], "depth": [1, 2, 3], "patch_sizes": [7, 3, 3]},
        inputs=_square(64),
    ),
    "d_fine": _DETECTOR,
    "deimv2": _DETECTOR,
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
    "grounding_dino": _GROUNDING,
    "mm_grounding_dino": _GROUNDING,
    "hiera": Special(
        inputs=_square(64),
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
        inputs=_square(64),
    ),
    "LwDetrViTBackbone": Special(
        config={"image_size": 64, "patch_size": 8, "num_windows": 4, "num_windows_side": 2, "window_block_indices": [0]}
    ),
    "mask2former": Special(
        config={"backbone_config": _SWIN, "feature_size": 32, "mask_feature_size": 32, "hidden_dim": 32}, inputs=_square(64)
    ),
    "mobilevitv2": Special(inputs=_square(64)),
    "oneformer": Special(
        config={"backbone_config": _SWIN, "conv_dim": 32, "mask_dim": 32, "hidden_dim": 32},
        inputs=lambda model: {"pixel_values": torch.randn(2, 3, 64, 64), "task_inputs": torch.randint(5, 90, (2, 77))},
    ),
    "perceiver": Special(config=_PERCEIVER, inputs={"inputs": _picture(7, 32)}),
    "PerceiverForMaskedLM": Special(config=_PERCEIVER, inputs={"input_ids": None}),
    "PerceiverForSequenceClassification": Special(config=_PERCEIVER, inputs={"input_ids": None}),
    "PerceiverForImageClassificationLearned": Special(config=_PERCEIVER, inputs={"inputs": _picture(3, 16, 16)}),
    "PerceiverForImageClassificationFourier": Special(config=_PERCEIVER, inputs={"inputs": _picture(3, 224, 224)}),
    "PerceiverForImageClassificationConvProcessing": Special(config=_PERCEIVER, inputs={"inputs": _picture(3, 64, 64)}),
    "PerceiverForOpticalFlow": Special(config=_PERCEIVER, inputs={"inputs": _picture(2, 27, 16, 16)}),
    "PerceiverForMultimodalAutoencoding": Special(
        config=_PERCEIVER,
        inputs=lambda model: {
            "inputs": {"image": torch.randn(2, 4, 3, 16, 16), "audio": torch.randn(2, 128, 1), "label": torch.randn(2, 2)},
            "subsampled_output_points": {"image": torch.arange(32), "audio": torch.arange(4), "label": None},
        },
    ),
    "pp_doclayout_v2": Special(
        config={"backbone_config": _HGNET, **_HYBRID, "class_thresholds": [0.0, 0.0], "class_order": [0, 1]}, inputs=_square(64)
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
        inputs=_square(64),
    ),
    "pp_doclayout_v4": _DETECTOR,
    "rt_detr": Special(config={"backbone_config": _RESNET, **_HYBRID}, inputs=_square(64)),
    "rt_detr_v2": Special(config={"backbone_config": _RESNET, **_HYBRID}, inputs=_square(64)),
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
    "sam2": Special(
        config={"vision_config": _SAM2_VISION, "prompt_encoder_config": _PROMPTED}, inputs={**_square(64), **_POINTS}
    ),
    "Sam2HieraDetModel": Special(config=_HIERA, inputs=_square(64)),
    "Sam2VisionModel": Special(config=_SAM2_VISION, inputs=_square(64)),
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
        inputs={**_square(64), **_POINTS},
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
    "DetrForSegmentation": _MASKED,
    "ConditionalDetrForSegmentation": _MASKED,
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
        inputs=_square(64),
    ),
    "omdet_turbo": Special(
        config={
            "backbone_config": {"model_type": "swin", **_SWIN, "out_indices": [2, 3, 4]},
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
    "slanet": _TABLE,
    "slanext": _TABLE,
    "SLANetBackbone": Special(inputs={"hidden_states": _picture(3, 64, 64)}),
    "SLANeXtBackbone": Special(inputs={"hidden_states": _picture(3, 32, 32)}),
    "pp_ocrv5_mobile_rec": _LINE,
    "pp_ocrv5_server_rec": _LINE,
    "pp_ocrv6_small_rec": Special(inputs={"pixel_values": _picture(3, 48, 64)}),
    "pp_ocrv6_tiny_rec": Special(inputs={"pixel_values": _picture(3, 48, 64)}),
    "PPOCRV5MobileRecEncoderWithSVTR": _FEATURES,
    "PPOCRV5ServerRecEncoderWithSVTR": _FEATURES,
    "PPOCRV6SmallRecEncoderWithSVTR": _FEATURES,
    "PPOCRV5MobileDetModel": Special(inputs=lambda model: {"hidden_states": torch.randn(2, 3, 64, 64)}),
    "FlavaForPreTraining": Special(inputs={"return_loss": lambda: False, **_square(32)}),
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
            "pixel_values": _picture(3, 32, 32),
            "prompt_pixel_values": _picture(3, 32, 32),
            "prompt_masks": _picture(3, 32, 32),
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
        inputs=_square(32),
    ),
    "tvp": Special(
        config={"backbone_config": _RESNET, "max_img_size": 64, "visual_prompt_size": 8},
        inputs=lambda model: {  # the library's position embeddings fit a batch of one only
            "input_ids": torch.randint(5, 90, (1, 7)),
            "pixel_values": torch.randn(1, 4, 3, 64, 64),
            "attention_mask": torch.ones(1, 7, dtype=torch.long),
        },
    ),
    "UVDocModel": Special(config={"backbone_config": {"out_indices": [1, 2, 3, 4, 5, 6]}}, inputs=_square(128)),
    "UVDocBridge": Special(
        config=lambda cls: UVDocBackboneConfig(), inputs=lambda model: {"hidden_states": torch.randn(2, 128, 16, 16)}
    ),
    "upernet": Special(config={"backbone_config": _RESNET, "hidden_size": 16}, inputs=_square(64)),
    "VideoMAEForPreTraining": Special(
        config={"decoder_num_attention_heads": 4}, inputs={"bool_masked_pos": lambda: torch.arange(32).repeat(2, 1) % 2 == 0}
    ),
    "videomt": Special(config={"num_blocks": 1}, inputs={"pixel_values_videos": _picture(2, 3, 32, 32)}),
    "VideoPrismClipModel": Special(config={"vision_config": _PRISM}),
    "VideoPrismVideoModel": Special(config=_PRISM),
    "VideoPrismVisionModel": Special(config=_PRISM),
    "VideoPrismForVideoClassification": Special(config=_PRISM),
    "ViltForImagesAndTextClassification": Special(
        config={"num_images": 2, "modality_type_vocab_size": 3}, inputs={"pixel_values": _picture(2, 3, 32, 32)}
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
        inputs={"pixel_values": _picture(4, 64, 64)},
    ),
    "vjepa2": Special(
        config={"crop_size": 32, "patch_size": 8, "frames_per_clip": 4, "tubelet_size": 2},
        inputs={"pixel_values_videos": _picture(4, 3, 32, 32)},
    ),
}
