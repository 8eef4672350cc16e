"""The steps of signing in, in two workers: what opens a session, what does not, and what is noted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyotp
import pytest

from identity.identity_world import ANA, BEN, PASSWORD, Clock, Worker, visitor
from identity.soft_authenticator import Authenticator
from ringwall.identity.accounts import TooSoon
from ringwall.identity.passkeys import Site
from ringwall.identity.signin import NeedsSecond, SignedIn, Wrong
from ringwall.identity.words import Unacceptable

SITE = Site("login.example", "https://login.example")
WRONG = "wrong horse battery staple"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workers(tmp_path: Path, clock: Clock) -> tuple[Worker, Worker]:
    one = Worker(tmp_path / "state.db", clock).has(ANA).has(BEN)
    return one, Worker(tmp_path / "state.db", clock)


def app(worker: Worker, clock: Clock, subject: str = "acc-ana") -> pyotp.TOTP:
    factors = worker.identity.factors
    sealed = factors.offer_totp(subject)
    held = pyotp.TOTP(factors.offered(subject, sealed) or "")
    assert factors.enrol_totp(subject, sealed, held.at(clock.at))
    clock.at += 30
    return held


def test_a_password_opens_a_session_that_every_worker_knows(workers: tuple[Worker, Worker]) -> None:
    one, other = workers
    done = one.sign_in.password(" ANA ", PASSWORD, "", visitor())
    assert isinstance(done, SignedIn)
    session = other.identity.sessions.find(done.session)
    assert session is not None
    assert (session.subject, session.amr, session.mfa) == ("acc-ana", frozenset({"pwd"}), False)
    assert one.notes == [("signin", "acc-ana", {"amr": ["pwd"]})]
    assert done.session not in repr(done) + repr(visitor(session=done.session))


@pytest.mark.parametrize(
    ("name", "password"), [("ana", WRONG), ("nobody", PASSWORD), ("ana", ""), ("?", ""), ("аna", PASSWORD)]
)
def test_what_is_wrong_is_one_thing(workers: tuple[Worker, Worker], name: str, password: str) -> None:
    assert workers[0].sign_in.password(name, password, "", visitor()) == Wrong()
    (note,) = workers[0].notes
    assert note[0] == "signin.wrong"
    assert name not in str(note[2])


def test_with_a_second_factor_a_password_opens_nothing(workers: tuple[Worker, Worker], clock: Clock) -> None:
    one, other = workers
    held = app(one, clock)
    begun = one.sign_in.password("ana", PASSWORD, "", visitor())
    assert isinstance(begun, NeedsSecond)
    assert one.identity.sessions.list("acc-ana") == []
    assert other.sign_in.code("000000", visitor(step=begun.ticket)) == Wrong()
    done = other.sign_in.code(held.at(clock.at), visitor(step=begun.ticket))
    assert isinstance(done, SignedIn)
    session = one.identity.sessions.find(done.session)
    assert session is not None
    assert (session.amr, session.mfa) == (frozenset({"pwd", "otp", "mfa"}), True)
    assert one.sign_in.code(held.at(clock.at), visitor(step=begun.ticket)) == Wrong(), "a step is taken once"


def test_a_password_alone_is_no_token_for_an_account_with_a_second_factor(
    workers: tuple[Worker, Worker], clock: Clock
) -> None:
    accounts = workers[0].identity.accounts
    assert accounts.sign_in("ana", PASSWORD, "192.0.2.1") == ANA
    app(workers[0], clock)
    assert accounts.sign_in("ana", PASSWORD, "192.0.2.1") is None
    assert accounts.sign_in("ben", PASSWORD, "192.0.2.1") == BEN


def test_of_two_who_finish_one_step_at_once_one_is_in(workers: tuple[Worker, Worker], clock: Clock) -> None:
    held = app(workers[0], clock)
    for _ in range(5):
        clock.at += 30
        begun = workers[0].sign_in.password("ana", PASSWORD, "", visitor())
        assert isinstance(begun, NeedsSecond)
        code, there = held.at(clock.at), visitor(step=begun.ticket)
        with ThreadPoolExecutor(4) as many:
            done = list(many.map(lambda i, c=code, v=there: workers[i % 2].sign_in.code(c, v), range(4)))
        assert sum(isinstance(each, SignedIn) for each in done) == 1


def test_a_step_is_finished_once_whatever_else_would_do(workers: tuple[Worker, Worker], clock: Clock) -> None:
    app(workers[0], clock)
    codes = workers[0].identity.factors.new_recovery("acc-ana")
    begun = workers[0].sign_in.password("ana", PASSWORD, "", visitor())
    assert isinstance(begun, NeedsSecond)
    there = visitor(step=begun.ticket)
    with ThreadPoolExecutor(4) as many:
        done = list(many.map(lambda i: workers[i % 2].sign_in.code(codes[i], there), range(4)))
    assert sum(isinstance(each, SignedIn) for each in done) == 1
    assert workers[1].sign_in.code(codes[5], there) == Wrong()


def test_a_recovery_code_stands_in_for_the_second_factor_once(workers: tuple[Worker, Worker], clock: Clock) -> None:
    one, other = workers
    app(one, clock)
    code = one.identity.factors.new_recovery("acc-ana")[0]
    for expected in (SignedIn, Wrong):
        begun = one.sign_in.password("ana", PASSWORD, "", visitor())
        assert isinstance(begun, NeedsSecond)
        done = other.sign_in.code(code, visitor(step=begun.ticket))
        assert isinstance(done, expected)
    session = one.identity.sessions.list("acc-ana")[0]
    assert session.amr == frozenset({"pwd", "rc", "mfa"})


def test_guessing_codes_ends_the_step_and_holds_the_account(workers: tuple[Worker, Worker], clock: Clock) -> None:
    held = app(workers[0], clock)
    tried = 0
    for _ in range(10):
        begun = workers[0].sign_in.password("ana", PASSWORD, "", visitor())
        assert isinstance(begun, NeedsSecond)
        for i in range(6):
            tried += workers[i % 2].sign_in.code("000000", visitor(step=begun.ticket)) == Wrong()
    assert tried < 20
    begun = workers[0].sign_in.password("ana", PASSWORD, "", visitor())
    assert isinstance(begun, NeedsSecond)
    assert isinstance(workers[1].sign_in.code(held.at(clock.at), visitor(step=begun.ticket)), TooSoon)
    clock.at += 900
    begun = workers[0].sign_in.password("ana", PASSWORD, "", visitor())
    assert isinstance(begun, NeedsSecond)
    assert isinstance(workers[1].sign_in.code(held.at(clock.at), visitor(step=begun.ticket)), SignedIn)


def test_one_accounts_step_is_not_finished_by_anothers_factor(workers: tuple[Worker, Worker], clock: Clock) -> None:
    one = workers[0]
    app(one, clock)
    bens = app(one, clock, "acc-ben")
    begun = one.sign_in.password("ana", PASSWORD, "", visitor())
    assert isinstance(begun, NeedsSecond)
    assert one.sign_in.code(bens.at(clock.at), visitor(step=begun.ticket)) == Wrong()


def test_under_attack_a_known_device_a_code_and_a_passkey_still_get_in(
    workers: tuple[Worker, Worker], clock: Clock
) -> None:
    one, other = workers
    at_home = one.sign_in.password("ana", PASSWORD, "", visitor())
    assert isinstance(at_home, SignedIn)
    held, key = app(one, clock), Authenticator(SITE.origin)
    keys = one.identity.passkeys
    keys.register("acc-ana", SITE, key.create(keys.registration(ANA, SITE)), "")
    for i in range(120):
        workers[i % 2].sign_in.password("ana", WRONG, "", visitor(f"10.{i}.0.1"))
    assert isinstance(one.sign_in.password("ana", PASSWORD, "", visitor("203.0.113.8")), TooSoon)
    assert isinstance(other.sign_in.password("ana", PASSWORD, "", visitor(device=at_home.device)), NeedsSecond)
    assert isinstance(other.sign_in.password("ana", PASSWORD, "000000", visitor("203.0.113.8")), TooSoon)
    assert isinstance(other.sign_in.password("ana", PASSWORD, held.at(clock.at), visitor("203.0.113.8")), SignedIn)
    done = other.sign_in.passkey(SITE, key.get(keys.request(SITE)), visitor("203.0.113.9"), second=False)
    assert isinstance(done, SignedIn)
    assert isinstance(one.sign_in.password("ben", PASSWORD, "", visitor("203.0.113.8")), SignedIn), "another account"


def test_a_device_is_one_accounts(workers: tuple[Worker, Worker]) -> None:
    one = workers[0]
    bens = one.sign_in.password("ben", PASSWORD, "", visitor("198.51.100.1"))
    assert isinstance(bens, SignedIn)
    for i in range(120):
        one.sign_in.password("ana", WRONG, "", visitor(f"10.{i}.0.1"))
    assert isinstance(one.sign_in.password("ana", PASSWORD, "", visitor("203.0.113.8", device=bens.device)), TooSoon)


def test_the_answer_to_an_attack_is_the_same_for_an_account_that_is_not_there(workers: tuple[Worker, Worker]) -> None:
    one, said = workers[0], {}
    for name in ("ana", "nobody"):
        said[name] = [
            type(one.sign_in.password(name, WRONG, "123456" if i % 7 == 0 else "", visitor(f"10.{i}.0.1")))
            for i in range(60)
        ]
    assert said["ana"] == said["nobody"]
    assert {Wrong, TooSoon} == set(said["ana"])


def test_signing_in_ends_the_session_that_was_there(workers: tuple[Worker, Worker]) -> None:
    """What a browser held before (fixation) is never what it holds after."""
    one = workers[0]
    first = one.sign_in.password("ana", PASSWORD, "", visitor())
    assert isinstance(first, SignedIn)
    second = one.sign_in.password("ana", PASSWORD, "", visitor(session=first.session))
    planted = one.sign_in.password("ana", PASSWORD, "", visitor(session="A" * 43, device="B" * 43))
    assert isinstance(second, SignedIn)
    assert isinstance(planted, SignedIn)
    assert one.identity.sessions.find(first.session) is None
    assert planted.session != "A" * 43
    assert len(one.identity.sessions.list("acc-ana")) == 2


def test_a_disabled_account_finishes_nothing(workers: tuple[Worker, Worker], clock: Clock) -> None:
    one = workers[0]
    held, key = app(one, clock), Authenticator(SITE.origin)
    keys = one.identity.passkeys
    keys.register("acc-ana", SITE, key.create(keys.registration(ANA, SITE)), "")
    begun = one.sign_in.password("ana", PASSWORD, "", visitor())
    assert isinstance(begun, NeedsSecond)
    one.identity.accounts.disable("ana")
    assert one.sign_in.code(held.at(clock.at), visitor(step=begun.ticket)) == Wrong()
    assert one.sign_in.passkey(SITE, key.get(keys.request(SITE)), visitor(), second=False) == Wrong()
    assert one.sign_in.password("ana", PASSWORD, "", visitor()) == Wrong()


def test_a_hash_of_less_work_is_made_anew_at_sign_in(workers: tuple[Worker, Worker]) -> None:
    one = workers[0]
    before = one.store.account_named("ana")
    one.identity.accounts._passwords = type(one.identity.accounts._passwords)(passes=2, memory_kib=128, lanes=1)
    assert one.sign_in.password("ana", WRONG, "", visitor()) == Wrong()
    assert one.store.account_named("ana") == before
    assert isinstance(one.sign_in.password("ana", PASSWORD, "", visitor()), SignedIn)
    after = one.store.account_named("ana")
    assert after is not None
    assert "m=128,t=2" in after.password
    assert isinstance(one.sign_in.password("ana", PASSWORD, "", visitor()), SignedIn)


def test_an_invited_account_has_no_password_that_fits(workers: tuple[Worker, Worker]) -> None:
    accounts = workers[0].identity.accounts
    accounts.create("carol", None, frozenset(), None)
    for guess in ("", PASSWORD, "None"):
        assert workers[0].sign_in.password("carol", guess, "", visitor()) == Wrong()
    accounts.set_password("carol", PASSWORD)
    assert isinstance(workers[0].sign_in.password("carol", PASSWORD, "", visitor()), SignedIn)


def test_names_that_collide_are_one_account(workers: tuple[Worker, Worker]) -> None:
    accounts = workers[0].identity.accounts
    accounts.create("finn", None, frozenset(), None)
    for same in ("FINN", "ﬁnn", " finn "):
        with pytest.raises(Unacceptable, match="taken"):
            accounts.create(same, None, frozenset(), None)
