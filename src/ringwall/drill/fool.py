"""A wall with layers fooled: their guards are there, see nothing wrong, and believe the attacker's claim.

A fooled layer is not an absent one. Authentication learns whom the attacker pretends to be; validation still reads the
request but takes anything; encryption's key has leaked; transport takes any head and size, and dresses no reply. The
rest of the wall is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ringwall.core.known import Known, Principal
from ringwall.core.message import Head, RawHead
from ringwall.core.plan import Guard, Guards, Limits, Plan, Wall
from ringwall.core.reasons import Layer
from ringwall.core.verdict import PASS, Learned, Refuse, Verdict
from ringwall.drill.lenient import lenient_head

Claim = Callable[[Head], Principal | None]
Route = Callable[[Head], tuple[Plan, Any]]

FOOLABLE = (
    Layer.TRANSPORT,
    Layer.QUOTA,
    Layer.AUTHENTICATION,
    Layer.AUTHORIZATION,
    Layer.VALIDATION,
    Layer.DETECTION,
    Layer.ENCRYPTION,
    Layer.SINKS,
    Layer.DISCLOSURE,
)


def fooled(wall: Wall, layers: frozenset[Layer], claim: Claim) -> Wall:
    """The wall with `layers` fooled. `claim` tells whom the attacker of this moment pretends to be, if anyone."""
    plans: dict[int, tuple[Plan, Plan]] = {}  # with the real plan, so that no other comes to have its id

    def route(head: Head) -> tuple[Plan, Any]:
        plan, params = wall.route(head)
        if id(plan) not in plans:
            kept = None if Layer.SINKS in layers else plan.confine
            limits = _BOUNDLESS if Layer.TRANSPORT in layers else plan.limits
            tricked = replace(plan, guards=_guards(plan.guards, layers, claim), limits=limits, confine=kept)
            plans[id(plan)] = plan, tricked
        return plans[id(plan)][1], params

    if Layer.TRANSPORT not in layers:
        return replace(wall, route=route)
    return replace(wall, route=route, admit=_admit(wall), dress=lambda head, response: response)


_BOUNDLESS = Limits(body=1 << 40, reply=1 << 40, seconds=3600.0)


def _admit(wall: Wall) -> Callable[[RawHead, str], Head | Refuse]:
    def admit(raw: RawHead, request_id: str) -> Head | Refuse:
        strict = wall.admit(raw, request_id)
        return lenient_head(raw, request_id) if isinstance(strict, Refuse) else strict

    return admit


def _guards(guards: Guards, layers: frozenset[Layer], claim: Claim) -> Guards:
    fool = _Fool(layers, claim)
    return Guards(
        tuple(map(fool.guard, guards.head)),
        tuple(map(fool.guard, guards.body)),
        tuple(map(fool.guard, guards.sink)),
        tuple(map(fool.guard, guards.reply)),
    )


class _Fool:
    """Replaces the guards of some layers."""

    def __init__(self, layers: frozenset[Layer], claim: Claim) -> None:
        self._layers = layers
        self._claim = claim

    def guard(self, guard: Guard[Any]) -> Guard[Any]:
        """The guard itself, or a fooled one in its place."""
        if guard.layer not in self._layers:
            return guard
        if guard.layer is Layer.AUTHENTICATION and guard.name != "credential":
            return guard  # what it does for an application's own login believes nobody
        if guard.layer is Layer.AUTHENTICATION:
            return replace(guard, check=self._believes(guard))
        if guard.layer is Layer.VALIDATION:
            return replace(guard, check=_takes_anything(guard))
        if guard.layer is Layer.ENCRYPTION:
            return replace(guard, check=_leaked(guard))
        return replace(guard, check=_sees_nothing)

    def _believes(self, guard: Guard[Any]) -> Callable[[Head, Known], Verdict]:
        """The attacker is who they claim to be; whoever claims nothing is judged as ever."""

        def check(head: Head, known: Known) -> Verdict:
            claimed = self._claim(head)
            if claimed is None:
                verdict: Verdict = guard.check(head, known)
                return verdict
            return Learned(known.with_principal(claimed))

        return check


def _sees_nothing(message: object, known: Known) -> Verdict:
    return PASS


def _takes_anything(guard: Guard[Any]) -> Callable[[Any, Known], Verdict]:
    """What validation would refuse is taken as it came: text, of which nothing is known."""

    def check(message: Any, known: Known) -> Verdict:
        verdict: Verdict = guard.check(message, known)
        if not isinstance(verdict, Refuse):
            return verdict
        return Learned(verdict.onward()) if verdict.onward else PASS

    return check


def _leaked(guard: Guard[Any]) -> Callable[[Any, Known], Verdict]:
    """The key is known to the thief: nothing is sealed any more, and what was sealed opens for everyone."""
    if guard.name == "seal":
        return _sees_nothing

    def check(message: Any, known: Known) -> Verdict:
        verdict: Verdict = guard.check(message, known)
        return PASS if isinstance(verdict, Refuse) else verdict

    return check
