"""The fused pass: the model's kind of kernel run again with crafted values, so that sums over a map come out without the map.

- values := keys and a few columns gives E[k] and masses per row; entropy is lse − q·E[k] (METHODS P0, P1);
- queries and keys exchanged, with −lse as one more score, gives what each key receives; its values := blocks of rows give the
  pooled map in the same pass (P2);
- a causal pass more tells left from right in heads that see both sides (P6);
- single entries are gathered (P3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from inspector.scores import Scores
from inspector.summaries.columns import Pools, bins, mass_columns, pools_of
from inspector.summaries.facts import Item
from inspector.summaries.kernel import attend, padded
from inspector.summaries.near import near
from inspector.summaries.plan import Plan
from inspector.summaries.repeats import places_of, repeats
from inspector.summaries.rows import rectangle
from inspector.summaries.stopping import Progress
from inspector.summaries.summary import LayerSummary, Wanted

__all__ = ["Gather", "Run", "head_runs", "summarize_fused"]

WIDTH = 96  # up to here a pass of the CPU kernel costs hardly more than one of width 64
MEMORY = 2**23  # numbers in one padded copy of the queries: 32 MB
_NOTHING = -1e9  # the score of a row that does not count; −inf would make empty rows NaN


@dataclass(frozen=True, eq=False)
class Run:
    """Queries and keys of some key heads over the unbroken runs of a plan, scaled and biased.

    Attributes:
        query: [kv_head, group, row, width], times the scale; a 1 is appended for a bias by key.
        key: [kv_head, key, width]; the bias is appended.
        sinks: [kv_head, group] learned sink logits, or None.
        causal: row i sees keys 0 … i.
    """

    query: Tensor
    key: Tensor
    sinks: Tensor | None
    causal: bool

    @classmethod
    def of(cls, item: Item, plan: Plan, heads: slice) -> Run:
        """The run of some key heads; half precision is widened to float32."""
        evidence = item.call.evidence
        assert isinstance(evidence, Scores)
        group = evidence.group
        some = slice(heads.start * group, heads.stop * group)
        query = evidence.query[item.batch, some, plan.rows].float() * evidence.scale
        query = query.view(heads.stop - heads.start, group, *query.shape[1:])
        key = evidence.key[item.batch, heads, plan.keys].float()
        if item.mask.bias is not None:
            query, key = _biased(item, plan, query, key, some)
        sinks = None if evidence.sinks is None else evidence.sinks[some].float().view(*query.shape[:2])
        return cls(query, key, sinks, plan.causal)

    def shared(self, table: Tensor) -> Tensor:
        """[kv_head, n, width] seen by every head of the group, without a copy."""
        return table[:, None].expand(-1, self.query.shape[1], -1, -1)


def _biased(item: Item, plan: Plan, query: Tensor, key: Tensor, some: slice) -> tuple[Tensor, Tensor]:
    """A bias that depends on the key alone is one more product: 1 · bias."""
    assert item.mask.bias is not None
    bias = rectangle(item.mask.bias, item.batch, slice(0, 1), plan.keys).to(key.device, torch.float32)[:, 0]
    one = query.new_ones(*query.shape[:3], 1)
    if bias.shape[0] == 1:
        return torch.cat([query, one], -1), torch.cat([key, bias[..., None].expand(key.shape[0], -1, -1)], -1)
    bias = bias[some]  # a bias for each head: each gets its own copy of the key
    heads, group = query.shape[:2]
    key = torch.cat([key.repeat_interleave(group, 0), bias[..., None]], -1)
    return torch.cat([query, one], -1).view(heads * group, 1, query.shape[2], -1), key


def summarize_fused(item: Item, plan: Plan, wanted: Wanted, progress: Progress) -> LayerSummary:
    """One call's summary by crafted passes of the fused kernel, some key heads at a time."""
    gather = Gather(item, plan, wanted)
    for heads, share in head_runs(item, plan):
        run = Run.of(item, plan, heads)
        gather.rows(run)
        progress.step(share / 2)
        gather.received(run)
        progress.step(share / 2)
    return gather.result()


def head_runs(item: Item, plan: Plan) -> Iterator[tuple[slice, float]]:
    """Key heads that are computed together, and their share of all: as many as the working memory holds."""
    evidence = item.call.evidence
    assert isinstance(evidence, Scores)
    count, width = evidence.key.shape[1], evidence.query.shape[-1]
    each = evidence.group * (plan.rows.stop - plan.rows.start) * (width + 8)
    step = max(1, min(count, MEMORY // max(1, each)))
    for start in range(0, count, step):
        stop = min(count, start + step)
        yield slice(start, stop), (stop - start) / count


class Gather:
    """What the passes over some heads have yielded, pasted together over all heads."""

    def __init__(self, item: Item, plan: Plan, wanted: Wanted) -> None:
        self.item, self.plan, facts = item, plan, item.facts
        self.names = mass_columns(facts, wanted)
        self.pools: Pools | None = pools_of(facts, wanted)
        self.device = item.call.evidence.device
        self.parts: dict[str, list[Tensor]] = {}
        self.aligned = facts.same and plan.rows == plan.keys
        self.places = places_of(facts.query_ids[plan.rows]) if self.aligned else []
        self.content = facts.content[plan.rows].to(self.device)
        self.position = facts.position[plan.rows].float().to(self.device)

    def _add(self, name: str, values: Tensor) -> None:
        self.parts.setdefault(name, []).append(values.flatten(0, values.ndim - 2).contiguous())  # fetched together at the end

    def rows(self, run: Run) -> None:
        """Everything that is summed along rows, and the entries gathered near them."""
        keys, plan = self.plan.keys, self.plan
        middle = (keys.start + keys.stop) // 2
        columns = [torch.arange(keys.start - middle, keys.stop - middle, device=self.device).float()]
        columns += [c[keys].to(self.device).float() for name, c in self.names.items() if name != "first"]
        means, sums, lse = _row_means(run, torch.stack(columns, 1))
        entropy = (lse - (run.query * means).sum(-1)).clamp_(min=0)
        if run.sinks is not None:
            lse, entropy, shrink = self._with_sink(run.sinks[..., None], lse, entropy)
            sums = sums * shrink[..., None]
        self.lse = lse
        self._add("lse", lse)
        self._add("entropy", entropy)
        for number, name in enumerate(n for n in self.names if n != "first"):
            self._add(f"mass {name}", sums[..., 1 + number].clamp_(0, 1))
        first = self.item.facts.first - keys.start
        inside = bool(self.names["first"].any()) and 0 <= first < keys.stop - keys.start
        on_first = (run.query @ run.key[:, None, max(0, first), :, None])[..., 0] - lse
        self._add("mass first", on_first.exp_().clamp_(max=1.0) if inside else torch.zeros_like(lse))
        if self.aligned:
            self._add("distance", self._distance(run, sums[..., 0], middle))
            for name, values in near(run.query, run.key, lse, plan.causal).items():
                self._add(name, values)
            shares, self.partners = repeats(run.query, run.key, lse, self.places, plan.causal)
            for name, values in shares.items():
                self._add(name, values)

    def _with_sink(self, sink: Tensor, lse: Tensor, entropy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(lse, entropy, share left to the keys) once a learned sink takes part: the chain rule of entropy."""
        total = torch.logaddexp(lse, sink)
        share, left = torch.exp(sink - total), torch.exp(lse - total)
        self._add("sink", share)
        return total, torch.special.entr(share) + torch.special.entr(left) + left * entropy, left

    def _distance(self, run: Run, moment: Tensor, middle: int) -> Tensor:
        """Σ_j A_ij |i − j| from the first moment of centred positions; a causal pass more where both sides are seen."""
        here, mass = self.position - middle, None
        if run.sinks is not None:
            mass = 1 - torch.exp(run.sinks[..., None] - self.lse)
        total = here if mass is None else here * mass
        if run.causal:
            return (total - moment).clamp_(min=0)
        places = torch.arange(len(here), device=here.device).float()[:, None] + (self.plan.keys.start - middle)
        left_mean, left_lse = attend(*_triple(run, places.expand(run.key.shape[0], -1, 1)), True)
        left = torch.exp(left_lse - self.lse)
        left_moment = left * left_mean[..., 0]
        return (here * left - left_moment + (moment - left_moment) - (total - here * left)).clamp_(min=0)

    def received(self, run: Run) -> None:
        """What each key receives from the content rows, and the pooled map, from one pass with the roles exchanged."""
        weight = torch.where(self.content, -self.lse, _NOTHING)
        width = -(-(run.query.shape[-1] + 1) // 8) * 8
        blocks = None
        if self.pools is not None:
            blocks = bins(self.pools.query_bin[self.plan.rows].to(self.device), self.pools.shape[0])
            if run.query.shape[-1] + 1 < blocks.shape[1] <= WIDTH:
                width = max(width, -(-blocks.shape[1] // 8) * 8)
        query = padded(run.key, run.key.new_ones(*run.key.shape[:2], 1), width=width)
        key = padded(run.query, weight[..., None], width=width)
        if run.causal:
            query, key = query.flip(-2), key.flip(-2)
        chunks = [torch.zeros(key.shape[2], 1, device=self.device)] if blocks is None else list(blocks.split(width, 1))
        pieces = []
        for chunk in chunks:
            value = padded(chunk.flip(0) if run.causal else chunk, width=width).expand(*key.shape[:2], -1, -1)
            out, sums = attend(run.shared(query), key, value, run.causal)
            total = sums.exp()
            if blocks is not None:
                pieces.append(self._pooled(out[..., : chunk.shape[1]].mul_(total[..., None]), run.causal))
        self._add("received", total.flip(-1) if run.causal else total)
        if pieces:
            self.parts.setdefault("pooled", []).append(torch.cat(pieces, -2) + self._beside(run))

    def _beside(self, run: Run) -> Tensor | float:
        """[head, row block, key block] sums of drawn rows that are no content: few, so their weights are computed."""
        assert self.pools is not None
        places = self.pools.query_bin[self.plan.rows].to(self.device)
        rows = ((places >= 0) & ~self.content).nonzero().flatten()
        if not len(rows):
            return 0.0
        found = torch.zeros(run.query.shape[0] * run.query.shape[1], *self.pools.shape, device=self.device)
        into = bins(self.pools.key_bin[self.plan.keys].to(self.device), self.pools.shape[1])
        there = torch.arange(run.key.shape[1], device=self.device)
        for some in rows.split(max(1, MEMORY // (found.shape[0] * run.key.shape[1]))):
            scores = torch.matmul(run.query[:, :, some], run.key[:, None].transpose(-1, -2)) - self.lse[:, :, some, None]
            weights = scores.exp_().mul_(there <= some[:, None]) if run.causal else scores.exp_()
            found.index_add_(1, places[some], torch.matmul(weights, into).flatten(0, 1))
        return found

    def _pooled(self, by_row_block: Tensor, flipped: bool) -> Tensor:
        """[head, row block, key block] sums from [kv_head, group, key, row block]."""
        assert self.pools is not None
        into = bins(self.pools.key_bin[self.plan.keys].to(self.device), self.pools.shape[1])
        into = into.flip(0) if flipped else into
        return torch.matmul(by_row_block.transpose(-1, -2), into).flatten(0, 1)

    def result(self) -> LayerSummary:
        """The summary over all heads and the whole axes: NaN for rows outside the run, 0 for keys outside."""
        item, plan, facts = self.item, self.plan, self.item.facts
        heads, queries, keys = item.shape
        parts = {name: torch.cat(found).cpu() for name, found in self.parts.items()}
        hidden = ~facts.real

        def rows(name: str) -> Tensor:
            found = torch.full((heads, queries), float("nan"))
            if name in parts:
                found[:, plan.rows] = parts[name]
            return found.masked_fill_(hidden, float("nan"))

        received, seen, allowed = torch.zeros(heads, keys), torch.zeros(1, keys), torch.zeros(1, queries)
        received[:, plan.keys] = parts["received"]
        content, count = facts.content[plan.rows].float(), plan.keys.stop - plan.keys.start
        seen[:, plan.keys] = content.flip(0).cumsum(0).flip(0) if plan.causal else content.sum()
        allowed[:, plan.rows] = torch.arange(1.0, count + 1) if plan.causal else float(count)
        partners = {}
        for name, counts in (self.partners if self.aligned else {}).items():
            partners[name] = torch.zeros(1, queries)
            partners[name][:, plan.rows] = counts.cpu()
        names = ("lse", "entropy", "distance", "previous", "following", "itself", "local", "duplicate", "induction")
        return LayerSummary(
            call=item.call,
            facts=facts,
            mask=item.mask,
            how="fused",
            why=plan.why,
            **{name: rows(name) for name in names},
            mass={name: rows(f"mass {name}") for name in self.names} | ({"sink": rows("sink")} if "sink" in parts else {}),
            received=received,
            seen=seen,
            allowed=allowed,
            causal=plan.causal and facts.same,
            pooled=None if self.pools is None else parts["pooled"] / self.pools.area,
            pooled_queries=None if self.pools is None else self.pools.queries,
            pooled_keys=None if self.pools is None else self.pools.keys,
            partners=partners,
        )


def _triple(run: Run, columns: Tensor, width: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Query, key and value of one width, the value being ``columns`` [kv_head, key, any]."""
    width = max(width, -(-max(run.query.shape[-1], columns.shape[-1]) // 8) * 8)
    return padded(run.query, width=width), run.shared(padded(run.key, width=width)), run.shared(padded(columns, width=width))


def _row_means(run: Run, columns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(E[key] [.., row, width], E[columns] [.., row, column], lse [.., row]); a first pass carries what fits beside the keys."""
    own = run.key.shape[-1]
    room = max(WIDTH, -(-own // 8) * 8) - own
    beside, rest = columns[:, :room], columns[:, room:]
    values = torch.cat([run.key, beside.expand(run.key.shape[0], -1, -1)], -1)
    out, lse = attend(*_triple(run, values), run.causal)
    means, sums = out[..., :own], [out[..., own : own + beside.shape[1]]]
    for chunk in rest.split(WIDTH, 1) if rest.shape[1] else ():
        more, _ = attend(*_triple(run, chunk.expand(run.key.shape[0], -1, -1)), run.causal)
        sums.append(more[..., : chunk.shape[1]])
    return means, torch.cat(sums, -1), lse
