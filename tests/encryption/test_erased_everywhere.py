"""After `ringwall erase` no file of the data directory holds anything of the person: what they sent, who they are,
where they called from. Rules had alerts about them, an outlet had one waiting, a response was in force."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from encryption.encryption_clinic import CARD, DIAGNOSIS, EMAIL, PHONE, World, holding, opened
from ringwall.build.load import load_contract
from ringwall.build.watch import keep, monitor_of
from ringwall.cli import cli
from ringwall.contract.model_monitoring import Notify, Webhook
from ringwall.core.ports import Account
from ringwall.examples.clinic import CONTRACT, create_app
from ringwall.state import fieldkeys

SUBJECT, NAME, ADDRESS, PASSWORD = (
    "acc-quilla-7731",
    "quilla.marchbanks",
    "198.51.100.77",
    "a horse, a battery, a staple",
)
"""A person made for this test, so that a search finds nobody else."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fieldkeys, "NOTICED_S", 0.0)
    monkeypatch.setenv("HOOK", "whsec_c2VjcmV0")
    with opened(tmp_path) as found:
        yield found


def lived(world: World) -> None:
    """What a person leaves behind: an account with a key, a record of theirs, probing, a wrong password."""
    runtime = world.runtime
    words = ["users", "add", NAME, "--subject", SUBJECT, "--tenant", "north", "--role", "patient", "--password-stdin"]
    where = ["--contract", str(CONTRACT), "--data", str(world.data)]
    assert CliRunner().invoke(cli, [*words, *where], input=PASSWORD).exit_code == 0
    runtime.api_keys.issue(f"of {NAME}", frozenset({"patient"}), subject=SUBJECT, tenant="north")
    account = Account(SUBJECT, NAME, frozenset({"patient"}), "north")
    world.tokens["quilla"] = runtime.tokens.issue(account, lifetime_s=3600)
    runtime.accounts.sign_in(NAME, "wrong", ADDRESS)
    runtime.accounts.sign_in(NAME, PASSWORD, ADDRESS)
    body = {"account_id": SUBJECT, "clinic_id": "north", "full_name": "Q", "diagnosis": DIAGNOSIS, "phone": PHONE}
    made = world.ask("dara", "POST", "/patients", body)
    assert made.status_code == 201, made.text
    path = f"/patients/{made.json()['patient_id']}"
    assert world.ask("quilla", "PATCH", path, {"email": EMAIL, "card_number": CARD}).status_code == 200
    assert world.ask("quilla", "GET", path).json()["email"] == EMAIL
    for number in range(40):
        world.ask("quilla", "GET", f"/patients/{number + 100}")
        world.ask("quilla", "GET", "/patients?city=%27%20OR%201%3D1%20--")


def watched(world: World) -> list[str]:
    """Have the monitor judge all that, with an outlet that nobody answers; the rules whose alerts it raised."""
    contract = load_contract(CONTRACT, app=create_app(world.root / "clinic"))
    outlets = Notify((Webhook("http://127.0.0.1:9/", "HOOK", "low", None),))
    contract = replace(contract, monitoring=replace(contract.monitoring, notify=outlets))
    with monitor_of(contract, world.data, (), {}) as monitor:
        for _ in range(4):
            monitor.step()
            time.sleep(0.15)
        keep(monitor, world.data / "monitor" / "state.json")
    return [alert.rule for alert in world.runtime.alerts.alerts()]


def test_no_file_holds_anything_of_an_erased_person(world: World) -> None:
    lived(world)
    rules = watched(world)
    assert "enumeration" in rules or "forbidden-operation" in rules, rules
    blocked = world.run("respond", "do", "block", f"principal:{SUBJECT}", "--for", "1h")
    assert blocked.exit_code == 0, blocked.output
    world.runtime.journal.checkpoint()
    personal = (SUBJECT, NAME, ADDRESS, DIAGNOSIS, PHONE, EMAIL, CARD)
    done = world.run("erase", SUBJECT, "--yes", "--json", "--database", world.url(), "--contract", str(CONTRACT))
    assert done.exit_code == 0, done.output
    left = {word: [path.relative_to(world.data).as_posix() for path in holding(word, world.data)] for word in personal}
    assert {word: found for word, found in left.items() if found} == {}
    assert not world.runtime.store.stands(SUBJECT, "any", time.time() - 5), "their tokens have ended all the same"
    assert world.runtime.store.stands("acc-ana", "any", time.time() - 5), "and nobody else's"
