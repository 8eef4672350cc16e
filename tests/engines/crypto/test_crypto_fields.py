"""Encrypted fields: the documented format by a second implementation, and every way of altering or moving one."""

import base64
import json
import os
import struct

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from hypothesis import given, settings
from hypothesis import strategies as st

from ringwall.engines.crypto import (
    CryptoFlaw,
    CryptoRefused,
    DataKey,
    FieldContext,
    KeyRing,
    MappedKeys,
    RootKey,
    Secret,
    StoredKey,
    Value,
    decrypt,
    decrypt_value,
    encrypt,
    encrypt_value,
    is_record,
    read,
)

WHERE = FieldContext("patient", "/diagnosis", "clinic-1", "anna", "7")


def new_ring(store: dict[str, StoredKey] | None = None, root: RootKey | None = None) -> KeyRing:
    return KeyRing([root or RootKey.new(os.urandom)], MappedKeys({} if store is None else store), os.urandom)


def sealed(value: bytes, context: FieldContext, ring: KeyRing, record: bytes | None = None) -> str:
    text = encrypt(value, context, ring, record)
    assert isinstance(text, str)
    return text


def why(text: str, context: FieldContext, ring: KeyRing) -> CryptoFlaw | None:
    outcome = decrypt(text, context, ring)
    return outcome.reason if isinstance(outcome, CryptoRefused) else None


# --- the format, written a second time from docs/encryption-format.md ---


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def hkdf(key: bytes, info: bytes) -> bytes:
    """RFC 5869 for one block of output, by HMAC alone."""

    def mac(secret: bytes, data: bytes) -> bytes:
        h = hmac.HMAC(secret, hashes.SHA256())
        h.update(data)
        return h.finalize()

    return mac(mac(bytes(32), key), info + b"\x01")


def lengths(*parts: bytes) -> bytes:
    return struct.pack(f">B{len(parts)}I", len(parts), *[len(p) for p in parts]) + b"".join(parts)


def second_reader(text: str, root: bytes, stored: StoredKey, context: FieldContext) -> bytes:
    version, kid, body = text.split(".")
    assert (version, kid) == ("rw1", stored.kid)
    root_id = base64.urlsafe_b64encode(hkdf(root, b"ringwall/root-id/1")[:9]).decode()
    assert root_id == stored.root
    bound = lengths(b"ringwall/wrap/1", root_id.encode(), kid.encode(), stored.holder.encode())
    wrapping = AESGCMSIV(hkdf(root, b"ringwall/wrap/1"))
    key = wrapping.decrypt(stored.wrapped[:12], stored.wrapped[12:], bound)
    data = unb64(body)
    record = data[1:17] if data[0] & 8 else b""
    rest = data[1 + len(record) :]
    parts = [b"ringwall/field/1", kid.encode(), data[:1], record, context.resource.encode(), context.field.encode()]
    for bit, part in ((1, context.tenant), (2, context.owner), (4, context.object_id)):
        if data[0] & bit:
            assert part is not None
            parts.append(part.encode())
    padded = AESGCMSIV(key).decrypt(rest[:12], rest[12:], lengths(*parts))
    assert len(padded) % 16 == 0
    return padded[: padded.rindex(b"\x80")]


@pytest.mark.parametrize("tenant", [None, "clinic-1"])
@pytest.mark.parametrize("owner", [None, "anna"])
@pytest.mark.parametrize("object_id", [None, "7"])
def test_the_format_is_the_documented_one(tenant: str | None, owner: str | None, object_id: str | None) -> None:
    material, store = os.urandom(32), dict[str, StoredKey]()
    ring = new_ring(store, RootKey.of(Secret(material)))
    context = FieldContext("patient", "/diagnosis", tenant, owner, object_id)
    text = sealed(b"influenza \x80\0", context, ring)
    (stored,) = store.values()
    assert second_reader(text, material, stored, context) == b"influenza \x80\0"
    expected = "subject:anna" if owner else "tenant:clinic-1" if tenant else "resource:patient"
    assert stored.holder == expected


class FixedKeys:
    """A key and a nonce that do not change, for a known answer."""

    def current(self, holder: str) -> DataKey:
        return DataKey("AAAAAAAAAAAA", holder, Secret(bytes(range(32))), AESGCMSIV(bytes(range(32))))

    def find(self, kid: str) -> DataKey | CryptoRefused:
        return self.current("subject:anna") if kid == "AAAAAAAAAAAA" else CryptoRefused(CryptoFlaw.KEY_UNKNOWN)

    def random(self, count: int) -> bytes:
        return bytes(range(count))


def test_a_known_answer_does_not_change() -> None:
    """Records that are in databases must stay readable: this text was written by the first version."""
    known = "rw1.AAAAAAAAAAAA.BwABAgMEBQYHCAkKC4hiu3BWLyOnh7lSaRCnrqb7zCXbXI3vUitSoyJghjwB"
    assert encrypt(b"influenza", WHERE, FixedKeys()) == known
    assert decrypt(known, WHERE, FixedKeys()) == b"influenza"


# --- altered ---


@pytest.mark.parametrize("object_id", [None, "7"])
def test_no_byte_of_a_record_can_be_altered(object_id: str | None) -> None:
    ring = new_ring()
    context = WHERE._replace(object_id=object_id)
    text = sealed(b"influenza", context, ring)
    version, kid, body = text.split(".")
    data = unb64(body)
    assert decrypt(text, context, ring) == b"influenza"
    for at in range(len(data)):
        for bit in range(8):
            bent = bytearray(data)
            bent[at] ^= 1 << bit
            forged = base64.urlsafe_b64encode(bytes(bent)).rstrip(b"=").decode()
            reason = why(f"{version}.{kid}.{forged}", context, ring)
            assert reason is not None, (at, bit)
            assert reason is CryptoFlaw.TAMPERED or at == 0, (at, bit)


def test_no_character_of_a_record_can_be_altered() -> None:
    ring = new_ring()
    text = sealed(b"influenza", WHERE, ring)
    for at in range(len(text)):
        for c in "A0_-.=+ \n\u00e9\ud800":
            if text[at] != c:
                assert why(text[:at] + c + text[at + 1 :], WHERE, ring) is not None, (at, c)
        assert why(text[:at], WHERE, ring) is not None, at
        assert why(text[:at] + text[at + 1 :], WHERE, ring) is not None, at
    assert why(text + "A", WHERE, ring) is not None
    assert why(text + "\n", WHERE, ring) is CryptoFlaw.MALFORMED


def test_unused_bits_are_not_a_second_spelling() -> None:
    ring, context = new_ring(), WHERE._replace(object_id=None)
    text = sealed(b"influenza", context, ring)
    assert len(unb64(text.split(".")[2])) % 3 == 1, "the last character carries four unused bits"
    assert why(text[:-1] + chr(ord(text[-1]) + 1), context, ring) is CryptoFlaw.MALFORMED


@pytest.mark.parametrize(
    "text", ["", "rw1", "rw1..", "rw1.a.", "rw1..AA", "plain", "rw1.k.A", "rw1.k." + "A" * 40, "a" * 10**6]
)
def test_what_is_no_record_is_said_to_be_none(text: str) -> None:
    assert why(text, WHERE, new_ring()) is CryptoFlaw.MALFORMED


def test_a_later_version_is_told_from_rubbish() -> None:
    ring = new_ring()
    text = sealed(b"x", WHERE, ring)
    assert why("rw2" + text[3:], WHERE, ring) is CryptoFlaw.VERSION
    assert is_record("rw2" + text[3:])


# --- moved ---


@pytest.mark.parametrize(
    ("elsewhere", "reason"),
    [
        (WHERE._replace(resource="visit"), CryptoFlaw.TAMPERED),
        (WHERE._replace(field="/notes"), CryptoFlaw.TAMPERED),
        (WHERE._replace(tenant="clinic-2"), CryptoFlaw.TAMPERED),
        (WHERE._replace(owner="bert"), CryptoFlaw.MOVED),
        (WHERE._replace(object_id="8"), CryptoFlaw.TAMPERED),
        (WHERE._replace(tenant=None), CryptoFlaw.CONTEXT),
        (WHERE._replace(owner=None), CryptoFlaw.CONTEXT),
        (WHERE._replace(object_id=None), CryptoFlaw.CONTEXT),
        (WHERE._replace(resource="patient/", field="diagnosis"), CryptoFlaw.TAMPERED),
        (WHERE._replace(resource="", field="patient/diagnosis"), CryptoFlaw.TAMPERED),
        (WHERE._replace(tenant="", owner="clinic-1anna"), CryptoFlaw.MOVED),
        (WHERE._replace(object_id="07"), CryptoFlaw.TAMPERED),
    ],
)
def test_a_value_opens_in_its_place_only(elsewhere: FieldContext, reason: CryptoFlaw) -> None:
    ring = new_ring()
    text = sealed(b"influenza", WHERE, ring)
    assert why(text, WHERE, ring) is None
    assert why(text, elsewhere, ring) is reason
    sealed(b"theirs", elsewhere, ring)
    assert why(text, elsewhere, ring) is reason, "and not where the other has a key of its own"


def test_parts_of_a_context_do_not_run_together() -> None:
    ring = new_ring()
    text = sealed(b"x", FieldContext("ab", "c", object_id="d"), ring)
    assert why(text, FieldContext("a", "bc", object_id="d"), ring) in (CryptoFlaw.MOVED, CryptoFlaw.TAMPERED)
    shared = FieldContext("r", "f", "t", object_id="ox")
    assert why(sealed(b"x", shared, ring), shared._replace(field="fo", object_id="x"), ring) is CryptoFlaw.TAMPERED


def test_what_was_not_known_at_creation_is_not_bound_and_says_so() -> None:
    """Written before the object had an id: it opens in any object of its owner, and its record id tells it apart."""
    ring, record = new_ring(), os.urandom(16)
    creating = WHERE._replace(object_id=None)
    first, second = (sealed(b"x", creating._replace(field=f), ring, record) for f in ("/diagnosis", "/notes"))
    other = sealed(b"y", creating, ring)
    assert why(first, WHERE, ring) is None
    assert why(first, WHERE._replace(object_id="8"), ring) is None
    assert why(first, WHERE._replace(owner="bert"), ring) is CryptoFlaw.MOVED
    assert why(first, WHERE._replace(field="/notes"), ring) is CryptoFlaw.TAMPERED
    envelopes = [read(text) for text in (first, second, other)]
    records = [envelope.record for envelope in envelopes if not isinstance(envelope, CryptoRefused)]
    assert records[0] == records[1] == record != records[2]
    grafted = first.split(".")[:2]
    assert why(".".join([*grafted, other.split(".")[2]]), WHERE, ring) is None, (
        "one holder, one key: it is other itself"
    )


def test_an_owner_that_became_known_later_does_not_spoil_the_value() -> None:
    ring = new_ring()
    text = sealed(b"x", FieldContext("patient", "/diagnosis", "clinic-1", None, "7"), ring)
    assert why(text, WHERE, ring) is None
    assert why(text, WHERE._replace(tenant="clinic-2"), ring) is CryptoFlaw.MOVED


# --- honest ---


@settings(deadline=None)
@given(st.binary(max_size=100), st.text(max_size=5), st.text(max_size=5), st.none() | st.text(max_size=5))
def test_every_value_comes_back(value: bytes, resource: str, field: str, object_id: str | None) -> None:
    ring = new_ring()
    context = FieldContext(resource, field, object_id=object_id)
    text = sealed(value, context, ring)
    assert is_record(text)
    assert decrypt(text, context, ring) == value
    assert text != sealed(value, context, ring), "equal values do not look equal"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@settings(deadline=None)
@given(json_values)
def test_a_json_value_keeps_its_type(value: object) -> None:
    ring = new_ring()
    text = encrypt_value(value, WHERE, ring)  # type: ignore[arg-type]
    assert isinstance(text, str)
    opened = decrypt_value(text, WHERE, ring)
    assert isinstance(opened, Value)
    assert json.dumps(opened.json) == json.dumps(value)


def test_short_values_have_one_length() -> None:
    ring = new_ring()
    lengths = {
        len(str(encrypt_value(value, WHERE, ring))) for value in (True, False, None, 7, 42, "yes", "no", "", 3.14)
    }
    assert len(lengths) == 1


def test_bytes_that_are_no_json_are_no_value() -> None:
    ring = new_ring()
    for junk in (b"", b"{", b"\xff", b"[" * 5000):
        outcome = decrypt_value(sealed(junk, WHERE, ring), WHERE, ring)
        assert outcome == CryptoRefused(CryptoFlaw.MALFORMED)
