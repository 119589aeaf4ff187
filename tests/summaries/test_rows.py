"""Which keys a block of rows is computed against."""

from __future__ import annotations

import pytest
import torch

from inspector.masks import Mask
from inspector.summaries.rows import allowed, key_range

SEGMENTS = (torch.arange(31)[None] // 10,) * 2


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (Mask(), (0, 31)),
        (Mask(right=0), (0, 17)),
        (Mask(left=3, right=0), (8, 17)),
        (Mask(left=3, right=0, offset=5), (13, 22)),
        (Mask(keys=(torch.arange(31) > 4)[None]), (5, 31)),
        (Mask(right=0, segments=SEGMENTS), (10, 17)),
        (Mask(left=3, right=0, offset=60), (30, 31)),  # nothing to see: one key is left
    ],
)
def test_only_keys_within_reach_are_computed(mask, expected):
    assert key_range(mask, 0, slice(11, 17), 31) == expected


@pytest.mark.parametrize(
    "mask",
    [Mask(right=0), Mask(left=3, right=2, offset=1), Mask(segments=SEGMENTS), Mask(keys=(torch.arange(31) % 3 > 0)[None])],
)
def test_a_rectangle_of_the_mask_is_that_of_the_whole(mask):
    heads, rows = torch.arange(1), torch.arange(31)
    whole = mask.keep(torch.tensor([0]), heads, rows, 31)[0].expand(1, 31, 31)
    for queries, keys in ((slice(0, 31), slice(0, 31)), (slice(5, 11), slice(3, 17)), (slice(20, 23), slice(0, 2))):
        found = allowed(mask, 0, queries, keys, torch.device("cpu"))
        part = whole[:, queries, keys]
        assert torch.equal(torch.ones_like(part) if found is None else found.expand_as(part), part)
