"""What attention is, written to be read, and the inspector's independent judge. Imports torch only.

Each mechanism is a pure function first, ``…_attention(query, key, value=None, …) -> (context, weights)``, in the argument
order of PyTorch, and a small module second, ``module(keys, query, value=None, mask=None) -> (context, weights)``, in the
order of the article. Without a value the keys are summed. Scores and softmax are computed in float32 (float64 for float64
inputs) and cast back; a query that may see no key gets zeros.
"""

from reference.additive import AdditiveAttention, additive_attention, additive_scores
from reference.bilinear import BilinearAttention, bilinear_attention, bilinear_scores
from reference.comparison import Comparison, compare_attention
from reference.concat import ConcatAttention, concat_attention, concat_scores
from reference.dot_product import (
    DotProductAttention,
    ScaledDotProductAttention,
    dot_product_attention,
    dot_product_scores,
    scaled_dot_product_attention,
)
from reference.errors import AttentionInputError
from reference.local import LocalMonotonicAttention, LocalPredictiveAttention, local_attention, predicted_centre
from reference.masks import causal_mask, padding_mask, sliding_window_mask
from reference.multi_head import MultiHeadAttention, multi_head_attention
from reference.recurrent import Decoder, Encoder
from reference.softmax import attend, masked_softmax

__all__ = [
    "AdditiveAttention",
    "AttentionInputError",
    "BilinearAttention",
    "Comparison",
    "ConcatAttention",
    "Decoder",
    "DotProductAttention",
    "Encoder",
    "LocalMonotonicAttention",
    "LocalPredictiveAttention",
    "MultiHeadAttention",
    "ScaledDotProductAttention",
    "additive_attention",
    "additive_scores",
    "attend",
    "bilinear_attention",
    "bilinear_scores",
    "causal_mask",
    "compare_attention",
    "concat_attention",
    "concat_scores",
    "dot_product_attention",
    "dot_product_scores",
    "local_attention",
    "masked_softmax",
    "multi_head_attention",
    "padding_mask",
    "predicted_centre",
    "scaled_dot_product_attention",
    "sliding_window_mask",
]
