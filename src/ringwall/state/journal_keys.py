"""The journal's signing key: made once, kept in `keys/journal.key` (0600), and what is derived from it.

The private half never leaves this process; `keys/journal.pub` is what a verifier needs, and belongs elsewhere too.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ringwall.engines.ledger.frames import Tagger
from ringwall.engines.ledger.notes import NoteError, SignerKey, VerifierKey

PRIVATE_NAME = "journal.key"
PUBLIC_NAME = "journal.pub"

_TAG_KEY = b"ringwall journal v1 record tags\n"


class KeyUnusable(Exception):
    """A journal key is absent, open to others, or malformed; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class CheckpointSigner:
    """Signs the checkpoints of a journal's logs and tags their records. Its `repr` shows no secret."""

    key: SignerKey

    def of(self, log: str) -> SignerKey:
        """The key under a log's origin."""
        return self.key.named(origin(self.key.name, log))

    def tagger(self, log: str) -> Tagger:
        """The tags of one log: HKDF-SHA256 of the seed, separated by origin."""
        info = _TAG_KEY + origin(self.key.name, log).encode()
        return Tagger(HKDF(SHA256(), 32, None, info).derive(self.key.seed))

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return self.key.verifier


def origin(name: str, log: str) -> str:
    """The checkpoint origin of a log: the key's name, then the log's, if it has one."""
    return f"{name}/{log}" if log else name


def load_or_create_signer(keys_dir: Path) -> CheckpointSigner:
    """The signer of `keys_dir`, made on first use, even by several processes at once.

    Raises KeyUnusable, OSError."""
    keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (keys_dir / PRIVATE_NAME).exists():
        _create(keys_dir / PRIVATE_NAME, _fresh().encode() + "\n")
    signer = load_signer(keys_dir)
    if not (keys_dir / PUBLIC_NAME).exists():
        _create(keys_dir / PUBLIC_NAME, signer.verifier.encode() + "\n", mode=0o644)
    return signer


def load_signer(keys_dir: Path) -> CheckpointSigner:
    """The signer of `keys_dir`. Raises KeyUnusable where there is none or others may read it."""
    path = keys_dir / PRIVATE_NAME
    try:
        mode, text = path.stat().st_mode, path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnusable(f"{path}: no journal key can be read here") from error
    if mode & 0o077:
        raise KeyUnusable(f"{path}: readable by others; run chmod 600 on it, or better replace the key")
    try:
        return CheckpointSigner(SignerKey.parse(text))
    except NoteError as error:
        raise KeyUnusable(f"{path}: {error}") from error


def load_verifier(path: Path) -> VerifierKey:
    """A public key in verifier form. Raises KeyUnusable."""
    try:
        return VerifierKey.parse(path.read_text())
    except (OSError, ValueError) as error:
        raise KeyUnusable(f"{path}: no journal public key can be read here") from error


def _fresh() -> SignerKey:
    """A new key, named after its public half so that no two journals share an origin."""
    key = SignerKey("new", secrets.token_bytes(32))
    return key.named("ringwall/journal/" + hashlib.sha256(key.verifier.public).hexdigest()[:16])


def _create(path: Path, text: str, mode: int = 0o600) -> None:
    """Writes a whole new file, durably, or leaves the one that another process made first."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(fd, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            _link(draft, path)
    finally:
        draft.unlink()


def _link(draft: Path, path: Path) -> None:
    """Gives a draft its name unless it is taken."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
