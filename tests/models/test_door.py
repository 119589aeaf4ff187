"""What people hold when they come: a picture, a sound, a chat, a pipeline, a name. Each is taken in, or told the way."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoTokenizer, BertConfig, BertModel, ViTConfig, ViTModel, pipeline

from inspector import Cancelled, InputError, Inspector, ModelError
from inspector.bundled import bundled_folder
from tests.tiny_families import special_of
from tests.tiny_models import Family

SMALL = {"hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 3, "intermediate_size": 17}
CHAT = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]
PICTURE, SOUND = Image.new("RGB", (8, 6)), np.zeros(16_000, dtype=np.float32)


@pytest.fixture(scope="module")
def eye() -> Inspector:
    return Inspector(ViTModel(ViTConfig(**SMALL, image_size=8, patch_size=4)).eval())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (PICTURE, "picture of 8 × 6 pixels"),
        ([PICTURE, PICTURE], "list of 2, the first a picture"),
        (np.zeros((6, 8, 3), dtype=np.uint8), r"array \[6, 8, 3\] of uint8, as pictures are"),
        (SOUND, r"array \[16000\] of float32, as sounds are"),
        ({"array": SOUND, "sampling_rate": 16_000}, "sound, as data sets hold it"),
        ([0.1, 0.2, 0.3], "as sounds are"),
        ({"pixel_values": PICTURE}, "'pixel_values': a picture"),
    ],
)
def test_a_picture_or_a_sound_is_called_what_it_is(bundled, given, says):
    with pytest.raises(InputError, match=says) as caught:
        bundled(given)
    assert "text was" not in str(caught.value)
    assert "BertModel takes input_ids" in caught.value.found


def test_a_picture_given_to_a_model_that_sees_is_shown_the_processor_and_the_encodings_work(eye):
    with pytest.raises(InputError, match=r"AutoImageProcessor.*picture, return_tensors"):
        eye(PICTURE)
    assert len(eye({"pixel_values": np.zeros((1, 3, 8, 8), dtype=np.float32)})) == 1


def test_a_sound_given_to_a_model_that_hears_is_shown_the_feature_extractor():
    with pytest.raises(InputError, match=r"AutoFeatureExtractor.*sampling_rate=16_000"):
        Inspector(Family("Wav2Vec2Model").model())(SOUND)
    with pytest.raises(InputError, match=r"AutoProcessor.*text=…, images=picture"):
        Inspector(Family("LlavaModel").model())(PICTURE)


@pytest.mark.parametrize("given", [CHAT, CHAT[0], {"messages": CHAT}, [CHAT, CHAT]])
def test_a_chat_is_shown_the_template_and_what_it_says_runs(bundled, given):
    with pytest.raises(InputError, match="chat") as caught:
        bundled(given)
    how = caught.value.do
    assert "apply_chat_template" in how
    tokenizer = AutoTokenizer.from_pretrained(bundled_folder())
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }} {% endfor %}"
    names = {"inspector": Inspector(bundled.model, tokenizer), "messages": CHAT}
    cap = eval(how.removeprefix("Give ").removesuffix("."), names)
    assert [token for token in cap.tokens[0] if token[0] != "["] == ["hello", "hi"]


@pytest.mark.parametrize("given", [[5, 7, 9], torch.tensor([[5, 7]]), np.array([5, 7]), torch.tensor(3)])
def test_bare_token_ids_are_told_their_name(bundled, given):
    with pytest.raises(InputError, match="'input_ids'"):
        bundled(given)


@pytest.mark.parametrize("given", [np.array(["a", "b"]), {"a"}, object(), ["a", 3], [["a"]]])
def test_what_is_nothing_of_this_is_named_by_its_kind(bundled, given):
    with pytest.raises(InputError, match=r"A \w+ was given"):
        bundled(given)


def test_a_pipeline_brings_its_model_and_tokenizer(bundled):
    made = pipeline("feature-extraction", model=bundled.model, tokenizer=bundled.tokenizer)
    inspector = Inspector(made)
    assert inspector.model is bundled.model
    torch.testing.assert_close(inspector("A cat.").calls[0].weights(), bundled("A cat.").calls[0].weights())
    assert Inspector(bundled)("A cat.").tokens == bundled("A cat.").tokens


def test_a_processor_serves_as_the_tokenizer_it_has(bundled):
    from transformers import Blip2Processor, BlipImageProcessor

    processor = Blip2Processor(BlipImageProcessor(), bundled.tokenizer)
    assert Inspector(bundled.model, processor)("A cat.").tokens == bundled("A cat.").tokens


@pytest.mark.parametrize("given", ["gpt2", None, 5, {}])
def test_what_is_no_model_is_refused_at_once(given):
    with pytest.raises(ModelError, match="from_pretrained"):
        Inspector(given)


def test_what_is_no_tokenizer_is_refused_at_once(bundled):
    with pytest.raises(InputError, match=r"AutoTokenizer.from_pretrained\('gpt2'\)"):
        Inspector(bundled.model, "gpt2")


@pytest.mark.parametrize("given", [None, "", "  ", 5, BertModel])
def test_what_is_no_name_is_refused_before_anything_is_looked_up(given, unchecked):
    with pytest.raises(ModelError):
        Inspector.from_pretrained(given)


def test_a_model_given_as_a_name_is_told_so(bundled, unchecked):
    with pytest.raises(ModelError, match=r"Inspector\(model, tokenizer\)"):
        Inspector.from_pretrained(bundled.model)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # peft's own
def test_an_adapter_is_told_from_a_model_and_what_is_said_works(tmp_path, bundled):
    from peft import LoraConfig, PeftModel, get_peft_model

    base = BertModel(BertConfig(**SMALL, vocab_size=30522)).eval()
    base.save_pretrained(tmp_path / "base")
    adapted = get_peft_model(base, LoraConfig(r=2, target_modules=["query"], init_lora_weights=False))
    adapted.peft_config["default"].base_model_name_or_path = str(tmp_path / "base")
    adapted.save_pretrained(tmp_path / "adapter")
    with pytest.raises(ModelError, match="LORA adapter") as caught:
        Inspector.from_pretrained(tmp_path / "adapter")
    assert all(word in caught.value.do for word in ("PeftModel.from_pretrained", "base", "merge_and_unload"))
    again = PeftModel.from_pretrained(BertModel.from_pretrained(tmp_path / "base"), tmp_path / "adapter")
    plain = Inspector(BertModel.from_pretrained(tmp_path / "base"), bundled.tokenizer)("A cat.")
    merged = Inspector(again.merge_and_unload(), bundled.tokenizer)("A cat.")
    assert not torch.allclose(plain.calls[0].weights(), merged.calls[0].weights())
    (tmp_path / "adapter" / "adapter_config.json").write_text(json.dumps([1]))
    with pytest.raises(ModelError, match="adapter"):
        Inspector.from_pretrained(tmp_path / "adapter")


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("output_attentions", "as_hf"),
        ("forced_bos_token_id", "generate_kwargs={'forced_bos_token_id'"),
        ("max_new_tokens", "generate_kwargs={'max_new_tokens'"),
        ("nonsense", "An Inspector was called with nonsense"),
    ],
)
def test_an_option_of_something_else_is_told_where_it_belongs(bundled, option, says):
    with pytest.raises(InputError) as caught:
        bundled("A cat.", **{option: True})
    assert says in str(caught.value)
    assert "proof_rows" in caught.value.found


def test_encodings_the_model_cannot_run_on_are_said_with_the_models_own_reason(bundled, eye):
    with pytest.raises(InputError, match=r"foo \[1, 1\].*unexpected keyword argument 'foo'") as caught:
        Inspector(torch.nn.Linear(3, 3))({"foo": torch.zeros(1, 1)})
    assert isinstance(caught.value.__cause__, TypeError)
    with pytest.raises(InputError, match="They are empty"):
        bundled({})
    with pytest.raises(InputError, match="ViTModel was run on"):
        eye({"pixel_values": torch.zeros(1, 3, 9, 9)})


def test_an_error_of_the_listener_is_the_listeners_own(bundled):
    def broken(share: float) -> bool:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as caught:
        bundled("A cat.", progress=broken)
    assert type(caught.value) is ValueError
    with pytest.raises(Cancelled):
        bundled("A cat.", progress=lambda share: False)


@pytest.mark.parametrize("name", ["ViTModel", "Wav2Vec2Model", "CLIPModel"])
def test_pictures_and_sounds_are_proven_in_every_row_too(name):
    model = Family(name).model()
    cap = Inspector(model)(Family(name).feed(model))
    assert all(call.proof.rows == call.shape[2] > 8 or call.shape[2] < 8 for call in cap.calls)


def test_of_a_long_input_evenly_spread_rows_are_proven():
    model = ViTModel(ViTConfig(**SMALL, image_size=96, patch_size=4)).eval()
    cap = Inspector(model)({"pixel_values": torch.randn(1, 3, 96, 96)})
    assert (cap.calls[0].shape[2], cap.calls[0].proof.rows) == (577, 8)


@pytest.mark.parametrize("name", ["Gemma4UnifiedForCausalLM", "EmbeddingGemma2Model", "MusicgenForConditionalGeneration"])
def test_a_configuration_that_does_not_answer_is_no_reason_to_stay_outside(name):
    import transformers

    special = special_of(getattr(transformers, name))
    family = Family(name, special.config, special.inputs)
    model = family.model()
    assert len(Inspector(model)(family.feed(model))) > 1
