"""The four recurrent date models: one encoder and decoder, four attentions, stored in Hub format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from reference.five_steps import encode
from reference.recurrent import Decoded, Decoder, Encoder
from zoo.dates.alphabet import InputAlphabet, OutputAlphabet
from zoo.dates.attentions import ATTENTIONS

__all__ = ["ATTENTIONS", "GruConfig", "GruDates"]

LONGEST_OUTPUT = 11
"""Ten characters and the end: the decoder stops here if it has not stopped before."""


@dataclass(frozen=True)
class GruConfig:
    """What is in ``config.json``."""

    attention: str
    characters: str
    embedding_size: int = 48
    hidden_size: int = 128
    model_type: str = "recurrent-dates"


class GruDates(nn.Module):
    """A recurrent encoder-decoder with its alphabets: learns from (text, ISO) pairs and answers texts."""

    def __init__(self, config: GruConfig) -> None:
        super().__init__()
        self.config, self.alphabet = config, InputAlphabet(config.characters)
        attention = ATTENTIONS[config.attention](config.hidden_size)
        self.encoder = Encoder(len(self.alphabet), config.embedding_size, config.hidden_size)
        self.decoder = Decoder(attention, OutputAlphabet.size, config.embedding_size, config.hidden_size)

    @classmethod
    def new(cls, alphabet: InputAlphabet, attention: str) -> GruDates:
        """Untrained, for this alphabet."""
        return cls(GruConfig(attention, alphabet.characters))

    @classmethod
    def load(cls, folder: Path) -> GruDates:
        """From a folder in Hub format."""
        model = cls(GruConfig(**json.loads((folder / "config.json").read_text())))
        model.load_state_dict(load_file(folder / "model.safetensors"))
        return model.eval()

    def save(self, folder: Path) -> None:
        """Config and weights in Hub format."""
        (folder / "config.json").write_text(json.dumps(asdict(self.config), indent=1, ensure_ascii=False) + "\n")
        weights = {name: tensor.contiguous() for name, tensor in self.state_dict().items()}
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / "model.safetensors").chmod(0o644)

    def loss(self, texts: Sequence[str], outputs: Sequence[str]) -> Tensor:
        """Mean cross-entropy per output character, in nats."""
        targets = OutputAlphabet.encode(outputs)
        logits = self.decoder(encode(self.encoder, *self.alphabet.encode(texts)), targets).logits
        return nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())

    def answer(self, texts: Sequence[str]) -> list[str]:
        """The most probable output, greedily, for each text."""
        return [OutputAlphabet.decode(ids) for ids in self.write(texts).symbols.tolist()]

    @torch.no_grad()
    def write(self, texts: Sequence[str]) -> Decoded:
        """The same with the weights behind it."""
        return self.decoder.write(encode(self.encoder, *self.alphabet.encode(texts)), LONGEST_OUTPUT)
