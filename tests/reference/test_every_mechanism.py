"""What holds for all mechanisms alike: gradients, precisions, large logits, strides, empty inputs, masks, one query or many."""

from __future__ import annotations

import copy

import pytest
import torch

from reference import causal_mask

WIDTH = 11  # of queries and keys, in conftest


def run(module, tensors, **changes):
    given = {**tensors, **changes}
    return module(given["key"], given["query"], given.get("value"), given.get("mask"))


def test_gradients_equal_finite_differences(mechanism):
    module = mechanism.double()
    keys, query = torch.randn(2, 3, WIDTH).double().requires_grad_(), torch.randn(2, 2, WIDTH).double().requires_grad_()
    mask = torch.tensor([[[True, True, False]], [[True, True, True]]])
    parameters = dict(module.named_parameters())

    def attend(keys, query, *given):
        return torch.func.functional_call(module, dict(zip(parameters, given, strict=True)), (keys, query, None, mask))

    assert torch.autograd.gradcheck(attend, (keys, query, *parameters.values()), fast_mode=True)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float16, 3e-3), (torch.bfloat16, 2e-2)])
def test_a_lower_precision_stays_near_float64_and_keeps_its_dtype(mechanism, tensors, dtype, tolerance):
    low = {n: t.to(dtype) if t.is_floating_point() else t for n, t in tensors.items()}
    low["value"] = low["key"]
    module = mechanism.to(dtype)
    found = run(module, low)
    high = {n: t.double() if t.is_floating_point() else t for n, t in low.items()}
    expected = run(copy.deepcopy(module).double(), high)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == dtype
        assert (ours.double() - theirs).abs().max() < tolerance * 3


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_large_logits_give_finite_rows_that_sum_to_at_most_one(mechanism, tensors, dtype):
    large = {n: (t * 300).to(dtype) if t.is_floating_point() else t for n, t in tensors.items()}
    context, weights = run(mechanism.to(dtype), large, value=large["key"])
    assert context.isfinite().all()
    assert weights.isfinite().all()
    assert weights.double().sum(-1).max() <= 1.01


def test_strides_do_not_matter(mechanism, tensors):
    module = mechanism.double()
    strided = {n: t.transpose(0, 1).contiguous().transpose(0, 1) for n, t in tensors.items()}
    strided["query"] = torch.stack([strided["query"]] * 2, -1)[..., 0]
    assert not strided["key"].is_contiguous()
    assert not strided["query"].is_contiguous()
    for ours, plain in zip(run(module, strided, value=strided["key"]), run(module, tensors, value=tensors["key"]), strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-12, atol=1e-13)


def test_no_key_gives_no_weight_and_a_context_of_zeros(mechanism):
    module = mechanism
    context, weights = module(torch.randn(2, 0, WIDTH), torch.randn(2, 5, WIDTH))
    assert weights.shape[-2:] == (5, 0)
    expected = torch.zeros(2, 5, WIDTH)
    expected = expected if not hasattr(module, "W_o") else module.W_o(expected)
    torch.testing.assert_close(context, expected)


@pytest.mark.parametrize(("batch", "queries"), [(0, 5), (2, 0)])
def test_no_query_or_no_item_gives_empty_results(mechanism, batch, queries):
    context, weights = mechanism(torch.randn(batch, 7, WIDTH), torch.randn(batch, queries, WIDTH))
    assert context.shape == (batch, queries, WIDTH)
    assert weights.shape[0] == batch
    assert weights.shape[-2:] == (queries, 7)


def test_a_single_key_takes_everything(mechanism):
    keys, query = torch.randn(2, 1, WIDTH), torch.randn(2, WIDTH)
    _, weights = mechanism(keys, query)
    if hasattr(mechanism, "focus"):
        torch.testing.assert_close(weights, mechanism.focus(keys, query))
    else:
        assert torch.equal(weights, torch.ones_like(weights))


def test_one_query_is_a_row_of_many(mechanism, tensors):
    module, value = mechanism.double(), tensors["key"]
    options = {"position": 4} if "Monotonic" in type(module).__name__ else {}
    context, weights = run(module, tensors, value=value)
    one_context, one = module(tensors["key"], tensors["query"][:, 4], value, tensors["mask"][:, 4], **options)
    torch.testing.assert_close(one, weights[..., 4, :], rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(one_context, context[:, 4], rtol=1e-12, atol=1e-13)


def test_masked_keys_have_no_weight_and_do_not_matter(mechanism, tensors):
    module, mask = mechanism.double(), causal_mask(5, 7)
    _, weights = run(module, tensors, value=tensors["key"], mask=mask)
    assert weights[..., ~mask].abs().max() == 0
    changed = tensors["key"].clone()
    changed[:, 5:] += 100.0  # no query may see these keys
    torch.testing.assert_close(run(module, tensors, key=changed, value=changed, mask=mask)[1], weights)


def test_a_row_that_sees_nothing_is_zeros(mechanism, tensors):
    _, weights = run(mechanism.double(), tensors, value=tensors["key"])
    assert weights.movedim(-2, 0)[3][1].abs().max() == 0


def test_the_scores_are_those_the_weights_come_from(mechanism, tensors):
    module = mechanism.double()
    if "Local" in type(module).__name__:
        pytest.skip("local weights follow from scores and focus, which test_local checks")
    _, weights = run(module, tensors, mask=None, value=tensors["key"])
    torch.testing.assert_close(module.scores(tensors["key"], tensors["query"]).softmax(-1), weights)
    torch.testing.assert_close(module.scores(tensors["key"], tensors["query"][:, 1]).softmax(-1), weights[..., 1, :])


def test_keys_in_another_order_give_weights_in_that_order(mechanism, tensors):
    if "Local" in type(mechanism).__name__:
        pytest.skip("local attention is about positions")
    module, order = mechanism.double(), torch.tensor([4, 2, 6, 0, 1, 5, 3])
    context, weights = run(module, tensors, mask=None, value=tensors["key"])
    moved = run(module, tensors, key=tensors["key"][:, order], value=tensors["key"][:, order], mask=None)
    torch.testing.assert_close(moved[1], weights[..., order])
    torch.testing.assert_close(moved[0], context)
