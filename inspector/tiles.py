"""``AttentionCall.tile``: a rectangle of one head's weights, exact at pool 1 and exact block means above.

A weight is exp(score − the row's log-sum-exp). The log-sum-exp of the rows asked for is computed once and kept beside the
call, so a tile afterwards costs its own area and not the length of the text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from inspector.cache import once
from inspector.captures import AttentionCall
from inspector.errors import OutOfRange
from inspector.indexing import at_least, one_of, position, whole
from inspector.scores import Scores
from inspector.summaries.blocks import Blocks, Heads, at_once
from inspector.summaries.row_sums import row_sums
from inspector.summaries.rows import key_range

__all__ = ["tile"]

BLOCK = 2**19  # numbers computed at a time: 2 MB, the size of a second-level cache


def tile(
    self: AttentionCall,
    head: int,
    *,
    queries: slice = slice(None),
    keys: slice = slice(None),
    pool: int = 1,
    batch: int = 0,
    reduce: str = "mean",
) -> Tensor:
    """[row, column] weights of one head in [0, 1], float32: means over blocks of ``pool`` × ``pool``, smaller at the far edges.

    Args:
        head: which head; negative counts from the end.
        queries, keys: the rectangle, as slices with a step of 1; each end must exist.
        pool: rows and columns of a block.
        batch: which batch item.
        reduce: "mean", or "max" for each block's largest weight.

    Raises:
        OutOfRange: a head, batch item or position that does not exist.
        InputError: a pool below 1, a step, or another ``reduce``.

    >>> from inspector import Inspector
    >>> call = Inspector.from_pretrained("bundled")("The cat sat on the mat.").call(0)
    >>> exact = call.tile(2, queries=slice(1, 5), keys=slice(0, 4))
    >>> torch.allclose(exact, call.weights(0, 2, slice(1, 5))[0, 0, :, :4], atol=1e-6)
    True
    >>> torch.allclose(call.tile(2, queries=slice(1, 5), keys=slice(0, 4), pool=2)[0, 0], exact[:2, :2].mean(), atol=1e-6)
    True
    """
    head, batch = position(head, self.shape[1], "head", self.name), position(batch, self.shape[0], "batch item", self.name)
    rows, columns = _bounds(self, queries, 2, "query"), _bounds(self, keys, 3, "key")
    pool, reduce = at_least(pool, 1, "a pool"), one_of(reduce, ("mean", "max"), "a reduction")
    with torch.no_grad():
        return _tile(self, head, rows, columns, pool, batch, reduce)


AttentionCall.tile = tile  # type: ignore[method-assign,assignment]


def _bounds(call: AttentionCall, part: slice, axis: int, name: str) -> slice:
    size = call.shape[axis]
    if not isinstance(part, slice) or any(end is not None and whole(end) is None for end in (part.start, part.stop, part.step)):
        raise OutOfRange(
            f"The {name} positions {part!r} of {call.name!r} were asked for.",
            "A tile is a rectangle.",
            "Give a slice, such as slice(0, 8).",
        )
    start, stop = 0 if part.start is None else part.start, size if part.stop is None else part.stop
    start, stop = start + size * (start < 0), stop + size * (stop < 0)
    if part.step not in (None, 1) or not 0 <= start < stop <= size:
        raise OutOfRange(
            f"The {name} positions {part.start} to {part.stop} of {call.name!r} were asked for.",
            f"There are {size}, taken one after the other.",
            f"Use a slice inside 0 to {size} that holds at least one.",
        )
    return slice(start, stop)


def _tile(call: AttentionCall, head: int, rows: slice, columns: slice, pool: int, batch: int, reduce: str) -> Tensor:
    blocks = _blocks_of(call, head, batch)
    with blocks.borrowing():
        return _computed(call, blocks, head, rows, columns, pool, reduce)


def _computed(call: AttentionCall, blocks: Blocks, head: int, rows: slice, columns: slice, pool: int, reduce: str) -> Tensor:
    batch = blocks.batch
    sums = row_sums(call, blocks, head, batch, rows)
    height, width = (math.ceil((s.stop - s.start) / pool) for s in (rows, columns))
    found = torch.zeros(height, width, device=blocks.device)
    across = min(columns.stop - columns.start, pool * max(1, 4096 // pool))
    down = pool * max(1, min(rows.stop - rows.start, at_once(blocks.device, BLOCK) // across) // pool)
    for start in range(rows.start, rows.stop, down):
        some = slice(start, min(rows.stop, start + down))
        lse = sums[some.start - rows.start : some.stop - rows.start]
        uniform = _uniform_rows(call, lse)
        whole = (columns.start, columns.start, columns.stop)
        reach = whole if uniform is not None else _reach(blocks, some, columns, pool)
        at = slice((some.start - rows.start) // pool, math.ceil((some.stop - rows.start) / pool))
        for part in _parts(reach, across):
            weights = blocks.weights(some, part, lse[None])[0]
            if uniform is not None:
                weights = weights.masked_fill(uniform[:, None], 1 / call.shape[3])
            to = slice((part.start - columns.start) // pool, math.ceil((part.stop - columns.start) / pool))
            found[at, to] = weights if pool == 1 else _pooled(weights, pool, reduce)
    return found.cpu()


def _reach(blocks: Blocks, rows: slice, columns: slice, pool: int) -> tuple[int, int, int]:
    """(first, clear, last) column the rows may see, on block borders: up to ``clear`` none is forbidden by causal order.

    Beyond first and last everything is 0 and not computed; before ``clear`` no mask has to be laid over the scores.
    """
    first, last = key_range(blocks.mask, blocks.batch, rows, columns.stop)
    ahead = blocks.mask.right
    clear = last if ahead is None else rows.start + blocks.mask.offset + ahead + 1
    low = columns.start + max(0, first - columns.start) // pool * pool
    high = min(columns.stop, columns.start + math.ceil(max(0, last - columns.start) / pool) * pool)
    middle = columns.start + max(0, clear - columns.start) // pool * pool
    return low, min(max(middle, low), high), high


def _parts(reach: tuple[int, int, int], size: int) -> Iterator[slice]:
    """Slices of at most ``size`` from first to clear and from clear to last."""
    for begin, end in pairwise(reach):
        for start in range(begin, end, size):
            yield slice(start, min(end, start + size))


def _blocks_of(call: AttentionCall, head: int, batch: int) -> Blocks:
    """The head's queries and keys are kept; the memory they are multiplied into is the caller's own."""
    alone = slice(head, head + 1)
    return Blocks(call, batch, alone, ready=once(call, ("heads", batch, head), lambda: Heads.of(call, batch, alone)))


def _uniform_rows(call: AttentionCall, lse: Tensor) -> Tensor | None:
    """Rows with no allowed key whose forbidden scores are a finite number: such a row is uniform; None when there is none."""
    evidence = call.evidence
    if not isinstance(evidence, Scores) or evidence.mask.fill == float("-inf"):
        return None
    empty = lse == float("-inf")
    return empty if bool(empty.any()) else None


def _pooled(weights: Tensor, pool: int, reduce: str) -> Tensor:
    """[row block, column block] means or maxima; blocks at the far edges hold fewer weights."""
    for axis in (0, 1):  # rows first: they lie far apart in memory, and whole lines are added at once
        weights = _along(weights, axis, pool, reduce)
    return weights


def _along(weights: Tensor, axis: int, pool: int, reduce: str) -> Tensor:
    whole = weights.shape[axis] // pool * pool
    parts = []
    for part, size in ((weights.narrow(axis, 0, whole), pool), (weights.narrow(axis, whole, weights.shape[axis] - whole), 0)):
        if part.shape[axis]:
            folded = part.unflatten(axis, (-1, size or part.shape[axis]))
            parts.append(folded.amax(axis + 1) if reduce == "max" else folded.mean(axis + 1))
    return parts[0] if len(parts) == 1 else torch.cat(parts, axis)
