"""Small models saved as a user would have them on disk, each broken in one way."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import BertConfig, BertModel, FNetConfig, FNetModel

TINY = {
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 17,
    "vocab_size": 31,
    "max_position_embeddings": 23,
}


def bert(folder: Path) -> Path:
    torch.manual_seed(0)
    BertModel(BertConfig(**TINY)).save_pretrained(folder)
    return folder


def without_attention(folder: Path) -> Path:
    FNetModel(
        FNetConfig(vocab_size=31, hidden_size=12, num_hidden_layers=2, intermediate_size=17, max_position_embeddings=23)
    ).save_pretrained(folder)
    return folder


def pickled(folder: Path) -> Path:
    bert(folder)
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    return folder


def damaged(folder: Path) -> Path:
    bert(folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:200])
    return folder


def without_config(folder: Path) -> Path:
    bert(folder)
    (folder / "config.json").unlink()
    return folder


def without_weights(folder: Path) -> Path:
    bert(folder)
    (folder / "model.safetensors").unlink()
    return folder
