"""The command line: ``python -m inspector "text" --out page.html``."""

from __future__ import annotations

import enum
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from inspector.bundled import BUNDLED
from inspector.captures import Capture
from inspector.errors import InspectorError
from inspector.limits import estimate
from inspector.metrics import list_metrics, measure
from inspector.models import Inspector
from inspector.views import VIEWS

__all__ = ["main"]

ViewName = enum.StrEnum("ViewName", {name: name for name in VIEWS})  # type: ignore[misc]
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def inspect(
    text: Annotated[str, typer.Argument(help="The text to look into; '-' reads it from standard input.", show_default=False)],
    pair: Annotated[str | None, typer.Option(help="A second text: the second sentence, or a translation model's target.")] = None,
    model: Annotated[str, typer.Option(help="'bundled', a Hub id such as gpt2, or a folder in Hub format.")] = BUNDLED,
    view: Annotated[list[ViewName] | None, typer.Option(help="Which view the page shows; may be given several times.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write: .html for a page, .safetensors for the capture.", dir_okay=False)
    ] = None,
    layer: Annotated[int | None, typer.Option(help="The layer the page begins with, counted from 0.")] = None,
    head: Annotated[int | None, typer.Option(help="The head the page begins with, counted from 0.")] = None,
    layers: Annotated[
        str | None, typer.Option(help="Keep only these layers, such as 0,2,5-7; a long text then needs less memory.")
    ] = None,
    offload_to: Annotated[
        Path | None, typer.Option(help="A folder for queries and keys, instead of memory.", file_okay=False)
    ] = None,
    truncate: Annotated[bool, typer.Option("--truncate", help="Cut a text that is longer than the model takes.")] = False,
) -> None:
    """Run a model on a text and write what it attends to, or print the measures of its heads.

    Exit status: 0 done, 1 the input or the model cannot be used (the reason is on standard error), 2 wrong usage.
    """
    try:
        _check(out)
        chosen = None if layers is None else _numbers(layers)
        inspector = Inspector.from_pretrained(model)
        options: dict[str, Any] = {} if chosen is None else {"layers": chosen}
        if offload_to is not None:
            options["offload_to"] = offload_to
        text = sys.stdin.read() if text == "-" else text
        _announce(inspector, inspector.encode(text, pair, truncate=truncate), options)
        capture = inspector(text, pair, truncate=truncate, **options)
        if out is None:
            _report(capture)
        elif out.suffix == ".safetensors":
            capture.save(out)
        else:
            start = None
            if layer is not None or head is not None:
                call = capture.call(capture.calls[0].layer_index if layer is None else layer)
                call.weights(batch=0, heads=head or 0, queries=0)  # a head that is not there is said, not drawn as another
                start = {"layer": call.layer_index, "heads": [head or 0]}
            capture.to_html([str(name) for name in view] if view else "head_view", out, start=start)
        _say(capture, out)
    except InspectorError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    except OSError as error:
        typer.echo(
            f"error: {f'The result was to be written to {out}. ' if out else ''}{error}. Check the path and its rights.", err=True
        )
        raise typer.Exit(1) from error


def _numbers(layers: str) -> list[int]:
    """The layers of "0,2,5-7"."""
    found: list[int] = []
    for part in layers.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise typer.BadParameter(f"{part.strip()!r} is neither a layer nor a range of them", param_hint="--layers")
        if int(last or first) < int(first):
            raise typer.BadParameter(f"{part.strip()!r} runs backwards", param_hint="--layers")
        found.extend(range(int(first), int(last or first) + 1))
    return found


def _announce(inspector: Inspector, inputs: dict[str, Any], options: dict[str, Any]) -> None:
    """What the run will take, before it takes it."""
    batch, tokens = inputs["input_ids"].shape
    count = len(options["layers"]) if "layers" in options else None
    typer.echo(f"{estimate(inspector.model, tokens, batch=batch, layers=count, offload='offload_to' in options)}", err=True)


def _check(out: Path | None) -> None:
    """Before minutes of work: is there a place for the result, and in a form we write?"""
    if out is None:
        return
    if out.suffix not in (".html", ".safetensors"):
        raise typer.BadParameter(f"{out.name!r} ends in neither .html nor .safetensors", param_hint="--out")
    if not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"the folder {str(out.parent)!r} does not exist", param_hint="--out")


def _report(capture: Capture) -> None:
    """The highest head of every measure."""
    for tower, kind in capture.towers:
        typer.echo(f"{(tower + ' ') if tower else ''}{kind}-attention, highest head of each measure:")
        for name in list_metrics():
            scores = measure(capture, name, tower=tower, kind=kind)
            for layer, head, value in scores.top(1):
                typer.echo(f"  {scores.title:<24} layer {layer:>2} head {head:>2}  {value:8.3f} {scores.unit}")


def _say(capture: Capture, out: Path | None) -> None:
    residual = (
        "not checked" if capture.residual is None else f"weights × values within {capture.residual:.1e} of the model's own output"
    )
    verdict = {
        "failed": "FAILED: ",
        "saved": "by the word of its file, when it was saved: ",
        "made_up": f"{capture.info.get('made_up')}; ",
    }.get(capture.verdict, "")
    typer.echo(f"{verdict}{residual}" + (f"; wrote {out}" if out else ""), err=True)


def main() -> None:
    """The entry point."""
    app()
