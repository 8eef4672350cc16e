"""Signed notes and checkpoints against the formats' published examples."""

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringwall.engines.ledger.checkpoints import Checkpoint, each_note
from ringwall.engines.ledger.merkle import EMPTY_ROOT
from ringwall.engines.ledger.notes import NoteError, SignerKey, VerifierKey, split_note

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# The example of golang.org/x/mod/sumdb/note's documentation, and that of C2SP signed-note.
GO_SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
GO_NOTE = f"{GO_TEXT}\n— PeterNeumann {GO_SIGNATURE}\n".encode()
C2SP_VERIFIER = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()

KEY = SignerKey("log.example", bytes(range(32)))
OTHER = SignerKey("log.example", bytes(range(1, 33)))


def test_signing_gives_the_published_note_byte_for_byte():
    assert SignerKey.parse(GO_SIGNER).sign(GO_TEXT) == GO_NOTE
    assert SignerKey.parse(GO_SIGNER).verifier.encode() == GO_VERIFIER
    assert SignerKey.parse(GO_SIGNER).encode() == GO_SIGNER


def test_published_notes_open():
    assert VerifierKey.parse(GO_VERIFIER).open(GO_NOTE) == GO_TEXT
    assert VerifierKey.parse(C2SP_VERIFIER).open(C2SP_NOTE) == "This is an example message.\n"


def test_a_changed_text_or_signature_is_refused():
    note = KEY.sign("words\n")
    assert KEY.verifier.open(note) == "words\n"
    for at in range(len(note)):
        changed = note[:at] + bytes([note[at] ^ 1]) + note[at + 1 :]
        with pytest.raises(NoteError):
            KEY.verifier.open(changed)


def test_another_key_of_the_same_name_is_not_taken_for_it():
    with pytest.raises(NoteError, match="not signed by"):
        KEY.verifier.open(OTHER.sign("words\n"))
    stranger = OTHER.sign("words\n").splitlines(keepends=True)[-1]
    assert KEY.verifier.open(KEY.sign("words\n") + stranger) == "words\n"


def test_one_false_signature_by_the_known_key_refuses_the_note():
    note = KEY.sign("words\n")
    raw = KEY.verifier.key_id + bytes(64)
    forged = f"— {KEY.name} {base64.b64encode(raw).decode()}\n".encode()
    with pytest.raises(NoteError, match="does not hold"):
        KEY.verifier.open(note + forged)


@pytest.mark.parametrize("note", [b"", b"\n", b"text\n", b"text\n\n", b"text\n\nnot a signature\n", b"\xff\n\n",
                                  "a\tb\n\n— n AAAAAAAA\n".encode(), "a\n\n— n AAAAAAAA".encode(),
                                  "a\n\n— n AAAA\n".encode(), "a\n\n— n+m AAAAAAAA\n".encode(),
                                  "a\n\n— n AAAAAAB=\n".encode()])  # fmt: skip
def test_malformed_notes_are_refused(note):
    with pytest.raises(NoteError):
        split_note(note)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\x01"])
def test_names_that_a_note_cannot_hold_are_refused(name):
    with pytest.raises(NoteError):
        SignerKey(name, bytes(32))


@pytest.mark.parametrize("text", ["", "a+b", GO_VERIFIER.replace("c74f", "c740"), GO_VERIFIER[:-4],
                                  "PeterNeumann+c74f20a3+AxF="])  # fmt: skip
def test_malformed_keys_are_refused(text):
    with pytest.raises(NoteError):
        VerifierKey.parse(text)


def test_a_private_key_is_never_shown():
    with pytest.raises(NoteError) as refusal:
        SignerKey.parse(GO_SIGNER.replace("c74f", "c740"))
    for shown in (repr(SignerKey.parse(GO_SIGNER)), str(refusal.value)):
        assert "AYEK" not in shown
        assert "seed" not in shown


def test_a_checkpoint_is_three_lines_and_names_its_log():
    checkpoint = Checkpoint("log.example", 0, EMPTY_ROOT)
    assert checkpoint.text == "log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    assert Checkpoint.open(checkpoint.sign(KEY), KEY.verifier) == checkpoint
    with pytest.raises(NoteError, match="is of elsewhere"):
        Checkpoint.open(KEY.sign(Checkpoint("elsewhere", 0, EMPTY_ROOT).text), KEY.verifier)


@pytest.mark.parametrize("text", ["o\n1\n", "o\n01\nX\n", "o\n-1\n{r}\n", "o\n1\n{r}\nmore\n", "\n1\n{r}\n",
                                  "o\n1\nAAAA\n", "o\n1\n{r} \n", "o\n١\n{r}\n",
                                  "o\n99999999999999999999\n{r}\n"])  # fmt: skip
def test_malformed_checkpoints_are_refused(text):
    root = base64.b64encode(EMPTY_ROOT).decode()
    with pytest.raises(NoteError):
        Checkpoint.parse(text.replace("{r}", root))


@unhurried
@given(st.lists(st.integers(0, 10**9), max_size=6))
def test_notes_written_one_after_another_are_told_apart(sizes):
    notes = [Checkpoint("log.example", size, EMPTY_ROOT).sign(KEY) for size in sizes]
    assert list(each_note(b"".join(notes))) == notes


@unhurried
@given(st.binary(max_size=200))
def test_noise_is_refused_and_nothing_else_is_raised(noise):
    with pytest.raises(NoteError):
        KEY.verifier.open(noise)
