"""Any Transformers configuration, shrunk to a few thousand parameters by the meaning of its field names.

The library names its fields by a handful of conventions (``hidden_size``, ``encoder_layers``, ``num_key_value_heads`` …), so
one table of patterns makes nearly every architecture small. What a family needs beyond it is given as overrides.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from transformers import AutoConfig, PreTrainedConfig

__all__ = ["tiny_config"]

WIDTH, HEADS, KV_HEADS, LAYERS, VOCAB = 32, 4, 2, 2, 120

# (pattern of the whole field name, value): the first that fits decides.
_RULES: tuple[tuple[str, Any], ...] = (
    (r"vocab_size|n_vocab|n_tokens|entity_vocab_size|audio_vocab_size|.*_vocab_size", VOCAB),
    (r"type_vocab_size|type_sequence_label_size", 2),
    (r"num_key_value_heads|n_kv_heads|num_kv_heads|.*_num_key_value_heads|kv_heads", KV_HEADS),
    (r"(num_|n_)?(attention_|attn_)?heads?|.*attention_heads|n_head|.*num_heads|.*_heads", HEADS),
    (r"head_dim|d_kv|attention_head_dim|attention_head_size|v_head_dim|qk_nope_head_dim|d_head|.*_head_dim", 8),
    (r"rotary_dim", 4),
    (r"q_lora_rank|kv_lora_rank|.*lora_rank", 16),
    (
        r"num_hidden_layers|n_layers?|num_layers|.*encoder_layers|.*decoder_layers|depth|num_(en|de)coder_layers|.*_num_hidden_layers",
        LAYERS,
    ),
    (
        r".*(intermediate|ffn|ff)_(size|dim)|.*ffn_dim|d_ff|.*intermediate_size|n_inner|d_inner|mlp_dim|dim_feedforward|ffn_hidden_size",
        48,
    ),
    (
        r"hidden_size|d_model|n_embd|embed_dim|hidden_dim|embedding_size|emb_dim|dim|embedding_dim|.*hidden_size|.*_hidden_dim|width",
        WIDTH,
    ),
    (r".*projection_dim|word_embed_proj_dim|projection_size|output_dim|.*_embed_dim|out_hidden_size|.*projection_size", WIDTH),
    (
        r"max_position_embeddings|n_positions|max_source_positions|max_target_positions|n_ctx|seq_length|max_sequence_length|max_seq_len",
        128,
    ),
    (r"image_size|img_size|resolution", 32),
    (r"patch_size|spatial_patch_size", 8),
    (r"num_frames", 4),
    (r"tubelet_size", [2, 8, 8]),
    (r"(num_|n_)(local_|routed_)?experts|n_routed_experts|moe_num_experts|num_local_experts", 4),
    (r"n_shared_experts|num_shared_experts", 1),
    (r"num_experts_per_tok(en)?|moe_top_?k|moe_k|top_k_experts|num_experts_per_token", 2),
    (r"n_group|topk_group|n_groups", 1),
    (r"sliding_window|window_size|attention_window|local_attention|sliding_window_size", 4),
    (r"first_k_dense_replace|num_dense_layers", 1),
    (r"num_queries|num_query_tokens|num_latents|entity_emb_size", 8),
    (r"num_mel_bins|num_mels|feature_size", 16),
    (r"upsample_groups", WIDTH),  # one group a channel
    (r".*drop(out)?(_?(prob|rate|p|path|ratio))?|.*_pdrop|layerdrop|.*dropout.*|drop_path_rate|.*layerdrop", 0.0),
)
_COMPILED = tuple((re.compile(pattern), value) for pattern, value in _RULES)
_LEFT_ALONE = {"query_pre_attn_scalar", "qk_head_dim"}  # derived from others


def tiny_config(config_class: type[PreTrainedConfig], **overrides: Any) -> PreTrainedConfig:
    """A small configuration; ``overrides`` win, and reach into a part with ``text_config={...}``."""
    default = config_class()
    values: dict[str, Any] = {}
    for name, value in vars(default).items():
        if name.startswith("_") or name in _LEFT_ALONE or name in default.sub_configs or _is_derived(config_class, name):
            continue
        small = _small(name, value)
        if small is not value:
            values[name] = small
    values |= _per_layer(default, values)
    values |= _token_ids(default) | _rotary(default)
    if "kv_lora_rank" in values:  # latent attention has one key head a query head
        values["num_key_value_heads"] = HEADS
    for name in default.sub_configs:
        part = getattr(default, name, None)
        if part is None and name in overrides and default.sub_configs[name] is not AutoConfig:
            part = default.sub_configs[name]()  # one the model can do without
        if part is not None and not (name == "backbone_config" and _is_backbone_of_timm(default)):
            inner = overrides.pop(name, {}) if isinstance(overrides.get(name), dict) else {}
            values[name] = tiny_config(type(part), **(_stages(part) | inner)).to_dict()
    if _is_backbone_of_timm(default):
        values |= {"use_timm_backbone": False, "backbone": None, "backbone_config": _RESNET}
    known = dict(getattr(config_class, "attribute_map", {}))
    return config_class(**{known.get(name, name): value for part in (values, overrides) for name, value in part.items()})


def _small(name: str, value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, (str, dict)):
        return value
    for pattern, small in _COMPILED:
        if pattern.fullmatch(name):
            if small == 0.0:
                return [type(v)(0) for v in value] if isinstance(value, (list, tuple)) else type(value)(0)
            if isinstance(value, (list, tuple)):
                return [small] * len(value) if value and isinstance(value[0], int) and not isinstance(small, list) else small
            if isinstance(small, list) and isinstance(value, int):
                return small[0]
            if isinstance(value, (int, float)) and not isinstance(small, list) and value <= small:
                return value
            return small
    return value


def _is_derived(config_class: type[PreTrainedConfig], name: str) -> bool:
    """Whether a field, or the one it is another name of, follows from others and cannot be set."""
    found = getattr(config_class, getattr(config_class, "attribute_map", {}).get(name, name), None)
    return isinstance(found, property) and found.fset is None


def _is_backbone_of_timm(default: PreTrainedConfig) -> bool:
    backbone = type(getattr(default, "backbone_config", None)).__name__
    return bool(getattr(default, "use_timm_backbone", False)) or "Timm" in backbone


def _stages(part: PreTrainedConfig) -> dict[str, Any]:
    """Which stages a backbone hands out, where their number is no number of layers and stays."""
    return {"out_indices": list(part.out_indices)} if hasattr(part, "depths") and getattr(part, "out_indices", None) else {}


_RESNET = {
    "model_type": "resnet",
    "embedding_size": 8,
    "hidden_sizes": [8, 8, 16, 16],
    "depths": [1, 1, 1, 1],
    "out_features": ["stage2", "stage3", "stage4"],
    "out_indices": [2, 3, 4],
}


def _rotary(default: PreTrainedConfig) -> dict[str, Any]:
    """Sections of a multimodal rotary embedding; head width, vocabulary, padding and first token where they are unset."""
    found: dict[str, Any] = {}
    if hasattr(default, "vocab_size") and default.vocab_size is None:
        found["vocab_size"] = VOCAB
    rope = getattr(default, "rope_parameters", None)
    if isinstance(rope, dict) and "mrope_section" in {*rope, *getattr(default, "ignore_keys_at_rope_validation", ())}:
        half = int(8 * (rope.get("partial_rotary_factor") or 1)) // 2
        found["rope_parameters"] = rope | {"mrope_section": [(half + 2) // 3, (half + 1) // 3, half // 3]}
    if hasattr(default, "pad_token_id") and default.pad_token_id is None:
        found["pad_token_id"] = 0
    if vars(default).get("head_dim", 0) is None:
        found["head_dim"] = WIDTH // HEADS
    if getattr(default, "is_encoder_decoder", False) and getattr(default, "decoder_start_token_id", None) is None:
        found["decoder_start_token_id"] = 0
    return found


def _per_layer(default: PreTrainedConfig, values: dict[str, Any]) -> dict[str, Any]:
    """Lists with one entry a layer, cut to the number of layers left, keeping one of every kind."""
    found: dict[str, Any] = {}
    full = getattr(default, "num_hidden_layers", None)
    for name in ("layer_types", "mlp_layer_types", "no_rope_layers", "layers_block_type", "attention_layers", "moe_layers"):
        value = None if _is_derived(type(default), name) else copy.copy(getattr(default, name, None))
        if not isinstance(value, (list, tuple)) or not value or (isinstance(full, int) and len(value) != full):
            continue
        kinds = list(dict.fromkeys(value))
        found[name] = (kinds * LAYERS)[: max(LAYERS, len(kinds))]
    longest = max((len(kinds) for kinds in found.values()), default=0)
    if longest > LAYERS:
        values["num_hidden_layers"] = longest
    return {name: (kinds * longest)[:longest] for name, kinds in found.items()}


def _token_ids(default: PreTrainedConfig) -> dict[str, Any]:
    """Ids of special tokens, moved inside the small vocabulary, each its own."""
    found: dict[str, Any] = {}
    for name, value in vars(default).items():
        if re.fullmatch(r".*(_token_id|_token_index)", name) and isinstance(value, int) and value >= VOCAB - 20:
            found[name] = VOCAB - 1 - len(found)
    return found
