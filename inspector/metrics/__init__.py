"""Numbers that say what a head does: one file each, one decorator. ``measure(cap, "entropy")`` gives all heads at once."""

import importlib
import pkgutil

from inspector.metrics.scores import METRICS, HeadScores, Metric, list_metrics, measure, metric

for _module in pkgutil.iter_modules(__path__):  # every file of this folder registers its metric
    importlib.import_module(f"{__name__}.{_module.name}")

from inspector.metrics.head_distance import head_distance  # noqa: E402

__all__ = ["METRICS", "HeadScores", "Metric", "head_distance", "list_metrics", "measure", "metric"]
