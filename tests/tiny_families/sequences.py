"""Families that carry a state from token to token, and those that fold proteins."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers.models.esmfold2.modeling_esmfold2 import EsmFold2AtomInputs

from tests.tiny_families import Special
from tests.tiny_models import BATCH

__all__ = ["SPECIAL"]


PROTEIN, ATOMS = 6, 12


def _folded(model: nn.Module) -> dict[str, Any]:
    """Two proteins of two atoms a residue, the second of two chains, with an alignment of three sequences."""
    count = torch.arange(PROTEIN).repeat(BATCH, 1)
    chain = torch.zeros(BATCH, PROTEIN, dtype=torch.long)
    chain[1, 3:] = 1
    atom_of = torch.arange(ATOMS).repeat(BATCH, 1) // 2
    return {
        "token_index": count,
        "residue_index": count,
        "asym_id": chain,
        "sym_id": torch.zeros_like(chain),
        "entity_id": chain,
        "mol_type": torch.zeros_like(chain),
        "res_type": torch.randint(2, 20, (BATCH, PROTEIN)),
        "token_bonds": torch.zeros(BATCH, PROTEIN, PROTEIN, 1),
        "attention_mask": torch.ones(BATCH, PROTEIN, dtype=torch.bool),
        "atom_inputs": EsmFold2AtomInputs(
            ref_pos=torch.randn(BATCH, ATOMS, 3),
            ref_charge=torch.zeros(BATCH, ATOMS),
            atom_attention_mask=torch.ones(BATCH, ATOMS, dtype=torch.bool),
            ref_element=torch.randint(1, 16, (BATCH, ATOMS)),
            ref_atom_name_chars=torch.randint(1, 60, (BATCH, ATOMS, 4)),
            ref_space_uid=atom_of,
            atom_to_token=atom_of,
        ),
        "msa": torch.randint(2, 20, (BATCH, 3, PROTEIN)),
        "input_ids": torch.randint(4, 24, (BATCH, PROTEIN)),
    }


_ATOMS = {
    "hidden_size": 32,
    "head_dim": 16,
    "num_attention_heads": 2,
    "num_spatial_rope_pairs_per_axis": 1,
    "num_uid_rope_pairs": 5,
}

SPECIAL: dict[str, Special] = {
    "esmfold2": Special(
        {
            "single_inputs_size": 99,
            "pair_transition_intermediate_size": 32,
            "folding_trunk_num_hidden_layers": 1,
            "sliding_window": 6,
            "num_loops": 1,
            "atom_encoder": _ATOMS | {"output_dim": 32},
            "structure_head": {"diffusion_module": {"hidden_size": 32, "atom_encoder": _ATOMS | {"output_dim": 32}}},
            "esmc_config": {"num_key_value_heads": 4},
        },
        _folded,
    ),
    "xlstm": Special({"hidden_size": 128, "embedding_dim": 128}),
}
