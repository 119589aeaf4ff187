"""What a person calls things: kind, tower, layer, and the library's own names for the weights."""

from __future__ import annotations

import pytest
import torch
import transformers
from torch import nn

from inspector import Capture, capture
from inspector.hooks.naming import Names
from inspector.hooks.unshown import reason_for
from tests.hooks.matching import hf_attentions
from tests.tiny_families import special_of
from tests.tiny_families.audio import SPECIAL as AUDIO
from tests.tiny_models import Family


def special(name: str) -> Family:
    """A family with what it alone needs."""
    return Family(name, **vars(special_of(getattr(transformers, name))))


def captured(family: Family) -> Capture:
    model = family.model()
    inputs = family.feed(model)
    with torch.no_grad(), capture(model) as cap:
        model(**inputs)
    return cap


@pytest.mark.parametrize(
    ("name", "towers"),
    [
        ("BertModel", [("", "self")]),
        ("GPT2Model", [("", "self")]),
        ("T5Model", [("encoder", "self"), ("decoder", "self"), ("decoder", "cross")]),
        ("WhisperModel", [("encoder", "self"), ("decoder", "self"), ("decoder", "cross")]),
        ("CLIPModel", [("vision", "self"), ("text", "self")]),
        ("DetrModel", [("encoder", "self"), ("decoder", "self"), ("decoder", "cross")]),
        ("Wav2Vec2Model", [("", "self")]),
        ("ViTModel", [("", "self")]),
        ("CLIPSegForImageSegmentation", [("vision", "self"), ("text", "self"), ("decoder", "self")]),
        (
            "Sam2VideoModel",
            [("vision", "self"), ("memory", "self"), ("memory", "cross"), ("decoder", "self"), ("decoder", "cross")],
        ),
        ("SamModel", [("vision", "self"), ("decoder", "self"), ("decoder", "cross")]),
        ("LwDetrModel", [("vision", "self"), ("decoder", "self")]),
        (
            "BridgeTowerModel",
            [
                ("text", "self"),
                ("vision", "self"),
                *((f"cross modal {sense}", kind) for sense in ("text", "image") for kind in ("self", "cross")),
            ],
        ),
        (
            "Sam3Model",
            [
                *(("vision", "self"), ("text", "self")),
                *((f"detr {half}", kind) for half in ("encoder", "decoder") for kind in ("self", "cross")),
                ("mask decoder", "cross"),
            ],
        ),
        ("FlavaModel", [("vision", "self"), ("text", "self"), ("multimodal", "self")]),
        (
            "GroundingDinoModel",
            [
                ("text backbone", "self"),
                ("vision", "self"),
                ("encoder", "cross"),
                ("text encoder", "self"),
                ("decoder", "self"),
                ("decoder", "cross"),
            ],
        ),
        ("CsmForConditionalGeneration", [("backbone", "self"), ("depth decoder", "self")]),
        ("NeuCodecModel", [("semantic encoder", "self"), ("acoustic decoder", "self")]),
        ("PI0Model", [("vision", "self"), ("vision", "cross"), ("vlm", "self"), ("dit", "self")]),
        (
            "BltModel",
            [
                ("patcher", "self"),
                ("local encoder", "self"),
                ("local encoder", "cross"),
                ("global transformer", "self"),
                ("local decoder", "cross"),
                ("local decoder", "self"),
            ],
        ),
    ],
)
def test_towers_stand_in_model_order(name: str, towers: list) -> None:
    special = special_of(getattr(transformers, name))
    assert captured(Family(name, special.config, special.inputs)).towers == towers


@pytest.mark.parametrize(
    ("name", "towers"),
    [
        ("ChameleonModel", [("vision", "self"), ("text", "self")]),
        ("Emu3Model", [("vision", "self"), ("text", "self")]),
        ("Gemma4Model", [("vision", "self"), ("audio", "self"), ("text", "self")]),
        ("Kosmos2Model", [("vision", "self"), ("qformer", "cross"), ("text", "self")]),
        ("IdeficsModel", [("vision", "self"), ("qformer", "cross"), ("text", "cross"), ("text", "self")]),
        ("MllamaModel", [("vision", "self"), ("text", "self"), ("text", "cross")]),
        ("EvollaModel", [("protein", "self"), ("qformer", "cross"), ("text", "self"), ("text", "cross")]),
        ("VisionEncoderDecoderModel", [("encoder", "self"), ("decoder", "self"), ("decoder", "cross")]),
    ],
)
def test_each_sense_has_its_tower_and_counts_its_layers_from_zero(name: str, towers: list) -> None:
    cap = captured(special(name))
    assert cap.towers == towers
    for tower, kind in towers:
        layers = [call.layer_index for call in cap.group(tower, kind)]
        assert sorted(set(layers)) == list(range(len(set(layers))))


@pytest.mark.parametrize(
    ("name", "axes"),
    [
        ("MllamaModel", ("input", "vision")),
        ("IdeficsModel", ("input", "vision")),
        ("EvollaModel", ("input", "protein")),
        ("VisionEncoderDecoderModel", ("output", "input")),
        ("Pix2StructTextModel", ("input", "encoder")),
        ("Blip2QFormerModel", ("input", "encoder")),
    ],
)
def test_a_cross_attention_never_has_its_keys_named_like_its_queries(name: str, axes: tuple) -> None:
    cap = captured(special(name))
    assert [call.axes for call in cap.calls if call.kind == "cross"][-1] == axes
    for call in cap.calls:
        assert len(cap.query_tokens(call)) == call.shape[2]
        assert len(cap.key_tokens(call)) == call.shape[3]


def test_a_learned_query_that_gathers_the_patches_looks_across() -> None:
    cap = captured(Family("SiglipVisionModel"))
    pool = cap.calls[-1]
    assert (pool.name, pool.kind, pool.layer_index, pool.shape[2]) == ("head.attention", "cross", 0, 1)
    assert pool.axes == ("latent", "input")
    assert len(cap.group("", "self")) == 2


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("MoshiForConditionalGeneration", {"decoder.model": "text decoder", "depth_decoder": "depth decoder"}),
        ("RagModel", {"question_encoder": "question encoder", "generator.model.encoder": "generator encoder"}),
        ("DeepseekVLHybridModel", {"high_res_vision_model": "high res vision", "vision_model": "vision"}),
        ("Qwen2_5OmniForConditionalGeneration", {"thinker.model": "thinker", "talker": "talker"}),
        ("BarkModel", {"semantic": "semantic", "coarse_acoustics": "coarse acoustics", "fine_acoustics": "fine acoustics"}),
    ],
)
def test_models_that_share_a_tower_are_told_apart(name: str, parts: dict[str, str]) -> None:
    special = special_of(getattr(transformers, name))
    names = Names(Family(name, special.config, special.inputs).model(), fixed=True)
    for path, tower in parts.items():
        inside = [place for place in names.places if f".{place.name}".startswith(f".{path}.")]
        assert tower in {place.tower for place in inside}
        layers = [place.layer_index for place in inside if (place.tower, place.kind) == (tower, "self")]
        assert layers == list(range(len(layers)))


def test_latents_that_read_the_tokens_are_named_apart_from_them() -> None:
    cap = captured(Family("PerceiverForMaskedLM", inputs={"inputs": None, "attention_mask": None}))
    call = next(call for call in cap.calls if call.kind == "cross" and call.shape[3] == 7)
    assert cap.key_tokens(call).ids == cap.sequences["input"][0].ids
    assert call.axes[0] != call.axes[1]


@pytest.mark.parametrize(
    ("cls", "special", "towers"),
    [
        ("GraniteSpeechModel", "granite_speech", ["audio", "qformer", "text"]),
        ("FunAsrNanoModel", "fun_asr_nano", ["audio", "projector", "text"]),
        ("SpeechEncoderDecoderModel", "speech_encoder_decoder", ["encoder", "decoder"]),
        ("SeamlessM4TForSpeechToText", "seamless_m4t", ["audio", "decoder"]),
        ("SeamlessM4TForTextToText", "seamless_m4t", ["encoder", "decoder"]),
    ],
)
def test_every_part_of_a_speech_model_counts_its_own_layers(cls: str, special: str, towers: list) -> None:
    cap = captured(Family(cls, **vars(AUDIO[special])))
    assert list(dict.fromkeys(tower for tower, _ in cap.towers)) == towers
    for tower, kind in cap.towers:
        assert min(call.layer_index for call in cap.group(tower, kind)) == 0


@pytest.mark.parametrize(
    "name", ["BertModel", "XLNetModel", "T5Model", "LongformerModel", "LongT5Model", "SiglipModel", "BartModel"]
)
def test_layers_count_from_zero_in_each_tower(name: str) -> None:
    cap = captured(Family(name))
    for tower, kind in cap.towers:
        layers = [call.layer_index for call in cap.group(tower, kind)]
        assert sorted(set(layers)) == list(range(len(set(layers))))


@pytest.mark.parametrize(
    "name", ["BertModel", "T5Model", "BartModel", "WhisperModel", "LongformerModel", "LongT5Model", "DebertaModel"]
)
def test_as_hf_is_what_output_attentions_returns(name: str) -> None:
    family = Family(name)
    model = family.model()
    inputs = family.feed(model)
    ours = captured(family).as_hf()
    theirs: dict[str, list] = {}
    for field, table in family.reference(inputs):
        theirs.setdefault(field.partition("[")[0], []).append(table)
    assert set(ours) == set(theirs)
    for field, tables in theirs.items():
        for mine, table in zip(ours[field], tables, strict=True):
            assert mine.shape == table.shape
            assert (mine - table).abs().amax() < 1e-5


def test_one_module_that_serves_several_layers_counts_them() -> None:
    cap = captured(Family("AlbertModel", config={"num_hidden_layers": 3}))
    assert [(call.layer_index, call.index) for call in cap.calls] == [(0, 0), (1, 1), (2, 2)]


def test_several_calls_of_one_module_in_one_layer_are_told_apart() -> None:
    cap = captured(Family("BarkCausalModel"))
    assert {call.index for call in cap.calls} == {0}
    twice = captured(Family("LxmertModel")).calls
    assert {call.index for call in twice if "visual_attention" in call.name} == {0, 1}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("MambaModel", "state-space"),
        ("FNetModel", "Fourier"),
        ("MraModel", "resolutions"),
        ("RwkvModel", "Linear attention"),
    ],
)
def test_mixers_without_weights_are_missing_with_a_reason(name: str, words: str) -> None:
    cap = captured(Family(name))
    assert not cap.calls
    assert cap.missing
    assert all(words in miss.reason for miss in cap.missing)


def test_a_hybrid_shows_its_attention_and_says_what_is_not() -> None:
    cap = captured(Family("Qwen3NextModel"))
    assert len(cap.calls) == 1
    assert [miss.name for miss in cap.missing] == ["layers.0.linear_attn"]


@pytest.mark.parametrize(
    ("name", "config", "mixers"),
    [
        ("BambaModel", {"attn_layer_indices": [1]}, ["layers.0.mamba"]),
        ("FalconH1Model", {"mamba_d_ssm": 64}, ["layers.0.mamba", "layers.1.mamba"]),
        ("RecurrentGemmaModel", {"block_types": ["recurrent", "attention"]}, ["layers.0.temporal_block"]),
        ("BailingHybridModel", {"n_group": 1}, ["layers.0.self_attn"]),
    ],
)
def test_each_mixer_is_missing_once_and_the_layer_around_it_is_not(name: str, config: dict, mixers: list[str]) -> None:
    cap = captured(Family(name, config=config))
    assert cap.calls
    assert [miss.name for miss in cap.missing] == mixers


def test_attention_over_depth_is_a_kind_of_its_own() -> None:
    cap = captured(Family("Inkling2TextModel"))
    assert cap.towers == [("", "self"), ("", "depth")]
    assert [call.layer_index for call in cap.group("", "self")] == [0, 1]
    assert {call.shape[2] for call in cap.group("", "depth")} == {7}
    assert set(cap.as_hf()) == {"attentions", "depth_attentions"}


def test_every_choice_of_a_multiple_choice_has_its_tokens() -> None:
    cap = captured(Family("BertForMultipleChoice"))
    assert cap.calls[0].shape[0] == len(cap.tokens) == 4


def test_a_model_without_attention_says_so() -> None:
    cap = captured(Family("ResNetModel"))
    assert not cap.calls
    assert "no attention" in cap.missing[0].reason


@pytest.mark.parametrize("name", ["MixtralModel", "Qwen2MoeModel", "SwitchTransformersModel", "OlmoeModel"])
def test_routers_never_appear(name: str) -> None:
    cap = captured(Family(name))
    assert not [call.name for call in cap.calls if any(word in call.name for word in ("gate", "router", "experts"))]


def test_deformable_sampling_is_not_attention_over_keys() -> None:
    module = type("DeformableDetrMultiscaleDeformableAttention", (nn.Module,), {})()
    assert "samples a few points" in (reason_for(type(module)) or "")
    assert reason_for(type("DeformableDetrSelfAttention", (nn.Module,), {})) is None


@pytest.mark.parametrize("name", ["xLSTMLayer", "mLSTMLayer", "RecurrentGemmaRecurrentBlock"])
def test_a_gated_recurrence_says_that_it_has_no_weights(name: str) -> None:
    assert "running state" in (reason_for(type(name, (nn.Module,), {})) or "")


def test_a_map_that_masks_are_painted_from_says_that_it_meets_no_values() -> None:
    cap = captured(special("DetrForSegmentation"))
    assert [miss.name for miss in cap.missing] == ["bbox_attention"]
    assert "no values" in cap.missing[0].reason


def test_a_deformable_layer_is_missing_once() -> None:
    special = special_of(transformers.RTDetrModel)
    cap = captured(Family("RTDetrModel", special.config, special.inputs))
    assert [miss.name for miss in cap.missing] == [f"decoder.layers.{layer}.encoder_attn" for layer in range(2)]


def test_the_order_of_calls_is_the_order_they_ran_in() -> None:
    cap = captured(Family("T5Model"))
    assert [(call.tower, call.kind) for call in cap.calls[2:]] == [("decoder", "self"), ("decoder", "cross")] * 2


def test_global_attention_of_longformer_is_a_call_of_its_own() -> None:
    special = torch.zeros(2, 7, dtype=torch.long)
    special[:, 0] = 1
    family = Family("LongformerModel", inputs={"global_attention_mask": special})
    model = family.model()
    inputs = family.feed(model)
    with torch.no_grad(), capture(model) as cap:
        model(**inputs)
    assert [call.shape for call in cap.calls] == [(2, 4, 7, 7), (2, 4, 1, 7)] * 2
    assert all(call.proof.passed for call in cap.calls)
    with torch.no_grad():
        theirs = dict(hf_attentions(model(**inputs, output_attentions=True)))
    for layer in range(2):
        local, broad = cap.calls[2 * layer], cap.calls[2 * layer + 1]
        assert (local.layout.unfold(local.weights()) - theirs[f"attentions[{layer}]"]).abs().amax() < 1e-5
        assert (broad.layout.unfold(broad.weights()) - theirs[f"global_attentions[{layer}]"]).abs().amax() < 1e-5


def test_kernels_of_dynamic_convolutions_are_not_attention() -> None:
    cap = captured(Family("ConvBertModel"))
    assert [call.shape for call in cap.calls] == [(2, 2, 7, 7)] * 2
    assert "convolutions" in cap.missing[0].reason
