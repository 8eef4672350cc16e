"""What the journal says of a person: the same words are one text, under that person's key, and nothing without it."""

import base64
import os
import struct

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from hypothesis import given
from hypothesis import strategies as st

from ringwall.engines.crypto import CryptoFlaw, KeyRing, MappedKeys, RootKey, Secret
from ringwall.engines.crypto.keyring import DataKey
from ringwall.engines.crypto.pseudonyms import is_pseudonym, pseudonym, unveiled

RING = KeyRing((RootKey.new(os.urandom),), MappedKeys({}), os.urandom)
ANA, BERT = RING.current("journal:ana"), RING.current("journal:bert")


def independent(text: str, member: str, kid: str, key: bytes) -> str:
    """The format of docs/encryption-format.md, written a second time from its text alone."""
    parts = [b"ringwall/person/1", kid.encode(), member.encode()]
    bound = struct.pack(">B3I", 3, *map(len, parts)) + b"".join(parts)
    plain = text.encode() + b"\x80"
    plain += b"\0" * (-len(plain) % 16)
    sealed = AESGCMSIV(key).encrypt(bytes(12), plain, bound)
    return f"rwp1.{kid}.{base64.urlsafe_b64encode(sealed).rstrip(b'=').decode()}"


def test_known_answer() -> None:
    secret = bytes(range(32))
    key = DataKey("AAECAwQFBgcI", "journal:ana", Secret(secret), AESGCMSIV(secret))
    known = "rwp1.AAECAwQFBgcI.Kf2ZRaX8hS0Qrp4m56d5500gcpA7rcxVqx-vxeR5tvw"
    assert independent("acc-ana", "principal", key.kid, secret) == known
    assert pseudonym("acc-ana", "principal", key) == known


@given(st.text(max_size=60), st.sampled_from(["principal", "client", "object"]))
def test_it_opens_for_its_member_and_key_alone(text: str, member: str) -> None:
    made = pseudonym(text, member, ANA)
    assert made == independent(text, member, ANA.kid, ANA.secret.reveal())
    assert is_pseudonym(made)
    assert unveiled(made, member, RING) == text
    assert pseudonym(text, member, BERT) != made
    assert unveiled(made, "another", RING).reason is CryptoFlaw.TAMPERED
    assert unveiled(made.replace(ANA.kid, BERT.kid), member, RING).reason is CryptoFlaw.TAMPERED
    assert unveiled(made.replace(ANA.kid, "A" * 12), member, RING).reason is CryptoFlaw.KEY_UNKNOWN


def test_every_altered_byte_is_noticed() -> None:
    made = pseudonym("acc-ana", "principal", ANA)
    for at in range(len(made)):
        for other in ("A", "-", "~", ""):
            altered = made[:at] + other + made[at + 1 :]
            if altered != made:
                assert not isinstance(unveiled(altered, "principal", RING), str), altered


@pytest.mark.parametrize(
    "text", ["", "acc-ana", "rwp1.", "rwp1.AAAAAAAAAAAA.", "rwp1.AAAAAAAAAAAA.AA", "rwp2." + "A" * 60]
)
def test_what_is_none_is_told_apart(text: str) -> None:
    assert not is_pseudonym(text)
    assert unveiled(text, "principal", RING).reason is CryptoFlaw.MALFORMED
