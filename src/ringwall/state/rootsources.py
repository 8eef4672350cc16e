"""Where a root key comes from: a file, an environment variable, a passphrase, a token (PKCS#11) or a cloud's KMS.

A source is written as one line, such as `file:root.key`, `env:NAME`, `passphrase:env:NAME`, `passphrase:ask`,
`pkcs11:TOKEN/LABEL?module=/path.so&pin=env:NAME` or `awskms:KEY?region=…`. The last two never give out their own
key: they encrypt the root key, and what they return is kept. Nothing here prints a key, nor puts one in an error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from getpass import getpass
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import parse_qs, unquote, urlsplit

from ringwall.core.ports import Unavailable
from ringwall.engines.crypto.encoding import from_text, to_text
from ringwall.engines.crypto.rootkey import KEY_BYTES, SALT_BYTES, RootKey
from ringwall.engines.crypto.secret import Secret
from ringwall.state import root_awskms, root_pkcs11
from ringwall.state.keyfiles import read_secret, write_secret
from ringwall.state.secrets import named_secret

KINDS: Final = ("file", "env", "passphrase", "pkcs11", "awskms")
_LEAST_PASSPHRASE: Final = 16


@dataclass(frozen=True, slots=True)
class Kept:
    """A root key as `keys/root.json` has it: its id, its source, and what the source needs to give it back (a salt, or
    the key as another key encrypted it). None of it is secret."""

    id: str
    source: str
    beside: str = ""


def make(source: str, directory: Path) -> tuple[Kept, RootKey]:
    """A new root key in a source; for a variable or a passphrase, the one that is there. Raises Unavailable."""
    kind, rest = _split(source)
    if kind == "env":
        root = _of_text(named_secret(f"env:{rest}", "the root key"), source)
        return Kept(root.id, source), root
    if kind == "passphrase":
        salt = os.urandom(SALT_BYTES)
        root = RootKey.from_passphrase(_passphrase(rest, new=True), salt)
        return Kept(root.id, source, to_text(salt)), root
    material = Secret(os.urandom(KEY_BYTES))
    root = RootKey.of(material)
    if kind == "file":
        name = rest or f"root.{root.id}.key"
        write_secret(directory / name, root.to_text().encode())
        return Kept(root.id, f"file:{name}"), root
    return Kept(root.id, source, to_text(_outside(kind).wrap(_address(source), material))), root


def load(kept: Kept, directory: Path) -> RootKey:
    """The root key that was kept. Raises Unavailable, also where the source gives another one."""
    kind, rest = _split(kept.source)
    if kind == "file":
        root = _of_text(read_secret(directory / rest).decode("ascii", "replace"), kept.source)
    elif kind == "env":
        root = _of_text(named_secret(f"env:{rest}", "the root key"), kept.source)
    elif kind == "passphrase":
        root = RootKey.from_passphrase(_passphrase(rest, new=False), _beside(kept))
    else:
        try:
            root = RootKey.of(_outside(kind).unwrap(_address(kept.source), _beside(kept)))
        except ValueError:
            raise Unavailable(f"{_shown(kept.source)}: it gave back no root key") from None
    if root.id != kept.id:
        raise Unavailable(f"{_shown(kept.source)}: it gives another root key than {kept.id}, which is needed")
    return root


def end(kept: Kept, directory: Path) -> bool:
    """Destroy the material of a root key that wraps nothing any more. False where that is up to who keeps it."""
    kind, rest = _split(kept.source)
    if kind != "file":
        return kind in ("pkcs11", "awskms")  # what was encrypted is in root.json alone, and goes with its line
    path = directory / rest
    if path.is_file():
        with path.open("r+b") as file:
            file.write(os.urandom(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    return True


@dataclass(frozen=True, slots=True)
class Outside:
    """A key that never leaves where it is, and what it does for us."""

    wrap: Callable[[Address, Secret], bytes]
    unwrap: Callable[[Address, bytes], Secret]


@dataclass(frozen=True, slots=True)
class Address:
    """A source's parts: what is named, and its options."""

    name: str
    options: dict[str, str]

    def secret(self, option: str) -> str:
        """The value that an option names: `env:NAME` or `file:PATH`. Raises Unavailable."""
        return named_secret(self.options.get(option, ""), f"the token's {option}")


def _outside(kind: str) -> Outside:
    if kind == "pkcs11":
        return Outside(
            lambda to, key: root_pkcs11.wrap(to.name, to.options, to.secret("pin"), key),
            lambda to, wrapped: root_pkcs11.unwrap(to.name, to.options, to.secret("pin"), wrapped),
        )
    return Outside(
        lambda to, key: root_awskms.wrap(to.name, to.options, key),
        lambda to, wrapped: root_awskms.unwrap(to.name, to.options, wrapped),
    )


def _split(source: str) -> tuple[str, str]:
    kind, _, rest = source.partition(":")
    if kind not in KINDS:
        raise Unavailable(f"a root key comes from {', '.join(KINDS)}; {_shown(source)!r} is none of them")
    return kind, rest


def _shown(source: str) -> str:
    """A source without its options, which may name files and variables."""
    return source.partition("?")[0]


def _address(source: str) -> Address:
    parts = urlsplit(source)
    try:
        options = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
    except ValueError:
        raise Unavailable(f"{_shown(source)}: its options are written NAME=VALUE&NAME=VALUE") from None
    return Address(unquote(parts.path), options)


def _passphrase(where: str, *, new: bool) -> Secret:
    text = _asked(new=new) if where == "ask" else named_secret(where, "the root key's passphrase")
    if new and len(text) < _LEAST_PASSPHRASE:
        raise Unavailable(f"a passphrase has {_LEAST_PASSPHRASE} characters or more: it is all that guards the store")
    return Secret(text.encode("utf-8", "surrogateescape"))


def _asked(*, new: bool) -> str:
    if not sys.stdin.isatty():
        raise Unavailable("the root key's passphrase is asked for, and there is no terminal: passphrase:env:NAME")
    text = getpass("Root key's passphrase: ")
    if new and getpass("Again: ") != text:
        raise Unavailable("the two passphrases differ")
    return text


def _of_text(text: str, source: str) -> RootKey:
    try:
        return RootKey.from_text(text)
    except ValueError as flaw:
        _refuse(source, str(flaw))


def _refuse(source: str, flaw: str) -> NoReturn:
    raise Unavailable(f"{_shown(source)}: {flaw}")


def _beside(kept: Kept) -> bytes:
    return from_text(kept.beside) or b""
