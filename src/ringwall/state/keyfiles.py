"""Secrets in files of their own, readable by their owner alone; written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from ringwall.core.ports import Unavailable


def load_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a secret file, made on first use. Two processes that start at once get the same one.

    Raises Unavailable where it cannot be read, or where others may read it.
    """
    if not path.exists():
        _create(path, make())
    return read_secret(path)


def read_secret(path: Path) -> bytes:
    """The content of a secret file. Raises Unavailable where it cannot be read, or where others may read it."""
    try:
        mode = path.stat().st_mode & 0o077
        content = path.read_bytes()
    except OSError as failure:
        raise Unavailable(f"{path.name}: {failure.strerror}") from failure
    if mode:
        raise Unavailable(f"{path.name}: readable by others; its mode must be 0600")
    if not content:
        raise Unavailable(f"{path.name}: empty")
    return content


def write_secret(path: Path, content: bytes) -> None:
    """Put a secret file in the place of what is there, on the disk before this returns. Raises OSError."""
    draft = _draft(path, content)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink()
        raise
    _settle(path.parent)


def _create(path: Path, content: bytes) -> None:
    draft = _draft(path, content)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    _settle(path.parent)


def _draft(path: Path, content: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        draft.unlink()
        raise
    return draft


def _settle(directory: Path) -> None:
    """The directory's own entry, on the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
