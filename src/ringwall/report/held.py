"""What a data directory holds, counted, and its journal verified. Where there is none, nothing is made."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ringwall.core.ports import Unavailable
from ringwall.report.model import Run
from ringwall.state.journal_files import logs
from ringwall.state.journal_keys import PRIVATE_NAME, PUBLIC_NAME, KeyUnusable, load_signer, load_verifier
from ringwall.state.journal_verify import Keys, verify
from ringwall.state.rootkeys import kept_in
from ringwall.state.sqlite import Store


@dataclass(frozen=True, slots=True)
class Held:
    """Counts of accounts and API keys, and where the root key comes from; None for what was not there to read."""

    accounts: int | None = None
    disabled: int = 0
    keys: int | None = None
    endless: int = 0
    root: str | None = None


def moment(at: float | None = None) -> str:
    """A time (epoch seconds; now, if None) as RFC 3339 in UTC."""
    return datetime.fromtimestamp(time.time() if at is None else at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def held(data: Path) -> Held:
    """What is counted in a data directory. Raises Unavailable where its store cannot be read."""
    root = _root(data / "keys")
    if not (data / "state.db").is_file():
        return Held(root=root)
    store = Store(data / "state.db")
    try:
        accounts, keys, now = store.accounts(), store.keys(), time.time()
        alive = [key for key in keys if min(key.expires or now + 1, key.revoked or now + 1) > now]
    finally:
        store.close()
    return Held(
        accounts=len(accounts),
        disabled=sum(account.disabled for account in accounts),
        keys=len(alive),
        endless=sum(key.expires is None for key in alive),
        root=root,
    )


def _root(keys: Path) -> str | None:
    try:
        return kept_in(keys)[0].source
    except (Unavailable, OSError):
        return None


def journal(data: Path) -> Run:
    """The journal, verified now."""
    place = data / "journal"
    if not logs(place):
        return Run("journal", None, f"there is no journal in {data}")
    try:
        result = verify(place, _keys(data / "keys"))
    except KeyUnusable as failure:
        return Run("journal", None, f"the journal cannot be verified: {failure}")
    if result.problem:
        where = result.problem
        flaw = f"{where.segment}: record {where.record}: {where.kind}"
        return Run("journal", False, "the journal is not whole", moment(), (flaw,))
    what = f"the journal is whole: {result.records} records, {result.signed} of them signed, root {result.root}"
    return Run("journal", True, what, moment())


def _keys(keys: Path) -> Keys:
    try:
        return load_signer(keys)
    except KeyUnusable:
        if (keys / PRIVATE_NAME).exists() and not (keys / PUBLIC_NAME).exists():
            raise
        return load_verifier(keys / PUBLIC_NAME)
