"""What the monitor keeps of a person is sealed under the person's key, and an erasure reaches all of it: alerts,
responses, habits, tries to sign in, and what still waits to be delivered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner, Result

from e2e.e2e_process import Running, serving, until
from ringwall.cli import cli
from ringwall.examples.clinic import CONTRACT

THERE = "127.71.3.9"
SLIPPED = "journal/00000000000000000000.jsonl"
ELSEWHERE = "/patients/search?q=marsh"
NOTIFY = """
monitoring:
  respond:
    dry_run: false
    actions:
      - {on: [forbidden-operation], do: slow, what: address, rate: 9000/second, for: 1h}
      - {on: [forbidden-operation], do: slow, what: principal, rate: 9000/second, for: 1h}
  notify:
    webhooks: [{url: "http://127.0.0.1:9/", secret_env: HOOK, from: low}]
"""


def command(data: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--data", str(data)])


def from_there(running: Running) -> httpx.Client:
    transport = httpx.HTTPTransport(verify=running.trust(), local_address=THERE)
    return httpx.Client(base_url=running.url.replace("localhost", "127.0.0.1"), transport=transport, timeout=20.0)


def attack(running: Running, name: str) -> None:
    """Sign in, with a slip, and send what raises an alert: all from one address."""
    with from_there(running) as client:
        form = {"grant_type": "password", "username": name, "password": "a slip of the hand"}
        client.post("/.ringwall/oauth/token", data=form)
        reply = client.post("/.ringwall/oauth/token", data={**form, "password": running.password(name)})
        client.headers["authorization"] = f"Bearer {reply.json()['access_token']}"
        assert client.get("/patients/1").status_code == 200
        assert client.get(ELSEWHERE).status_code == 403


def holding(data: Path, text: str) -> set[str]:
    """The files of the data directory that hold a text, but for the application's own."""
    return {
        str(path.relative_to(data))
        for path in data.rglob("*")
        if path.is_file() and path.relative_to(data).parts[0] != "clinic" and text.encode() in path.read_bytes()
    }


def signins(running: Running) -> list[dict[str, Any]]:
    return [r["record"] for r in running.journal() if "record" in r and r["record"]["kind"] == "signin"]


def test_an_erasure_reaches_what_the_monitor_keeps(tmp_path: Path) -> None:
    contract = tmp_path / "ringwall.yaml"
    contract.write_text(CONTRACT.read_text("utf-8") + NOTIFY)
    with serving(tmp_path, "--contract", str(contract), env={"HOOK": "s"}) as running:
        subject = next(str(a["subject"]) for a in running.ready["accounts"] if a["name"] == "ana")
        other = next(str(a["subject"]) for a in running.ready["accounts"] if a["name"] == "ben")
        running.sign_in("ana")  # from now on there is a key of hers
        attack(running, "ana")
        data = running.data

        def listed(*words: str) -> list[dict[str, Any]]:
            return [json.loads(line) for line in command(data, *words, "--json").stdout.splitlines()]

        assert until(lambda: len(listed("respond", "list")) == 2, 20.0)
        held = {each["kind"]: each["value"] for each in listed("respond", "list")}
        assert held == {"address": THERE, "principal": subject}
        (alert,) = listed("alerts", "list", "--principal", subject, "--rule", "forbidden-operation")
        assert (alert["principal"], alert["client"], alert["group"]) == (subject, THERE, {"principal": subject})
        assert listed("alerts", "list", "--principal", other) == []
        assert command(data, "respond", "do", "challenge", f"principal:{other}", "--for", "1h").exit_code == 0
        assert until(lambda: b"forbidden-operation" in (data / "monitor" / "spool.db").read_bytes() or (
            data / "monitor" / "spool.db-wal").exists())  # fmt: skip
        tried = signins(running)[1:]
        assert [each.get("outcome") for each in tried] == ["wrong", "ok"]
        assert {each[member][:5] for each in tried for member in ("client", "account")} == {"rwp1."}
        assert "principal" not in tried[0], "nobody's alerts are about whom others guess at"
        found = command(data, "audit", "search", "--client", THERE, "--kind", "signin", "--json").stdout.splitlines()
        assert [json.loads(line)["opened"]["client"] for line in found] == [THERE, THERE]
        assert holding(data, THERE) == {SLIPPED, "journal/index.db"}
        assert (data / SLIPPED).read_text().count(THERE) == 1, "the slip's exchange was nobody's yet"
    assert not {each for each in holding(data, subject) if each.startswith("monitor/")}
    assert "state.json" in {path.name for path in (data / "monitor").iterdir()}
    erased = command(data, "erase", subject, "--yes")
    assert erased.exit_code == 0, erased.output
    command(data, "audit", "search", "--limit", "1")
    assert holding(data, subject) == set()
    assert holding(data, THERE) == {SLIPPED, "journal/index.db"}
    after = command(data, "respond", "list", "--json").stdout
    assert "rwp1." in after
    assert other in after, "of others all is there"
    assert listed("alerts", "list", "--principal", subject) == []
    assert command(data, "audit", "verify").exit_code == 0
