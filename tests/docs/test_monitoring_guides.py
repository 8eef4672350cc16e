"""The guides to monitoring and response as they stand: rules find, contracts are taken, assets work."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from ringwall.contract.parse import load
from ringwall.monitoring.exposed import exposition
from ringwall.monitoring.honey import honey_rules
from ringwall.monitoring.metrics import Metrics
from ringwall.monitoring.rules import Detector, load_rules

ROOT = Path(__file__).parents[2]
ASSETS = files("ringwall.monitoring") / "assets"
BASE = "ringwall: 1\napi: openapi.json\nauthentication: {api_keys: true}\nroles: {nurse: {}}\n"


def blocks(name: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / name).read_text("utf-8"), re.DOTALL)


def stated(tmp_path: Path, block: str) -> object:
    api = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}}
    (tmp_path / "openapi.json").write_text(json.dumps(api))
    (tmp_path / "ringwall.yaml").write_text(BASE + block)
    return load(tmp_path / "ringwall.yaml").monitoring


def test_the_rule_of_the_guide_finds_what_it_says(tmp_path: Path) -> None:
    rule, honey = blocks("monitoring.md")
    (tmp_path / "refunds.yml").write_text(rule)
    loaded = load_rules([tmp_path])
    found = Detector(loaded.rules, frozenset(), list(loaded.wrong))
    assert found.unloaded == []
    refund = {"kind": "exchange", "operation": "POST /payments/{id}/refund", "decision": "allow", "principal": "a"}
    hits = [[h.rule for h in found.see(refund, float(n))] for n in range(3)]
    assert hits == [[], [], ["many-refunds"]]
    assert stated(tmp_path, honey).honey.objects == ("patient:999999",)  # type: ignore[attr-defined]


def test_each_kind_of_honey_is_a_critical_rule(tmp_path: Path) -> None:
    _, honey = blocks("monitoring.md")
    loaded = load_rules((), honey_rules(stated(tmp_path, honey).honey))  # type: ignore[attr-defined]
    found = Detector(loaded.rules, frozenset(), list(loaded.wrong))
    assert found.unloaded == []
    touched = (
        ({"credential": "key:NfnCecld"}, "honey-key"),
        ({"objects": ["patient:1", "patient:999999"]}, "honey-object"),
        ({"faults": ["/body/legacy_password validation.unknown"]}, "honey-field"),
        ({"operation": "GET /export"}, "honey-operation"),
    )
    for part, rule in touched:
        record = {"kind": "exchange", "decision": "allow", "principal": "a", **part}
        assert [(h.rule, h.level) for h in found.see(record, 1.0)] == [(rule, "critical")]
    honest = {"kind": "exchange", "credential": "key:other", "objects": ["patient:99999"], "operation": "GET /exports",
              "faults": ["/body/password validation.length"], "decision": "allow"}  # fmt: skip
    assert found.see(honest, 2.0) == []


def test_the_contract_of_the_guide_to_response_is_taken(tmp_path: Path) -> None:
    (block,) = blocks("response.md")
    given = stated(tmp_path, block)
    assert len(given.respond.steps) == 6  # type: ignore[attr-defined]
    assert given.notify.otel.endpoint == "https://otel.example.com:4318"  # type: ignore[attr-defined]
    rules = {str(r["name"]) for r in Detector(load_rules().rules).listed()} | {"unusual-volume", "honey-key"}
    assert {name for step in given.respond.steps for name in step.on} <= rules  # type: ignore[attr-defined]


def metrics() -> set[str]:
    text = Metrics().exposition() + exposition({}, {}, {}, 0.0)
    return set(re.findall(r"^# TYPE (\w+)", text.decode(), re.MULTILINE))


def test_the_dashboard_and_the_alert_rules_ask_for_metrics_that_there_are() -> None:
    dashboard = json.loads((ASSETS / "dashboard.json").read_text("utf-8"))
    asked = [t["expr"] for panel in dashboard["panels"] for t in panel["targets"]]
    rules = yaml.safe_load((ASSETS / "alert-rules.yaml").read_text("utf-8"))
    asked += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    named = {name for expr in asked for name in re.findall(r"\bringwall_\w+", expr)}
    assert {n for n in named if n.removesuffix("_bucket") not in metrics()} == set()
    assert len(dashboard["panels"]) > 8


def test_prometheus_takes_the_alert_rules(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (Prometheus) is not installed")
    (tmp_path / "rules.yaml").write_text((ASSETS / "alert-rules.yaml").read_text("utf-8"))
    done = subprocess.run([promtool, "check", "rules", tmp_path / "rules.yaml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
