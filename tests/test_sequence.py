"""A capture is a sequence of its calls, and "which" may be any whole number, slice, range or array."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inspector import OutOfRange


@pytest.mark.parametrize("index", [np.int64(3), torch.tensor(3), np.array(3), [3], np.array([3]), range(3, 4), torch.tensor([3])])
def test_a_whole_number_of_any_library_names_a_head(sentence_capture, index):
    call = sentence_capture.call(1)
    expected = call.weights(0, 3, 2)
    assert torch.equal(call.weights(batch=0, heads=index, queries=2), expected)
    number = int(np.asarray(index).reshape(-1)[0]) if not isinstance(index, range) else 3
    if np.ndim(index) == 0:
        assert sentence_capture.call(index) is sentence_capture.call(number)
        assert sentence_capture[index] is sentence_capture.calls[3]
    else:
        assert torch.equal(call.weights(heads=[0, *index]), call.weights(heads=[0, 3]))


def test_several_are_taken_in_their_order_and_from_the_end(sentence_capture):
    call = sentence_capture.calls[0]
    whole = call.weights()
    assert torch.equal(call.weights(heads=np.array([4, -1, 4])), whole[:, [4, 11, 4]])
    assert torch.equal(call.weights(queries=range(20, 2, -5)), whole[:, :, [20, 15, 10, 5]])
    assert torch.equal(call.weights(queries=slice(None, None, 7)), whole[:, :, ::7])


NO_NUMBERS = [1.5, "x", True, [True, False], [1.5], {"a": 1}, slice(0.5, 2), object()]
NO_NUMBERS += [torch.tensor(1.5), torch.tensor([[1, 2]]), np.array([True])]


@pytest.mark.parametrize("index", NO_NUMBERS, ids=lambda index: type(index).__name__)  # an address would differ between workers
def test_what_is_no_whole_number_is_refused_in_words(sentence_capture, unchecked, index):
    with pytest.raises(OutOfRange, match="whole number") as caught:
        sentence_capture.calls[0].weights(heads=index)
    assert caught.value.do == "Use 0 to 11."
    with pytest.raises(OutOfRange):
        sentence_capture.call(index)


@pytest.mark.parametrize(("index", "found"), [(12, "There are 12"), (-13, "There are 12"), ([0, 99], "There are 12")])
def test_what_is_not_there_is_refused_with_what_is(sentence_capture, index, found):
    with pytest.raises(OutOfRange, match=found):
        sentence_capture.calls[0].weights(heads=index)


def test_a_capture_is_a_sequence_of_its_calls(sentence_capture):
    assert list(sentence_capture) == sentence_capture.calls
    assert len(sentence_capture) == 6
    assert sentence_capture[0] is sentence_capture.calls[0]
    assert sentence_capture[-1] is sentence_capture.calls[-1]
    assert sentence_capture[1:-1:2] == sentence_capture.calls[1:-1:2]
    assert sentence_capture[4:99] == sentence_capture.calls[4:]
    assert sentence_capture.calls[2] in sentence_capture


def test_a_call_that_is_not_there_is_named(sentence_capture, unchecked):
    for wrong in (6, -7, "x", 1.5, None):
        with pytest.raises(OutOfRange) as caught:
            sentence_capture[wrong] if wrong is not None else sentence_capture.call(wrong)
        assert all((caught.value.asked, caught.value.found, caught.value.do))
    with pytest.raises(OutOfRange, match=r"'x'.*whole number, and the capture holds 0 to 5"):
        sentence_capture.call("x")
    with pytest.raises(OutOfRange, match=r"Forward pass 3 was asked for\. The capture holds 0"):
        sentence_capture.call(0, step=3)
