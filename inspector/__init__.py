"""See, measure and trust the attention of any Hugging Face Transformers model."""

from inspector.captures import AttentionCall, Capture
from inspector.hooks import capture

__all__ = ["AttentionCall", "Capture", "capture"]
