"""Multi-head attention against PyTorch's own, weights and output, and its heads one by one."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reference import AttentionInputError, MultiHeadAttention, multi_head_attention, scaled_dot_product_attention


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("sizes", [{}, {"kdim": 7, "vdim": 13}])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_pytorch(bias, sizes, dtype):
    theirs = nn.MultiheadAttention(33, 3, bias=bias, batch_first=True, **sizes).to(dtype).eval()
    for name, parameter in theirs.named_parameters():
        if "bias" in name:
            nn.init.normal_(parameter)
    ours = MultiHeadAttention.from_torch(theirs)
    query, key = torch.randn(2, 5, 33, dtype=dtype), torch.randn(2, 7, sizes.get("kdim", 33), dtype=dtype)
    value = torch.randn(2, 7, sizes.get("vdim", 33), dtype=dtype)
    padding = torch.arange(7) < torch.tensor([[7], [4]])
    output, weights = theirs(query, key, value, key_padding_mask=~padding, average_attn_weights=False)
    context, found = ours(key, query, value, padding[:, None])
    torch.testing.assert_close(found, weights)
    torch.testing.assert_close(context, output)


def test_each_head_is_a_scaled_dot_product_on_its_part():
    query, key = torch.randn(2, 5, 33), torch.randn(2, 7, 33)
    context, weights = multi_head_attention(query, key, num_heads=3)
    for head in range(3):
        part = slice(11 * head, 11 * head + 11)
        one_context, one = scaled_dot_product_attention(query[..., part], key[..., part])
        torch.testing.assert_close(weights[:, head], one)
        torch.testing.assert_close(context[..., part], one_context)


def test_one_query_gives_one_row_a_head():
    module, keys, queries = MultiHeadAttention(33, 3), torch.randn(2, 7, 33), torch.randn(2, 5, 33)
    mask = torch.rand(2, 7) < 0.7
    context, weights = module(keys, queries[:, 2], mask=mask)
    all_context, all_weights = module(keys, queries, mask=mask[:, None])
    torch.testing.assert_close(weights, all_weights[:, :, 2])
    torch.testing.assert_close(context, all_context[:, 2])
    torch.testing.assert_close(module.scores(keys, queries[:, 2]), module.scores(keys, queries)[:, :, 2])


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(AttentionInputError, match=r"4 heads were asked for. A width of 33 cannot .* Choose a number"):
        MultiHeadAttention(33, 4)


def test_a_module_that_appends_keys_is_refused():
    with pytest.raises(AttentionInputError, match="appends a key of its own"):
        MultiHeadAttention.from_torch(nn.MultiheadAttention(4, 2, add_zero_attn=True))
