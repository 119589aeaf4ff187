"""See, measure and trust the attention of any Hugging Face Transformers model."""

from inspector.captures import AttentionCall, Capture
from inspector.hooks import capture
from inspector.models import Inspector

__all__ = ["AttentionCall", "Capture", "Inspector", "capture"]
