"""A data directory in one encrypted file (age, https://age-encryption.org/v1), and back.

The store is copied as it is at one moment; of each log the checkpoint is read before the records that it signs, so that
what is copied verifies while a server goes on writing. The root key stays out unless it is asked for: a backup that
holds the key to itself is one theft instead of two.
"""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyrage

from ringwall.core.ports import Unavailable
from ringwall.engines.crypto.secret import Secret
from ringwall.state.database import Database
from ringwall.state.journal_files import CHECKPOINT, CHECKPOINTS, FRONTIER, INDEX

STORE: Final = "state.db"
PARTS: Final = ("journal", "keys", "tls", "erasures")
_FIRST: Final = (CHECKPOINTS, CHECKPOINT, FRONTIER)
_MOST: Final = 1 << 40
Seal = Callable[[bytes], bytes]


def packed(data: Path, *, root_key: bool) -> bytes:
    """The data directory as a tar archive, in clear. Raises Unavailable, OSError."""
    out = io.BytesIO()
    store = Database(data / STORE)
    try:
        content = store.copied()
    finally:
        store.close()
    with tarfile.open(fileobj=out, mode="w") as archive:
        _add(archive, data / STORE, STORE, content)
        for path in _files(data, root_key=root_key):  # each whole as it is now: a log grows meanwhile
            _add(archive, path, path.relative_to(data).as_posix(), path.read_bytes())
    return out.getvalue()


def _add(archive: tarfile.TarFile, path: Path, name: str, content: bytes) -> None:
    entry = archive.gettarinfo(path, name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _files(data: Path, *, root_key: bool) -> Iterator[Path]:
    for part in PARTS:
        found = [path for path in sorted((data / part).rglob("*")) if path.is_file() and not path.is_symlink()]
        yield from (path for path in found if path.name in _FIRST)
        for path in found:
            secret = part == "keys" and path.name.startswith("root") and path.suffix == ".key"
            derived = path.name.startswith(".") or path.name.startswith(INDEX) or path.name == "lock"
            if path.name not in _FIRST and not derived and (root_key or not secret):
                yield path


def sealed_for(passphrase: Secret | None, recipients: list[str]) -> Seal:
    """What encrypts a backup: a passphrase (age's scrypt), or the public keys of those who may open it."""
    if passphrase is not None:
        return lambda content: pyrage.passphrase.encrypt(content, passphrase.reveal().decode())
    try:
        keys = [pyrage.x25519.Recipient.from_str(each) for each in recipients]
    except pyrage.RecipientError:
        raise Unavailable("a recipient is written age1…, as `age-keygen` prints it") from None
    return lambda content: pyrage.encrypt(content, keys)


def opened_with(content: bytes, passphrase: Secret | None, identity: str | None) -> bytes:
    """The archive in a backup. Raises Unavailable where it does not open, or was altered in any byte."""
    try:
        if passphrase is not None:
            return bytes(pyrage.passphrase.decrypt(content, passphrase.reveal().decode()))
        lines = [line for line in (identity or "").splitlines() if line.startswith("AGE-SECRET-KEY-")]
        return bytes(pyrage.decrypt(content, [pyrage.x25519.Identity.from_str(line) for line in lines]))
    except (pyrage.DecryptError, pyrage.IdentityError, UnicodeDecodeError):
        raise Unavailable("it does not open with this, or was altered") from None


@contextmanager
def unpacked(archive: bytes, data: Path) -> Iterator[Path]:
    """A data directory laid out beside the place that it is for, and put there in one step when the block is done: what
    is broken off leaves nothing there, and whatever else has to be done before anybody opens it belongs within. Raises
    Unavailable, OSError."""
    if data.exists() and any(data.iterdir()):
        raise Unavailable(f"{data} is there already: move it away, nothing is written over it")
    draft = data.with_name(f".{data.name}.restoring")
    shutil.rmtree(draft, ignore_errors=True)  # of one that was killed
    draft.mkdir(mode=0o700, parents=True)
    try:
        _lay_out(archive, draft)
        yield draft
        if data.exists():
            data.rmdir()
        draft.rename(data)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _lay_out(archive: bytes, draft: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            inside = member.name == STORE or member.name.partition("/")[0] in PARTS
            if not member.isreg() or not inside or member.size > _MOST:
                raise Unavailable(f"{member.name!r} has no place in a backup")
            tar.extract(member, draft, filter="data")
    for path in draft.rglob("*"):
        public = path.suffix == ".pub" or path.name == "ca.pem"
        path.chmod(0o700 if path.is_dir() else 0o644 if public else 0o600)
