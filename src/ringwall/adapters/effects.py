"""How a hook shows an effect to the running exchange, and stops it. Costs one context variable where none runs."""

from __future__ import annotations

import logging
from typing import Final

from ringwall.adapters import current
from ringwall.core.effect import Effect

log: Final = logging.getLogger("ringwall.sinks")


class SinkRefused(PermissionError):
    """An effect that did not happen.

    An ordinary exception, so that the application's own clean-up (rollback, release) runs. It may well catch it:
    the effect is stopped and the reply replaced either way. A PermissionError, as the system's own refusal is.
    """


def show(effect: Effect) -> None:
    """Have the running exchange, if any, judge an effect. Raises SinkRefused.

    Meanwhile nothing belongs to the exchange: what the guards do is no effect of the application's.
    """
    exchange = current.exchange.get()
    if exchange is None:
        return
    token = current.exchange.set(None)
    try:
        refusal = exchange.effect(effect)
    finally:
        current.exchange.reset(token)
    if refusal is not None:
        # The journal's event may have been closed before this, where the application works on after its reply.
        log.warning("%s refused in request %s", refusal.reason.code, exchange.known.request_id)
        raise SinkRefused(f"refused by ringwall: {refusal.reason.code}")
