"""Root and data keys change under servers that go on: nothing is lost, whether they have noticed yet or not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from encryption.encryption_clinic import PHONE, World, opened
from ringwall.core.ports import Opened, Place, Seal, Unavailable, Unseal
from ringwall.state import fieldkeys
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.rootkeys import root_keys
from ringwall.state.sqlite import Store


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fieldkeys, "NOTICED_S", 0.0)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with opened(tmp_path) as found:
        yield found


def test_a_server_goes_on_while_root_and_data_keys_change(world: World) -> None:
    assert world.ask("nora", "PATCH", "/patients/1", {"phone": PHONE}).status_code == 200
    roots = {k["root"] for k in world.data_keys()}
    assert world.run("keys", "root", "--rotate").exit_code == 0
    assert world.ask("nora", "GET", "/patients/1").json()["phone"] == PHONE
    assert world.ask("nora", "PATCH", "/patients/2", {"phone": PHONE}).status_code == 200, "a new person's new key"
    assert not roots & {k["root"] for k in world.data_keys()}
    assert world.run("keys", "rotate", "--all").exit_code == 0
    assert world.ask("nora", "GET", "/patients/2").json()["phone"] == PHONE
    before = world.stored("phone", 2)
    assert world.ask("nora", "PATCH", "/patients/2", {"phone": PHONE}).status_code == 200
    current = {k["id"] for k in world.data_keys() if k["current"]}
    assert before.split(".")[1] not in current
    assert world.stored("phone", 2).split(".")[1] in current


def test_a_server_that_has_not_noticed_makes_no_key_that_nobody_opens(world: World) -> None:
    store = Store(world.data / "state.db")
    asleep = FieldKeys(store, root_keys(world.data / "keys"))
    asleep._due = time.monotonic() + 3600
    place = Place("patient", "phone", None, "acc-new", "9")
    assert world.run("keys", "root", "--rotate").exit_code == 0
    with pytest.raises(Unavailable, match="was replaced"):
        asleep.seal(Seal(((PHONE, place),)))
    awake = FieldKeys(store, root_keys(world.data / "keys"))
    (text,) = awake.seal(Seal(((PHONE, place),)))
    assert awake.unseal(Unseal(((text, place),))) == (Opened(PHONE),)
    store.close()


def test_explain_says_what_a_searchable_field_gives_away(world: World) -> None:
    from click.testing import CliRunner

    from ringwall.cli import cli

    told = CliRunner().invoke(cli, ["explain", "GET /patients/{patient_id}"]).output
    assert "which values of a tenant are equal and how often" in " ".join(told.split())
    assert "may confirm a guess" in " ".join(told.split())
