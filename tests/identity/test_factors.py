"""TOTP and recovery codes: each good once, in whichever of two workers, and for its own account alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyotp
import pytest

from identity.identity_world import ANA, BEN, Clock, Worker
from ringwall.identity.factors import CODES, Factors, enrolment_uri


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workers(tmp_path: Path, clock: Clock) -> list[Factors]:
    Worker(tmp_path / "state.db", clock).has(ANA).has(BEN)
    return [Worker(tmp_path / "state.db", clock).identity.factors for _ in range(2)]


def app(factors: Factors, clock: Clock, subject: str = "acc-ana") -> pyotp.TOTP:
    """An authenticator app that is enrolled; the code that enrolled it was of the step before now."""
    sealed = factors.offer_totp(subject)
    secret = factors.offered(subject, sealed)
    assert secret is not None
    held = pyotp.TOTP(secret)
    assert not factors.enrol_totp(subject, sealed, "000000") or held.at(clock.at) == "000000"
    assert not factors.has_second(subject)
    assert factors.enrol_totp(subject, sealed, held.at(clock.at))
    clock.at += 30
    return held


def test_the_vector_of_the_rfc(workers: list[Factors], clock: Clock) -> None:
    """RFC 6238, appendix B: SHA-1, the last six of eight digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    clock.at = 59.0
    assert workers[0].enrol_totp("acc-ana", f"acc-ana\n{secret}", "287082")
    clock.at = 1111111109.0
    assert workers[0].spend_totp("acc-ana", "081804")


def test_a_code_is_good_once_also_in_another_worker(workers: list[Factors], clock: Clock) -> None:
    held = app(workers[0], clock)
    code = held.at(clock.at)
    assert workers[0].spend_totp("acc-ana", code)
    assert not workers[1].spend_totp("acc-ana", code)
    assert not workers[0].spend_totp("acc-ana", held.at(clock.at - 30)), "an older one, once a newer was used"
    clock.at += 30
    assert workers[1].spend_totp("acc-ana", held.at(clock.at))


def test_the_code_that_enrolled_is_used(workers: list[Factors], clock: Clock) -> None:
    held = app(workers[0], clock)
    assert not workers[0].spend_totp("acc-ana", held.at(clock.at - 30))


def test_of_a_race_in_two_workers_one_wins(workers: list[Factors], clock: Clock) -> None:
    held = app(workers[0], clock)
    for _ in range(10):
        clock.at += 30
        code = held.at(clock.at)
        with ThreadPoolExecutor(8) as many:
            done = list(many.map(lambda i, said=code: workers[i % 2].spend_totp("acc-ana", said), range(8)))
        assert done.count(True) == 1


def test_clocks_may_differ_by_a_step_and_no_more(workers: list[Factors], clock: Clock) -> None:
    held = app(workers[0], clock)
    for off, right in ((-60, False), (60, False), (90, False), (30, True)):
        assert workers[0].spend_totp("acc-ana", held.at(clock.at + off)) is right, off


@pytest.mark.parametrize(
    "code", ["", "0", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "+12345", "1e5", "9" * 10_000]
)
def test_what_is_no_code_is_wrong(workers: list[Factors], clock: Clock, code: str) -> None:
    app(workers[0], clock)
    assert not workers[0].spend_totp("acc-ana", code)


def test_a_code_may_be_typed_with_blanks(workers: list[Factors], clock: Clock) -> None:
    code = app(workers[0], clock).at(clock.at)
    assert workers[0].spend_totp("acc-ana", f" {code[:3]} {code[3:]} ")


def test_a_code_of_one_account_is_none_of_another(workers: list[Factors], clock: Clock) -> None:
    held = app(workers[0], clock)
    app(workers[0], clock, "acc-ben")
    assert not workers[0].spend_totp("acc-ben", held.at(clock.at))
    assert not workers[0].spend_totp("acc-nobody", held.at(clock.at))
    sealed = workers[0].offer_totp("acc-ana")
    secret = workers[0].offered("acc-ana", sealed)
    assert workers[0].offered("acc-ben", sealed) is None
    assert not workers[0].enrol_totp("acc-ben", sealed, pyotp.TOTP(secret or "").at(clock.at))


def test_recovery_codes_are_good_once_each(workers: list[Factors]) -> None:
    codes = workers[0].new_recovery("acc-ana")
    assert len(set(codes)) == CODES == workers[1].recovery_left("acc-ana")
    assert not workers[1].spend_recovery("acc-ben", codes[0])
    assert workers[1].spend_recovery("acc-ana", codes[0].upper().replace("-", " "))
    assert not workers[0].spend_recovery("acc-ana", codes[0])
    assert workers[0].recovery_left("acc-ana") == CODES - 1
    again = workers[0].new_recovery("acc-ana")
    assert not workers[0].spend_recovery("acc-ana", codes[1]), "of before"
    for none in ("", "-", "x" * 10_000, codes[1][:-1], "\ud800"):
        assert not workers[0].spend_recovery("acc-ana", none)
    assert workers[0].spend_recovery("acc-ana", again[1])


def test_of_many_who_use_one_recovery_code_at_once_one_wins(workers: list[Factors]) -> None:
    for code in workers[0].new_recovery("acc-ana"):
        with ThreadPoolExecutor(8) as many:
            done = list(many.map(lambda i, said=code: workers[i % 2].spend_recovery("acc-ana", said), range(8)))
        assert done.count(True) == 1


def test_recovery_codes_are_no_second_factor_that_is_asked_for(workers: list[Factors]) -> None:
    workers[0].new_recovery("acc-ana")
    assert not workers[0].has_second("acc-ana")


def test_no_secret_or_code_lies_in_the_store(workers: list[Factors], clock: Clock, tmp_path: Path) -> None:
    codes = workers[0].new_recovery("acc-ana")
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert all(code.encode() not in content and code.replace("-", "").encode() not in content for code in codes)


def test_the_uri_is_what_apps_read() -> None:
    read = pyotp.parse_uri(enrolment_uri("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "ana o'neill", "Clinic & Co"))
    assert (read.name, read.issuer) == ("ana o'neill", "Clinic & Co")
