"""Honest mixed traffic, slips included, raises no alert; `make soak` sends a hundred thousand requests of it."""

from __future__ import annotations

from pathlib import Path

from e2e.e2e_process import serving
from monitoring.honest import Traffic


def test_honest_traffic_raises_no_alert(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        traffic = Traffic(running, callers=12)
        traffic.send(1500)
        assert [(a.rule, a.explanation) for a in traffic.alerts()] == []
    assert traffic.statuses[200] > 1300
    assert traffic.statuses[0] == 0
