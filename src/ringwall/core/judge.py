"""The one judge. Its `except Exception` is the only one on the request path: what fails, refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ringwall.core.account import Account
from ringwall.core.known import Known
from ringwall.core.message import Head, RawHead, Request, Response
from ringwall.core.plan import Guard, Plan, Serve, Wall
from ringwall.core.ports import Ports, Question, Unavailable
from ringwall.core.reasons import INTERNAL, Layer, Reason
from ringwall.core.verdict import PASS, Ask, Learned, Observed, Pass, Refuse, Rewritten, Verdict


def judge(guard: Guard[Any], message: object, known: Known) -> Verdict:
    """A guard's verdict on a message; a guard that raises, or answers with something else, has refused."""
    try:
        verdict = guard.check(message, known)
    except Exception as failure:  # noqa: BLE001 - this is the judge: every failure of a guard refuses
        return Refuse(INTERNAL[guard.layer], detail=_where(failure))
    return verdict if verdict is PASS else _settled(guard.layer, verdict, message)


def heard(
    guards: Iterator[Guard[Any]], message: object, known: Known, account: Account
) -> tuple[Guard[Any], Verdict] | None:
    """The next guard that says more than PASS, with what it says, or None where none does; the time of each goes to
    its layer. Every guard is judged as `judge` does: one loop, since a call for each costs a fifth of the walk."""
    ticks, layers = account.ticks, account.layers
    before = ticks()
    for guard in guards:
        try:
            verdict = guard.check(message, known)
        except Exception as failure:  # noqa: BLE001 - as in `judge`
            verdict = Refuse(INTERNAL[guard.layer], detail=_where(failure))
        layer, now = guard.layer, ticks()
        layers[layer] += now - before
        if verdict is not PASS:
            account.took = now - before
            return guard, _settled(layer, verdict, message)
        before = now
    return None


def resume(layer: Layer, then: Callable[[object], Verdict], answer: object, message: object) -> Verdict:
    """A guard's verdict once the world has answered its question; the same rule holds."""
    try:
        verdict = then(answer)
    except Exception as failure:  # noqa: BLE001 - and so does every failure to make sense of an answer
        return Refuse(INTERNAL[layer], detail=_where(failure))
    return _settled(layer, verdict, message)


def admitted(wall: Wall, raw: RawHead, request_id: str) -> tuple[Head, Plan, Mapping[str, str]] | Refuse:
    """A request's canonical head, its plan and path parameters; what cannot be admitted or routed is refused."""
    try:
        head = wall.admit(raw, request_id)
        return head if isinstance(head, Refuse) else (head, *wall.route(head))
    except Exception as failure:  # noqa: BLE001 - the judge again: what cannot be read is not let through
        return Refuse(INTERNAL[Layer.TRANSPORT], detail=_where(failure))


def made(layer: Layer, make: Callable[[], Response]) -> Response | Refuse:
    """A reply written or dressed, or a refusal where that failed."""
    try:
        return make()
    except Exception as failure:  # noqa: BLE001 - the judge again: what cannot be written does not leave half done
        return Refuse(INTERNAL[layer], detail=_where(failure))


def answered(ports: Ports, question: Question) -> object:
    """What the world answers, or an `Unavailable` as a value: a store that fails has not answered."""
    try:
        return ports.answer(question)
    except Exception as failure:  # noqa: BLE001 - the judge again: no answer refuses
        return Unavailable(_where(failure))


def at_hand(ports: Ports, question: Question) -> object | None:
    """The answer to a slow question where it is at hand; None where it has to be waited for."""
    look = ports.at_hand.get(type(question))
    try:
        return look(question) if look is not None else None
    except Exception:  # noqa: BLE001 - the judge again: then it is asked as any other, and fails there or does not
        return None


def served(serve: Serve, request: Request, known: Known) -> Response | Refuse:
    """The reply of one of ringwall's own endpoints, or a refusal where it failed."""
    try:
        return serve(request, known)
    except Exception as failure:  # noqa: BLE001 - the judge again: our own endpoints leak nothing either
        return Refuse(INTERNAL[Layer.MONITORING], detail=_where(failure))


def suspected(wall: Wall, plan: Plan, message: Request | Head, refuse: Refuse) -> tuple[str, ...]:
    """What a refused input looks like; nothing where that cannot be told: it is refused already."""
    try:
        return wall.suspect(plan, message, refuse)
    except Exception:  # noqa: BLE001 - the judge again: a second look that fails changes nothing
        return ()


def _settled(layer: Layer, verdict: Verdict, message: object) -> Verdict:
    return verdict if _sound(verdict, message) else Refuse(INTERNAL[layer], detail="not a verdict")


def _sound(verdict: object, message: object) -> bool:
    """Whether it is a verdict, and carries what such a verdict has to: a guard rewrites only what it was given."""
    if isinstance(verdict, Learned):
        return isinstance(verdict.known, Known)
    if isinstance(verdict, Ask):
        return isinstance(verdict.question, Question)
    if isinstance(verdict, Rewritten):
        return isinstance(message, (Request, Response)) and type(verdict.message) is type(message)
    if isinstance(verdict, Observed):
        verdict = verdict.refuse
    if isinstance(verdict, Refuse):
        return isinstance(verdict.reason, Reason)
    return isinstance(verdict, Pass)


def _where(failure: Exception) -> str:
    """The kind of failure and the line it came from; never its message, which may quote the request."""
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(failure).__name__
    module = trace.tb_frame.f_globals.get("__name__", "?")
    return f"{type(failure).__name__} at {module}:{trace.tb_lineno}"
