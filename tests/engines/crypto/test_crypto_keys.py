"""Root and data keys: rotation, loss and destruction, and that no secret shows itself."""

import copy
import os
import pickle
from dataclasses import replace

import pytest
from argon2.low_level import Type, hash_secret_raw

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
    decrypt,
    encrypt,
)

WHERE = FieldContext("patient", "/diagnosis", "clinic-1", "anna", "7")


def ring_over(store: dict[str, StoredKey], *roots: RootKey) -> KeyRing:
    return KeyRing(roots, MappedKeys(store), os.urandom)


def sealed(ring: KeyRing, context: FieldContext = WHERE) -> str:
    text = encrypt(b"influenza", context, ring)
    assert isinstance(text, str)
    return text


def refused(reason: CryptoFlaw) -> CryptoRefused:
    return CryptoRefused(reason)


def test_a_data_key_is_made_once_and_found_again() -> None:
    store, root = dict[str, StoredKey](), RootKey.new(os.urandom)
    text = sealed(ring_over(store, root))
    again = ring_over(store, root)
    assert decrypt(text, WHERE, again) == b"influenza"
    assert sealed(again).split(".")[1] == text.split(".")[1]
    assert len(store) == 1


def test_a_keys_name_is_no_option_of_a_command() -> None:
    ring = KeyRing([RootKey.new(os.urandom)], MappedKeys({}), lambda count: b"\xfa" * count)
    kid = ring.rotate("subject:acc-1").kid
    assert not kid.startswith("-")
    assert len(kid) == 12
    assert ring.find(kid) == ring.current("subject:acc-1")


def test_a_rotated_data_key_encrypts_and_the_older_one_still_reads() -> None:
    store, root = dict[str, StoredKey](), RootKey.new(os.urandom)
    ring = ring_over(store, root)
    old = sealed(ring)
    ring.rotate("subject:anna")
    new = sealed(ring)
    assert old.split(".")[1] != new.split(".")[1]
    for reader in (ring, ring_over(store, root)):
        assert decrypt(old, WHERE, reader) == decrypt(new, WHERE, reader) == b"influenza"
    assert sealed(ring_over(store, root)).split(".")[1] == new.split(".")[1]
    ring.retire(old.split(".")[1])
    assert decrypt(old, WHERE, ring) == refused(CryptoFlaw.KEY_UNKNOWN)
    assert decrypt(new, WHERE, ring) == b"influenza"


def test_a_rotated_root_key_reads_all_and_rewrapping_ends_the_need_of_the_older() -> None:
    store, old, new = dict[str, StoredKey](), RootKey.new(os.urandom), RootKey.new(os.urandom)
    text = sealed(ring_over(store, old))
    both = ring_over(store, new, old)
    assert decrypt(text, WHERE, both) == b"influenza"
    assert ring_over(store, new).missing_roots() == {old.id}
    assert both.missing_roots() == frozenset()
    assert (both.rewrap(), both.rewrap()) == (1, 0)
    assert ring_over(store, new).missing_roots() == frozenset()
    assert decrypt(text, WHERE, ring_over(store, new)) == b"influenza"
    assert decrypt(text, WHERE, ring_over(store, old)) == refused(CryptoFlaw.ROOT_UNKNOWN)


def test_a_lost_root_key_is_said_before_anything_is_read_or_written() -> None:
    store = dict[str, StoredKey]()
    text = sealed(ring_over(store, RootKey.new(os.urandom)))
    lost = ring_over(store, RootKey.new(os.urandom))
    assert len(lost.missing_roots()) == 1
    assert decrypt(text, WHERE, lost) == refused(CryptoFlaw.ROOT_UNKNOWN)
    assert encrypt(b"x", WHERE, lost) == refused(CryptoFlaw.ROOT_UNKNOWN)
    assert lost.rewrap() == 0
    assert len(store) == 1


def test_a_destroyed_holder_is_unreadable_and_the_others_are_not() -> None:
    store, root = dict[str, StoredKey](), RootKey.new(os.urandom)
    ring = ring_over(store, root)
    bert = WHERE._replace(owner="bert")
    mine, rotated, theirs = sealed(ring), "", sealed(ring, bert)
    ring.rotate("subject:anna")
    rotated = sealed(ring)
    assert set(ring.destroy("subject:anna")) == {mine.split(".")[1], rotated.split(".")[1]}
    for reader in (ring, ring_over(store, root)):
        assert decrypt(mine, WHERE, reader) == decrypt(rotated, WHERE, reader) == refused(CryptoFlaw.KEY_UNKNOWN)
        assert decrypt(theirs, bert, reader) == b"influenza"
    assert ring.destroy("subject:anna") == ()


def test_a_key_that_another_process_destroyed_is_gone_once_forgotten() -> None:
    store, root = dict[str, StoredKey](), RootKey.new(os.urandom)
    here, there = ring_over(store, root), ring_over(store, root)
    text = sealed(here)
    there.destroy("subject:anna")
    here.forget()
    assert decrypt(text, WHERE, here) == refused(CryptoFlaw.KEY_UNKNOWN)


@pytest.mark.parametrize(
    "change", [{"holder": "subject:bert"}, {"kid": "AAAAAAAAAAAA"}, {"wrapped": b""}, {"wrapped": bytes(60)}]
)
def test_a_stored_key_cannot_be_given_to_another(change: dict[str, object]) -> None:
    store, root = dict[str, StoredKey](), RootKey.new(os.urandom)
    sealed(ring_over(store, root))
    (stored,) = store.values()
    forged = replace(stored, **change)  # type: ignore[arg-type]
    store[forged.kid] = forged
    assert ring_over(store, root).find(forged.kid) == refused(CryptoFlaw.TAMPERED)
    assert isinstance(ring_over({stored.kid: stored}, root).find(stored.kid), DataKey)


def test_more_keys_than_are_kept_open_are_all_found() -> None:
    store, root = dict[str, StoredKey](), RootKey.new(os.urandom)
    ring = ring_over(store, root)
    for i in range(4200):
        ring.rotate(f"subject:{i % 3}")
    assert all(isinstance(ring.find(kid), DataKey) for kid in list(store)[:10])
    assert len(ring._open) <= 4096


def test_a_root_key_is_read_back_and_known_by_its_name() -> None:
    root = RootKey.new(os.urandom)
    assert RootKey.from_text(root.to_text() + "\n") == root
    assert RootKey.new(os.urandom).id != root.id
    for broken in ("", "x", root.to_text()[:-1], root.to_text() + "A", root.to_text()[:-1] + "\u00e9"):
        with pytest.raises(ValueError) as error:
            RootKey.from_text(broken)
        assert not broken or broken[:6] not in str(error.value) or len(broken) < 6
    with pytest.raises(ValueError):
        ring_over({})


def test_a_passphrase_gives_its_root_key_by_argon2id() -> None:
    salt = bytes(16)
    expected = hash_secret_raw(b"open", salt, 3, 65536, 4, 32, Type.ID)
    assert RootKey.from_passphrase(Secret(b"open"), salt) == RootKey.of(Secret(expected))
    with pytest.raises(ValueError):
        RootKey.from_passphrase(Secret(b"open"), b"")


def test_no_secret_shows_itself() -> None:
    material = b"s3cret-s3cret-s3cret-s3cret-s3cr"
    root = RootKey.of(Secret(material))
    store = dict[str, StoredKey]()
    ring = ring_over(store, root)
    key = ring.rotate("subject:anna")
    shown = [
        str(Secret(material)),
        repr(root),
        f"{Secret(material)}",
        repr(key),
        repr(ring),
        str(vars(ring)),
        repr(store),
    ]
    assert not any("s3cret" in text or repr(key.secret.reveal())[2:-1] in text for text in shown)
    for dump in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            dump(Secret(material))
    with pytest.raises(TypeError):
        hash(Secret(material))
    assert Secret(material) == Secret(material)
    assert Secret(material) != Secret(b"")
    assert Secret(material) != material
