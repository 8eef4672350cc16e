"""Passwords, API keys and blind indexes, each honest value beside the hostile one."""

import hashlib
import hmac
import os
import re
import threading
import time
import unicodedata
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwall.engines.crypto import BlindIndex, Passwords, Secret, passwords
from ringwall.engines.crypto.apikeys import PATTERN, issue, parse

CHEAP = Passwords(passes=1, memory_kib=64, lanes=1)


def test_a_password_is_known_again_and_no_other_is() -> None:
    stored = CHEAP.hash("correct horse battery")
    assert CHEAP.verify("correct horse battery", stored)
    for wrong in ("", "correct horse batter", "Correct horse battery", "correct horse battery\0", stored, "\ud800"):
        assert not CHEAP.verify(wrong, stored), wrong
    assert stored != CHEAP.hash("correct horse battery")


def test_two_keyboards_type_one_password() -> None:
    stored = CHEAP.hash("Zu\u0308rich \uff11\ufb01")
    assert CHEAP.verify("Z\u00fcrich 1fi", stored)
    assert not CHEAP.verify("Zurich 1fi", stored)


def test_a_missing_account_is_checked_as_any_other() -> None:
    """The same function runs over the same parameters; nothing that is typed can fit."""
    assert not CHEAP.verify("x", None)
    assert not CHEAP.verify("", None)
    parameters = re.compile(r"\$argon2id\$v=19\$m=64,t=1,p=1\$")
    assert parameters.match(CHEAP._absent)
    assert parameters.match(CHEAP.hash("x"))


def test_a_huge_password_costs_no_more_and_fits_nothing() -> None:
    stored = CHEAP.hash("x" * 128)
    assert not CHEAP.verify("x" * 10_000_000, stored)
    assert not CHEAP.verify("\ufdfa" * 1_000_000, stored)
    assert CHEAP.verify("x" * 128, stored)


def test_the_work_is_not_done_on_the_thread_that_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    hasher = passwords.PasswordHasher

    class Watching(hasher):
        def verify(self, stored: str | bytes, given: str | bytes) -> bool:
            seen.add(threading.get_native_id())
            return super().verify(stored, given)

    monkeypatch.setattr(passwords, "PasswordHasher", Watching)
    watched = Passwords(passes=1, memory_kib=64, lanes=1)
    with ThreadPoolExecutor(8) as many:
        list(many.map(lambda i: watched.verify("x", None), range(32)))
    (worker,) = seen
    assert worker != threading.get_native_id()
    assert os.getpriority(os.PRIO_PROCESS, worker) == passwords.NICE > 0


def test_who_finds_too_many_waiting_is_told_at_once() -> None:
    gate = threading.Event()
    worker = passwords._Worker()
    with ThreadPoolExecutor(passwords.WAITING) as many:
        waiting = [many.submit(worker.run, gate.wait) for _ in range(passwords.WAITING)]
        while worker._room._value:
            time.sleep(0.001)
        with pytest.raises(passwords.Busy):
            worker.run(lambda: None)
        gate.set()
        assert all(each.result() for each in waiting)
    assert worker.run(lambda: 7) == 7


@pytest.mark.parametrize("stored", ["", "x", "$argon2id$", "$2b$12$abc", "$argon2id$v=19$m=64,t=1,p=1$AAAA$AAAA"])
def test_what_is_no_hash_fits_nothing(stored: str) -> None:
    assert not CHEAP.verify("x", stored)


def test_the_default_costs_what_is_asked_and_cheaper_hashes_are_to_be_renewed() -> None:
    default = Passwords()
    stored = default.hash("x")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$"), "RFC 9106, section 4, second recommendation"
    assert not default.needs_rehash(stored)
    assert not CHEAP.needs_rehash(stored), "less work is no renewal"
    assert default.needs_rehash(CHEAP.hash("x"))
    assert default.verify("x", CHEAP.hash("x"))


def test_an_api_key_is_issued_read_and_matched() -> None:
    key = issue(os.urandom)
    again = parse(key.text())
    assert again == key
    assert again is not None
    assert again.matches(key.digest())
    assert key.digest() == hashlib.sha256(key.text().encode()).digest()
    assert not again.matches(issue(os.urandom).digest())
    assert not again.matches(None)
    assert not again.matches(b"")
    assert key.text()[12:] not in repr(key) + repr(again)


def test_the_format_of_an_api_key_is_the_documented_one() -> None:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    text = issue(os.urandom).text()
    assert re.fullmatch(PATTERN, text)
    body, checksum = text[:-7], text[-6:]
    assert sum(alphabet.index(c) * 62**i for i, c in enumerate(reversed(checksum))) == zlib.crc32(body.encode())


def test_no_character_of_an_api_key_can_be_altered() -> None:
    text = issue(os.urandom).text()
    for at in range(len(text)):
        for c in "0Zz_-\n \u0661":
            if text[at] != c:
                assert parse(text[:at] + c + text[at + 1 :]) is None
    for broken in ("", text[:-1], text + "\n", " " + text, text + "0", text.upper(), text.replace("_", "-")):
        assert parse(broken) is None


def test_random_bytes_become_different_keys() -> None:
    keys = {issue(os.urandom).text() for _ in range(500)}
    assert len(keys) == 500
    assert {c for text in keys for c in text[12:42]} == set(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    )


INDEX = BlindIndex.of(Secret(bytes(32)), "patient", "/email", 32)


def test_equal_values_have_equal_tags_and_others_have_not() -> None:
    assert INDEX.tag("a@x.test") == INDEX.tag("a@x.test")
    others = [
        INDEX.tag("A@x.test"),
        BlindIndex.of(Secret(bytes(32)), "patient", "/phone", 32).tag("a@x.test"),
        BlindIndex.of(Secret(bytes(32)), "patient/", "email", 32).tag("a@x.test"),
        BlindIndex.of(Secret(bytes(32)), "visit", "/email", 32).tag("a@x.test"),
        BlindIndex.of(Secret(b"\1" * 32), "patient", "/email", 32).tag("a@x.test"),
        BlindIndex.of(Secret(bytes(32)), "patient", "/email", 32, folded=True).tag("a@x.test"),
    ]
    assert INDEX.tag("a@x.test") not in others
    assert len(set(others)) == len(others)


def test_normal_forms_are_one_value_and_case_where_asked() -> None:
    folded = BlindIndex.of(Secret(bytes(32)), "patient", "/name", 64, folded=True)
    assert INDEX.tag("Zu\u0308rich") == INDEX.tag("Z\u00fcrich")
    assert folded.tag("STRASSE") == folded.tag("stra\u00dfe")
    assert folded.tag("\u1fb3\u0345") == folded.tag(unicodedata.normalize("NFD", "\u1fb3\u0345"))
    assert INDEX.tag("STRASSE") != INDEX.tag("stra\u00dfe")


def test_a_tag_is_the_first_bits_of_the_mac_and_no_more() -> None:
    def tag_of(bits: int) -> str:
        return BlindIndex.of(Secret(bytes(32)), "patient", "/email", bits).tag("x")

    whole = tag_of(256)
    key = INDEX._key.reveal()
    digest = int.from_bytes(hmac.digest(key, b"x", "sha256"))
    for bits in range(8, 257):
        kept = int.from_bytes(_bytes(tag_of(bits)))
        size = 8 * len(_bytes(tag_of(bits)))
        assert kept == (digest >> (256 - bits)) << (size - bits)
    assert len(whole) == 43
    for bits in (0, 7, 257):
        with pytest.raises(ValueError):
            tag_of(bits)


def _bytes(text: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@given(st.text())
def test_every_text_has_a_tag_that_folding_keeps(text: str) -> None:
    folded = BlindIndex.of(Secret(bytes(32)), "patient", "/name", 64, folded=True)
    assert INDEX.tag(text) == INDEX.tag(unicodedata.normalize("NFD", text))
    assert folded.tag(text) == folded.tag(unicodedata.normalize("NFC", text).casefold())
