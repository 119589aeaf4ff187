"""See, measure and trust the attention of any Hugging Face Transformers model."""

from inspector import bertviz, files, html, tiles  # noqa: F401  (they add save, load, to_html, to_bertviz and tile)
from inspector.captures import AttentionCall, Capture
from inspector.hooks import capture
from inspector.metrics import list_metrics, measure
from inspector.models import Inspector
from inspector.summaries import Summary

__all__ = ["AttentionCall", "Capture", "Inspector", "Summary", "capture", "list_metrics", "measure"]
