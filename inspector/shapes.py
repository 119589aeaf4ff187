"""The axis vocabulary: every tensor in a public signature names its axes in the order ``layer batch head query key``.

``kv_head`` is the number of key/value heads (grouped-query attention shares one among several heads), ``width`` the
size of one head's query and key, ``value_width`` of its value.
"""

from __future__ import annotations

from jaxtyping import Bool, Float, Int
from torch import Tensor

__all__ = ["HeadMap", "Keys", "Outputs", "Queries", "Received", "RowScalars", "TokenIds", "Values", "Weights"]

Queries = Float[Tensor, "batch head query width"]
Keys = Float[Tensor, "batch kv_head key width"]
Values = Float[Tensor, "batch kv_head key value_width"]
Outputs = Float[Tensor, "batch head query value_width"]
Weights = Float[Tensor, "batch head query key"]
HeadMap = Float[Tensor, "query key"]
RowScalars = Float[Tensor, "batch head query"]
Received = Float[Tensor, "batch head key"]
TokenIds = Int[Tensor, "batch token"]
KeyMask = Bool[Tensor, "batch key"]
