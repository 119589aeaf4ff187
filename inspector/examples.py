"""Inputs that show something worth seeing on the bundled model, and the models offered by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from inspector.bundled import BUNDLED, TITLE

__all__ = ["EXAMPLES", "MODELS", "Example", "example"]


@dataclass(frozen=True)
class Example:
    """A text, and the selection with which its picture begins.

    Attributes:
        name: how a link names it.
        title: what its button says.
        text: the text.
        pair: a second text, or "".
        start: the first selection.
    """

    name: str
    title: str
    text: str
    pair: str = ""
    start: dict[str, Any] = field(default_factory=dict)


_PAGE = (
    "The animal rescue centre opened in the spring of 1987 on the edge of a small harbour town. At first it had three "
    "kennels, one volunteer and a borrowed van. The van broke down twice in the first month, so the volunteer, a "
    "retired teacher called Marta, walked the dogs home along the sea wall. People who saw her stopped to ask about "
    "the dogs, and some of them came back the next day to help. By the autumn there were eleven volunteers, a new van "
    "and a waiting list. The town council, which had been doubtful, gave the centre the old fish market and paid for "
    "its roof. Marta kept a record of every animal in a green notebook: its name, its age, where it was found and "
    "where it went. The first cat in the notebook was a grey cat who arrived in the winter of 1988 in a bread basket. "
    "Nobody came to ask for the cat, and Marta did not want to give it a name, because she was sure that it would not "
    "stay. It stayed. It slept on the shelf beside the notebooks and left only when the kettle boiled. Over the years "
    "nearly five thousand animals came and went. Most of them were dogs, many were cats, a few were rabbits, and one "
    "was a heron with a broken wing. When a journalist asked which animal had stayed the longest, Marta, who kept the "
    "records, who was ninety by then, pointed at the grey cat and laughed. The cat did not seem to mind. It had a "
    "name, she said, but it had never been written down, and she would not tell him what it was. The journalist wrote "
    "that the centre had changed the town, that the town had changed the centre, and that the cat had changed "
    "neither. Marta cut the page out of the newspaper and put it in the notebook under the entry for the cat. Today "
    "the centre has a clinic, a school room and forty kennels, and the old van stands in the yard as a planter for "
    "herbs. A new notebook lies open on the desk every morning."
)

EXAMPLES = (
    Example(
        "one-sentence",
        "One sentence",
        "The animal didn't cross the street because it was too tired, so the driver stopped and waited for it.",
        start={"view": "head_view", "group": "self", "layer": 3, "heads": [1], "query": 10},
    ),
    Example(
        "two-sentences",
        "Two sentences",
        "The musician dropped her violin on the stairs.",
        "Luckily, the instrument was not damaged.",
        start={"view": "head_view", "group": "self", "layer": 2, "heads": [9]},
    ),
    Example("a-page", "A page of text", _PAGE, start={"view": "head_view", "group": "self", "layer": 2, "heads": [9]}),
)

# (what a person reads, what is loaded). All but the first are fetched from the Hub when they are chosen.
MODELS: tuple[tuple[str, str], ...] = (
    (TITLE, BUNDLED),
    *(
        (name, name)
        for name in (
            "google-bert/bert-base-uncased",
            "distilbert/distilbert-base-uncased",
            "FacebookAI/roberta-base",
            "openai-community/gpt2",
            "distilbert/distilgpt2",
            "EleutherAI/pythia-70m",
            "HuggingFaceTB/SmolLM2-135M",
            "Qwen/Qwen2.5-0.5B",
            "google-t5/t5-small",
            "facebook/bart-base",
            "Helsinki-NLP/opus-mt-en-de",
        )
    ),
)


def example(name: str) -> Example | None:
    """The example of that name."""
    return next((found for found in EXAMPLES if found.name == name), None)
