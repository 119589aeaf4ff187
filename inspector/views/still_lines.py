"""Who looks at whom as an SVG file: two columns of tokens and lines between them, on a ground of its own in light and dark."""

from __future__ import annotations

import html
import unicodedata
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

__all__ = ["Lines", "cut", "drawn"]

_WIDTH, _LEFT, _RIGHT, _PITCH, _TOP = 640, 200, 440, 20, 30
_STYLE = """
:root{--card:#fff;--ink:#14181d;--muted:#56606b;--line:#d9dee4;--query:#a94a07;--key:#1f5fa8}
@media(prefers-color-scheme:dark){:root{--card:#161b21;--ink:#ecf0f4;--muted:#a3aeb9;--line:#2a323b;--query:#ffb454;--key:#6cb6ff}}
text{font:14px -apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",Arial,sans-serif;fill:var(--ink);unicode-bidi:isolate}
.small{font-size:12px;fill:var(--muted)}.query{fill:var(--query);font-weight:600}.end{text-anchor:end}
path{fill:none;stroke:var(--key)}rect{fill:var(--card);stroke:var(--line)}
"""


@dataclass(frozen=True)
class Lines:
    """What is drawn.

    Attributes:
        queries, keys: labels.
        weights: [query][key].
        query: which of the queries is in focus.
        least: the smallest weight that is drawn.
        whole: whether these are all the tokens there are.
    """

    MOST: ClassVar[int] = 32  # tokens that all stand in a column
    SOME: ClassVar[int] = 14  # of a longer text
    queries: list[str]
    keys: list[str]
    weights: list[list[float]]
    query: int
    least: float
    whole: bool


class Drawn(NamedTuple):
    """An SVG file, its size, and what is to be said of it."""

    text: str
    width: int
    height: int
    said: str


def cut(label: str, room: int = 22) -> str:
    """A label no wider than ``room`` letters; wide characters count twice.

    >>> cut("Donaudampfschifffahrtsgesellschaft"), cut("动物没有过马路因为它太累了")
    ('Donaudampfschifffahrts…', '动物没有过马路因为它太…')
    """
    used = 0
    for at, char in enumerate(label):
        used += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used > room:
            return f"{label[:at]}…"
    return label


def drawn(lines: Lines) -> Drawn:
    """The drawing and the sentence under it."""
    height = _TOP + _PITCH * max(len(lines.queries), len(lines.keys)) + 10
    links = [
        (weight, at, to)
        for at, row in enumerate(lines.weights)
        for to, weight in enumerate(row)
        if weight >= max(lines.least, 1e-9)
    ]
    parts = [_link(*link, focus=link[1] == lines.query) for link in sorted(links)]
    parts += [_text(_LEFT, at, name, "query end" if at == lines.query else "end") for at, name in enumerate(lines.queries)]
    parts += [_text(_RIGHT, at, name, "") for at, name in enumerate(lines.keys)]
    parts += [_text(_WIDTH - 16, to, f"{weight:.2f}", "small end") for weight, at, to in links if at == lines.query]
    heads = _text(_LEFT, -1, "token that looks", "small end") + _text(_RIGHT, -1, "token looked at", "small")
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}">'
        f"<style>{_STYLE}</style>"
        f'<rect x=".5" y=".5" width="{_WIDTH - 1}" height="{height - 1}" rx="10"/>{heads}{"".join(parts)}</svg>'
    )
    return Drawn(svg, _WIDTH, height, _said(lines, len(links)))


def _said(lines: Lines, count: int) -> str:
    among = "" if lines.whole else f" among {len(lines.queries)} tokens and {len(lines.keys)} keys of this text"
    links, name = "1 link" if count == 1 else f"{count} links", lines.queries[lines.query]
    return f"{links} of {lines.least:.2g} or more{among}; the wider, the larger. Those of {name} are in full colour."


def _link(weight: float, at: int, to: int, focus: bool) -> str:
    (x0, x1), (y0, y1) = (_LEFT + 8, _RIGHT - 8), (_middle(at), _middle(to))
    opacity = 0.22 + 0.78 * weight**0.5 if focus else 0.10 + 0.25 * weight
    bend = (x0 + x1) / 2
    return (
        f'<path d="M{x0} {y0:g}C{bend:g} {y0:g} {bend:g} {y1:g} {x1} {y1:g}" stroke-width="{max(0.8, 6.5 * weight):.2f}" '
        f'opacity="{min(1.0, opacity):.2f}"/>'
    )


def _text(x: int, at: int, words: str, kind: str) -> str:
    return f'<text x="{x}" y="{_middle(at) + 5:g}" class="{kind}">{html.escape(words)}</text>'


def _middle(at: int) -> float:
    return _TOP + _PITCH * (at + 0.5)
