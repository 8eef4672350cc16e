"""The root keys of a data directory: which there are, and the way from one to the next without a stop.

`keys/root.json` lists them, the current one first; without it there is `keys/root.key` alone. While there are two, the
second only opens. Each step can be broken off at any moment and is taken up where it ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import orjson

from ringwall.core.ports import Unavailable
from ringwall.engines.crypto.keyring import KeyRing
from ringwall.engines.crypto.rootkey import RootKey
from ringwall.state.database import Database
from ringwall.state.keyfiles import load_or_create, read_secret, write_secret
from ringwall.state.keytable import KeyTable
from ringwall.state.rootsources import Kept, end, load, make

LIST: Final = "root.json"
FIRST: Final = "root.key"
Say = Callable[[str], None]


def root_keys(keys: Path) -> tuple[RootKey, ...]:
    """The root keys of a data directory's `keys/`, the current one first; the first one is made where there is none.

    Raises Unavailable where one cannot be had: the store it opens is of no use without it.
    """
    if (keys / LIST).exists():
        return tuple(load(kept, keys) for kept in kept_in(keys))
    return (_first(load_or_create(keys / FIRST, lambda: _new(keys))),)


def _new(keys: Path) -> bytes:
    """A first root key; refused where something is wrapped already: that would only hide that its key is lost."""
    if (keys.parent / "state.db").exists() and _needed(keys):
        raise Unavailable(f"keys/{FIRST} is not here, and keys in state.db are wrapped by a root key: bring it back")
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    return RootKey.new(os.urandom).to_text().encode()


def _needed(keys: Path) -> bool:
    database = Database(keys.parent / "state.db")
    try:
        return bool(KeyTable(database).roots())
    finally:
        database.close()


def _first(content: bytes) -> RootKey:
    try:
        return RootKey.from_text(content.decode("ascii", "replace"))
    except ValueError as flaw:
        raise Unavailable(f"{FIRST}: {flaw}") from None


def kept_in(keys: Path) -> tuple[Kept, ...]:
    """The list of root keys, the current one first. Raises Unavailable."""
    if not (keys / LIST).exists():
        return (Kept(_first(read_secret(keys / FIRST)).id, f"file:{FIRST}"),)
    try:
        found = tuple(Kept(**each) for each in orjson.loads(read_secret(keys / LIST))["roots"])
    except (ValueError, TypeError, KeyError):
        raise Unavailable(f"keys/{LIST}: not a list of root keys") from None
    if not found:
        raise Unavailable(f"keys/{LIST}: it lists no root key")
    return found


def _list(keys: Path, roots: Sequence[Kept]) -> None:
    document = {"ringwall": "root keys/1", "roots": [asdict(each) for each in roots]}
    write_secret(keys / LIST, orjson.dumps(document, option=orjson.OPT_INDENT_2))


def begin(keys: Path, source: str | None, table: KeyTable) -> Kept:
    """Step one: a new current root key, from `source` or (None) from where the last one came. Where a change is under
    way already, that one goes on."""
    roots = kept_in(keys)
    if len(roots) > 1:
        return roots[0]
    _sweep(keys, roots)
    made, _ = make(_again(roots[0].source) if source is None else source, keys)
    if made.id == roots[0].id:
        if made.source == roots[0].source:
            raise Unavailable("the source gives the root key that is current already")
        _list(keys, [made])
        return made
    _list(keys, [made, *roots])
    table.touch()
    return made


def _again(source: str) -> str:
    return "file:" if source.startswith("file:") else source


def _sweep(keys: Path, roots: Sequence[Kept]) -> None:
    """Destroy what a change that was broken off has left: root keys in files of ours that the list does not name."""
    listed = {each.source.partition(":")[2] for each in roots}
    for path in keys.glob("root*.key"):
        if path.name not in listed:
            end(Kept("", f"file:{path.name}"), keys)


def finish(keys: Path, table: KeyTable, wait: Callable[[], None], say: Say) -> int:
    """The other steps: wrap every key anew, wait until no server makes keys under the old root key, and destroy it.
    Returns how many keys were wrapped anew."""
    kept = kept_in(keys)
    if len(kept) == 1:
        return 0
    ring = KeyRing(tuple(load(each, keys) for each in kept), table, os.urandom)
    done = ring.rewrap()
    table.touch()
    wait()
    old = kept[1:]
    for each in old:
        table.retire_root(each.id)
    done += ring.rewrap()
    left = table.roots() - {kept[0].id}
    if left:
        raise Unavailable(f"keys are still wrapped by {', '.join(sorted(left))}, which does not open them")
    table.scrub()
    _list(keys, kept[:1])
    _sweep(keys, kept)
    for each in old:
        if not end(each, keys):
            say(f"the old root key {each.id} opens nothing any more; destroy it where it is kept ({each.source})")
    return done
