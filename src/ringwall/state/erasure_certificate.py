"""The certificate of an erasure: what was destroyed, what that reaches and what it does not, signed with the journal's
key. It does not name the person: it holds a salted hash, by which whoever knows the name can confirm it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from ringwall.core.event import rfc3339
from ringwall.engines.crypto.encoding import from_text, to_text
from ringwall.engines.ledger.notes import SignerKey, VerifierKey
from ringwall.state.erasing import Erased
from ringwall.state.erasures import digest_of
from ringwall.state.journal_verify import Verification
from ringwall.state.keyfiles import write_secret

DIRECTORY: Final = "erasures"
_FORM: Final = "ringwall erasure/1"


@dataclass(frozen=True, slots=True)
class Reach:
    """What an erasure reaches, and what it does not, in sentences."""

    reached: Sequence[str]
    open: Sequence[str]


def path_of(data: Path, erasure: str) -> Path:
    """Where the certificate of an erasure lies."""
    return data / DIRECTORY / f"{erasure}.txt"


def write(data: Path, erased: Erased, reach: Reach, journal: Verification, key: SignerKey) -> Path:
    """Write and sign the certificate: a C2SP signed note whose text is one JSON object. Returns where."""
    erasure = erased.erasure
    document = {
        "form": _FORM,
        "id": erasure.id,
        "at": rfc3339(erasure.at),
        "subject": {"sha256": to_text(digest_of(erasure.subject, erasure.salt)), "salt": to_text(erasure.salt)},
        "keys_destroyed": list(erasure.destroyed),
        "searchable_keys": {"destroyed": list(erased.ended), "alive": list(erased.lived)},
        "rows_deleted": erased.rows,
        "reached": list(reach.reached),
        "not_reached": list(reach.open),
        "journal": {"whole": journal.ok, "records": journal.records, "root": journal.root},
    }
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"
    path = path_of(data, erasure.id)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_secret(path, key.sign(text))
    return path


def confirms(note: bytes, key: VerifierKey, subject: str) -> Mapping[str, object] | None:
    """The certificate, if it is signed by this key and speaks of this subject. Raises NoteError where it is not
    signed."""
    document: dict[str, object] = orjson.loads(key.open(note))
    named = document.get("subject")
    if not isinstance(named, dict):
        return None
    salt = from_text(str(named.get("salt"))) or b""
    return document if to_text(digest_of(subject, salt)) == named.get("sha256") else None
