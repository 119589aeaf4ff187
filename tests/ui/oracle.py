"""Reads what a caption says and counts it again from float64 weights: a sentence that claims more than is there is named.

Written from what the words mean, not from how the browser makes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inspector.captures import Capture

LOOKS, MOSTLY = 0.2, 0.5
NUMBERS = {
    "one and a half times": 1.5, "twice": 2, "two and a half times": 2.5, "three times": 3, "four times": 4, "five times": 5,
    "six times": 6, "seven times": 7, "eight times": 8, "nine times": 9, "ten times": 10,
}  # fmt: skip


@dataclass
class Head:
    """One head as it is drawn: rows that look, columns that are looked at, and what rests beside them."""

    weights: np.ndarray  # [Q, K] as drawn
    rest: np.ndarray  # [Q]
    rows: list[int]
    cols: list[int]
    names: list[str]  # as captions write them
    content: list[int]

    def looks_at(self, row: int) -> int | None:
        best = max(self.cols, key=lambda k: (self.weights[row, k], -k))
        enough = self.weights[row, best] > LOOKS and self.rest[row] <= self.weights[row, best]
        return best if enough else None

    def spreads(self, row: int) -> bool:
        best = self.weights[row, self.cols].max()
        return best <= LOOKS and not (self.rest[row] > LOOKS and self.rest[row] > best)

    def twins(self, row: int) -> list[int]:
        return [k for k in self.cols if k != row and self.names[k] == self.names[row] and "[UNK]" not in self.names[k]]

    def average(self, key: int) -> float:
        """What the average token gives a key: rows of special tokens and padding are no words of the text."""
        return float(self.weights[self.content, key].mean())

    def over_rows(self, key: int) -> float:
        return float(self.weights[self.rows, key].mean())


def head_of(capture: Capture, layer: int, head: int, special: str, batch: int = 0) -> Head:
    """The head in float64, from the captured queries and keys."""
    call = capture.call(layer)
    q, k = (t[batch, head].double().numpy() for t in (call.evidence.query, call.evidence.key))
    scores = q @ k.T * call.evidence.scale
    tokens = capture.key_tokens(call, batch)
    scores[:, np.array(tokens.padding)] = -np.inf
    weights = np.exp(scores - scores.max(1, keepdims=True))
    weights /= weights.sum(1, keepdims=True)
    resting = np.array(tokens.special)
    real = [i for i in range(len(tokens)) if not tokens.padding[i]]
    words = [i for i in real if not resting[i]]
    folded = special != "draw"
    rest = weights[:, resting].sum(1)
    if special == "rescale":
        weights = np.where(resting[None], 0, weights) / (1 - rest)[:, None]
    names = [
        label if s and not c else f"‘{'–' if c else ''}{label}’"
        for label, s, c in zip(tokens.labels, resting, tokens.continues, strict=True)
    ]
    drawn = words if folded else real
    return Head(weights, rest if special == "fold" else np.zeros_like(rest), drawn, drawn, names, words)


def same(printed: str, value: float) -> bool:
    """A number as printed, two to four decimals, is the value rounded."""
    if printed == "<0.0001":
        return value < 0.00005
    return abs(float(printed) - value) <= 0.51 * 10 ** -len(printed.split(".")[1])


def claims(words: str, n: int, of: int) -> bool:
    """Whether "every …", "nearly every … (n of N)", "most … (n of N)", "n of N …" is what was counted."""
    said = re.search(r"([\d,]+) of ([\d,]+)", words)
    if said and (int(said[1]), int(said[2])) != (n, of):
        return False
    words = words.lower()
    if words.startswith("nearly every"):
        return bool(said) and of * 0.9 <= n < of
    if words.startswith("every"):
        return n == of
    if words.startswith("most"):
        return bool(said) and of * 0.5 < n < of * 0.9
    return bool(said) and n <= of * 0.5


SOME = r"((?:[Ee]very|[Nn]early every|[Mm]ost|[\d,]+ of [\d,]+) (?:other )?tokens?(?: \([\d,]+ of [\d,]+\))?)"
NUM = r"(<0\.0001|\d\.\d+)"
KEY = r"(‘.*?’|\[.*?\])"


def _beside(h: Head, words: str, near: str, mean: str) -> bool:
    where = 1 if near.startswith("the token just after") else -1 if near.startswith("the token just before") else 0
    to = {r: r + where for r in h.rows if r + where in h.cols}
    n = sum(h.looks_at(r) == k for r, k in to.items())
    return claims(words, n, len(h.rows)) and same(mean, float(np.mean([h.weights[r, k] for r, k in to.items()])))


def _all_at(h: Head, words: str, key: str, mean: str) -> bool:
    return any(
        claims(words, sum(h.looks_at(r) == k for r in h.rows), len(h.rows)) and same(mean, h.over_rows(k))
        for k in h.cols
        if h.names[k] == key
    )


def _resting(h: Head, share: str) -> bool:
    return round(100 * float(h.rest[h.rows].mean())) == int(share)


def _repeated(h: Head, words: str, mean: str) -> bool:
    rows = [r for r in h.rows if h.twins(r)]
    n = sum(h.looks_at(r) in h.twins(r) for r in rows)
    said = re.search(r"(?:All (\d+)|(\d+) of (\d+))", words)
    assert said
    right = (int(said[1]), int(said[1])) == (n, len(rows)) if said[1] else (int(said[2]), int(said[3])) == (n, len(rows))
    return right and same(mean, float(np.mean([h.weights[r, h.twins(r)].sum() for r in rows])))


def _top(h: Head, among: str, key: str, mean: str) -> bool:
    best = max(h.cols, key=h.over_rows)
    fair = bool(among) or h.rest[h.rows].mean() <= h.over_rows(best) + 1e-9
    return h.names[best] == key and same(mean, h.over_rows(best)) and fair


def _spread(h: Head, words: str, among: str, key: str, mean: str) -> bool:
    return claims(words, sum(map(h.spreads, h.rows)), len(h.rows)) and _top(h, among, key, mean)


def _most(h: Head, among: str, key: str, mean: str, n: str, of: str) -> bool:
    best = max(h.cols, key=h.over_rows)
    count = sum(h.looks_at(r) == best for r in h.rows)
    return _top(h, among.lower() if "among" in among.lower() else "", key, mean) and (0 if n == "none" else int(n), int(of)) == (
        count,
        len(h.rows),
    )


HEAD: dict[str, Callable[..., bool]] = {
    rf"{SOME} looks? at (the token just (?:before|after) (?:it|them)|itself|themselves) \({NUM} on average\)\.": _beside,
    rf"{SOME} looks? at {KEY} \({NUM} on average\)\.": _all_at,
    r"This head is mostly at rest: (\d+) % of the words’ attention goes to .*\.": _resting,
    r"This head gives (\d+) % of the words’ attention to .*\.": _resting,
    rf"((?:All \d+|\d+ of \d+) repeated tokens) look at another of their kind \({NUM} on average\)\.": _repeated,
    rf"{SOME} spreads? (?:its|their) attention; (among words )?the most goes to {KEY} \({NUM} on average\)\.": _spread,
    rf"(Among words the|The) most goes to {KEY} \({NUM} on average\); (none|\d+) of (\d+) tokens looks? at it\.": _most,
}


def wrong_of_head(h: Head, sentence: str) -> str:
    """ "" when every word of a head's caption is so; else why not."""
    for pattern, holds in HEAD.items():
        if found := re.fullmatch(pattern, sentence):
            return "" if holds(h, *found.groups()) else f"not so: {sentence}"
    return f"no such sentence is known: {sentence}"


def wrong_of_row(h: Head, row: int, sentence: str) -> str:
    """ "" when every word of a row's caption is so; else why not."""
    order = sorted(h.cols, key=lambda k: (-h.weights[row, k], k))
    best, weight, rest = order[0], float(h.weights[row, order[0]]), float(h.rest[row])
    mean = h.average(best)
    if not sentence.startswith(h.names[row] + " "):
        return f"another token is named: {sentence}"
    said = re.search(rf"\({NUM}\)(?=[,.]|$)", sentence.replace("; ", ";"))
    kinds = [
        ("mostly rests on" in sentence, rest > weight and rest > MOSTLY),
        ("rests most on" in sentence, rest > weight and LOOKS < rest <= MOSTLY),
        ("looks mostly at" in sentence, weight > MOSTLY and rest <= weight),
        ("looks most at" in sentence, LOOKS < weight <= MOSTLY and rest <= weight),
        ("spreads its attention" in sentence, weight <= LOOKS and (rest <= LOOKS or rest <= weight)),
        ("among words" in sentence, rest > weight),
        ("itself" in sentence, best == row),
        ("an earlier" in sentence, best < row and best in h.twins(row)),
        ("a later" in sentence, best > row and best in h.twins(row)),
    ]
    if any(claimed != true for claimed, true in kinds):
        return f"not so: {sentence} {kinds} weight {weight} rest {rest}"
    numbers = re.findall(rf"\({NUM}\)", sentence)
    if said is None or not same(numbers[-1] if "less than" not in sentence else numbers[-2], weight):
        return f"another weight than {weight}: {sentence}"
    ratio = weight / mean
    if found := re.search(rf"but {SOME} looks? at it too \({NUM} on average\)", sentence):
        others = [r for r in h.rows if r != row]
        n = sum(h.looks_at(r) == best for r in others)
        return "" if claims(found[1], n, len(others)) and n > len(others) / 2 and same(found[2], mean) else f"not so: {sentence}"
    if "about what the average token gives it" in sentence:
        return "" if 0.74 < ratio < 1.26 else f"not about: {ratio} {sentence}"
    if found := re.search(rf"less than what the average token gives it \({NUM}\)", sentence):
        return "" if ratio < 0.76 and same(found[1], mean) else f"not less: {ratio} {sentence}"
    if "more than ten times" in sentence:
        return "" if ratio > 10 else f"not so often: {ratio} {sentence}"
    if found := re.search(r", ((?:\w+ )*(?:times|twice)) what the average token gives it\.", sentence):
        return "" if abs(NUMBERS[found[1]] - ratio) <= (0.26 if ratio < 2.75 else 0.51) else f"not {found[1]}: {ratio}"
    return "" if "mostly rests on" in sentence else f"no contrast: {sentence}"
