"""The one judge. Its `except Exception` is the only one on the request path: what fails, refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.plan import Guard, Serve
from ringwall.core.ports import Ports, Question, Unavailable
from ringwall.core.reasons import INTERNAL, Layer
from ringwall.core.verdict import Refuse, Verdict


def judge(guard: Guard[Any], message: object, known: Known) -> Verdict:
    """A guard's verdict on a message; a guard that raises, or answers with something else, has refused."""
    return _settled(guard.layer, lambda: guard.check(message, known))


def resume(layer: Layer, then: Callable[[object], Verdict], answer: object) -> Verdict:
    """A guard's verdict once the world has answered its question; the same rule holds."""
    return _settled(layer, lambda: then(answer))


def answered(ports: Ports, question: Question) -> object:
    """What the world answers, or an `Unavailable` as a value: a store that fails has not answered."""
    try:
        return ports.answer(question)
    except Exception as failure:  # noqa: BLE001 - the judge again: no answer refuses
        return Unavailable(_where(failure))


def served(serve: Serve, request: Request, known: Known) -> Response | Refuse:
    """The reply of one of ringwall's own endpoints, or a refusal where it failed."""
    try:
        return serve(request, known)
    except Exception as failure:  # noqa: BLE001 - the judge again: our own endpoints leak nothing either
        return Refuse(INTERNAL[Layer.MONITORING], detail=_where(failure))


def _settled(layer: Layer, decide: Callable[[], Verdict]) -> Verdict:
    try:
        verdict = decide()
    except Exception as failure:  # noqa: BLE001 - this is the judge: every failure of a guard refuses
        return Refuse(INTERNAL[layer], detail=_where(failure))
    return verdict if isinstance(verdict, Verdict) else Refuse(INTERNAL[layer], detail="not a verdict")


def _where(failure: Exception) -> str:
    """The kind of failure and the line it came from; never its message, which may quote the request."""
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(failure).__name__
    module = trace.tb_frame.f_globals.get("__name__", "?")
    return f"{type(failure).__name__} at {module}:{trace.tb_lineno}"
