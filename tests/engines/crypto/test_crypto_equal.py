"""Values that are to be found by equality: equal within a field and a tenant, nowhere else, and bound to both."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwall.engines.crypto import (
    CryptoFlaw,
    CryptoRefused,
    FieldContext,
    KeyRing,
    MappedKeys,
    RootKey,
    StoredKey,
    Value,
    decrypt_value,
    encrypt_equal,
    encrypt_value,
    read,
)

ROOT = RootKey.new(os.urandom)
HERE = FieldContext("patient", "email", "north")


def ring(stored: dict[str, StoredKey] | None = None) -> KeyRing:
    return KeyRing((ROOT,), MappedKeys({} if stored is None else stored), os.urandom)


KEYS = ring()


def sealed(value: object, context: FieldContext = HERE, keys: KeyRing = KEYS) -> str:
    text = encrypt_equal(value, context, keys)  # type: ignore[arg-type]
    assert isinstance(text, str)
    return text


@given(
    st.text(max_size=40) | st.integers(-9, 9) | st.booleans(), st.text(max_size=40) | st.integers(-9, 9) | st.booleans()
)
def test_equal_values_are_equal_texts_and_others_are_not(one: object, other: object) -> None:
    same = type(one) is type(other) and one == other
    assert (sealed(one) == sealed(other)) is same
    assert decrypt_value(sealed(one), HERE._replace(owner="ana", object_id="7"), KEYS) == Value(one)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("there", "flaw"),
    [
        (FieldContext("patient", "phone", "north"), CryptoFlaw.TAMPERED),
        (FieldContext("visit", "email", "north"), CryptoFlaw.TAMPERED),
        (FieldContext("patient", "email", "south"), CryptoFlaw.MOVED),
        (FieldContext("patient", "email"), CryptoFlaw.CONTEXT),
    ],
)
def test_a_value_opens_in_its_field_and_tenant_alone(there: FieldContext, flaw: CryptoFlaw) -> None:
    text = sealed("ana@example.org")
    assert decrypt_value(text, HERE, KEYS) == Value("ana@example.org")
    assert decrypt_value(text, there, KEYS) == CryptoRefused(flaw)
    assert sealed("ana@example.org", there) != text


def test_no_other_binding_can_be_claimed() -> None:
    envelope = read(sealed("x"))
    assert not isinstance(envelope, CryptoRefused)
    assert envelope.flags == 17
    ordinary = encrypt_value("x", HERE._replace(object_id="7"), KEYS)
    assert isinstance(ordinary, str)
    assert ordinary != encrypt_value("x", HERE._replace(object_id="7"), KEYS)


def test_two_processes_that_begin_at_once_have_one_key() -> None:
    stored: dict[str, StoredKey] = {}
    one, other = ring(stored), ring(stored)
    assert sealed("x", keys=one) == sealed("x", keys=other)
    assert len(stored) == 1
    one.rotate("tenant:north")
    assert sealed("x", keys=ring(stored)) == sealed("x", keys=one)
