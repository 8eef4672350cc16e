"""A second verifier, written from docs/journal-format.md and the RFCs alone: it and `audit verify` agree."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringwall.state import journal as writing
from ringwall.state.journal import Journal
from ringwall.state.journal_keys import load_or_create_signer
from ringwall.state.journal_retention import retain
from ringwall.state.journal_verify import verify


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, over leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def signed(note: str, key: str) -> tuple[int, bytes] | None:
    """Size and root of a note that the key signed, else None."""
    text, _, signatures = note.partition("\n\n")
    name, _, public = key.strip().split("+", 2)
    raw = base64.b64decode(public)
    for line in signatures.splitlines():
        dash, who, blob = line.split(" ")
        if dash == "\u2014" and who == name:
            try:
                Ed25519PublicKey.from_public_bytes(raw[1:]).verify(base64.b64decode(blob)[4:], f"{text}\n".encode())
            except InvalidSignature:
                return None
            _, size, root = text.split("\n")
            return int(size), base64.b64decode(root)
    return None


def second(data: Path) -> bool:
    """Whether every signed record is what was signed, by the public key alone."""
    found = signed((data / "journal" / "checkpoint").read_text("utf-8"), (data / "keys" / "journal.pub").read_text())
    if found is None:
        return False
    leaves: list[bytes] = []
    for path in sorted((data / "journal").glob("*.jsonl")):
        if int(path.stem) != len(leaves):
            return False
        for line in path.read_bytes().splitlines():
            match = re.fullmatch(rb'\{"n":(\d+),"record":(\{.*\}),"leaf":"(.{64})","tag":".{32}"\}', line, re.DOTALL)
            if match is not None:
                number, leaf = int(match[1]), hashlib.sha256(b"\x00" + match[2]).hexdigest()
                if leaf != match[3].decode("latin-1"):
                    return False
            else:
                try:
                    removed = json.loads(line)
                    number, leaf = removed["n"], removed["leaf"]
                    if removed["gone"] is not True:
                        return False
                except (ValueError, KeyError, TypeError):
                    return False
            if number != len(leaves):
                return False
            leaves.append(bytes.fromhex(leaf))
    size, root = found
    return len(leaves) >= size and mth(leaves[:size]) == root


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("second")
    patch = pytest.MonkeyPatch()
    patch.setattr(writing, "SEGMENT_BYTES", 3000)
    signer = load_or_create_signer(place / "keys")
    journal = Journal.open(place / "journal", signer=signer)
    for n in range(70):
        at = "2026-01-01T00:00:00.000Z" if n % 2 else "2026-03-01T00:00:00.000Z"
        journal.append(orjson.dumps({"kind": "exchange", "decision": "allow", "at": at, "n": n, "text": 'é\u2028"}'}))
    journal.close()
    patch.undo()
    assert retain(place / "journal", signer, {"*": 86_400.0 * 30}, 1_772_323_200.0).removed > 5
    return place


def test_both_say_that_it_is_whole(data: Path) -> None:
    assert second(data)
    assert verify(data / "journal", load_or_create_signer(data / "keys").verifier).ok


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_see_any_change_of_what_was_signed(data: Path, drawn: Any) -> None:
    path = drawn.draw(st.sampled_from(sorted((data / "journal").glob("*.jsonl"))))
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    at = drawn.draw(st.integers(0, len(lines) - 1))
    how = drawn.draw(st.sampled_from(["record", "drop", "swap", "twice"]))
    if how == "record":
        lines[at] = lines[at].replace(b'"allow"', b'"allou"') if b'"allow"' in lines[at] else lines[at][:30]
    elif how == "drop":
        del lines[at]
    elif how == "swap":
        other = at - 1 if at else at + 1
        lines[at], lines[other] = lines[other], lines[at]
    else:
        lines.insert(at, lines[at])
    try:
        path.write_bytes(b"".join(lines))
        theirs = verify(data / "journal", load_or_create_signer(data / "keys").verifier).ok
        assert (second(data), theirs) == (False, False)
    finally:
        path.write_bytes(whole)
