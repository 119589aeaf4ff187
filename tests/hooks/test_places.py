"""The places models live: threads, offload, quantised, compiled, adapters, checkpointing, pipelines, nested captures."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from inspector import Capture, Inspector, capture
from inspector.hooks import carry
from tests.hooks.matching import same_output, state_of
from tests.tiny_families.audio import SPECIAL as AUDIO
from tests.tiny_models import Family


def ran(model: nn.Module, inputs: dict) -> tuple[Capture, object]:
    with torch.no_grad(), capture(model) as cap:
        output = model(**inputs)
    return cap, output


@pytest.fixture
def llama() -> tuple[nn.Module, dict]:
    family = Family("LlamaModel")
    model = family.model()
    return model, family.feed(model)


def test_a_worker_thread_sees_a_capture_only_when_it_is_carried(llama) -> None:
    model, inputs = llama
    with torch.no_grad(), capture(model) as cap, ThreadPoolExecutor(1) as pool:
        pool.submit(model, **inputs).result()
        assert not cap.calls
        pool.submit(carry(model), **inputs).result()
    assert len(cap.calls) == 2


def test_two_captures_in_two_threads_never_see_each_other(llama) -> None:
    model, inputs = llama

    def run(length: int) -> set:
        cap, _ = ran(model, {name: value[:, :length] for name, value in inputs.items()})
        return {call.shape[2] for call in cap.calls}

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(run, [3, 5] * 4))
    assert found == [{3}, {5}] * 4


def test_threads_of_one_capture_keep_their_passes_apart() -> None:
    family = Family("DebertaModel")
    model = family.model()
    inputs = family.feed(model)
    with torch.no_grad(), capture(model) as cap, ThreadPoolExecutor(2) as pool:
        list(pool.map(carry(lambda _: model(**inputs)), range(4)))
    assert len(cap.calls) == 8
    assert {call.index for call in cap.calls} == {0}
    assert sorted(call.step for call in cap.calls) == [0, 0, 1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("name", ["LlamaModel", "DebertaModel", "FalconModel"])
def test_nested_captures_each_get_every_call(name: str) -> None:
    family = Family(name)
    model = family.model()
    inputs = family.feed(model)
    before = state_of(model)
    with torch.no_grad(), capture(model) as outer:
        with capture(model) as inner:
            model(**inputs)
        model(**inputs)
    assert (len(inner.calls), len(outer.calls)) == (2, 4)
    assert state_of(model) == before


def test_another_model_inside_the_block_is_not_captured(llama) -> None:
    model, inputs = llama
    other = Family("GPT2Model").model()
    with torch.no_grad(), capture(model) as cap:
        other(**inputs)
    assert not cap.calls


def test_gradient_checkpointing_is_captured_once(llama) -> None:
    model, inputs = llama
    model.train()
    model.activation_checkpointing_enable({"use_reentrant": False})
    with capture(model) as cap:
        model(**inputs).last_hidden_state.sum().backward()
    assert len(cap.calls) == 2


@pytest.mark.parametrize("name", ["LlamaModel", "DebertaModel", "SiglipModel"])
def test_training_with_dropout_gives_the_same_loss_and_gradients(name: str) -> None:
    family = Family(name, config={"attention_dropout": 0.5} if name != "DebertaModel" else {"attention_probs_dropout_prob": 0.5})
    if name == "SiglipModel":
        family = Family(name, config={"text_config": {"attention_dropout": 0.5}, "vision_config": {"attention_dropout": 0.5}})
    results = []
    for watched in (False, True):
        model = family.model().train()
        inputs = family.feed(model)
        torch.manual_seed(4)
        if watched:
            with capture(model) as cap:
                output = model(**inputs)
        else:
            output = model(**inputs)
        main = output.last_hidden_state if "last_hidden_state" in output else output.logits_per_image
        main.sum().backward()
        results.append((main, {n: p.grad for n, p in model.named_parameters() if p.grad is not None}, torch.get_rng_state()))
    assert same_output(results[0][0], results[1][0])
    assert torch.equal(results[0][2], results[1][2])
    assert all(torch.equal(results[0][1][n], results[1][1][n]) for n in results[0][1])
    assert cap.calls
    assert not cap.failed
    assert not any(value.requires_grad for call in cap.calls for value in call.evidence.tensors().values())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("name", ["BertModel", "LlamaModel", "T5Model", "DebertaModel", "FalconModel", "GptOssModel"])
def test_other_precisions_pass_their_proof_and_change_nothing(name: str, dtype: torch.dtype) -> None:
    if (name, dtype) == ("GptOssModel", torch.float64):
        pytest.skip("its experts know no float64")
    family = Family(name, kernel="eager" if name == "GptOssModel" else None)
    model = family.model(dtype=dtype)
    inputs = family.feed(model)
    with torch.no_grad():
        plain = model(**inputs)
    cap, watched = ran(model, inputs)
    assert same_output(plain, watched)
    assert cap.calls
    assert not cap.failed
    assert cap.residual is not None


@pytest.mark.parametrize("name", ["BertModel", "BloomModel", "SiglipModel"])
def test_autocast_changes_nothing(name: str) -> None:
    family = Family(name)
    model = family.model()
    inputs = family.feed(model)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with torch.no_grad():
            plain = model(**inputs)
        cap, watched = ran(model, inputs)
    assert same_output(plain, watched)
    assert cap.calls
    assert not cap.failed


def test_a_compiled_model_is_captured_and_left_compiled(llama) -> None:
    model, inputs = llama
    compiled = torch.compile(model, backend="eager")
    with torch.no_grad():
        plain = compiled(**inputs)
    cap, watched = ran(compiled, inputs)
    assert len(cap.calls) == 2
    assert cap.calls[0].name == "layers.0.self_attn"
    assert same_output(plain, watched)


@pytest.mark.parametrize("name", ["LlamaModel", "SiglipModel", "LongformerModel"])
def test_offloaded_weights_are_captured(name: str, tmp_path) -> None:
    from accelerate import cpu_offload, disk_offload

    family = Family(name)
    inputs = family.feed(family.model())
    plain, _ = ran(family.model(), inputs)
    whole = {"preload_module_classes": ["MultiheadAttention"]}  # accelerate itself cannot run one part by part
    for offload in (lambda m: cpu_offload(m, **whole), lambda m: disk_offload(m, str(tmp_path), **whole)):
        model = family.model()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            offload(model)
        before = state_of(model)
        cap, _ = ran(model, inputs)
        assert state_of(model) == before
        assert not cap.missing
        for ours, theirs in zip(cap.calls, plain.calls, strict=True):
            assert ours.source == theirs.source
            assert (ours.weights() - theirs.weights()).abs().amax() < 1e-6


@pytest.mark.parametrize("name", ["LlamaModel", "DebertaModel"])
def test_dynamic_int8_is_captured(name: str) -> None:
    family = Family(name)
    model = family.model()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        small = torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)
        inputs = family.feed(small)
        with torch.no_grad():
            plain = small(**inputs)
        cap, watched = ran(small, inputs)
    assert same_output(plain, watched)
    assert len(cap.calls) == 2
    assert not cap.failed


@pytest.mark.parametrize("name", ["LlamaModel", "DebertaModel"])
def test_torchao_weight_only_is_captured(name: str) -> None:
    pytest.importorskip("torchao")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchao.quantization import Int8WeightOnlyConfig, quantize_

        family = Family(name)
        model = family.model()
        quantize_(model, Int8WeightOnlyConfig())
        inputs = family.feed(model)
        with torch.no_grad():
            plain = model(**inputs)
        cap, watched = ran(model, inputs)
    assert same_output(plain, watched)
    assert len(cap.calls) == 2
    assert not cap.failed


def test_peft_adapters_are_captured(llama) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peft = pytest.importorskip("peft")
        model, inputs = llama
        adapted = peft.get_peft_model(model, peft.LoraConfig(target_modules=["q_proj", "v_proj"], r=2))
    cap, _ = ran(adapted.eval(), inputs)
    assert len(cap.calls) == 2
    assert cap.sequences["input"]


def test_a_pipeline_is_captured(bundled) -> None:
    from transformers import pipeline

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipe = pipeline("feature-extraction", model=bundled.model, tokenizer=bundled.tokenizer, device="cpu")
    with capture(bundled.model, tokenizer=bundled.tokenizer) as cap:
        pipe("Hello there")
    assert len(cap.calls) == 6
    assert cap.tokens == [["[CLS]", "hello", "there", "[SEP]"]]


def test_data_parallel_on_one_device_is_captured(llama) -> None:
    model, inputs = llama
    cap, _ = ran(nn.DataParallel(model), inputs)
    assert len(cap.calls) == 2


def test_two_inputs_of_different_lengths_reach_a_model_that_pads_them_itself() -> None:
    family = Family("LongformerModel")
    model = family.model()
    ids = family.feed(model)["input_ids"]
    with torch.no_grad(), capture(model) as cap:
        model(ids[:, :5])
        model(ids.flip(1))
    assert [call.shape[2:] for call in cap.calls] == [(5, 5)] * 2 + [(7, 7)] * 2
    assert not cap.failed


def test_inputs_stay_where_they_are_for_a_model_whose_weights_are_fetched_when_needed(llama) -> None:
    from accelerate import cpu_offload

    model, inputs = llama
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cpu_offload(model)
    assert model.device.type == "meta"
    cap = Inspector(model)(inputs)
    assert len(cap.calls) == 2
    assert not cap.failed


def test_informer_is_read_in_half_precision() -> None:
    family = Family("InformerModel", **vars(AUDIO["informer"]))
    model = family.model(dtype=torch.bfloat16)
    inputs = {n: v.bfloat16() if torch.is_tensor(v) and v.is_floating_point() else v for n, v in family.feed(model).items()}
    with torch.no_grad(), capture(model) as cap:
        model(**inputs)
    assert not [entry for entry in cap.missing if "failed" in entry.reason]
    assert not cap.failed


def test_a_model_whose_base_model_is_no_module_is_watched_all_the_same() -> None:
    model = Family("BertModel").model()
    outer = torch.nn.Sequential(model)
    outer.base_model = "bert-base"
    with torch.no_grad(), capture(outer) as cap:
        outer(torch.randint(5, 90, (1, 7)))
    assert len(cap) == 2
