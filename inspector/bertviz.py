"""The real BertViz, called on a capture: for those who know its pictures, and to compare with ours.

BertViz writes every weight as text into its page and draws each as an SVG element, so its pages grow with layers × heads ×
tokens² and soon stop a browser. Past a stated size this refuses, and says what would fit.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from inspector.captures import AttentionCall, Capture, method
from inspector.errors import NoAttention, OutOfRange, TooLarge
from inspector.indexing import position, whole

__all__ = ["LIMITS", "to_bertviz"]

# Weights a page may hold. Measured on the bundled model (benchmarks/browser.py): about 46 bytes a weight; the head view of
# 300,000 weights opens in 4.5 s and of 1,200,000 in 10 s, the model view of 300,000 in 13 s.
LIMITS = {"head_view": 1_250_000, "model_view": 300_000}
_SCRIPT = '<script type="text/javascript">'


@method
def to_bertviz(self: Capture, view: str = "head_view", layers: int | Sequence[int] | None = None, *, batch: int = 0) -> str:
    """BertViz's own HTML for this capture. It loads require.js, jQuery and d3 from cdnjs.cloudflare.com when opened.

    Args:
        view: "head_view" or "model_view".
        layers: which layers; all by default.
        batch: which batch item.

    Raises:
        OutOfRange: no such view or layer.
        TooLarge: the page would stop a browser; the message says how many layers would fit.
        NoAttention: the capture holds no text attention BertViz can draw.
    """
    if not isinstance(view, str) or view not in LIMITS:
        raise OutOfRange(f"BertViz's {view!r} was asked for.", "It has head_view and model_view here.", "Choose one of these.")
    chosen = None if layers is None else _numbers(layers)
    batch = position(batch, max(call.shape[0] for call in self.calls), "batch item", self.info.get("name", "the capture"))
    if chosen == []:
        raise OutOfRange("BertViz was asked for.", "The list of layers is empty.", "Name at least one, or none for all.")
    arguments, weights = _arguments(self, chosen, batch)
    _check_size(view, weights, self, chosen)
    return _inert(_draw(view, arguments))


def _numbers(layers: Any) -> list[int]:
    """One layer or several, as plain numbers."""
    several = (
        [layers] if whole(layers) is not None or isinstance(layers, str) or not isinstance(layers, Iterable) else list(layers)
    )
    numbers = [whole(layer) for layer in several]
    if None in numbers:
        raise OutOfRange(f"Layers {layers!r} were asked for.", "A layer is a whole number.", "Give a number or a list of them.")
    return [number for number in numbers if number is not None]


def _arguments(capture: Capture, layers: list[int] | None, batch: int) -> tuple[dict[str, Any], int]:
    """What BertViz is called with, as functions not yet run, and how many weights that is."""
    text = {"": "self", "encoder": "self", "decoder": "self", "text": "self"}
    groups = [(tower, kind) for tower, kind in capture.towers if tower in text]
    if not groups:
        raise NoAttention("BertViz was asked for.", "The capture holds no attention over text.", "Use the inspector's own views.")
    encoder_decoder = len(groups) > 1 or groups[0][1] == "cross" or groups[0][0] == "decoder"
    chosen = {group: _chosen(capture.group(*group), layers) for group in groups[: 3 if encoder_decoder else 1]}
    count = sum(call.shape[1] * call.shape[2] * call.shape[3] for calls in chosen.values() for call in calls)
    if not encoder_decoder:
        ((_, calls),) = chosen.items()
        return {
            "attention": calls,
            "tokens": _tokens(capture, calls[0], 0, batch),
            "batch": batch,
            "segments": _second(capture, calls[0], batch),
        }, count
    found: dict[str, Any] = {"batch": batch}
    for (tower, kind), calls in chosen.items():
        name = "cross" if kind == "cross" else "decoder" if tower == "decoder" else "encoder"
        found[f"{name}_attention"] = calls
        if name != "encoder":
            found["decoder_tokens"] = _tokens(capture, calls[0], 0, batch)
        if name != "decoder":
            found["encoder_tokens"] = _tokens(capture, calls[0], 1, batch)
    return found, count


def _chosen(calls: list[AttentionCall], layers: list[int] | None) -> list[AttentionCall]:
    there = [call.layer_index for call in calls]
    for layer in layers or ():
        if layer not in there:
            raise OutOfRange(
                f"Layer {layer} was asked for.", f"There are layers {min(there)} to {max(there)}.", "Choose one of these."
            )
    return [call for call in calls if layers is None or call.layer_index in layers]


def _tokens(capture: Capture, call: AttentionCall, axis: int, batch: int) -> list[str]:
    return list((capture.query_tokens, capture.key_tokens)[axis](call, batch).tokens)


def _second(capture: Capture, call: AttentionCall, batch: int) -> int | None:
    """Where the second text begins; None for a single one."""
    segments = capture.query_tokens(call, batch).segments
    return segments.index(1) if 1 in segments else None


def _check_size(view: str, weights: int, capture: Capture, layers: Sequence[int] | None) -> None:
    if weights <= LIMITS[view]:
        return
    count = len(layers) if layers is not None else max(len(capture.group(*group)) for group in capture.towers)
    fits = LIMITS[view] * count // weights
    advice = f"Choose at most {fits} layer{'s' if fits > 1 else ''}" if fits else "Shorten the text"
    raise TooLarge(
        f"BertViz's {view.replace('_', ' ')} of {weights:,} weights was asked for.",
        f"Its page would be about {weights * 46 / 1e6:.0f} MB, and a browser bears about {LIMITS[view] * 46 / 1e6:.0f} MB.",
        f"{advice}, or use the inspector's own views, which have no such limit.",
    )


def _draw(view: str, arguments: dict[str, Any]) -> str:
    import bertviz

    batch, second = arguments.pop("batch"), arguments.pop("segments", None)
    by_layer = {
        name: {call.layer_index: call.weights(batch) for call in value}
        for name, value in arguments.items()
        if name.endswith("attention")
    }
    tables: dict[str, Any] = arguments | by_layer | {"include_layers": sorted(set.intersection(*map(set, by_layer.values())))}
    if second is not None:
        tables["sentence_b_start"] = second
    with warnings.catch_warnings():  # BertViz leaves its script file open
        warnings.simplefilter("ignore", ResourceWarning)
        return getattr(bertviz, view)(**tables, html_action="return").data


def _inert(html: str) -> str:
    """BertViz pastes tokens into a script element as JSON: a token that spells a closing tag must not end it."""
    head, opening, rest = html.partition(_SCRIPT)
    code, closing, tail = rest.rpartition("</script>")
    return head + opening + code.replace("</", "<\\/").replace("<!--", "<\\!--") + closing + tail
