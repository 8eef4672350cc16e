"""Telling others: alerts leave by outlets, each with a thread and a queue of its own. Nothing here is on a request's
path, and a receiver that is slow or dead delays only what is meant for it."""

from ringwall.monitoring.outlets.delivery import Delivery, Refused, Send

__all__ = ["Delivery", "Refused", "Send"]
