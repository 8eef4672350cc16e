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


def _create(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
