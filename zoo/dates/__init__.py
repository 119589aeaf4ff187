"""Five small models that turn dates as people write them into ISO dates, trained by ``python -m zoo.dates.train``.

Four are recurrent and differ in their attention alone; the fifth is a Transformer. What they were taught and what was kept from
them is in :mod:`zoo.dates.data`; how well they do, in each model's ``training.json``.
"""

from zoo.dates.loading import load, models, path
from zoo.dates.steps import FiveSteps, five_steps
from zoo.dates.translation import Translation, translate, translate_with

__all__ = ["FiveSteps", "Translation", "five_steps", "load", "models", "path", "translate", "translate_with"]
