"""Detection of injections in free text: values in, findings out. It knows no layer, no request and no I/O."""

from __future__ import annotations

from ringwall.engines.payload.engine import inspect
from ringwall.engines.payload.finding import Finding, Format

__all__ = ["Finding", "Format", "inspect"]
