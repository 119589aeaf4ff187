"""Additive attention fitted to a head of a pretrained model: could another score do its work, and with how many units?"""

from inspector.analyses.additive_fit.corpus import Texts, default_texts
from inspector.analyses.additive_fit.fitting import fit_additive
from inspector.analyses.additive_fit.result import AdditiveFit
from inspector.analyses.additive_fit.scoring import Score
from inspector.analyses.additive_fit.shown import fit_shown

__all__ = ["AdditiveFit", "Score", "Texts", "default_texts", "fit_additive", "fit_shown"]
