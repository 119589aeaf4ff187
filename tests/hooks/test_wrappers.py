"""Wrappers that call ``forward`` themselves, embed the ids themselves or put virtual tokens before them keep tokens and steps."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch import nn
from transformers import AutoTokenizer

from inspector import Capture, Inspector, capture
from inspector.bundled import bundled_folder
from inspector.views.manifest import manifest_of
from tests.tiny_models import Family

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import peft

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
OPTIONS = {"max_new_tokens": 4, "min_new_tokens": 4, "pad_token_id": 0, "do_sample": False}
IDS = torch.randint(5, 90, (2, 7), generator=torch.Generator().manual_seed(3))
MASK = torch.ones_like(IDS).index_put((torch.tensor([1, 1]), torch.tensor([0, 1])), torch.tensor(0))


def wrapped(config: peft.PeftConfig, family: str = "LlamaForCausalLM") -> peft.PeftModel:
    model = peft.get_peft_model(Family(family).model(), config).eval()
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(parameter)
    return model


CONFIGS = {
    "lora": peft.LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj", "v_proj"]),
    "prefix": peft.PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3),
    "prompt": peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3),
    "p-tuning": peft.PromptEncoderConfig(task_type="CAUSAL_LM", num_virtual_tokens=3, encoder_hidden_size=8),
}
VIRTUAL = ("virtual 1", "virtual 2", "virtual 3")


@pytest.mark.parametrize("method", CONFIGS)
def test_a_generation_of_an_adapted_model_is_stitched_and_named(method: str) -> None:
    model = wrapped(CONFIGS[method])
    with capture(model) as cap:
        written = model.generate(input_ids=IDS, attention_mask=MASK, **OPTIONS)
    whole = written if written.shape[1] > IDS.shape[1] else torch.cat([IDS, written], 1)
    before = () if method == "lora" else VIRTUAL
    assert [call.layer_index for call in cap.calls] == [0, 1]
    assert not cap.failed
    for call in cap.calls:
        for row, ids in enumerate(whole[:, :-1].tolist()):
            keys, queries = cap.key_tokens(call, row), cap.query_tokens(call, row)
            assert keys.labels == before + tuple(map(str, ids))
            assert queries.labels == keys.labels[-call.shape[2] :]
            assert keys.special[: len(before)] == (True,) * len(before)
            assert sum(keys.padding) == 2 * row
    manifest = manifest_of(cap, measured=False)
    group = manifest["groups"][0]
    assert len(manifest["axes"][group["key_axis"]]["labels"]) == group["layers"][0]["keys"]
    assert len(manifest["axes"][group["query_axis"]]["labels"]) == group["layers"][0]["queries"]


@pytest.mark.parametrize("method", CONFIGS)
def test_one_pass_of_an_adapted_model_is_one_step(method: str) -> None:
    model = wrapped(CONFIGS[method])
    with torch.no_grad(), capture(model) as cap:
        model(input_ids=IDS, attention_mask=MASK)
    before = () if method == "lora" else VIRTUAL
    assert [call.step for call in cap.calls] == [0, 0]
    assert cap.key_tokens(cap.calls[0], 1).labels == before + tuple(map(str, IDS[1].tolist()))


def test_an_adapted_encoder_decoder_names_the_virtual_tokens_of_its_encoder() -> None:
    model = wrapped(peft.PromptTuningConfig(task_type="SEQ_2_SEQ_LM", num_virtual_tokens=3), "T5ForConditionalGeneration")
    with torch.no_grad(), capture(model) as cap:
        model(input_ids=IDS, decoder_input_ids=IDS[:, :4])
    cross = cap.group("decoder", "cross")[0]
    assert cap.key_tokens(cross, 1).labels == VIRTUAL + tuple(map(str, IDS[1].tolist()))
    assert cap.query_tokens(cross, 1).labels == tuple(map(str, IDS[1, :4].tolist()))


def test_sentence_transformers_keep_the_words(bundled: Inspector) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    inner = Transformer(str(bundled_folder()))
    encoder = SentenceTransformer(modules=[inner, Pooling(384)], device="cpu")
    with capture(encoder, tokenizer=AutoTokenizer.from_pretrained(bundled_folder())) as cap:
        encoder.encode(["The cat sat.", "A dog."], batch_size=2, show_progress_bar=False)
    assert {row.labels for row in cap.sequences["input"]} == {
        ("[CLS]", "the", "cat", "sat", ".", "[SEP]"),
        ("[CLS]", "a", "dog", ".", "[SEP]", "[PAD]"),
    }
    assert [(call.step, call.layer_index, call.tower) for call in cap.calls] == [(0, layer, "") for layer in range(6)]


class Direct(nn.Module):
    """A module of somebody's own that embeds, and calls ``forward`` by its name."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor) -> Any:
        return self.model.forward(inputs_embeds=self.model.get_input_embeddings()(ids))


def test_vectors_that_were_embedded_from_ids_keep_their_names() -> None:
    model = Direct(Family("LlamaModel").model())
    with torch.no_grad(), capture(model) as cap:
        model(IDS)
    assert cap.query_tokens(cap.calls[0], 1).ids == tuple(IDS[1].tolist())


def test_vectors_that_were_changed_have_no_names() -> None:
    model = Family("LlamaModel").model()
    with torch.no_grad(), capture(model) as cap:
        model(inputs_embeds=model.get_input_embeddings()(IDS) + 1)
    assert cap.query_tokens(cap.calls[0]).ids == (-1,) * 7


def test_keys_of_an_earlier_run_are_called_cached() -> None:
    model = Family("LlamaModel").model()
    with torch.no_grad():
        cache = model(IDS[:, :4], use_cache=True).past_key_values
        with capture(model) as cap:
            model(IDS[:, 4:], past_key_values=cache, attention_mask=MASK)
    keys = cap.key_tokens(cap.calls[0], 1)
    assert keys.labels == ("cached 1", "cached 2", "cached 3", "cached 4", *map(str, IDS[1, 4:].tolist()))
    assert keys.padding == (True, True, *(False,) * 5)
    assert not any(keys.special)


def test_a_forward_of_its_own_is_watched_and_put_back() -> None:
    model = Family("BertModel").model()
    original = model.forward

    def own(*args: Any, **kwargs: Any) -> Any:  # as accelerate has it
        return original(*args, **kwargs)

    model.forward = own
    with torch.no_grad(), capture(model) as cap:
        model(IDS)
    assert cap.query_tokens(cap.calls[0]).ids == tuple(IDS[0].tolist())
    assert model.forward is own


def test_captures_that_close_in_any_order_leave_the_class_as_it_was() -> None:
    model = Family("BertModel").model()
    before = dict(vars(type(model)))
    first, second = capture(model), capture(model)
    outer = first.__enter__()
    inner: Capture = second.__enter__()
    first.__exit__(None, None, None)
    with torch.no_grad():
        model(IDS)
    second.__exit__(None, None, None)
    assert len(inner.calls) == 2
    assert not outer.calls
    assert dict(vars(type(model))) == before
    assert not [hooks for part in model.modules() for hooks in (part._forward_hooks, part._forward_pre_hooks) if hooks]
