"""The parts of monitoring and response alone: limits, ends, what is usual, what fails, and what is delivered."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitoring.receivers import web
from ringwall.build.load import load_contract
from ringwall.contract.model_monitoring import Monitoring, Respond, Step
from ringwall.core.known import Known, Principal
from ringwall.core.ports import Unavailable
from ringwall.core.verdict import PASS, Refuse
from ringwall.examples.clinic import CONTRACT, create_app
from ringwall.layers.response import Restraint, Restraints, forge, forge_address
from ringwall.monitoring.baseline import Baselines
from ringwall.monitoring.controls import Lately, Situation, failures
from ringwall.monitoring.exposed import exposition
from ringwall.monitoring.incident import assemble
from ringwall.monitoring.incident_page import page
from ringwall.monitoring.outlets.delivery import PATIENCE_S, Delivery, Refused
from ringwall.monitoring.outlets.webhook import webhook
from ringwall.monitoring.raised import Raised
from ringwall.monitoring.response.attend import Attendant, prepare
from ringwall.monitoring.response.responder import Responder, by_hand, perform, undo
from ringwall.monitoring.rules.engine import Hit
from ringwall.state.alerts import REQUESTS, Alert, Alerts
from ringwall.state.revoker import StoreRevoker
from ringwall.state.spool import Spool
from ringwall.state.sqlite import Store
from ringwall.state.tls import local_certificate

NOW = 1_800_000_000.0
HEAD: Any = None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "state.db")
    yield opened
    opened.close()


@pytest.fixture
def alerts(store: Store) -> Alerts:
    return Alerts(store)


def known(client: str = "192.0.2.7", principal: Principal | None = None, now: float = NOW) -> Known:
    return Known("GET /x", now, {}, client, "r", principal)


def restrained(**places: dict[str, Restraint]) -> Restraints:
    held = Restraints()
    for name, found in places.items():
        setattr(held, name, found)
    return held


BLOCK = Restraint("r-1", NOW - 1, NOW + 60)
ANA = Principal("acc-ana", frozenset(), "token", mfa=True, claims={"iat": NOW - 100})


class Operation:
    key = "GET /x"


def judged(held: Restraints, who: Known) -> object:
    """The reason's code, or None where it passes."""
    for guard in (*forge_address(held).head, *forge(Operation(), held).head):  # type: ignore[arg-type]
        verdict = guard.check(HEAD, who)
        if verdict is not PASS:
            assert isinstance(verdict, Refuse)
            assert verdict.reason.status < 500 or verdict.reason.code == "monitoring.frozen"
            return verdict.reason.code
    return None


@pytest.mark.parametrize(
    ("held", "who", "code"),
    [
        (Restraints(), known(), None),
        (restrained(addresses={"192.0.2.7": BLOCK}), known(), "monitoring.blocked.address"),
        (restrained(addresses={"192.0.2.7": BLOCK}), known("::ffff:192.0.2.7"), "monitoring.blocked.address"),
        (restrained(addresses={"192.0.2.7": BLOCK}), known("192.0.2.8"), None),
        (restrained(addresses={"2001:db8::/64": BLOCK}), known("2001:db8::5"), "monitoring.blocked.address"),
        (restrained(addresses={"192.0.2.7": BLOCK}), known(now=NOW + 61), None),
        (restrained(principals={"acc-ana": BLOCK}), known(principal=ANA), "monitoring.blocked.principal"),
        (restrained(principals={"acc-ben": BLOCK}), known(principal=ANA), None),
        (restrained(frozen={"GET /x": BLOCK}), known(), "monitoring.frozen"),
        (restrained(frozen={"GET /y": BLOCK}), known(), None),
        (restrained(challenged={"acc-ana": BLOCK}), known(principal=ANA), "monitoring.challenge"),
        (restrained(challenged={"acc-ana": BLOCK}), known(principal=replace(ANA, claims={"iat": NOW})), None),
        (
            restrained(challenged={"acc-ana": BLOCK}),
            known(principal=replace(ANA, claims={"iat": NOW}, mfa=False)),
            "monitoring.challenge",
        ),
    ],
)
def test_what_holds_is_held_and_ends(held: Restraints, who: Known, code: str | None) -> None:
    assert judged(held, who) == code


def test_slowed_is_a_lower_rate_and_each_has_its_own() -> None:
    slow = Restraint("r-1", NOW, NOW + 600, (2, 10.0))
    (guard,) = forge(Operation(), restrained(slow_principals={"acc-ana": slow, "acc-ben": slow})).head  # type: ignore[arg-type]
    ben = replace(ANA, subject="acc-ben")

    def passes(who: Principal, at: float) -> bool:
        return guard.check(HEAD, known(principal=who, now=at)) is PASS

    assert [passes(ANA, NOW) for _ in range(4)] == [True, True, False, False]
    assert passes(ben, NOW)
    assert [passes(ANA, NOW + 5.01), passes(ANA, NOW + 5.02)] == [True, False]


def alert(**changes: Any) -> Alert:
    whole: dict[str, Any] = {
        "id": "a-1", "rule": "injection", "title": "T", "level": "medium", "first": NOW, "last": NOW, "count": 1,
        "group": {}, "explanation": "", "principal": "acc-ana", "client": "192.0.2.7", "operation": "GET /x",
        "requests": (),
    }  # fmt: skip
    return Alert(**{**whole, **changes})


def step(do: Any, what: Any, **more: Any) -> Step:
    return Step(frozenset({"injection"}), do, what, 60.0, more.get("rate"))


def responder(alerts: Alerts, store: Store, *steps: Step, **given: Any) -> Responder:
    return Responder(
        Respond(**{"dry_run": False, "steps": steps, **given}), alerts, StoreRevoker(store), ("10.9.0.0/16",)
    )


def test_a_dry_run_is_told_and_not_done(alerts: Alerts, store: Store) -> None:
    (done,) = responder(alerts, store, step("block", "address"), dry_run=True).act(alert(), {}, NOW).done
    assert done.dry
    assert alerts.in_force(NOW) == []
    assert [r.id for r in alerts.responses()] == [done.id]


@pytest.mark.parametrize("client", ["10.9.1.1", "192.0.2.7", "::ffff:10.9.1.1"])
def test_the_spared_are_never_acted_on(client: str, alerts: Alerts, store: Store) -> None:
    acting = responder(alerts, store, step("block", "address"), never=frozenset({"192.0.2.0/24", "acc-root"}))
    outcome = acting.act(alert(client=client), {}, NOW)
    assert outcome.done == ()
    assert outcome.spared
    acting = responder(alerts, store, step("block", "principal"), never=frozenset({"acc-root"}))
    assert acting.act(alert(principal="acc-root"), {}, NOW).done == ()
    assert acting.act(alert(principal="acc-ana"), {}, NOW).done


def test_automation_acts_on_so_many_in_an_hour_and_no_more(alerts: Alerts, store: Store) -> None:
    acting = responder(alerts, store, step("block", "principal"), most=2)
    said = [acting.act(alert(principal=f"acc-{n}"), {}, NOW + n) for n in (1, 2, 3, 1)]
    assert [len(each.done) for each in said] == [1, 1, 0, 1], "on the same again it may"
    assert [each.over for each in said] == [False, False, True, False]
    assert acting.act(alert(principal="acc-3"), {}, NOW + 3605).done, "in the next hour it may again"


def test_other_rules_and_what_an_alert_does_not_name_lead_to_nothing(alerts: Alerts, store: Store) -> None:
    acting = responder(alerts, store, step("block", "principal"))
    assert acting.act(alert(rule="other"), {}, NOW).done == ()
    assert acting.act(alert(principal=None), {}, NOW).spared == ("block: the alert names no principal",)


def test_a_revoked_key_and_tokens_are_given_back(alerts: Alerts, store: Store) -> None:
    from ringwall.identity.apikeys import ApiKeys

    _, record = ApiKeys(store, lambda: NOW).issue("n", frozenset())
    acting = responder(alerts, store, step("revoke", "credential"), step("revoke", "principal"))
    done = acting.act(alert(), {"credential": f"key:{record.key_id}"}, NOW).done
    found = store.key(record.key_id)
    assert found is not None
    assert found.revoked == NOW
    assert not store.stands("acc-ana", "token:x", NOW - 1)
    for each in done:
        undone = undo(each.id, alerts, StoreRevoker(store), NOW + 5)
        assert undone is not None
        assert undone[1]
        assert undo(each.id, alerts, StoreRevoker(store), NOW + 5) is None
    found = store.key(record.key_id)
    assert found is not None
    assert found.revoked is None
    assert store.stands("acc-ana", "token:x", NOW - 1)


def test_the_attendant_prepares_what_is_in_force_and_swaps_it(alerts: Alerts, store: Store) -> None:
    held = Restraints()
    made = by_hand("slow", "principal", "acc-ana", 60.0, "5/60", NOW)
    perform(made, alerts, StoreRevoker(store))
    perform(by_hand("block", "address", "192.0.2.7", 60.0, "", NOW), alerts, StoreRevoker(store))
    longer = by_hand("block", "address", "192.0.2.7", 600.0, "", NOW)
    perform(longer, alerts, StoreRevoker(store))
    prepare(held, alerts.in_force(NOW))
    assert held.slow_principals["acc-ana"].rate == (5, 60.0)
    assert held.addresses["192.0.2.7"].id == longer.id
    prepare(held, alerts.in_force(NOW + 100))
    assert held.slow_principals == {}
    store.close()
    attendant = Attendant("", alerts, held, dict)
    with pytest.raises(Unavailable):
        attendant.start()
    assert held.addresses, "what was known goes on to hold"
    attendant.stop()


def test_hits_of_one_group_are_one_alert_until_it_is_quiet_or_closed(alerts: Alerts) -> None:
    raised = Raised(alerts)
    hit = Hit("probing", "P", "high", {"client": "x"}, "5 reasons", 600.0)
    first, new = raised.take(hit, {"id": "r1"}, NOW)
    assert new
    again = [raised.take(hit, {"id": f"r{n}"}, NOW + n) for n in range(2, 200)]
    assert {a.id for a, _ in again} == {first.id}
    raised.settle()
    (kept,) = alerts.alerts()
    assert (kept.count, len(kept.requests), kept.requests[0], kept.requests[-1]) == (199, REQUESTS, "r1", "r199")
    assert raised.take(hit, {}, NOW + 2000)[1], "after a pause it is a new one"
    assert Raised(alerts).take(hit, {}, NOW + 2001)[1] is False, "another monitor goes on with it"
    assert raised.take(replace(hit, group={"client": "y"}), {}, NOW + 2001)[1]


def exchange(
    principal: str, at: float, objects: list[str], operation: str = "GET /p/{id}"
) -> tuple[dict[str, Any], float]:
    return {
        "kind": "exchange",
        "principal": principal,
        "operation": operation,
        "decision": "allow",
        "objects": objects,
    }, at


def usual(baselines: Baselines, minutes: int, each: int, principal: str = "a", start: float = 0.0) -> list[Hit]:
    return [
        hit
        for m in range(minutes)
        for n in range(each)
        for hit in baselines.see(*exchange(principal, start + 60 * m + n, [f"p:{n}"]))
    ]


def test_a_surge_is_told_with_what_is_usual() -> None:
    baselines = Baselines()
    assert usual(baselines, 16, 3) == []
    hits = [h for n in range(42) for h in baselines.see(*exchange("a", 960.0 + n, [f"p:{n}"]))]
    assert [h.rule for h in hits] == ["unusual-volume"], "once a window"
    assert hits[0].explanation == "20 objects in 60 s; usual at most 3 (its own past)"
    assert [h for h in baselines.see(*exchange("a", 1010.0, ["p:1"])) if h.rule == "unusual-volume"] == []
    again = [h for n in range(42) for h in baselines.see(*exchange("a", 1020.0 + n, [f"p:{n}"]))]
    assert again, "nothing is learned from a surge"


def test_a_newcomer_is_held_against_everybody_and_nobody_against_nothing() -> None:
    baselines = Baselines()
    assert [h for n in range(500) for h in baselines.see(*exchange("x", n / 100, [f"p:{n}"]))] == []
    for n in range(12):
        usual(baselines, 5, 2, f"u{n}", 1000.0)
    hits = [h for n in range(60) for h in baselines.see(*exchange("new", 2000.0 + n / 10, [f"p:{n}"]))]
    assert "of anybody here" in hits[0].explanation


def test_those_with_much_to_do_are_not_alarmed_by_their_usual() -> None:
    baselines = Baselines()
    assert usual(baselines, 30, 50) == []
    assert [h for n in range(59) for h in baselines.see(*exchange("a", 1800.0 + n, [f"p:{n}", f"p:{n + 100}"]))] == []


def test_a_new_operation_is_told_after_a_week_alone_and_survives_a_restart() -> None:
    baselines = Baselines()
    for day in range(9):
        assert baselines.see(*exchange("a", day * 86_400.0, [])) == []
    again = Baselines()
    again.restore(json.loads(json.dumps(baselines.document(str.upper))), str.lower)
    (hit,) = again.see(*exchange("a", 9 * 86_400.0, [], "DELETE /p/{id}"))
    assert hit.explanation == "never before in 9 days of activity, with 1 operations"
    assert again.see(*exchange("a", 9 * 86_400.0 + 1, [], "DELETE /p/{id}")) == []
    assert again.see(*exchange("b", 9 * 86_400.0, [], "DELETE /p/{id}")) == [], "a newcomer has no habits"
    with pytest.raises((ValueError, KeyError, TypeError)):
        again.restore({"own": [["a"]]}, str)


def situation(tmp_path: Path, **changes: Any) -> Situation:
    contract = load_contract(CONTRACT, app=create_app(tmp_path))
    whole: dict[str, Any] = {
        "contract": contract, "now": NOW, "jumped_s": 0.0, "behind_bytes": 0, "behind_s": 0.0, "said": {}, "evicted": 0,
        "lost": {}, "damaged": "", "latest": NOW, "unloaded": (), "certificates": (), "over_limit": False,
    }  # fmt: skip
    if "monitoring" in changes:
        whole["contract"] = replace(contract, monitoring=changes.pop("monitoring"))
    if "observe" in changes:
        whole["contract"] = replace(contract, observe=changes.pop("observe"))
    if "mode" in changes:
        whole["contract"] = replace(contract, mode=changes.pop("mode"))
    return Situation(**{**whole, **changes})


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({}, set()),
        ({"behind_s": 11.0}, {"control-journal-behind"}),
        ({"behind_bytes": 1 << 30}, {"control-journal-behind"}),
        ({"damaged": "log w0, record 7"}, {"control-journal-damaged"}),
        ({"said": {"worker w0": ({"journal": "no space"}, NOW)}}, {"control-journal"}),
        ({"said": {"worker w0": ({"journal": None}, NOW)}}, set()),
        ({"said": {"worker w0": ({"journal": None}, NOW - 60)}}, {"control-worker-silent"}),
        ({"said": {"worker w0": ({"journal": None, "stopped": True}, NOW - 60)}}, set()),
        ({"said": {"worker w0": ({"keysets": ["https://idp"]}, NOW)}}, {"control-keyset-stale"}),
        ({"jumped_s": -3600.0}, {"control-clock"}),
        ({"latest": NOW + 60}, {"control-clock"}),
        ({"observe": frozenset({"detection"})}, {"control-observe"}),
        ({"mode": "observe"}, {"control-observe"}),
        ({"evicted": 4}, {"control-detection-budget"}),
        ({"over_limit": True}, {"control-response-limit"}),
        ({"lost": {"email": 2}}, {"control-outlet-lost"}),
        ({"unloaded": ("x: y",)}, {"control-rules"}),
        ({"said": {"started": (True, NOW - 31 * 86_400)}}, {"control-drill", "control-scan"}),
        ({"said": {"started": (True, NOW - 31 * 86_400), "drill": (1, NOW - 5), "scan": (1, NOW)}}, set()),
        ({"said": {"started": (True, NOW - 31 * 86_400)}, "monitoring": Monitoring(tested_within=0)}, set()),
    ],
)
def test_a_control_that_fails_is_told(changes: dict[str, Any], failing: set[str], tmp_path: Path) -> None:
    assert {hit.rule for hit in failures(situation(tmp_path, **changes))} == failing


def test_a_loss_is_told_for_an_hour_and_not_for_ever() -> None:
    lately = Lately()
    assert lately.grew({"email": 0}, 0.0) == {}
    assert lately.grew({"email": 2}, 10.0) == {"email": 2}
    assert lately.grew({"email": 2}, 3000.0) == {"email": 2}
    assert lately.grew({"email": 2}, 3700.0) == {}
    assert lately.grew({"email": 3}, 3800.0) == {"email": 3}, "and told again where it goes on"


def test_a_certificate_near_its_end_is_told(tmp_path: Path) -> None:
    chain = local_certificate(tmp_path / "tls", ("localhost",)).chain
    at = time.time()
    assert failures(situation(tmp_path, certificates=(chain,), now=at, latest=at)) == []
    late = at + 360 * 86_400
    (hit,) = failures(situation(tmp_path, certificates=(chain,), now=late, latest=late))
    assert (hit.rule, "days left" in hit.explanation or "ended" in hit.explanation) == ("control-certificate", True)
    (hit,) = failures(situation(tmp_path, certificates=(tmp_path / "none.pem",)))
    assert "cannot be read" in hit.title


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path / "spool.db", most=5)
    yield opened
    opened.close()


def test_what_fails_is_tried_again_in_order_ever_later_and_given_up_in_the_end(spool: Spool) -> None:
    clock, got, down = Clock(), [], [True]

    def send(identity: str, body: bytes) -> None:
        if down[0]:
            raise OSError("down")
        got.append((identity, body))

    outlet = Delivery("hook", spool, send, clock)
    outlet.put(b"1")
    outlet.put(b"2")
    waits = []
    for _ in range(6):
        assert outlet.step() is False
        head = spool.head("hook")
        assert head is not None
        waits.append(head.due - clock.now)
        clock.now = head.due
    assert waits == [1, 2, 4, 8, 16, 32]
    assert "down" in outlet.failure
    down[0] = False
    assert [outlet.step(), outlet.step(), outlet.step()] == [True, True, False]
    assert [body for _, body in got] == [b"1", b"2"]
    assert outlet.failure == ""
    down[0] = True
    outlet.put(b"3")
    clock.now += PATIENCE_S + 1
    outlet.step()
    assert (spool.lost(), spool.head("hook")) == ({"hook": 1}, None)


def test_a_full_spool_loses_its_oldest_and_says_so(spool: Spool) -> None:
    outlet, other = Delivery("a", spool, lambda i, b: None, Clock()), Delivery("b", spool, lambda i, b: None, Clock())
    for n in range(8):
        outlet.put(b"%d" % n)
    other.put(b"x")
    assert (spool.lost(), spool.waiting()) == ({"a": 3}, {"a": 5, "b": 1})
    head = spool.head("a")
    assert head is not None
    assert head.body == b"3"


def test_a_webhook_is_not_redirected_and_gives_up_where_the_receiver_is_gone() -> None:
    with web() as hook:
        send = webhook(f"http://127.0.0.1:{hook.port}/", "s", None)
        send("m", b"{}")
        hook.statuses = [302, 500, 410]
        for raising in (OSError, OSError, Refused):
            with pytest.raises(raising):
                send("m", b"{}")
        assert set(hook.paths()) == {"/"}
    with pytest.raises(OSError, match="refused"):
        send("m", b"{}")
    with pytest.raises(OSError, match="whsec_"):
        webhook("http://127.0.0.1/", "whsec_!", None)


def test_an_incident_page_shows_hostile_values_as_text() -> None:
    evil = '"><script>alert(1)</script>{{7*7}}'
    record = {"kind": "exchange", "at": "2026-01-01T00:00:00Z", "id": evil, "principal": evil, "client": evil,
              "operation": evil, "decision": "allow", "objects": [f"{evil}:{evil}"], "method": "GET"}  # fmt: skip
    shown = page(assemble(evil, "principal", [record, {}, {"objects": 5}], lambda r, i: None, None))
    assert "<script" not in shown
    assert "{{7*7}}" in shown
    assert "default-src 'none'" in shown


def test_metrics_of_a_monitor_that_is_gone() -> None:
    text = exposition({"monitor": ({"failing": ["control-x"], "lost": {"email": 2}}, NOW)}, {}, {}, NOW + 60).decode()
    assert "ringwall_monitor_up 0.0" in text
    assert 'ringwall_control_failing{control="control-x"} 1.0' in text
    assert 'ringwall_outlet_lost{outlet="email"} 2.0' in text
    assert "ringwall_monitor_up 0.0" in exposition({"monitor": ("odd", NOW)}, {}, {}, NOW + 60).decode()
