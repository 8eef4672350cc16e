"""A deployment of two workers with responses and receivers: what is raised is told to all of them, acted on in every
worker, and can be taken back."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import standardwebhooks
from click.testing import CliRunner, Result
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from e2e.e2e_process import Running, serving, until
from monitoring.receivers import Mailbox, Web, certified, mail, syslog_server, web
from ringwall.cli import cli
from ringwall.examples.clinic import CONTRACT

SYSLOG = re.compile(
    r"<(?P<priority>\d{1,3})>1 (?P<time>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) (?P<host>[!-~]{1,255})"
    r" (?P<app>[!-~]{1,48}) (?P<process>[!-~]{1,128}) (?P<kind>[!-~]{1,32})"
    r" (?P<data>(?:\[(?:[^\"\]]|\"(?:[^\"\\]|\\.)*\")*\])+)(?: (?P<text>.*))?",
    re.DOTALL,
)
"""RFC 5424, section 6: header, structured data, message."""
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ATTACK = "/patients/search?q=%27%20UNION%20SELECT%20name%20FROM%20sqlite_master--"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@dataclass
class World:
    running: Running
    hook: Web
    otel: Web
    mailbox: Mailbox
    syslog: list[bytes]

    def asked(self, path: str, **headers: str) -> httpx.Response:
        key = self.running.ready["api_keys"][0]["key"]
        with self.running.client(**{"X-API-Key": key, **headers}) as client:
            return client.get(path)

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.hook.got]

    def command(self, *words: str) -> Result:
        return CliRunner().invoke(cli, [*words, "--data", str(self.running.data)])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = tmp_path_factory.mktemp("deployment")
    made, context = certified(place / "tls")
    with ExitStack() as stack:
        hook, otel = stack.enter_context(web()), stack.enter_context(web())
        smtp, mailbox = stack.enter_context(mail(context))
        port, syslog = stack.enter_context(syslog_server(context))
        contract = place / "ringwall.yaml"
        contract.write_text(
            CONTRACT.read_text("utf-8")
            + f"""
monitoring:
  honey: {{objects: ["visit:2"]}}
  respond:
    dry_run: false
    never: [acc-dara]
    actions:
      - {{on: [injection], do: block, what: principal, for: 2m}}
      - {{on: [forged-token], do: slow, what: address, rate: 1000/second, for: 2m}}
      - {{on: [honey-object], do: freeze, for: 2m}}
  notify:
    webhooks: [{{url: "http://127.0.0.1:{hook.port}/hook", secret_env: HOOK, from: low}}]
    email: {{host: localhost, port: {smtp}, to: [ops@example.com], sender: wall@example.com, ca: {made.ca}}}
    syslog: {{host: localhost, port: {port}, ca: {made.ca}}}
    otel: {{endpoint: "http://127.0.0.1:{otel.port}"}}
"""
        )
        running = stack.enter_context(
            serving(place, "--workers", "2", "--contract", str(contract), env={"HOOK": SECRET})
        )
        yield World(running, hook, otel, mailbox, syslog)


def test_an_alert_blocks_the_principal_in_every_worker_and_is_taken_back(world: World) -> None:
    assert world.asked("/patients/1", traceparent=TRACE).status_code == 200
    assert world.asked(ATTACK).json()["reason"] == "detection.sqli"
    assert until(lambda: all(world.asked("/patients/1").status_code == 403 for _ in range(8)), 4.0)
    refused = world.asked("/patients/1")
    assert refused.json()["reason"] == "monitoring.blocked.principal"
    assert 0 < int(refused.headers["retry-after"]) <= 120
    with world.running.client(Authorization=f"Bearer {world.running.sign_in('ana')}") as client:
        assert client.get("/patients/1").status_code == 200, "others are not concerned"
    listed = world.command("respond", "list").stdout
    assert "block  principal:key-" in listed
    assert "injection (a-" in listed
    identity = listed.split()[0]
    assert world.command("respond", "undo", identity).exit_code == 0
    assert until(lambda: all(world.asked("/patients/1").status_code == 200 for _ in range(8)), 4.0)
    assert world.command("respond", "undo", identity).exit_code == 1, "once is enough"
    assert world.command("respond", "list").stdout == ""
    assert "undone" in world.command("respond", "list", "--all").stdout


def test_the_webhook_is_signed_in_order_and_once(world: World) -> None:
    assert until(lambda: any(t["rule"] == "injection" for t in world.told()))
    path, headers, body = next(g for g in world.hook.got if json.loads(g[2])["rule"] == "injection")
    standardwebhooks.Webhook(SECRET).verify(body, dict(headers))
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(SECRET).verify(body.replace(b"injection", b"something"), dict(headers))
    assert path == "/hook"
    told = json.loads(body)
    assert told["responses"][0]["action"] == "block"
    assert told["explanation"].startswith("detection.sqli")
    ids = [int(h["webhook-id"].rpartition("-")[2]) for _, h, _ in world.hook.got]
    assert ids == sorted(set(ids))


def test_mail_and_syslog_are_told_over_tls(world: World) -> None:
    assert until(lambda: world.mailbox.got and world.syslog)
    letter = world.mailbox.got[0]
    assert letter.rcpt_tos == ["ops@example.com"]
    assert b"Subject: [ringwall] medium: Injection attempted" in letter.content
    message = SYSLOG.fullmatch(world.syslog[0].decode())
    assert message, world.syslog[0]
    assert (message["app"], int(message["priority"])) == ("ringwall", 13 * 8 + 4)  # log audit, warning
    assert re.search(r'\[ringwall@32473 (?:[^"\]]|"(?:[^"\\]|\\.)*")*rule="injection"', message["data"])
    assert "detection.sqli" in message["text"]


def test_telemetry_goes_on_from_the_trace_that_came(world: World) -> None:
    def spans() -> list[Any]:
        found = []
        for path, _, body in list(world.otel.got):
            if path == "/v1/traces":
                for each in ExportTraceServiceRequest.FromString(body).resource_spans:
                    found += [span for scope in each.scope_spans for span in scope.spans]
        return found

    assert until(lambda: any(s.trace_id.hex() == TRACE[3:35] for s in spans()))
    span = next(s for s in spans() if s.trace_id.hex() == TRACE[3:35])
    assert span.parent_span_id.hex() == TRACE[36:52]
    assert span.name == "GET /patients/{patient_id}"
    assert span.end_time_unix_nano > span.start_time_unix_nano

    def bodies() -> list[str]:
        logs = [ExportLogsServiceRequest.FromString(b) for p, _, b in list(world.otel.got) if p == "/v1/logs"]
        return [
            record.body.string_value
            for message in logs
            for each in message.resource_logs
            for scope in each.scope_logs
            for record in scope.log_records
        ]

    assert until(lambda: any(b.startswith("detection.sqli") for b in bodies()))
    assert until(lambda: "/v1/metrics" in world.otel.paths())
    numbers = [ExportMetricsServiceRequest.FromString(b) for p, _, b in world.otel.got if p == "/v1/metrics"]
    names = {m.name for n in numbers for r in n.resource_metrics for s in r.scope_metrics for m in s.metrics}
    assert {"ringwall.exchanges", "ringwall.overhead"} <= names


def test_honey_freezes_the_operation(world: World) -> None:
    token = world.running.sign_in("nora")
    with world.running.client(Authorization=f"Bearer {token}") as client:
        client.get("/visits/2")
        assert until(lambda: client.get("/visits/1").status_code == 503, 4.0)
        assert client.get("/visits/1").json()["reason"] == "monitoring.frozen"
        assert client.get("/patients/1").status_code == 200
    assert until(lambda: any(t["rule"] == "honey-object" and t["level"] == "critical" for t in world.told()))
    frozen = next(line for line in world.command("respond", "list").stdout.splitlines() if "freeze" in line)
    assert world.command("respond", "undo", frozen.split()[0]).exit_code == 0


def test_what_is_done_by_hand_holds_and_is_recorded(world: World) -> None:
    done = world.command("respond", "do", "block", "principal:acc-ben", "--for", "1h")
    assert done.exit_code == 0, done.stderr
    with world.running.client(Authorization=f"Bearer {world.running.sign_in('ben')}") as client:
        assert until(lambda: client.get("/documents").status_code == 403, 4.0)
    assert world.command("respond", "undo", done.stdout.split(":")[0]).exit_code == 0
    kinds = {(r["record"].get("kind"), r["record"].get("operation")) for r in world.running.journal()}
    assert {("response", "respond.block"), ("admin", "respond.block"), ("admin", "undo.block")} <= kinds
    for wrong in (["block", "operation:x"], ["slow", "principal:x"], ["nothing", "x"], ["block", "address:"]):
        assert world.command("respond", "do", *wrong).exit_code == 2


def test_a_blocked_address_reaches_nothing_but_the_health_of_the_wall(world: World) -> None:
    done = world.command("respond", "do", "block", "address:127.0.0.1", "--for", "1h")
    identity = done.stdout.split(":")[0]
    try:
        assert until(lambda: all(world.asked("/patients/1").status_code == 403 for _ in range(8)), 4.0)
        with world.running.client() as client:
            form = {"grant_type": "password", "username": "ana", "password": world.running.password("ana")}
            replies = [
                client.post("/.ringwall/oauth/token", data=form),
                client.get("/undeclared"),
                client.get("/health"),
            ]
            assert {reply.json()["reason"] for reply in replies} == {"monitoring.blocked.address"}
            assert client.get("/.ringwall/live").status_code == 200
    finally:
        world.command("respond", "undo", identity)
    assert until(lambda: all(world.asked("/patients/1").status_code == 200 for _ in range(8)), 4.0)


def test_incidents_alerts_and_status_tell_the_story(world: World, tmp_path: Path) -> None:
    alerts = [json.loads(line) for line in world.command("alerts", "list", "--json").stdout.splitlines()]
    alert = next(a for a in alerts if a["rule"] == "injection")
    page = tmp_path / "incident.html"
    told = json.loads(world.command("incident", alert["id"], "--json", "--html", str(page)).stdout)
    assert told["kind"] == "alert"
    assert {"reason": "detection.sqli", "times": 1} in told["stopped"]
    assert {"resource": "patient", "id": "1", "owner": "acc-ana"}.items() <= told["reached"]["objects"][0].items() | {
        ("owner", "acc-ana")
    }
    assert {"field": "patient.full_name", "class": "identifier"} in told["reached"]["fields"]
    assert any(m["operation"] == "respond.block" for m in told["measures"])
    assert alert["id"] in page.read_text("utf-8")
    assert "<script" not in page.read_text("utf-8")
    request = json.loads(world.command("incident", alert["requests"][0], "--json").stdout)
    assert [m["reason"] for m in request["timeline"]] == ["detection.sqli"]
    assert world.command("incident", "nobody-here").exit_code == 1
    assert world.command("alerts", "close", alert["id"]).exit_code == 0
    assert world.command("alerts", "close", alert["id"]).exit_code == 1
    status = world.command("monitor", "status", "--json")
    assert status.exit_code == 0, status.stdout
    said = json.loads(status.stdout)
    assert {"monitor", "worker w0", "worker w1"} <= said.keys()
    assert said["monitor"]["said"]["outlets"] == {"webhook-0": "", "email": "", "syslog": ""}


def test_metrics_tell_of_the_monitor(world: World) -> None:
    with world.running.client() as client:
        text = client.get("/.ringwall/metrics").text
    assert "ringwall_monitor_up 1.0" in text
    assert 'ringwall_alerts_open{level="critical",rule="honey-object"} 1.0' in text


def test_a_slow_receiver_slows_no_request(world: World) -> None:
    world.hook.slow = True
    world.hook.delay.clear()
    try:
        world.asked("/export")
        took = []
        for _ in range(10):
            began = time.monotonic()
            assert world.asked("/patients/1").status_code == 200
            took.append(time.monotonic() - began)
        assert min(took) < 5.0
        assert world.command("alerts", "list", "--rule", "forbidden-operation").stdout
    finally:
        world.hook.slow = False
        world.hook.delay.set()
    assert until(lambda: any(t["rule"] == "forbidden-operation" for t in world.told()))


def test_the_journal_is_whole_with_the_monitors_own_log(world: World) -> None:
    done = world.command("audit", "verify", "--json")
    assert json.loads(done.stdout)["ok"], done.stdout
    assert {"alert", "response"} <= {str(r["record"].get("kind")) for r in world.running.journal()}
