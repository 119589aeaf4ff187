"""What each kernel does with its mask and options, against the same thing written entry by entry in float64."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from inspector.hooks.kernels import scores_of
from inspector.hooks.masks import Masks

BATCH, HEADS, KV_HEADS, WIDTH = 2, 6, 3, 5


class Module(nn.Module):
    def __init__(self, causal: bool = True) -> None:
        super().__init__()
        self.is_causal = causal


def tensors(queries: int, keys: int) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(BATCH, HEADS, queries, WIDTH), torch.randn(BATCH, KV_HEADS, keys, WIDTH)


def by_hand(
    query: torch.Tensor, key: torch.Tensor, allowed: Any, softcap: float | None = None, sinks: Any = None
) -> torch.Tensor:
    """Softmax over allowed(b, i, j), one row at a time."""
    queries, keys = query.shape[2], key.shape[2]
    table = torch.zeros(BATCH, HEADS, queries, keys, dtype=torch.float64)
    for b in range(BATCH):
        for h in range(HEADS):
            for i in range(queries):
                scores = {}
                for j in range(keys):
                    if allowed(b, i, j):
                        s = float(query[b, h, i].double() @ key[b, h // (HEADS // KV_HEADS), j].double()) / math.sqrt(WIDTH)
                        scores[j] = math.tanh(s / softcap) * softcap if softcap else s
                total = sum(math.exp(s) for s in scores.values()) + (math.exp(float(sinks[h])) if sinks is not None else 0.0)
                for j, s in scores.items():
                    table[b, h, i, j] = math.exp(s) / total
    return table


def check(
    implementation: str, queries: int, keys: int, allowed: Any, mask: Any = None, causal: bool = True, **kwargs: Any
) -> None:
    query, key = tensors(queries, keys)
    scores = scores_of(implementation, Module(causal), query, key, mask, kwargs, Masks())
    ours = scores.weights(None, None, torch.arange(queries), torch.float64)
    assert (ours - by_hand(query, key, allowed, kwargs.get("softcap"), kwargs.get("s_aux"))).abs().amax() < 1e-9


FLASH = "flash_attention_2"


def test_flash_is_causal_from_the_bottom_right() -> None:
    check(FLASH, 3, 7, lambda b, i, j: j <= i + 4)


def test_flash_has_a_window_of_w_keys_including_its_own() -> None:
    check(FLASH, 7, 7, lambda b, i, j: i - 3 < j <= i, sliding_window=3)


def test_flash_without_causality_has_a_window_on_both_sides() -> None:
    check(FLASH, 7, 7, lambda b, i, j: abs(i - j) < 3, causal=False, sliding_window=3)


@pytest.mark.parametrize("left", [False, True])
def test_flash_takes_padding_out_and_gives_its_rows_back_as_zeros(left: bool) -> None:
    mask = torch.ones(2, 7, dtype=torch.long)
    mask[1, slice(None, 2) if left else slice(-2, None)] = 0
    check(FLASH, 7, 7, lambda b, i, j: bool(mask[b, i]) and bool(mask[b, j]) and j <= i, mask)


def test_flash_with_one_query_sees_every_real_key() -> None:
    mask = torch.tensor([[1] * 7, [0, 0, 1, 1, 1, 1, 1]])
    check(FLASH, 1, 7, lambda b, i, j: bool(mask[b, j]), mask)


def test_flash_packs_sequences_by_their_lengths() -> None:
    ends = torch.tensor([0, 3, 7], dtype=torch.int32)
    number = [0, 0, 0, 1, 1, 1, 1]
    check(FLASH, 7, 7, lambda b, i, j: number[i] == number[j], causal=False, cu_seq_lens_q=ends, cu_seq_lens_k=ends)


def test_flash_knows_soft_caps_and_sinks() -> None:
    check(FLASH, 5, 5, lambda b, i, j: j <= i, softcap=1.5, s_aux=torch.linspace(-1, 1, HEADS))


def test_a_kernel_from_a_repository_is_read_as_flash() -> None:
    check("kernels-community/flash-attn3", 3, 7, lambda b, i, j: j <= i + 4)


def test_flex_is_read_from_its_mask_function_and_knows_sinks() -> None:
    from torch.nn.attention.flex_attention import create_block_mask

    block = create_block_mask(lambda b, h, q, k: (q >= k) & (q - k < 4), 2, None, 7, 7, device="cpu")
    check("flex_attention", 7, 7, lambda b, i, j: i - 4 < j <= i, block, s_aux=torch.linspace(-1, 1, HEADS))


def test_sdpa_without_a_mask_is_causal_from_the_top_left() -> None:
    check("sdpa", 3, 7, lambda b, i, j: j <= i)


def test_sdpa_with_one_query_is_not_causal() -> None:
    check("sdpa", 1, 7, lambda b, i, j: True)


def test_sdpa_ignores_sinks() -> None:
    query, key = tensors(5, 5)
    scores = scores_of("sdpa", Module(), query, key, None, {"s_aux": torch.ones(HEADS)}, Masks())
    assert scores.sinks is None


def test_is_causal_of_the_call_overrules_the_module() -> None:
    check("sdpa", 5, 5, lambda b, i, j: True, causal=True, is_causal=False)


def test_an_additive_mask_of_eager_attention_is_read() -> None:
    low = torch.finfo(torch.float32).min
    mask = torch.zeros(2, 1, 5, 7).masked_fill(torch.ones(5, 7, dtype=torch.bool).triu(3), low)
    check("eager", 5, 7, lambda b, i, j: j < i + 3, mask)


def test_learned_queries_with_a_batch_of_one_are_spread() -> None:
    query, key = tensors(3, 7)
    scores = scores_of("sdpa", Module(False), query[:1], key, None, {}, Masks())
    assert scores.shape == (BATCH, HEADS, 3, 7)


def test_a_position_bias_is_added_before_the_mask() -> None:
    query, key = tensors(5, 7)
    bias = torch.randn(1, HEADS, 5, 9)
    allowed = torch.rand(2, 1, 5, 7) < 0.8
    allowed[..., 0] = True
    scores = scores_of("sdpa", Module(), query, key, allowed, {"position_bias": bias}, Masks())
    wanted = query @ key.repeat_interleave(2, 1).mT / math.sqrt(WIDTH) + bias[..., :7]
    wanted = torch.softmax(wanted.masked_fill(~allowed, -torch.inf), -1)
    assert torch.allclose(scores.weights(None, None, torch.arange(5)), wanted, atol=1e-6)
