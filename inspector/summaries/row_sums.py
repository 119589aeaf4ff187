"""Log-sum-exp of single rows, computed when first asked for and kept: what turns a score into a weight."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.captures import AttentionCall
from inspector.scores import Scores
from inspector.summaries.blocks import Blocks, at_once
from inspector.summaries.keeping import kept
from inspector.summaries.kernel import attend, padded
from inspector.summaries.rows import key_range

__all__ = ["keep_row_sums", "row_sums"]

BLOCK = 2**20
MANY = 512  # rows from which one call of the fused kernel over the whole head is quicker


def keep_row_sums(call: AttentionCall, batch: int, lse: Tensor) -> None:
    """Files the log-sum-exp [head, query] a summary has computed; NaN where it has none."""
    known = kept(call, "row_sums")
    for head in range(lse.shape[0]):
        known.setdefault((batch, head), lse[head])


def row_sums(call: AttentionCall, blocks: Blocks, head: int, batch: int, rows: slice) -> Tensor:
    """[row] log-sum-exp of the rows, learned sink included, −inf where nothing may be seen. Missing ones are computed and kept.

    Args:
        call: the call.
        blocks: its scores, of this head alone.
        head, batch: which.
        rows: which queries.
    """
    if not isinstance(call.evidence, Scores):
        return torch.zeros(rows.stop - rows.start, device=blocks.device)
    drawer = kept(call, "row_sums")
    known = drawer.get((batch, head))
    if known is None:
        known = torch.full((call.shape[2],), float("nan"))
    missing = known[rows].isnan().nonzero().flatten() + rows.start
    if len(missing):
        known = known.clone()
        if len(missing) > MANY and _plain(call):
            known = _whole(call, blocks)
        else:
            _fill(known, missing, blocks, call.shape[3])
        drawer[batch, head] = known
    return known[rows].to(blocks.device)


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
    query, key = padded(blocks.query[None]), padded(blocks.key[None])
    _, lse = attend(query, key, key, call.evidence.mask.right == 0)
    found = lse[0, 0] if blocks.sinks is None else torch.logaddexp(lse[0, 0], blocks.sinks)
    return found.cpu()


def _fill(known: Tensor, missing: Tensor, blocks: Blocks, num_keys: int) -> None:
    """Computes the missing rows, some at a time, with the rows between them where they lie close."""
    step = max(1, at_once(blocks.device, BLOCK) // num_keys)
    for start in range(int(missing[0]), int(missing[-1]) + 1, step):
        rows = slice(start, min(int(missing[-1]) + 1, start + step))
        first, last = key_range(blocks.mask, blocks.batch, rows, num_keys)
        lse = blocks.masked(rows, slice(first, last)).logsumexp(-1)[0]
        known[rows] = (lse if blocks.sinks is None else torch.logaddexp(lse, blocks.sinks)).cpu()
