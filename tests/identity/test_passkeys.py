"""Passkeys: what an authenticator signed counts once, for its account, its site and its ceremony alone."""

from __future__ import annotations

import copy
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.identity_world import ANA, BEN, Clock, Worker
from identity.soft_authenticator import BE, BS, UP, UV, Authenticator
from ringwall.core.records import Passkey
from ringwall.identity.passkeys import PasskeyFlaw, Passkeys, Site, Used

SITE = Site("login.example", "https://login.example")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path, clock: Clock) -> Path:
    Worker(tmp_path / "state.db", clock).has(ANA).has(BEN)
    return tmp_path / "state.db"


@pytest.fixture
def keys(path: Path, clock: Clock) -> Passkeys:
    return Worker(path, clock).identity.passkeys


def enrolled(keys: Passkeys, account=ANA, **more) -> Authenticator:
    held = Authenticator(SITE.origin, **more)
    made = keys.register(account.subject, SITE, held.create(keys.registration(account, SITE)), "my key")
    assert isinstance(made, Passkey), made
    return held


def test_a_passkey_signs_in_alone_as_two_factors(keys: Passkeys) -> None:
    held = enrolled(keys)
    assert keys.use(SITE, held.get(keys.request(SITE))) == Used("acc-ana", frozenset({"hwk", "user", "mfa"}))
    synced = enrolled(keys, flags=UP | UV | BE | BS, counter=None)
    assert keys.use(SITE, synced.get(keys.request(SITE))) == Used("acc-ana", frozenset({"swk", "user", "mfa"}))


def test_beside_a_password_it_need_not_verify_its_user_but_alone_it_must(keys: Passkeys) -> None:
    held = enrolled(keys, flags=UP)
    assert keys.use(SITE, held.get(keys.request(SITE, "acc-ana")), "acc-ana") == Used(
        "acc-ana", frozenset({"hwk", "user"})
    )
    assert keys.use(SITE, held.get(keys.request(SITE))) is PasskeyFlaw.WRONG


def test_anothers_passkey_is_no_second_factor(keys: Passkeys) -> None:
    mine, other = enrolled(keys), enrolled(keys, BEN)
    assert keys.use(SITE, other.get(keys.request(SITE, "acc-ana")), "acc-ana") is PasskeyFlaw.FOREIGN
    assert isinstance(keys.use(SITE, mine.get(keys.request(SITE, "acc-ana")), "acc-ana"), Used)


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://login.example.evil"}, {"origin": "http://login.example"}, {"origin": "null"},
        {"origin": "https://login.example:8443"}, {"site": "evil.example"}, {"type": "webauthn.create"},
        {"signature": b""}, {"signature": b"\x30\x06\x02\x01\x00\x02\x01\x00"}, {"flags": 0}, {"flags": UV},
        {"flags": UP | UV | BS}, {"handle": b"x" * 32}, {"handle": b""}, {"challenge": "AAAA"}, {"challenge": ""},
    ],
    ids=str,
)  # fmt: skip
def test_what_was_signed_elsewhere_or_wrongly_is_refused(keys: Passkeys, wrong: dict[str, object]) -> None:
    held = enrolled(keys)
    assert isinstance(keys.use(SITE, held.get(keys.request(SITE), **wrong)), PasskeyFlaw)
    assert isinstance(keys.use(SITE, held.get(keys.request(SITE))), Used)


def test_a_copy_of_an_authenticator_is_noticed_by_its_counter(keys: Passkeys) -> None:
    held = enrolled(keys)
    stolen = copy.copy(held)
    assert isinstance(keys.use(SITE, held.get(keys.request(SITE))), Used)
    assert keys.use(SITE, stolen.get(keys.request(SITE))) is PasskeyFlaw.CLONED
    assert isinstance(keys.use(SITE, held.get(keys.request(SITE))), Used)
    held.counter = None
    assert keys.use(SITE, held.get(keys.request(SITE))) is PasskeyFlaw.CLONED, "a counter does not go away"


def test_an_answer_is_good_once_even_for_two_workers_at_once(path: Path, clock: Clock) -> None:
    workers = [Worker(path, clock).identity.passkeys for _ in range(2)]
    held = enrolled(workers[0], counter=None)
    for _ in range(10):
        answer = held.get(workers[0].request(SITE))
        with ThreadPoolExecutor(4) as many:
            done = list(many.map(lambda i, said=answer: workers[i % 2].use(SITE, said), range(4)))
        assert sorted(isinstance(each, Used) for each in done) == [False, False, False, True]
        assert PasskeyFlaw.CHALLENGE in done


def test_a_challenge_is_for_its_own_ceremony_account_and_time(keys: Passkeys, clock: Clock) -> None:
    held = enrolled(keys)
    assert keys.use(SITE, held.get(keys.request(SITE, "acc-ana"))) is PasskeyFlaw.CHALLENGE
    assert keys.use(SITE, held.get(keys.request(SITE, "acc-ben")), "acc-ana") is PasskeyFlaw.CHALLENGE
    assert keys.use(SITE, held.get(keys.request(SITE)), "acc-ana") is PasskeyFlaw.CHALLENGE
    late = held.get(keys.request(SITE))
    clock.at += 601
    assert keys.use(SITE, late) is PasskeyFlaw.CHALLENGE
    fresh = Authenticator(SITE.origin)
    made = keys.register("acc-ben", SITE, fresh.create(keys.registration(ANA, SITE)), "")
    assert made is PasskeyFlaw.CHALLENGE


def test_a_passkey_of_another_site_is_unknown_here(keys: Passkeys) -> None:
    held = enrolled(keys)
    other = Site("other.example", "https://other.example")
    held.origin, held.site = other.origin, other.id
    assert keys.use(other, held.get(keys.request(other))) is PasskeyFlaw.UNKNOWN


def test_one_credential_is_one_accounts(keys: Passkeys) -> None:
    held = enrolled(keys)
    assert keys.register("acc-ben", SITE, held.create(keys.registration(BEN, SITE)), "") is PasskeyFlaw.TAKEN
    held.handle = b""
    assert keys.of("acc-ben") == []


def test_a_removed_passkey_signs_nobody_in(keys: Passkeys) -> None:
    held = enrolled(keys)
    assert not keys.drop("acc-ben", held.id)
    assert keys.drop("acc-ana", held.id)
    assert keys.use(SITE, held.get(keys.request(SITE))) is PasskeyFlaw.UNKNOWN


def test_a_hosts_site_is_its_name_and_its_origin_all_of_it() -> None:
    assert Site.of("a.example:8443", secure=True) == Site("a.example", "https://a.example:8443")
    assert Site.of("a.example", secure=False) == Site("a.example", "http://a.example")
    assert Site.of("[::1]:1", secure=True) == Site("[::1]", "https://[::1]:1")


def test_names_are_text_and_short(keys: Passkeys) -> None:
    held = Authenticator(SITE.origin)
    made = keys.register("acc-ana", SITE, held.create(keys.registration(ANA, SITE)), "\x00\u202e" + "n" * 500)
    assert isinstance(made, Passkey)
    assert made.name == "n" * 60


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PARTS = ("clientDataJSON", "authenticatorData", "signature", "userHandle", "attestationObject")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_answer_raises(keys: Passkeys, data: st.DataObject) -> None:
    """Whatever a caller sends in place of an authenticator's answer is a flaw."""
    said = json.loads(enrolled_once(keys).get(keys.request(SITE)))
    where = data.draw(st.sampled_from(["whole", "id", "rawId", "type", "response", *PARTS]))
    value = data.draw(JSON | st.binary(max_size=60).map(lambda b: b.hex()))
    if where == "whole":
        said = value
    elif where in PARTS:
        said["response"][where] = value
    else:
        said[where] = value
    text = json.dumps(said)
    assert isinstance(keys.register("acc-ana", SITE, text, ""), PasskeyFlaw)
    used = keys.use(SITE, text)
    assert isinstance(used, PasskeyFlaw) or where in ("attestationObject", "type", "id", "rawId")


def enrolled_once(keys: Passkeys) -> Authenticator:
    held = getattr(keys, "_held", None)
    if held is None:
        held = enrolled(keys, counter=None)
        keys._held = held  # type: ignore[attr-defined]
    return held
