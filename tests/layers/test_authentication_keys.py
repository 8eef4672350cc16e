"""API keys: a rate and addresses of their own, when they were last used, and nothing told of a wrong one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ringwall.cli import cli
from ringwall.contract.api import ApiOperation
from ringwall.contract.model import Operation
from ringwall.core.known import Known
from ringwall.core.ports import FindKey, KeyUsed
from ringwall.core.verdict import Ask, Learned, Refuse, Verdict
from ringwall.engines.policy import Roles
from ringwall.identity.apikeys import ApiKeys
from ringwall.layers import quota
from ringwall.layers.authentication.credential import Credential
from ringwall.layers.authentication.keys import key_verdict
from ringwall.layers.authentication.settings import Settings
from ringwall.state.sqlite import Store

ROLES = Roles({"reader": frozenset()}, frozenset())


@dataclass
class World:
    """A store with keys, a clock, and the layer's memory."""

    store: Store
    now: float = 1000.0
    settings: Settings = field(
        default_factory=lambda: Settings(None, {}, api_keys=True, basic=False, roles=ROLES, staleness_s=5.0)
    )
    asked: int = 0

    def __post_init__(self) -> None:
        self.keys = ApiKeys(self.store, lambda: self.now)

    def use(self, key: str, client: str = "127.0.0.1") -> Verdict:
        known = Known("GET /x", self.now, {}, client, "r")
        verdict = key_verdict(Credential("key", key, "x-api-key"), known, self.settings)
        while isinstance(verdict, Ask):
            self.asked += 1
            question = verdict.question
            if isinstance(question, FindKey):
                verdict = verdict.then(self.store.nearest_key(question.key_id))
            else:
                assert isinstance(question, KeyUsed)
                verdict = verdict.then(self.keys.used(question.key_id))
        return verdict


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = Store(tmp_path / "state.db")
    yield World(store)
    store.close()


def test_a_key_is_for_the_addresses_that_it_was_issued_for(world: World) -> None:
    key, _ = world.keys.issue("k", frozenset({"reader"}), addresses=("10.1.0.0/16", "2001:db8::/32"))
    for client in ("10.1.2.3", "2001:db8::1"):
        assert isinstance(world.use(key, client), Learned)
    for client in ("10.2.0.1", "127.0.0.1", "", "2001:db9::1"):
        refused = world.use(key, client)
        assert isinstance(refused, Refuse), "also once it is remembered"
        assert (refused.reason.code, refused.reason.shown) == ("authn.key.address", "authn.key")
    unknown = world.use(key[:12] + "A" * 30 + key[42:])
    assert isinstance(unknown, Refuse)
    assert (unknown.reason.title, unknown.reason.caller) == (refused.reason.title, refused.reason.caller)


def test_a_key_has_a_rate_of_its_own(world: World) -> None:
    key, _ = world.keys.issue("k", frozenset({"reader"}), rate=(2, 60.0))
    free, _ = world.keys.issue("free", frozenset({"reader"}))
    api = ApiOperation("GET", "/x", None, (), (), None, {}, 1)
    operation = Operation(api, "", None, None, (), lists=False, creates=False)
    (guard,) = quota.forge_principal(operation, quota.settings(None, None, by_credential=True)).head

    def spent(text: str) -> str:
        verdict = world.use(text)
        assert isinstance(verdict, Learned)
        judged = guard.check(None, verdict.known)  # type: ignore[arg-type]
        return judged.reason.code if isinstance(judged, Refuse) else "pass"

    assert [spent(key) for _ in range(3)] == ["pass", "pass", "quota.key"]
    assert {spent(free) for _ in range(10)} == {"pass"}
    world.now += 31
    assert spent(key) == "pass"


def test_the_last_use_is_written_once_a_minute_and_only_for_a_right_key(world: World) -> None:
    key, record = world.keys.issue("k", frozenset({"reader"}))

    def last() -> float | None:
        found = world.store.key(record.key_id)
        assert found is not None
        return found.last_used

    wrong = key[:12] + ("A" * 29 + "B") + key[42:]
    world.use(wrong)
    assert last() is None
    world.use(key)
    assert last() == 1000.0
    for _ in range(10):
        world.now += 5.5
        world.use(key)
    assert last() == 1000.0
    world.now += 6
    world.use(key)
    assert last() == world.now


def test_an_overlap_ends_and_what_was_stated_goes_on_to_the_successor(world: World) -> None:
    old, record = world.keys.issue("k", frozenset({"reader"}), rate=(5, 1.0), addresses=("127.0.0.0/8",))
    made = world.keys.rotate(record.key_id, 60.0)
    assert made is not None
    new, successor = made
    assert (successor.rate, successor.addresses, successor.subject) == ((5, 1.0), ("127.0.0.0/8",), record.subject)
    assert isinstance(world.use(old), Learned)
    world.now += 61
    assert isinstance(world.use(old), Refuse)
    assert isinstance(world.use(new), Learned)


@given(st.text(max_size=60) | st.from_regex(r"rw_[0-9A-Za-z_]{0,50}", fullmatch=True))
def test_no_text_is_a_key_and_none_makes_it_fail(text: str) -> None:
    known = Known("GET /x", 0.0, {}, "127.0.0.1", "r")
    settings = Settings(None, {}, api_keys=True, basic=False, roles=ROLES, staleness_s=5.0)
    verdict = key_verdict(Credential("key", text, "x-api-key"), known, settings)
    verdict = verdict.then(None) if isinstance(verdict, Ask) else verdict
    assert isinstance(verdict, Refuse)
    assert verdict.reason.code == "authn.key"
    assert verdict.headers == ((b"www-authenticate", b'Bearer realm="ringwall", error="invalid_token"'),)


def test_the_row_that_is_nobodys_is_no_key(world: World) -> None:
    assert world.store.key("") is None
    assert world.store.keys() == []
    assert not world.store.end_key("", 1.0)
    assert world.keys.rotate("", 1.0) is None


def test_the_command_states_rate_and_networks(tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli, ["apikeys", *arguments, "--data", str(tmp_path)])
        return done.exit_code, done.stdout

    code, out = run("issue", "--name", "lab", "--rate", "100/minute", "--from", "10.0.0.0/8", "--from", "::1", "--json")
    assert code == 0
    told = json.loads(out)
    assert told["rate"] == {"count": 100, "seconds": 60.0}
    assert (told["addresses"], told["last_used"]) == (["10.0.0.0/8", "::1/128"], None)
    assert "never used" in run("list")[1]
    for wrong in (("--rate", "fast"), ("--from", "everywhere"), ("--from", "10.0.0.1/8")):
        assert run("issue", "--name", "x", *wrong)[0] == 2
