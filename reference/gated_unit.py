"""The gated recurrent unit: a state that is rewritten a little with each input."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["gated_recurrent_unit"]


def gated_recurrent_unit(inputs: Tensor, state: Tensor, W_i: Tensor, W_h: Tensor, b_i: Tensor, b_h: Tensor) -> Tensor:
    """The state after one more input, ``[batch, hidden]``: a mixture of the old state and a proposal.

    Reset ``r`` and update ``z`` gates, as PyTorch places them::

        r = σ(W_ir x + b_ir + W_hr h + b_hr)
        z = σ(W_iz x + b_iz + W_hz h + b_hz)
        n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))
        h' = (1 − z) ⊙ n + z ⊙ h

    Args:
        inputs: ``[batch, input]``.
        state: the old state h, ``[batch, hidden]``.
        W_i, W_h: ``[3 · hidden, input]`` and ``[3 · hidden, hidden]``, the rows for r, z and n in this order.
        b_i, b_h: ``[3 · hidden]`` each.

    Source: Cho et al. (2014), equations 5 to 8; the place of ``r`` is that of :class:`torch.nn.GRUCell`.

    >>> zero = torch.zeros
    >>> gated_recurrent_unit(zero(1, 2), torch.ones(1, 1), zero(3, 2), zero(3, 1), zero(3), zero(3))
    tensor([[0.5000]])
    """
    from_input = torch.nn.functional.linear(inputs, W_i, b_i).chunk(3, dim=-1)
    from_state = torch.nn.functional.linear(state, W_h, b_h).chunk(3, dim=-1)
    reset = torch.sigmoid(from_input[0] + from_state[0])
    update = torch.sigmoid(from_input[1] + from_state[1])
    proposal = torch.tanh(from_input[2] + reset * from_state[2])
    return (1 - update) * proposal + update * state
