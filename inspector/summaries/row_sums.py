"""Log-sum-exp of single rows, computed when first asked for and kept: what turns a score into a weight.

Many rows of a plain head come from one call of the fused kernel, few ones from their blocks, which always begin at the same
rows: what a row's sum is to the last bit does not hang on who asked for what before.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from inspector.cache import once
from inspector.captures import AttentionCall
from inspector.scores import Scores
from inspector.summaries.blocks import Blocks, at_once
from inspector.summaries.kernel import attend, padded
from inspector.summaries.rows import key_range

__all__ = ["keep_row_sums", "row_sums"]

BLOCK = 2**20
FEWEST = 64  # rows of a block that is kept
MANY = 512  # rows from which one call of the fused kernel over the whole head is quicker


def keep_row_sums(call: AttentionCall, batch: int, lse: Tensor, first: int = 0) -> None:
    """Files what a fused summary has computed, log-sum-exp [head, query] of the heads from ``first``.

    Only where the whole head would be asked of that same kernel, and every row has one.
    """
    if isinstance(call.evidence, Scores) and lse.shape[1] > MANY and _plain(call) and not bool(lse.isnan().any()):
        for head, sums in enumerate(lse, first):
            once(call, ("row sums", batch, head), sums.clone)


def row_sums(call: AttentionCall, blocks: Blocks, head: int, batch: int, rows: slice) -> Tensor:
    """[row] log-sum-exp of the rows, learned sink included, −inf where nothing may be seen. Computed once and kept.

    Args:
        call: the call.
        blocks: its scores, of this head alone.
        head, batch: which.
        rows: which queries.
    """
    if not isinstance(call.evidence, Scores):
        return torch.zeros(rows.stop - rows.start, device=blocks.device)
    if rows.stop - rows.start > MANY and _plain(call):
        return once(call, ("row sums", batch, head), lambda: _whole(call, blocks))[rows].to(blocks.device)
    _, _, queries, keys = call.shape
    size = max(FEWEST, at_once(blocks.device, BLOCK) // keys)
    begin = rows.start // size * size
    parts = [
        once(call, ("row sums", batch, head, start), partial(_block, blocks, start, min(queries, start + size), keys))
        for start in range(begin, rows.stop, size)
    ]
    whole = parts[0] if len(parts) == 1 else torch.cat(parts)
    return whole[rows.start - begin : rows.stop - begin].to(blocks.device)


def _plain(call: AttentionCall) -> bool:
    """The fused kernel gives the row sums as they are: every key is seen, or the earlier ones."""
    scores = call.evidence
    assert isinstance(scores, Scores)
    mask, square = scores.mask, call.shape[2] == call.shape[3]
    causal = mask.right == 0 and mask.offset == 0 and square
    return mask.is_band and mask.left is None and mask.keys is None and scores.softcap is None and (mask.right is None or causal)


def _whole(call: AttentionCall, blocks: Blocks) -> Tensor:
    """[query] from one call of the fused kernel."""
    assert isinstance(call.evidence, Scores)
    assert blocks.query is not None
    assert blocks.key is not None
    query, key = padded(blocks.query[None]), padded(blocks.key[None])
    _, lse = attend(query, key, key, call.evidence.mask.right == 0)
    found = lse[0, 0] if blocks.sinks is None else torch.logaddexp(lse[0, 0], blocks.sinks)
    return found.cpu()


def _block(blocks: Blocks, begin: int, end: int, num_keys: int) -> Tensor:
    """[row] of the rows from ``begin`` to ``end``, as many at a time as one block of scores holds."""
    found, step = torch.empty(end - begin), max(1, at_once(blocks.device, BLOCK) // num_keys)
    for start in range(begin, end, step):
        rows = slice(start, min(end, start + step))
        first, last = key_range(blocks.mask, blocks.batch, rows, num_keys)
        lse = blocks.masked(rows, slice(first, last)).logsumexp(-1)[0]
        lse = lse if blocks.sinks is None else torch.logaddexp(lse, blocks.sinks)
        found[rows.start - begin : rows.stop - begin] = lse.cpu()
    return found
