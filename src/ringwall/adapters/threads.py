"""Work handed to a thread pool stays its exchange's: `run_in_executor` and `submit` copy no context themselves.

Threads that an application starts by itself are not followed: they mostly outlive the request.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ringwall.adapters import current
from ringwall.core.exchange import Exchange


def install() -> None:
    """Have every thread pool carry the exchange along with a piece of work."""
    pool: Any = ThreadPoolExecutor
    plain = pool.submit

    @functools.wraps(plain)
    def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        exchange = current.exchange.get()
        if exchange is None:
            return plain(self, fn, *args, **kwargs)
        return plain(self, _within, exchange, fn, args, kwargs)

    pool.submit = submit


def _within(exchange: Exchange, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    token = current.exchange.set(exchange)
    try:
        return fn(*args, **kwargs)
    finally:
        current.exchange.reset(token)
