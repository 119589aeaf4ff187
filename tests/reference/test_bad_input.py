"""Every mistake is named in three sentences: what was asked, what was found, what to do."""

from __future__ import annotations

import pytest
import torch

import reference
from reference import AttentionInputError

KEYS, QUERY = torch.zeros(2, 7, 3), torch.zeros(2, 5, 2)


def additive(keys=KEYS, query=QUERY, **options):
    return reference.AdditiveAttention(3, 2, 5)(keys, query, **options)


def scaled(query, key, *rest, **options):
    return reference.scaled_dot_product_attention(query, key, *rest, **options)


nan = torch.zeros(2, 7, 3)
nan[1, 4, 2] = float("nan")

CASES = {
    "a query wider than the layer": (
        lambda: additive(query=torch.zeros(2, 5, 4)),
        r"A query of width 4 .* takes a query of width 2\. Build it with query_size=4",
    ),
    "keys wider than the layer": (lambda: additive(keys=torch.zeros(2, 7, 4)), r"A key of width 4 .* width 3\. Build"),
    "another dtype": (lambda: additive(keys=KEYS.double()), r"query and the key .* float32 and float64\. Cast one"),
    "whole numbers": (lambda: additive(keys=KEYS.long()), r"The key .* dtype is int64\. Give floating-point"),
    "another device": (lambda: scaled(QUERY, QUERY.to("meta")), r"query and the key .* cpu and meta\. Move one"),
    "parameters of another dtype": (
        lambda: reference.AdditiveAttention(3, 2, 5).double()(KEYS, QUERY),
        r"The query and the W_q .* float32 and float64\. Cast",
    ),
    "NaN in the keys": (
        lambda: additive(keys=nan),
        r"The key .* 1 numbers that are NaN or infinite, the first at \(1, 4, 2\)\. Look",
    ),
    "infinity in the query": (lambda: additive(query=QUERY + float("inf")), r"The query .* 20 numbers .* Look"),
    "NaN in the value": (lambda: additive(value=nan), r"The value of an attention"),
    "a mask that does not broadcast": (
        lambda: additive(mask=torch.ones(2, 5, 6, dtype=torch.bool)),
        r"A mask .* shape \[2, 5, 6\] cannot be broadcast to the weights' \[2, 5, 7\]\. Give axes",
    ),
    "a padding mask without the queries' axis": (
        lambda: additive(mask=torch.ones(2, 7, dtype=torch.bool)),
        r"shape \[2, 7\] cannot be broadcast to the weights' \[2, 5, 7\]",
    ),
    "a mask with an axis too many": (
        lambda: additive(mask=torch.ones(1, 1, 5, 7, dtype=torch.bool)),
        r"cannot be broadcast",
    ),
    "a mask of numbers": (lambda: additive(mask=torch.ones(2, 5, 7)), r"A mask .* dtype is float32.* Give a boolean mask"),
    "another batch": (
        lambda: additive(keys=torch.zeros(3, 7, 3)),
        r"\[2, 5, 2\] and a key \[3, 7, 3\] .* \[2\] and \[3\]\. Give",
    ),
    "values of another length": (
        lambda: additive(value=torch.zeros(2, 6, 3)),
        r"There are 7 keys and 6 values\. Give one value a key",
    ),
    "keys without a batch": (lambda: additive(keys=torch.zeros(7, 3)), r"AdditiveAttention was called with keys \[7, 3\]"),
    "a vector for a query": (
        lambda: scaled(torch.zeros(3), torch.zeros(2, 3)),
        r"The query .* shape \[3\]\. Give \[..., queries",
    ),
    "dot product of unequal widths": (lambda: scaled(torch.zeros(2, 3), torch.zeros(2, 4)), r"width 3 and a key of width 4"),
    "a concat matrix of another width": (
        lambda: reference.concat_scores(QUERY, KEYS, torch.zeros(5, 6), torch.zeros(5)),
        r"W takes 6 columns\. Give W 5 columns",
    ),
    "a bilinear matrix the wrong way round": (
        lambda: reference.bilinear_scores(QUERY, KEYS, torch.zeros(3, 2)),
        r"A query of width 2 .* takes a query of width 3",
    ),
    "v of another width": (
        lambda: reference.additive_scores(QUERY, KEYS, W_q=torch.zeros(5, 2), W_k=torch.zeros(5, 3), v=torch.zeros(4)),
        r"A v of width 4 .* makes 5 hidden units .* Give v \[5\]",
    ),
    "a window of nothing": (lambda: reference.LocalMonotonicAttention(window=0), r"A window of D=0 .* Give a whole number"),
    "a window that ends before it begins": (lambda: reference.sliding_window_mask(3, left=-1), r"left=-1 .* Give a left of 0"),
    "lengths that are no numbers of keys": (
        lambda: reference.padding_mask(torch.tensor([0.5])),
        r"lengths are torch.float32 \[1\]",
    ),
    "a budget of nothing": (lambda: reference.AdditiveAttention(3, 2, 5, budget=0)(KEYS, QUERY), r"A budget of 0 bytes"),
}


@pytest.mark.parametrize("case", list(CASES))
def test_a_mistake_is_named_in_three_sentences(case):
    attempt, message = CASES[case]
    with pytest.raises(AttentionInputError, match=message) as caught:
        attempt()
    assert isinstance(caught.value, ValueError)
    for sentence in (caught.value.asked, caught.value.found, caught.value.do):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
