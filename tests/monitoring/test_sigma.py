"""The evaluation of Sigma rules: against another implementation, by windows, and what is told of what cannot be."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import azuma
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.correlations import SigmaCorrelationRule
from sigma.rule import SigmaRule

from ringwall.monitoring.rules import Detector, load_rules
from ringwall.monitoring.rules.match import Matcher

ID = "11111111-1111-4111-8111-111111111111"
LOG = {"product": "ringwall"}
WORDS = ["authz.object", "Authz.Object", "detection.sqli", "a*b", "x?y", "", "404", "ein\\er", "GET /x/{id}", "é", "a"]


def rule(detection: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": "t", "id": ID, "status": "test", "level": "low", "logsource": LOG, "detection": detection, **more}


def matches(detection: dict[str, Any], record: dict[str, Any]) -> bool:
    matcher = Matcher()
    matcher.add(SigmaRule.from_dict(rule(detection)))
    found = matcher.match(record) == (0,)
    assert (matcher.match(dict(record)) == (0,)) is found, "what is remembered says the same"
    return found


fields = st.sampled_from(["reason", "principal", "status", "client"])
plain = st.sampled_from([w for w in WORDS if w and not set(w) & set("*?\\")])
tests = st.one_of(
    st.tuples(fields, st.sampled_from(["", "|startswith", "|endswith", "|contains"]), plain),
    st.tuples(st.just("status"), st.sampled_from(["", "|lt", "|gte"]), st.sampled_from([200, 404, 500])),
    st.tuples(st.just("client"), st.just("|cidr"), st.sampled_from(["192.0.2.0/24", "10.0.0.0/8", "::1/128"])),
    st.tuples(st.just("reason"), st.just("|re"), st.sampled_from(["^authz", "^.*s.l", "^[0-9]+"])),
)
records = st.fixed_dictionaries(
    {
        "reason": st.sampled_from(WORDS),
        "principal": st.sampled_from(WORDS),
        "status": st.sampled_from([200, 404, 500]),
        "client": st.sampled_from(["192.0.2.7", "10.1.2.3", "::1", "203.0.113.1"]),
    }
)
conditions = st.sampled_from(["a", "a and b", "a or b", "a and not b", "not (a or b)", "1 of them", "all of them"])


@given(st.lists(tests, min_size=2, max_size=2), conditions, records)
@settings(max_examples=300, deadline=None)
def test_a_rule_matches_what_another_implementation_says(
    parts: list[tuple[str, str, Any]], condition: str, record: dict[str, Any]
) -> None:
    (f1, m1, v1), (f2, m2, v2) = parts
    detection = {"a": {f1 + m1: v1}, "b": {f2 + m2: v2}, "condition": condition}
    theirs = bool(azuma.Rule.model_validate(rule(deepcopy(detection))).match(record))
    assert matches(detection, record) is theirs


@pytest.mark.parametrize(
    ("selection", "record", "said"),
    [
        ({"reason": "authz.*"}, {"reason": "AUTHZ.object"}, True),
        ({"reason": "authz.?bject"}, {"reason": "authz.object"}, True),
        ({"reason": r"a\*b"}, {"reason": "a*b"}, True),
        ({"reason": r"a\*b"}, {"reason": "axb"}, False),
        ({"reason|cased": "Authz"}, {"reason": "authz"}, False),
        ({"objects": "patient:3"}, {"objects": ["patient:1", "patient:3"]}, True),
        ({"objects|exists": True}, {"objects": []}, False),
        ({"objects|exists": False}, {}, True),
        ({"principal": None}, {}, True),
        ({"principal": None}, {"principal": "x"}, False),
        ({"objects|contains|all": ["pat", ":3"]}, {"objects": ["patient:3"]}, True),
        ({"reasons": "sinks.sql"}, {"reason": None, "verdicts": [{"reason": "sinks.sql"}]}, True),
        ({"bytes_out|gte": 100}, {"sizes": [1, 100]}, True),
        ({"cs-method": "GET", "sc-status": 404}, {"method": "GET", "status": 404}, True),
        ({"status|gt": 400}, {"status": "no number"}, False),
        ({"client|cidr": "192.0.2.0/24"}, {"client": "::ffff:192.0.2.9"}, True),
        ({"client|cidr": "192.0.2.0/24"}, {"client": "testclient"}, False),
        ({"reason|re": "(a+)+$"}, {"reason": "a" * 5000 + "!"}, False),
    ],
)
def test_values(selection: dict[str, Any], record: dict[str, Any], said: bool) -> None:
    assert matches({"s": selection, "condition": "s"}, record) is said


def detector(*documents: str) -> Detector:
    rules = [
        SigmaCorrelationRule.from_dict(d) if "correlation" in d else SigmaRule.from_dict(d)
        for text in documents
        for d in yaml.safe_load_all(text)
    ]
    return Detector(rules)


BASE = """
title: b
name: b
logsource: {product: ringwall}
detection: {s: {reason: r}, condition: s}
level: informational
---
title: c
name: c
logsource: {product: ringwall}
detection: {s: {reason: q}, condition: s}
level: informational
"""


def correlated(
    kind: str, rules: str = "[b]", by: str = "[principal]", span: str = "10s", condition: str = "{gte: 3}"
) -> str:
    return (
        f"title: k\nname: k\ncorrelation: {{type: {kind}, rules: {rules}, group-by: {by}, timespan: {span}, "
        f"condition: {condition}}}\nlevel: high\n"
    )


def run(found: Detector, *events: tuple[float, dict[str, Any]]) -> list[tuple[float, dict[str, str]]]:
    return [(at, dict(hit.group)) for at, record in events for hit in found.see(record, at)]


def test_event_count_is_by_group_and_window() -> None:
    found = detector(BASE, correlated("event_count"))
    a = {"reason": "r", "principal": "a"}
    assert run(found, (0, a), (1, a), (2, {**a, "principal": "b"}), (12, a)) == [], "the first ones are too old"
    assert run(found, (13, a), (14, a)) == [(14, {"principal": "a"})]
    assert run(found, (15, {"reason": "r"})) == [], "without its group an event counts nowhere"


def test_value_count_counts_different_values_and_items_of_lists() -> None:
    found = detector(BASE, correlated("value_count", condition="{field: objects, gte: 3}"))
    one = {"reason": "r", "principal": "a", "objects": ["x:1"]}
    assert run(found, *[(float(n), one) for n in range(20)]) == []
    assert run(found, (20, {**one, "objects": ["x:2", "x:3"]})) == [(20, {"principal": "a"})]
    assert run(found, (40, {**one, "objects": ["x:4"]})) == [], "the window has passed"


def test_who_has_a_whole_ipv6_network_is_one_caller() -> None:
    guesses = [(float(n), {"reason": "r", "client": f"2001:db8:0:7:{n:x}::1"}) for n in range(3)]
    found = run(detector(BASE, correlated("event_count", by="[client]")), *guesses)
    assert found == [(2, {"client": "2001:db8:0:7::/64"})]
    spread = correlated("value_count", condition="{field: client, gte: 3}")
    moving = [(at, {**record, "principal": "a"}) for at, record in guesses]
    assert run(detector(BASE, spread), *moving) == [], "privacy addresses of one subscriber are one place"
    far = [(float(n), {"reason": "r", "principal": "a", "client": f"2001:db8:{n}::1"}) for n in range(3)]
    assert run(detector(BASE, spread), *far) == [(2, {"principal": "a"})]
    mapped = [(0.0, "192.0.2.7"), (1.0, "::ffff:192.0.2.7"), (2.0, "192.0.2.7")]
    told = run(detector(BASE, correlated("event_count", by="[client]")),
               *((at, {"reason": "r", "client": each}) for at, each in mapped))  # fmt: skip
    assert told == [(2, {"client": "192.0.2.7"})]


@pytest.mark.parametrize(
    ("kind", "condition", "values", "fires"),
    [
        ("value_sum", "{field: bytes_out, gte: 100}", [40, 40, 40], [2]),
        ("value_avg", "{field: bytes_out, gt: 30}", [10, 60, 10], [1]),
        ("value_median", "{field: bytes_out, gte: 50}", [10, 50, 90, 90], [2, 3]),
        ("value_percentile", "{field: bytes_out, gte: 90, percentile: 50}", [10, 90, 95], [2]),
    ],
)
def test_statistics(kind: str, condition: str, values: list[int], fires: list[int]) -> None:
    found = detector(BASE, correlated(kind, condition=condition))
    events = [(float(n), {"reason": "r", "principal": "a", "sizes": [0, v]}) for n, v in enumerate(values)]
    assert [at for at, _ in run(found, *events)] == fires


def test_temporal_and_its_order() -> None:
    r, q = {"reason": "r", "principal": "a"}, {"reason": "q", "principal": "a"}
    either = correlated("temporal", rules="[b, c]", condition="{gte: 2}")
    assert run(detector(BASE, either), (0, q), (5, r)) == [(5, {"principal": "a"})]
    assert run(detector(BASE, either), (0, q), (15, r)) == []
    ordered = correlated("temporal_ordered", rules="[b, c]", condition="{gte: 2}")
    assert run(detector(BASE, ordered), (0, q), (5, r)) == [], "the wrong way round"
    assert run(detector(BASE, ordered), (0, r), (5, q)) == [(5, {"principal": "a"})]


def test_a_correlation_is_counted_by_another() -> None:
    outer = (
        "title: o\nname: o\ncorrelation: {type: temporal_ordered, rules: [k, c], generate: true, group-by: [principal],"
        " timespan: 1m, condition: {gte: 2}}\nlevel: critical\n"
    )
    found = detector(BASE, correlated("event_count"), outer)
    r, q = {"reason": "r", "principal": "a"}, {"reason": "q", "principal": "a"}
    assert [h.rule for at, e in ((0, q), (1, r), (2, r), (3, r), (4, q)) for h in found.see(e, at)] == ["k", "o"]


def test_groups_are_bounded_and_what_was_let_go_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringwall.monitoring.rules.correlate.GROUPS", 10)
    found = detector(BASE, correlated("event_count"))
    for n in range(25):
        found.see({"reason": "r", "principal": f"p{n}"}, float(n))
    assert found.evicted == 15


def test_what_cannot_be_answered_is_listed_with_why(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(
        "title: web\nlogsource: {category: webserver}\ndetection:\n  s: {'cs-uri-query|contains': x}\n  condition: s\n"
    )
    (tmp_path / "b.yml").write_text("[1, 2]")
    (tmp_path / "c.yaml").write_text("a: [")
    (tmp_path / "d.yml").write_text("title: x\nlogsource: {}\ndetection: {condition: s}\n")
    (tmp_path / "e.yml").write_text(correlated("event_count", rules="[gone]"))
    (tmp_path / "f.yml").write_text(correlated("event_count", rules="[injection]", condition="{lt: 1}"))
    (tmp_path / "g.yml").write_text(
        "title: g\nlogsource: {product: windows}\ndetection:\n  s: {status: 1}\n  condition: s\n---\n"
        "title: h\nlogsource: {category: webserver}\ndetection:\n  s: ['=select']\n  condition: s\n---\n"
        "title: i\nlogsource: {category: webserver}\ndetection:\n  s: {sc-status: 404}\n  condition: s | count() > 6\n"
    )
    loaded = load_rules([tmp_path, tmp_path / "none"])
    found = Detector(loaded.rules, frozenset(), list(loaded.wrong))
    told = " | ".join(f"{Path(w.file).name} {w.title} {w.why}" for w in found.unloaded)
    for part in ("cs-uri-query", "no mapping", "no YAML", "no Sigma rule", "not loaded", "absent", "no such directory",
                 "logs of windows", "keywords in lines"):  # fmt: skip
        assert part in told, (part, told)
    assert len(found.unloaded) == 10
    assert "injection" in found.names


def test_every_shipped_rule_is_in_force_and_described_in_the_guide() -> None:
    loaded = load_rules()
    found = Detector(loaded.rules)
    assert (loaded.wrong, found.unloaded) == ((), [])
    assert len(set(found.names)) == len(found.names)
    guide = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text("utf-8")
    raising = [str(rule["name"]) for rule in found.listed() if not rule["counted_only"]]
    assert {"unusual-volume", "new-operation", *raising} - {n for n in raising if f"`{n}`" in guide} == {
        "unusual-volume", "new-operation",
    }  # fmt: skip


@given(st.dictionaries(st.sampled_from(["kind", "reason", "status", "principal", "objects", "verdicts", "sizes", "at"]),
                       st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda i: st.lists(i, max_size=3)
                                    | st.dictionaries(st.text(max_size=3), i, max_size=2), max_leaves=4)))  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_no_record_breaks_the_shipped_rules(record: dict[str, Any]) -> None:
    SHIPPED.see(record, 1.0)


SHIPPED = Detector(load_rules().rules)
