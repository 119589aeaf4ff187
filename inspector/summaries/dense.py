"""The dense way: the whole maps of short texts, all layers that see alike and all texts of a batch at once.

Sixty-four texts of 19 tokens through six layers are 384 maps of hardly anything: one at a time they cost what it costs to
begin an operation, forty times each. The formulas are those of the blocked pass, with two axes more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from inspector.captures import AttentionCall, Capture
from inspector.masks import Mask
from inspector.scores import Given, Scores
from inspector.summaries.columns import mass_columns
from inspector.summaries.facts import Facts, Item, item_of
from inspector.summaries.rows import allowed
from inspector.summaries.summary import WINDOW, LayerSummary, Wanted

__all__ = ["Maps", "Several", "summarize_dense"]

_NEAR = {"previous": -1, "itself": 0, "following": 1}
_NAN = float("nan")


@dataclass(eq=False)
class Several(LayerSummary):
    """The heads of several layers and texts as if of one layer: what a metric that asks for numbers alone may be given.

    Attributes:
        resting: [head, query] mass at rest.
        counted: by rows' name, [head, query] bool.
    """

    resting: Tensor | None = None
    counted: tuple[Tensor, Tensor] | None = None

    @property
    def rest(self) -> Tensor:
        """Each text rests on what it has."""
        assert self.resting is not None
        return self.resting

    def rows(self, which: str = "content", least: int = 2) -> Tensor:
        """As ``LayerSummary.rows``, each text's own."""
        assert self.counted is not None
        return self.counted[0 if which == "content" else 1] & (self.allowed >= least)


@dataclass(frozen=True, eq=False)
class Maps:
    """What the maps of some calls that see alike, and of some texts, amount to. It names no call.

    Attributes:
        items: facts and mask of each text.
        how: "dense", or "given" where the model gave weights.
        numbers: by name [call, text, head, query], ``received`` with keys for queries.
        masses: by name [call, text, head, query].
        shared: by name [text, 1 or head, query or key]: what the masks alone decide.
        partners: by name [text, 1 or head, query].
        finite: [call, text] False where what it was computed from is not finite.
    """

    items: tuple[tuple[Facts, Mask], ...]
    how: str
    numbers: dict[str, Tensor]
    masses: dict[str, Tensor]
    shared: dict[str, Tensor]
    partners: dict[str, Tensor]
    finite: Tensor

    def of(self, call: AttentionCall, at: int, text: int) -> LayerSummary:
        """The summary of one call, the ``at``-th, and one text."""
        facts, mask = self.items[text]
        return LayerSummary(
            call=call,
            facts=facts,
            mask=mask,
            how=self.how,
            why=_WHY[self.how],
            causal=facts.same and mask.is_causal,
            mass={name: table[at, text] for name, table in self.masses.items()},
            partners={name: table[text] for name, table in self.partners.items()},
            **{name: table[at, text] for name, table in self.numbers.items()},
            **{name: table[text] for name, table in self.shared.items()},
        )

    @cached_property
    def several(self) -> Several:
        """All of them in one: the axes call, text and head are one axis, in this order."""
        calls, texts, heads, _ = self.numbers["entropy"].shape

        def flat(table: Tensor) -> Tensor:
            return table.expand(calls, texts, heads, -1).flatten(0, 2)

        facts, mask = self.items[0]
        special = torch.tensor([bool(f.special.any()) for f, _ in self.items])[:, None, None]
        resting = torch.where(special, self.masses["special"], self.masses["first"])
        resting = resting + self.masses["sink"] if "sink" in self.masses else resting
        counted = [torch.stack([getattr(f, name) for f, _ in self.items])[:, None] for name in ("content", "real")]
        tables: dict[str, Any] = {name: flat(table) for name, table in (self.numbers | self.shared).items()}
        return Several(
            call=_NOBODY,
            facts=facts,
            mask=mask,
            how=self.how,
            why=_WHY[self.how],
            causal=any(f.same and m.is_causal for f, m in self.items),  # without a value where a text is not
            mass={name: flat(table) for name, table in self.masses.items()},
            resting=flat(resting),
            counted=(flat(counted[0]), flat(counted[1])),
            **tables,
        )


_WHY = {"dense": "the text is short", "given": "the model gave weights, not queries and keys"}
_NOBODY = AttentionCall("several", Given(torch.zeros(0, 0, 0, 0)))


@torch.no_grad()
def summarize_dense(capture: Capture, calls: Sequence[AttentionCall], texts: range, wanted: Wanted) -> Maps:
    """The numbers of ``calls``, which see alike, for some texts of the batch."""
    items = [item_of(capture, calls[0], batch) for batch in texts]
    return _Dense(list(calls), texts, items, wanted).result()


class _Dense:
    """One computation over [call, text, head, query, key]."""

    def __init__(self, calls: list[AttentionCall], texts: range, items: list[Item], wanted: Wanted) -> None:
        self.calls, self.texts, self.items = calls, texts, items
        self.facts, self.device = [item.facts for item in items], calls[0].evidence.device
        self.given = not isinstance(calls[0].evidence, Scores)
        _, self.heads, self.queries, self.keys = calls[0].shape
        self.names = [mass_columns(facts, wanted) for facts in self.facts]
        self.seen = self._seen()
        self.numbers: dict[str, Tensor] = {}
        self.partners: dict[str, Tensor] = {}

    def _all(self, name: str) -> Tensor:
        """[text, …] one of the facts."""
        return torch.stack([getattr(facts, name) for facts in self.facts]).to(self.device)

    def _seen(self) -> Tensor:
        """[text, 1 or head, query, key] who may see whom."""
        whole, found = (slice(0, self.queries), slice(0, self.keys)), []
        for item in self.items:
            keep = allowed(item.mask, item.batch, *whole, self.device)
            keep = torch.ones(1, 1, 1, dtype=torch.bool, device=self.device) if keep is None else keep
            found.append(keep.expand(-1, self.queries, self.keys))
        heads = max(keep.shape[0] for keep in found)
        return torch.stack([keep.expand(heads, -1, -1) for keep in found])

    def result(self) -> Maps:
        """Everything, on the CPU."""
        weights, sink, finite = self._given() if self.given else self._softmax()
        content, real, count = self._all("content")[:, None], self._all("real")[:, None], self.seen.sum(-1)
        entropy = torch.special.entr(weights).sum(-1)
        self.numbers["entropy"] = entropy if sink is None else entropy + torch.special.entr(sink)
        self.numbers["maximum"] = weights.amax(-1)
        columns = torch.stack([torch.stack([c.float() for c in names.values()], 1) for names in self.names]).to(self.device)
        masses = dict(zip(self.names[0], (weights @ columns[:, None]).unbind(-1), strict=True))
        self._near(weights)
        self._repeats(weights)
        rows = (content & (count > 0)).to(weights.dtype)[..., None, :]
        hidden = ~(real & (count > 0))
        tables = {name: table.masked_fill(hidden, _NAN) for name, table in self.numbers.items()}
        masses = masses if sink is None else masses | {"sink": sink}
        shared = {"allowed": count, "seen": (rows @ self.seen.to(weights.dtype))[..., 0, :]}
        return Maps(
            tuple((item.facts, item.mask) for item in self.items),
            "given" if self.given else "dense",
            _fetched(tables | {"received": (rows @ weights)[..., 0, :]}),
            _fetched({name: table.masked_fill(hidden, _NAN) for name, table in masses.items()}),
            _fetched({name: table.float() for name, table in shared.items()}),
            _fetched({name: table.float() for name, table in self.partners.items()}),
            (finite | hidden).all(-1).all(-1).cpu(),
        )

    def _softmax(self) -> tuple[Tensor, Tensor | None, Tensor]:
        """Weights [call, text, head, query, key], the sink's share and which rows are finite; rows that see nothing are 0."""
        where = None if len(self.texts) == self.calls[0].shape[0] else torch.tensor(self.texts, device=self.device)
        rows, evidences = torch.arange(self.queries, device=self.device), [_scores(call) for call in self.calls]
        block = torch.stack([one.scores(where, None, rows) for one in evidences])
        block.masked_fill_(~self.seen, float("-inf"))
        top = block.amax(-1)
        logits = [one.sinks.flatten().float() for one in evidences if one.sinks is not None]
        sinks = torch.stack(logits)[:, None, :, None] if logits else None
        top = top if sinks is None else torch.maximum(top, sinks)
        top = top.masked_fill(top == float("-inf"), 0.0)
        total = block.sub_(top[..., None]).exp_().sum(-1)
        share = None
        if sinks is not None:
            share = torch.exp(sinks - top)
            total = total + share
            share = share / total
        block.div_(total.clamp_min(torch.finfo(block.dtype).tiny)[..., None])
        self.numbers["lse"] = top + total.log()
        return block, share, torch.isfinite(self.numbers["lse"]) & self._finite(where)

    def _finite(self, where: Tensor | None) -> Tensor:
        """[call, text, 1, query] whether a query is finite, and every real key."""
        queries, keys = (
            torch.stack([(t if where is None else t[where]).float().sum((1, 3)).isfinite() for t in tables])
            for tables in ([c.evidence.tensors()[name] for c in self.calls] for name in ("query", "key"))
        )
        return (queries & (keys | self._all("padding")).all(-1, keepdim=True))[:, :, None]

    def _given(self) -> tuple[Tensor, Tensor | None, Tensor]:
        table = self.calls[0].evidence.tensors()["table"][self.texts.start : self.texts.stop].float()[None]
        self.numbers["lse"] = torch.full(table.shape[:-1], _NAN, device=self.device)
        return table, None, table.sum(-1).isfinite()

    def _near(self, weights: Tensor) -> None:
        """Distance, neighbours and the share within the window, where places mean something."""
        none = torch.full(weights.shape[:-1], _NAN, device=self.device)
        self.numbers |= dict.fromkeys(("distance", "local", *_NEAR), none)
        if not self.facts[0].same:
            return
        here, there = self.facts[0].position.to(self.device), torch.arange(self.keys, device=self.device)
        gap = (here[:, None] - there).abs()
        self.numbers["distance"] = (weights * gap).sum(-1)
        self.numbers["local"] = (weights * (gap <= WINDOW)).sum(-1)
        for name, offset in _NEAR.items():
            rows = ((here + offset >= 0) & (here + offset < self.keys)).nonzero().flatten()
            keys = here[rows] + offset
            found = none.clone()
            found[..., rows] = weights[..., rows, keys].masked_fill(~self.seen[..., rows, keys], _NAN)
            self.numbers[name] = found

    def _repeats(self, weights: Tensor) -> None:
        """Share on the same token elsewhere, and on what followed it."""
        names, none = ("duplicate", "induction"), torch.full(weights.shape[:-1], _NAN, device=self.device)
        self.numbers |= dict.fromkeys(names, none)
        if not self.facts[0].same:
            return
        here, there = self.facts[0].position.to(self.device)[:, None], torch.arange(self.keys, device=self.device)
        mine, ids = self._all("query_ids")[:, :, None], self._all("key_ids")[:, None]
        causal = torch.tensor([item.mask.is_causal for item in self.items], device=self.device)[:, None, None]
        same = (ids == mine) & (mine >= 0) & (here != there)
        after = (ids.roll(1, -1) == mine) & (mine >= 0) & (there > 0) & (there < here) & causal
        for name, pattern in zip(names, (same, after), strict=True):
            pattern = pattern[:, None] & self.seen
            self.partners[name] = pattern.sum(-1)
            if bool(pattern.any()):
                self.numbers[name] = (weights * pattern).sum(-1).masked_fill(~pattern.any(-1), _NAN)


def _scores(call: AttentionCall) -> Scores:
    """The call's scores before anything is forbidden."""
    evidence = call.evidence
    assert isinstance(evidence, Scores)
    return replace(evidence, mask=Mask(bias=evidence.mask.bias))


def _fetched(tables: dict[str, Tensor]) -> dict[str, Any]:
    return {name: table.cpu() for name, table in tables.items()}
