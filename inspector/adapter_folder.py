"""A folder of LoRA or another adapter: what was learned on top of a model, and not the model."""

from __future__ import annotations

import json
from pathlib import Path

from inspector.errors import ModelError

__all__ = ["refuse_adapter"]


def refuse_adapter(name: str, folder: Path) -> None:
    """Raises when the folder holds an adapter alone; what its card names is shown, never read.

    Raises:
        ModelError: with the lines that load the model and its adapter.
    """
    card = folder / "adapter_config.json"
    if not card.is_file():
        return
    try:
        learned = json.loads(card.read_text(encoding="utf-8"))
        kind, base = str(learned.get("peft_type") or "PEFT")[:40], str(learned.get("base_model_name_or_path") or "…")[:160]
    except (OSError, ValueError, AttributeError, RecursionError):
        kind, base = "PEFT", "…"
    raise ModelError(
        f"A model was to be loaded from {name!r}.",
        f"The folder holds a {kind} adapter of {base!r}, which changes a model and is none.",
        f"Load both with peft: model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained({base!r}), {name!r}), "
        "then Inspector(model.merge_and_unload(), tokenizer).",
    )
