"""Protected, no attack hurts the clinic and honest twins are served; and the drill notices a wall that is broken."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ringwall.attacks import Case, corpus
from ringwall.core.message import Head
from ringwall.core.plan import Guard, Guards, Plan, Wall
from ringwall.core.reasons import Layer
from ringwall.drill.fool import FOOLABLE, Claim
from ringwall.drill.matrix import row
from ringwall.drill.sandbox import Sandbox

CASES = {case.name: case for case in corpus() if not case.wire}
Keep = Callable[[Guard[Any]], bool]


class Broken(Sandbox):
    """A sandbox whose walls lack the guards that `keep` does not want."""

    keep: Keep = staticmethod(lambda guard: True)

    def raised(self, wall: Wall, layers: frozenset[Layer], claim: Claim) -> Wall:
        return super().raised(_without(wall, self.keep), layers, claim)


def _without(wall: Wall, keep: Keep) -> Wall:
    def route(head: Head) -> tuple[Plan, Any]:
        plan, params = wall.route(head)
        kept = Guards(*(tuple(filter(keep, phase)) for phase in (
            plan.guards.head, plan.guards.body, plan.guards.sink, plan.guards.reply)))  # fmt: skip
        confined = plan.confine if kept.sink else None  # the rows are the sinks' too
        return replace(plan, guards=kept, confine=confined), params

    return replace(wall, route=route)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    log = logging.getLogger("ringwall")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)  # plays make applications fail on purpose
    yield Broken(tmp_path_factory.mktemp("drill"))
    log.setLevel(before)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_whole_wall_stops_it_and_serves_its_honest_twin(case: Case, sandbox: Sandbox) -> None:
    outcome, events = sandbox.protected(case)
    assert outcome.honest_ok, [(reply.status, reply.body[:300]) for reply in outcome.honest]
    assert not outcome.hurt, [(reply.status, reply.body[:300]) for reply in outcome.hostile]
    assert case.tamper or events, "nothing of the attempt is in the journal"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_with_every_layer_fooled_it_hurts_as_if_there_were_none(case: Case, sandbox: Sandbox) -> None:
    outcome, _ = sandbox.protected(case, FOOLABLE)
    assert outcome.honest_ok
    assert outcome.hurt


def test_both_walls_taken_down_are_a_gap(sandbox: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "keep", lambda guard: guard.layer not in (Layer.AUTHORIZATION, Layer.SINKS))
    found = row(CASES["function-refund"], sandbox)
    assert found.hurts_bare
    assert found.stopped_by is None


def test_the_second_wall_taken_down_makes_the_first_a_single_point(
    sandbox: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES["sqli-search-union"]
    assert row(case, sandbox).single_points == ()
    monkeypatch.setattr(sandbox, "keep", lambda guard: guard.layer not in (Layer.SINKS, Layer.DISCLOSURE))
    assert "detection" in row(case, sandbox).single_points


def test_a_wall_that_turns_the_honest_away_is_told(sandbox: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "keep", lambda guard: guard.layer is not Layer.AUTHENTICATION)
    found = row(CASES["idor-read-patient"], sandbox)
    assert not found.honest_passes
