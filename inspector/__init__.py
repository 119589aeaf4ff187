"""See, measure and trust the attention of any Hugging Face Transformers model."""

from inspector import files as _files  # adds Capture.save and Capture.load
from inspector import html as _html  # adds Capture.to_html and the notebook view
from inspector.captures import AttentionCall, Capture
from inspector.hooks import capture
from inspector.models import Inspector

__all__ = ["AttentionCall", "Capture", "Inspector", "capture"]
