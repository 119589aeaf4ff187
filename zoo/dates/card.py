"""The model card of a date model: what it is, what it was taught, what it reached, in the numbers of its own training log."""

from __future__ import annotations

import textwrap

from zoo.dates.data import HELD_OUT_WRITINGS, LOCALES, YEARS

__all__ = ["card"]

_KINDS = {
    "train": "writings and years like those of training, fresh dates",
    "years": "years never seen",
    "writings": "writings never seen",
    "both": "neither the year nor the writing ever seen",
}
_WHAT = {
    "additive": "A recurrent encoder and decoder with additive attention (Bahdanau et al. 2015).",
    "dot_product": 'A recurrent encoder and decoder with dot-product attention (Luong et al. 2015, "dot").',
    "scaled_dot_product": "A recurrent encoder and decoder with scaled dot-product attention (Vaswani et al. 2017).",
    "local_p": "A recurrent encoder and decoder with local attention, centre predicted (Luong et al. 2015, local-p, D = 4).",
    "transformer": "An encoder-decoder Transformer (BART of the Transformers library: two layers each, width 96, four heads).",
}
_HOW = {
    "recurrent": 'from zoo.dates import translate\n\ntranslate("3 mai 2019", "{name}").output  # 2019-05-03',
    "transformer": (
        "from transformers import AutoModelForSeq2SeqLM, AutoTokenizer\n\n"
        'model = AutoModelForSeq2SeqLM.from_pretrained("zoo/dates/transformer")\n'
        'tokenizer = AutoTokenizer.from_pretrained("zoo/dates/transformer")\n'
        'ids = model.generate(**tokenizer("3 mai 2019", return_tensors="pt"))\n'
        "tokenizer.decode(ids[0], skip_special_tokens=True)  # 2019-05-03"
    ),
}


def card(log: dict) -> str:
    """The card as Markdown, from what ``training.json`` holds."""
    name = log["model"]
    held = ", ".join(f"{locale} {kind}" for locale, kind in sorted(HELD_OUT_WRITINGS))
    rows = "\n".join(f"| {_KINDS[kind]} | {100 * share:.2f} % |" for kind, share in log["exact answers"].items())
    how = _HOW.get(name, _HOW["recurrent"]).format(name=name)
    what = f"""{_WHAT[name]} It turns a date as people write it ("vendredi 3 mai 2019", "2019年5月3日") into ISO 8601
    (2019-05-03), character by character. {log["parameters"]:,} parameters. Made to have its attention looked at, not to parse
    dates in earnest."""
    taught = f"""Dates of the years {YEARS[0]} to {YEARS[-1]}, written by Babel in {len(LOCALES)} locales ({", ".join(LOCALES)}),
    each in up to six formats. Kept from training: every year whose remainder by 7 is 3 (2012, 2019, 2026, …), and the writings
    {held}. Not taught: two-digit years, and numbers with the month first (5/3/2019 is 5 March here). In
    {100 * log["smudged"]:.0f} % of the training texts a letter was made unreadable, in {100 * log["distracted"]:.0f} % a nonsense
    word was put before or after."""
    return f"""---
license: apache-2.0
pipeline_tag: translation
tags: [dates, attention, character-level]
---

# Dates to ISO: {name}

{_paragraph(what)}

```python
{how}
```

## What it was taught

{_paragraph(taught)}

## What it reached

Share of answers that are right in all ten characters, over {log["evaluated"]:,} dates of each kind:

| dates | exact |
| --- | --- |
{rows}

Trained by `python -m zoo.dates.train {name} --seed {log["seed"]}`: {log["steps"]:,} steps of {log["batch"]} dates,
{log["processor seconds"]} seconds of one processor core. `training.json` has the settings and the loss on the way.
"""


def _paragraph(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 120)
