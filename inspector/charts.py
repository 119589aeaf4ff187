"""Measures of heads as plotly figures, for notebooks and reports. The browser's own views need no plotting library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector.errors import ShapeError
from inspector.metrics import HeadScores

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["grid", "scatter"]

# Lightness falls evenly and zero is the ground: the scale of all views.
_BLUES = ["#FBFCFD", "#DDEAF5", "#A9CBE8", "#5E9FD3", "#2468AE", "#123E7C", "#0A2149"]


def grid(scores: HeadScores) -> Figure:
    """One cell a head, layers downward, coloured by the measure.

    >>> from inspector import Inspector, measure
    >>> cap = Inspector.from_pretrained("bundled")("The cat sat on the mat.")
    >>> grid(measure(cap, "entropy")).layout.title.text
    'Entropy (nats)'
    """
    from plotly.graph_objects import Figure, Heatmap

    layers = [f"layer {layer}" for layer in scores.layers]
    heads = [f"head {head}" for head in range(scores.values.shape[1])]
    cells = Heatmap(
        z=scores.values.tolist(),
        x=heads,
        y=layers,
        colorscale=_BLUES,
        zmin=scores.low,
        hovertemplate="%{y}, %{x}: %{z:.3f}<extra></extra>",
    )
    figure = Figure(cells)
    figure.update_layout(title=_named(scores), template="plotly_white")
    figure.update_yaxes(autorange="reversed")
    return figure


def scatter(across: HeadScores, up: HeadScores) -> Figure:
    """Every head as a point, one measure against another.

    Raises:
        ShapeError: the two measure different heads.
    """
    from plotly.graph_objects import Figure, Scatter

    if across.values.shape != up.values.shape or across.layers != up.layers:
        raise ShapeError(
            f"{across.title!r} was to be drawn against {up.title!r}.",
            f"They measure {list(across.values.shape)} and {list(up.values.shape)} heads.",
            "Measure both on the same capture and group.",
        )
    names = [f"layer {layer}, head {head}" for layer in across.layers for head in range(across.values.shape[1])]
    points = Scatter(
        x=across.values.flatten().tolist(), y=up.values.flatten().tolist(), mode="markers", text=names,
        hovertemplate="%{text}<br>%{x:.3f}, %{y:.3f}<extra></extra>",
    )  # fmt: skip
    return Figure(points, {"template": "plotly_white", "xaxis": {"title": _named(across)}, "yaxis": {"title": _named(up)}})


def _named(scores: HeadScores) -> str:
    return f"{scores.title} ({scores.unit})" if scores.unit else scores.title
