"""A recurrent encoder and a decoder that attends to it, small enough to read.

Bahdanau, Cho and Bengio (2015), with gated recurrent units (Cho et al. 2014) and any of this package's attentions. The decoder's
own arithmetic is :mod:`reference.five_steps`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from reference import five_steps
from reference.errors import AttentionInputError
from reference.module import AttentionModule

__all__ = ["Decoded", "Decoder", "Encoder"]


class Encoder(nn.Module):
    """Reads a sequence in both directions: one key ``h_i = [→h_i ; ←h_i]`` per symbol, and a first state for the decoder.

    Args:
        symbols: how many different symbols there are.
        embedding_size: width of a symbol's vector.
        hidden_size: width of a key; half of it reads forwards, half backwards. Even.
    """

    def __init__(self, symbols: int, embedding_size: int, hidden_size: int) -> None:
        super().__init__()
        if hidden_size % 2:
            raise AttentionInputError(
                f"An encoder with keys of width {hidden_size} was asked for.",
                "Half of the width reads forwards and half backwards, so it must be even.",
                f"Use {hidden_size + 1}.",
            )
        self.embedding = nn.Embedding(symbols, embedding_size)
        self.gru = nn.GRU(embedding_size, hidden_size // 2, batch_first=True, bidirectional=True)
        self.first_state = nn.Linear(hidden_size // 2, hidden_size)

    def forward(self, symbols: Tensor, mask: Tensor | None = None) -> five_steps.Encoded:
        """Keys ``[batch, keys, hidden]`` and first state ``[batch, hidden]`` of symbols ``[batch, keys]``.

        ``mask`` is True on symbols and False on padding, which must be at the end; padding changes no number. At least one symbol
        each.
        """
        return five_steps.encode(self, symbols, mask)


class Decoded(NamedTuple):
    """What a decoder wrote: ``logits [batch, steps, symbols]``, ``weights [batch, steps, keys]``, ``symbols [batch, steps]``."""

    logits: Tensor
    weights: Tensor
    symbols: Tensor


class Decoder(nn.Module):
    """Writes a sequence, attending to the encoder's keys before each symbol.

    Args:
        attention: any attention of this package that takes keys and queries of width ``hidden_size``.
        symbols: how many different symbols it can write; id ``symbols`` stands for the beginning and is never written.
        embedding_size: width of a written symbol's vector.
        hidden_size: width of the state, which is the query, and of the keys.
    """

    def __init__(self, attention: AttentionModule, symbols: int, embedding_size: int, hidden_size: int) -> None:
        super().__init__()
        self.attention = attention
        self.embedding = nn.Embedding(symbols + 1, embedding_size)
        self.cell = nn.GRUCell(embedding_size + hidden_size, hidden_size)
        self.to_logits = nn.Linear(2 * hidden_size, symbols)
        self.begin = symbols

    def forward(self, encoded: five_steps.Encoded, targets: Tensor) -> Decoded:
        """Teacher forcing: each step is told the right symbol before it, ``targets [batch, steps]``."""
        return _together(self.steps(encoded, targets.shape[1], targets))

    @torch.no_grad()
    def write(self, encoded: five_steps.Encoded, count: int) -> Decoded:
        """Greedy: each of ``count`` steps is told the most probable symbol of the step before."""
        return _together(self.steps(encoded, count))

    def steps(self, encoded: five_steps.Encoded, count: int, targets: Tensor | None = None) -> list[five_steps.Step]:
        """Every intermediate value of ``count`` steps, told the ``targets`` or else their own choices."""
        state = encoded.state
        previous = torch.full(state.shape[:1], self.begin, dtype=torch.long, device=state.device)
        taken: list[five_steps.Step] = []
        for index in range(count):
            taken.append(five_steps.one_step(self, encoded, state, previous))
            state = taken[-1].state
            previous = taken[-1].logits.argmax(-1) if targets is None else targets[:, index]
        return taken


def _together(steps: list[five_steps.Step]) -> Decoded:
    """The steps' logits, weights and choices, side by side."""
    logits = torch.stack([step.logits for step in steps], dim=1)
    return Decoded(logits, torch.stack([step.weights for step in steps], dim=1), logits.argmax(-1))
