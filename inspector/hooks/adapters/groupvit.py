"""GroupViT: every image token is assigned to one group, hard, and a group averages the tokens it was given.

The softmax there runs over groups, not over keys, so the rows shown are what reaches the values: the assignment divided by
the number of tokens of the group. Source: Xu et al. 2022, GroupViT, section 3.1.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from inspector.hooks.adapters.register import ADAPTERS
from inspector.hooks.proving import agreement
from inspector.hooks.session import Seen, Session
from inspector.proofs import Proof
from inspector.scores import Given

__all__: list[str] = []


@ADAPTERS.add("GroupViTAssignAttention")
def groupvit(session: Session, module: nn.Module, args: tuple, kwargs: dict[str, Any], output: Any, seen: list[Seen]) -> None:
    """One call: groups look at image tokens."""
    query, key = (given.detach() for given in (args if len(args) == 2 else (kwargs["query"], kwargs["key"])))
    scores = module.q_proj(query) @ module.k_proj(key).transpose(-2, -1)
    chosen = torch.zeros_like(scores).scatter_(-2, scores.argmax(-2, keepdim=True), 1.0)
    weights = chosen / (chosen.sum(-1, keepdim=True) + module.assign_eps)
    table = Given(weights[:, None])
    if module.training:
        proof = Proof(None, note="assignments are drawn at random while training; these are the most likely ones")
    else:
        proof = agreement(module.proj(weights @ module.v_proj(key)), output[0].detach(), weights.shape[-2])
    session.add(module, table, "adapter:groupvit", proof, kind="cross", note="a hard assignment, not a softmax over keys")
