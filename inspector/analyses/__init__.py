"""Richer questions to a capture than one number a head; each answers with its own dataclass."""

from inspector.analyses.compare import HeadComparison, compare

__all__ = ["HeadComparison", "compare"]
