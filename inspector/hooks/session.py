"""One capture in progress: what is being watched, what has been seen, and the context variable that finds it.

A tap asks ``current()``. Threads and asyncio tasks each see their own session, never another's.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from inspector.captures import AttentionCall, Capture, Missing, Proof, tolerance_of
from inspector.hooks.naming import Names
from inspector.scores import Evidence

__all__ = ["Session", "current"]

_CURRENT: ContextVar[Session | None] = ContextVar("inspector_session", default=None)

# Rows per head that are checked against the kernel's output while the model runs: a fixed number, so that the check
# costs a vanishing share of the forward pass at any length. ``proof_rows=None`` checks every row.
PROOF_ROWS = 32


def current() -> Session | None:
    """The session of the running context, or None: one lookup, which is all an idle tap costs."""
    return _CURRENT.get()


@dataclass(eq=False)
class Session:
    """What the taps share while a capture is open.

    Attributes:
        model: the model being watched.
        capture: where calls and misses go.
        names: what each module is called and which layer and tower it belongs to.
        selects: whether a module's calls are wanted.
        proof_rows: rows per head to check at once; None for all.
        depth: above 0 while the session's own arithmetic runs, which no tap may see.
    """

    model: nn.Module
    capture: Capture
    names: Names
    selects: Callable[[str], bool]
    proof_rows: int | None = PROOF_ROWS
    depth: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, module: nn.Module, evidence: Evidence, source: str, proof: Proof, kind: str | None = None) -> None:
        """Records one attention operation of ``module``."""
        place = self.names.place(module, evidence.shape, kind)
        index = self.counts.get(place.name, 0)
        self.counts[place.name] = index + 1
        self.capture.calls.append(
            AttentionCall(
                place.name, evidence, place.kind, place.layer_index, source, place.tower, place.axes, proof, index
            )
        )

    def miss(self, module: nn.Module, reason: str) -> None:
        """Records that ``module`` could not be captured; the model goes on."""
        entry = Missing(self.names.name(module), reason)
        if entry not in self.capture.missing:
            self.capture.missing.append(entry)

    def prove(self, evidence: Evidence, value: Tensor, output: Tensor) -> Proof:
        """weights @ value against ``output`` [batch, head, query, value_width], over evenly spread rows, without a device sync."""
        batch, heads, num_queries, _ = evidence.shape
        dtype = torch.promote_types(output.dtype, torch.float32)
        if output.numel() == 0:
            return Proof(None, note="the output is empty")
        worst = torch.zeros((), dtype=dtype, device=output.device)
        rows = self._proof_rows(num_queries, output.device)
        scale = output.detach().abs().amax().to(dtype).clamp_min(torch.finfo(torch.float32).tiny)
        every_batch, every_head = (torch.arange(n, device=output.device) for n in (batch, heads))
        value = value.detach()
        group = heads // value.shape[1]
        step = max(1, 2**22 // max(1, batch * heads * evidence.shape[3]))
        for some in rows.split(step):
            weights = evidence.weights(every_batch, every_head, some, dtype=dtype)
            shared = weights.reshape(batch, heads // group, group * len(some), -1)
            again = (shared @ value.to(dtype)).reshape(batch, heads, len(some), -1)
            worst = torch.maximum(worst, (again - output.detach()[:, :, some].to(dtype)).abs().amax())
        return Proof(worst / scale, tolerance_of(output.dtype), len(rows))

    def _proof_rows(self, num_queries: int, device: torch.device) -> Tensor:
        if self.proof_rows is None or self.proof_rows >= num_queries:
            return torch.arange(num_queries, device=device)
        return torch.linspace(0, num_queries - 1, self.proof_rows, device=device).round().long()
