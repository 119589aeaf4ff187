"""Exact per-head numbers of long texts, without ever building a map of them. Adds ``Capture.summarize``."""

from inspector.summaries.summarize import summarize
from inspector.summaries.summary import LayerSummary, Summary

__all__ = ["LayerSummary", "Summary", "summarize"]
