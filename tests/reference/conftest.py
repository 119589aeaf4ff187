"""Plain float64 loops over Python numbers: the second judge of every mechanism, after numbers worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import reference

BATCH, QUERIES, KEYS, QUERY_SIZE, KEY_SIZE, HIDDEN, VALUE_SIZE = 2, 5, 7, 11, 11, 13, 17

MECHANISMS: dict[str, Callable[[], reference.AdditiveAttention]] = {
    "additive": lambda: reference.AdditiveAttention(KEY_SIZE, QUERY_SIZE, HIDDEN),
    "additive without bias": lambda: reference.AdditiveAttention(KEY_SIZE, QUERY_SIZE, HIDDEN, bias=False),
    "dot": reference.DotProductAttention,
    "scaled dot": reference.ScaledDotProductAttention,
    "bilinear": lambda: reference.BilinearAttention(KEY_SIZE, QUERY_SIZE),
    "concat": lambda: reference.ConcatAttention(KEY_SIZE, QUERY_SIZE, HIDDEN),
    "local-m": lambda: reference.LocalMonotonicAttention(window=2),
    "local-p": lambda: reference.LocalPredictiveAttention(KEY_SIZE, QUERY_SIZE, HIDDEN, window=2),
    "multi-head": lambda: reference.MultiHeadAttention(QUERY_SIZE, num_heads=11),
}


@pytest.fixture(params=list(MECHANISMS))
def mechanism(request: pytest.FixtureRequest):
    """Each mechanism's module, seeded."""
    torch.manual_seed(3)
    return MECHANISMS[request.param]()


@pytest.fixture
def tensors() -> dict[str, Tensor]:
    """A query, keys, a value and a mask of different prime sizes, in float64."""
    generator = torch.Generator().manual_seed(5)
    normal = {"query": (BATCH, QUERIES, QUERY_SIZE), "key": (BATCH, KEYS, KEY_SIZE), "value": (BATCH, KEYS, VALUE_SIZE)}
    made = {name: torch.randn(shape, generator=generator, dtype=torch.float64) for name, shape in normal.items()}
    mask = torch.rand(BATCH, QUERIES, KEYS, generator=generator) < 0.7
    mask[1, 3] = False
    return made | {"mask": mask}


def attend_by_loop(score: Callable[[list, list, int, int], float], query: Tensor, key: Tensor, value: Tensor, mask: Tensor):
    """Context and weights of ``score(q, k, i, j)``, number by number."""
    contexts, rows = [], []
    for b in range(len(query)):
        for i, q in enumerate(query[b].tolist()):
            powers = [math.exp(score(q, k, i, j)) if mask[b, i, j] else 0.0 for j, k in enumerate(key[b].tolist())]
            total = sum(powers)
            weights = [p / total if total else 0.0 for p in powers]
            rows.append(weights)
            contexts.append([sum(w * v for w, v in zip(weights, column, strict=True)) for column in value[b].T.tolist()])
    shape = query.shape[:2]
    return (torch.tensor(t, dtype=torch.float64).reshape(*shape, -1) for t in (contexts, rows))


@pytest.fixture
def by_loop() -> Callable:
    return attend_by_loop


@pytest.fixture
def dot() -> Callable[[list, list], float]:
    return lambda a, b: sum(x * y for x, y in zip(a, b, strict=True))
