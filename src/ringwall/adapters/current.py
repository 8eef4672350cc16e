"""Which exchange the running code belongs to: set while the application answers, so that sink hooks find it.

A context variable: it follows awaits, tasks and worker threads that copy their context. Nothing else is kept.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Final

from ringwall.core.exchange import Exchange

exchange: Final[ContextVar[Exchange | None]] = ContextVar("ringwall.exchange", default=None)

loop: Final[ContextVar[asyncio.AbstractEventLoop | None]] = ContextVar("ringwall.loop", default=None)
"""The event loop that serves this exchange, for a question that a thread answers by asking the application."""
