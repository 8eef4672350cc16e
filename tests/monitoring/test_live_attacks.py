"""Attacks of the corpus against a running `up`: each raises the alert that its case names, and
the honest twins and honest mistakes raise none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.e2e_process import Running, serving
from monitoring.live import Live, ordered
from ringwall.attacks import corpus
from ringwall.attacks.run import requests

NAMED = [case for case in ordered(corpus()) if case.alert]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("live")) as served:
        yield served


@pytest.fixture(scope="module")
def live(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with_grounds = Live(running, tmp_path_factory.mktemp("grounds"))
    yield with_grounds
    with_grounds.close()


def test_every_kind_of_attack_has_a_case_with_an_alert() -> None:
    assert {case.kind for case in corpus()} == {case.kind for case in NAMED}


def test_the_honest_twins_raise_no_alert(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        live = Live(running, tmp_path / "grounds")
        removed: set[tuple[str, str]] = set()
        last = sorted(
            corpus(), key=lambda case: case.operation.startswith("DELETE")
        )  # what others read is removed last
        for case in last:
            for draft in (*case.setup, *case.honest):
                for sent in requests(draft, live.grounds):
                    if sent.method != "DELETE" or (sent.method, sent.target) not in removed:  # one corpus, one clinic
                        live.send(sent)
                    removed.add((sent.method, sent.target))
        live.raised("injection", 0.0, 1.0)
        assert [(a.rule, a.explanation) for a in live.alerts.alerts()] == []
        live.close()


@pytest.mark.parametrize("case", NAMED, ids=lambda case: case.name)
def test_an_attack_raises_its_alert(case: object, live: Live) -> None:
    began = live.attack(case)  # type: ignore[arg-type]
    found = live.raised(case.alert, began)  # type: ignore[attr-defined]
    assert found is not None, [(a.rule, a.explanation) for a in live.alerts.alerts(since=began)]
    assert found.requests
    assert found.last >= began - 0.05
