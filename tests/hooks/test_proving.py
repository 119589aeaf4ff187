"""The proof leaves out what a kernel may leave undefined, and nothing else."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from inspector import Inspector, capture
from inspector.hooks.proving import prove
from inspector.masks import Mask
from inspector.proofs import Compared, Proof, compare_now, tolerance_of
from inspector.scores import Scores

KEYS = torch.tensor([[True] * 7, [False, False, True, True, True, True, True]])


def residual(mask: Mask, wrong: tuple[int, int] | None, left: float = 1.0, off: float = 0.0) -> float:
    """Of a kernel that is right but for one (batch item, row), where it leaves ``left``; ``off`` is added to the last row."""
    query, key, value = (torch.randn(2, 3, 7, 5) for _ in range(3))
    scores = Scores(query, key, 0.4, mask)
    output = scores.weights(None, None, torch.arange(7)) @ value
    if wrong is not None:
        output[wrong[0], :, wrong[1]] = left
    output[:, :, 6] += off
    found = prove(scores, value, output, None).residual
    assert found is not None
    return found


def test_a_row_of_padding_without_a_key_may_hold_anything() -> None:
    assert residual(Mask(right=0, keys=KEYS), (1, 1)) < 1e-6


def test_what_stands_in_a_row_of_padding_is_no_measure_for_the_others() -> None:
    assert residual(Mask(right=0, keys=KEYS), (1, 1), left=float("nan")) < 1e-6
    assert residual(Mask(right=0, keys=KEYS), (1, 1), left=1e6, off=1.0) > 1e-2


@pytest.mark.parametrize("wrong", [(0, 0), (0, 1), (1, 2), (1, 6)])
def test_every_other_row_is_proved(wrong: tuple[int, int]) -> None:
    assert residual(Mask(right=0, keys=KEYS), None) < 1e-6
    assert residual(Mask(right=0, keys=KEYS), wrong) > 1e-2


def test_a_padding_row_that_sees_keys_is_proved() -> None:
    assert residual(Mask(keys=KEYS), (1, 1)) > 1e-2


def test_a_table_that_hides_every_key_of_a_real_row_is_not_believed() -> None:
    table = torch.ones(1, 1, 7, 7, dtype=torch.bool)
    table[..., 3, :] = False
    assert residual(Mask(dense=table), None) < 1e-6
    assert residual(Mask(dense=table), (0, 3)) > 1e-2


def compared(wrong: float = 0.0) -> Compared:
    theirs = torch.linspace(-1, 2, 30).reshape(1, 3, 2, 5)
    again = theirs.clone()
    again[0, 1, 1, 2] += wrong
    return Compared(again, theirs)


def test_a_comparison_says_the_same_alone_and_among_others() -> None:
    errors = [0.0, 1e-5, 0.5, float("nan")]
    alone = [float(compared(error).error) for error in errors]
    proofs = [Proof(compared(error)) for error in errors] + [Proof(None), Proof(torch.tensor(0.25))]
    compare_now(proofs)
    together = [proof.residual for proof in proofs]
    assert together[:3] == pytest.approx(alone[:3], rel=1e-6)
    assert together[2] == pytest.approx(0.25)
    assert math.isnan(alone[3])
    assert math.isnan(together[3] or 0.0)
    assert proofs[3].passed is False
    assert together[4:] == [None, 0.25]


def test_a_residual_may_be_read_while_the_block_is_open(bundled: Inspector) -> None:
    inputs = bundled.tokenizer("The proof is in the pudding.", return_tensors="pt")
    with torch.no_grad(), capture(bundled.model) as cap:
        bundled.model(**inputs)
        inside = [call.residual for call in cap.calls[:2]]
    assert inside == pytest.approx([call.residual for call in cap.calls[:2]], rel=1e-6)
    assert all(call.residual is not None and 0 < call.residual < 1e-5 for call in cap.calls)


def test_an_output_of_another_width_fails_where_it_is_met_and_no_row_is_no_proof() -> None:
    scores = Scores(*(torch.randn(2, 3, 7, 5) for _ in range(2)), 0.4)
    value = torch.randn(2, 3, 7, 5)
    with pytest.raises(RuntimeError):
        prove(scores, value, torch.randn(2, 3, 7, 4))
    found = prove(scores, value, value, 0)
    assert found.residual is None
    assert found.note


@pytest.mark.parametrize(
    ("dtype", "limit"), [(torch.float64, 1e-6), (torch.float32, 1e-4), (torch.float16, 4e-3), (torch.bfloat16, 3e-2)]
)
def test_an_error_a_hair_above_the_limit_of_its_dtype_fails(dtype: torch.dtype, limit: float) -> None:
    assert tolerance_of(dtype) == limit
    assert Proof(torch.tensor(limit * 0.99), tolerance_of(dtype)).passed is True
    assert Proof(torch.tensor(limit * 1.01), tolerance_of(dtype)).passed is False


@pytest.mark.parametrize(("off", "passed"), [(2e-5, True), (1e-3, False)])
def test_a_kernel_that_is_off_by_a_thousandth_fails_and_the_readme_says_from_where_on(off: float, passed: bool) -> None:
    query, key, value = (torch.randn(1, 2, 7, 5) for _ in range(3))
    scores = Scores(query, key, 0.4)
    output = scores.weights(None, None, torch.arange(7)) @ value
    output[0, 1, 3, 2] += off * output.abs().amax()
    assert prove(scores, value, output).passed is passed
    assert "more than 1e−4 (float32) is shown as failed" in (Path(__file__).parents[2] / "README.md").read_text()


def kernel(scores: Scores, value: torch.Tensor) -> torch.Tensor:
    """What a kernel makes of them, each head with the values it shares."""
    shared = value.repeat_interleave(scores.shape[1] // value.shape[1], 1)[:, :, : scores.shape[3]]
    return scores.weights(None, None, torch.arange(scores.shape[2])) @ shared


def test_heads_that_share_values_are_proved_each_with_its_own() -> None:
    scores = Scores(torch.randn(2, 6, 7, 5), torch.randn(2, 3, 7, 5), 0.4, Mask(right=0))
    value = torch.randn(2, 3, 11, 5)  # a buffer that is not full yet
    output = kernel(scores, value)
    assert (prove(scores, value, output, None).residual or 0) < 1e-6
    for head in range(6):
        wrong = output.clone()
        wrong[1, head, 4] += 1
        assert (prove(scores, value, wrong, None).residual or 0) > 1e-2


def test_rows_are_spread_from_the_first_to_the_last() -> None:
    scores, value = Scores(torch.randn(1, 2, 7, 5), torch.randn(1, 2, 7, 5), 0.4), torch.randn(1, 2, 7, 5)
    output, seen = kernel(scores, value), []
    assert prove(scores, value, output, 3).rows == 3
    for row in range(7):
        wrong = output.clone()
        wrong[0, 1, row] += 1
        seen += [row] if not prove(scores, value, wrong, 3).passed else []
    assert seen == [0, 3, 6]


@pytest.mark.parametrize("row", [0, 1, 2])
def test_padding_is_told_by_where_a_query_stands_among_more_keys(row: int) -> None:
    keys = torch.tensor([[False, False, False, False, True, True]])
    scores = Scores(torch.randn(1, 1, 3, 5), torch.randn(1, 1, 6, 5), 0.4, Mask(right=0, offset=3, keys=keys))
    value = torch.randn(1, 1, 6, 5)
    wrong = kernel(scores, value)
    wrong[0, 0, row] += 1
    passed = prove(scores, value, wrong, None).passed
    assert passed is (row == 0)  # the first query is the fourth key, which is padding


def test_many_rows_are_compared_at_once_and_not_kept() -> None:
    scores, value = Scores(torch.randn(1, 2, 700, 200), torch.randn(1, 2, 700, 200), 0.1), torch.randn(1, 2, 700, 200)
    output = kernel(scores, value)
    assert isinstance(prove(scores, value, output, 8).found, Compared)
    assert isinstance(prove(scores, value, output, None).found, torch.Tensor)
