"""Richer questions to a capture than one number a head; each answers with its own dataclass."""

from inspector.analyses.additive_fit import AdditiveFit, fit_additive, fit_shown
from inspector.analyses.compare import HeadComparison, compare

__all__ = ["AdditiveFit", "HeadComparison", "compare", "fit_additive", "fit_shown"]
