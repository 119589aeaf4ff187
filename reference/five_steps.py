"""Attention in a recurrent network, as five steps that can each be looked at.

Bahdanau, Cho and Bengio (2015), section 3: the decoder asks with its state ``s`` (the query), and the encoder's states
``h_1 … h_n`` (the keys, and also the values) answer.

    1. encode        h_1 … h_n          from the input
    2. score         e_i                how well h_i answers s
    3. softmax       α_i = exp(e_i) / Σ_j exp(e_j)
    4. weighted sum  c = Σ_i α_i h_i
    5. output        the next state, and from it the next symbol

The decoder of :mod:`reference.recurrent` consists of these functions: there is no second implementation behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from reference.errors import AttentionInputError
from reference.gated_unit import gated_recurrent_unit
from reference.local import LocalPredictiveAttention
from reference.module import AttentionModule
from reference.softmax import masked_softmax

if TYPE_CHECKING:
    from reference.recurrent import Decoder, Encoder

__all__ = ["Encoded", "Step", "encode", "one_step", "output", "score", "softmax", "weighted_sum"]


class Encoded(NamedTuple):
    """Step 1's result: ``keys [batch, keys, hidden]``, the decoder's first ``state [batch, hidden]``, ``mask [batch, keys]``."""

    keys: Tensor
    state: Tensor
    mask: Tensor | None


class Step(NamedTuple):
    """Everything one output symbol passed through.

    Attributes:
        query: the state that asks, ``[batch, hidden]``.
        scores: step 2, ``[batch, keys]``.
        focus: the Gaussian of local attention, ``[batch, keys]`` in 0 … 1; None for the others.
        weights: step 3, ``[batch, keys]``.
        context: step 4, ``[batch, hidden]``.
        state: step 5, the next state, ``[batch, hidden]``.
        logits: step 5, one number per symbol, ``[batch, symbols]``.
    """

    query: Tensor
    scores: Tensor
    focus: Tensor | None
    weights: Tensor
    context: Tensor
    state: Tensor
    logits: Tensor


def encode(encoder: Encoder, symbols: Tensor, mask: Tensor | None = None) -> Encoded:
    """Step 1: symbols ``[batch, keys]`` to keys, one per symbol, and the first state ``s_0 = tanh(W ←h_1 + b)``.

    ``mask`` is True on symbols and False on padding, which must be at the end: neither direction reads it and its keys are 0.
    """
    _check(encoder, symbols, mask)
    vectors = encoder.embedding(symbols)
    if mask is None:
        keys = encoder.gru(vectors)[0]
    else:
        packed = pack_padded_sequence(vectors, mask.sum(1).cpu(), batch_first=True, enforce_sorted=False)
        keys = pad_packed_sequence(encoder.gru(packed)[0], batch_first=True, total_length=symbols.shape[1])[0]
    read_backwards = keys[:, 0, keys.shape[-1] // 2 :]
    return Encoded(keys, torch.tanh(encoder.first_state(read_backwards)), mask)


def score(attention: AttentionModule, keys: Tensor, query: Tensor) -> Tensor:
    """Step 2: one number per key, ``[batch, keys]``, by the attention's own formula: ``vᵀ tanh(W_k h_i + W_q s)`` if additive."""
    return attention.scores(keys, query)


def softmax(scores: Tensor, mask: Tensor | None = None, focus: Tensor | None = None) -> Tensor:
    """Step 3: scores to weights ``[batch, keys]``, positive and summing to 1 over the keys that ``mask`` keeps.

    ``focus`` is the Gaussian of local attention (Luong et al. 2015, equation 10), 0 outside its window: the softmax then runs
    over the window, the weights are multiplied by the focus, and they sum to less than 1. A row that keeps no key gives zeros.

    >>> softmax(torch.tensor([[0.0, 0.0, 9.0]]), torch.tensor([[True, True, False]]))
    tensor([[0.5000, 0.5000, 0.0000]])
    """
    if focus is None:
        return masked_softmax(scores, mask)
    near = focus > 0
    return masked_softmax(scores, near if mask is None else near & mask) * focus


def weighted_sum(weights: Tensor, values: Tensor) -> Tensor:
    """Step 4: the context ``c = Σ_i α_i h_i``, ``[batch, hidden]``.

    >>> weighted_sum(torch.tensor([[0.25, 0.75]]), torch.tensor([[[4.0, 0.0], [0.0, 4.0]]]))
    tensor([[1., 3.]])
    """
    return torch.einsum("bk,bkv->bv", weights, values)


def output(decoder: Decoder, context: Tensor, state: Tensor, previous: Tensor) -> tuple[Tensor, Tensor]:
    """Step 5: the next state ``[batch, hidden]`` from context, state and previous symbol, and the logits ``[batch, symbols]``."""
    cell = decoder.cell
    inputs = torch.cat([decoder.embedding(previous), context], dim=-1)
    state = gated_recurrent_unit(inputs, state, cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
    return state, decoder.to_logits(torch.cat([state, context], dim=-1))


def one_step(decoder: Decoder, encoded: Encoded, state: Tensor, previous: Tensor) -> Step:
    """Steps 2 to 5 for one output symbol, with every intermediate value."""
    attention = decoder.attention
    scores = score(attention, encoded.keys, state)
    focus = attention.focus(encoded.keys, state, encoded.mask) if isinstance(attention, LocalPredictiveAttention) else None
    weights = softmax(scores, encoded.mask, focus)
    context = weighted_sum(weights, encoded.keys)
    next_state, logits = output(decoder, context, state, previous)
    return Step(state, scores, focus, weights, context, next_state, logits)


def _check(encoder: Encoder, symbols: Tensor, mask: Tensor | None) -> None:
    """Symbols the encoder knows, at least one each, padding at the end."""
    asked = f"Symbols of shape {list(symbols.shape)} were to be encoded."
    if symbols.ndim != 2 or symbols.shape[1] == 0:
        raise AttentionInputError(asked, "The axes are [batch, keys], with at least one key.", "Add the missing axis or symbol.")
    if symbols.is_floating_point() or symbols.min() < 0 or symbols.max() >= encoder.embedding.num_embeddings:
        found = f"The encoder knows the whole numbers 0 to {encoder.embedding.num_embeddings - 1}."
        raise AttentionInputError(asked, found, "Look each symbol up in the alphabet the encoder was built with.")
    if mask is None:
        return
    if mask.shape != symbols.shape or mask.dtype != torch.bool:
        found = f"The mask has the shape {list(mask.shape)} and dtype {str(mask.dtype).removeprefix('torch.')}."
        raise AttentionInputError(asked, found, "Give a boolean mask of the symbols' shape, True on symbols.")
    if not bool(mask[:, 0].all()) or bool((mask[:, 1:] & ~mask[:, :-1]).any()):
        found = "The mask hides a symbol that stands before one it shows, or hides all."
        raise AttentionInputError(asked, found, "Put the padding at the end, after at least one symbol.")
