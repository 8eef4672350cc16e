"""What an application never sees of a request: ringwall's own credential, and what a caller writes in its name."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ringwall.adapters.caller import Caller, without_credential
from ringwall.core.known import Principal

NOBODY = Caller(None, "r")
MARKS = "!#$%&'*+-.^_`|~"
NAMES = st.text(alphabet="aAbrRiInNgGwWlL0" + MARKS, min_size=1, max_size=20)


@given(st.sampled_from(["ringwall", "Ringwall", "RINGWALL", "rINGwall"]), st.sampled_from(MARKS), NAMES)
def test_no_spelling_of_ringwalls_own_names_passes(name: str, mark: str, rest: str) -> None:
    mine, other = (f"{name}{mark}{rest}".encode(), b"mine"), (b"X-Other", b"1")
    assert without_credential((mine, other), NOBODY) == (other,)


@given(NAMES)
def test_every_other_name_passes(name: str) -> None:
    pair = (name.encode(), b"1")
    ours = re.match(rf"(?i)ringwall[{re.escape(MARKS)}]", name) is not None
    assert without_credential((pair,), NOBODY) == (() if ours else (pair,))


def test_the_credential_goes_and_cookies_stay() -> None:
    headers = ((b"X-API-Key", b"rw_"), (b"Cookie", b"a=1"), (b"Accept", b"*/*"))
    by_key = Caller(Principal("k", frozenset(), "api_key", header="x-api-key"), "r")
    assert without_credential(headers, by_key) == headers[1:]
    by_cookie = Caller(Principal("k", frozenset(), "session", header="Cookie"), "r")
    assert without_credential(headers[1:], by_cookie) == headers[1:]


def test_a_key_that_came_twice_goes_twice() -> None:
    headers = ((b"Authorization", b"Token rw_x"), (b"X-API-Key", b"rw_x"), (b"X-Note", b"about rw_x"))
    by_key = Caller(Principal("k", frozenset(), "api_key", header="authorization"), "r")
    assert without_credential(headers, by_key) == headers[2:]
