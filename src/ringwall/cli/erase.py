"""`ringwall erase`: make a person's data unreadable everywhere, and certify it."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import orjson

from ringwall.cli._contracts import contract_option
from ringwall.cli._data import acts, data_option, json_option, store_of
from ringwall.cli._problems import fail, plainly, shown
from ringwall.cli._tables import column_option, places, table_option, url_of
from ringwall.engines.crypto.keyring import KeyRing
from ringwall.engines.ledger.notes import NoteError
from ringwall.state.columns import database
from ringwall.state.erasing import Erased, Place, begun, count, end_unused, erase, known, rekey
from ringwall.state.erasure_certificate import Reach, confirms, path_of, write
from ringwall.state.erasures import Erasure, Erasures
from ringwall.state.fieldkeys import NOTICED_S
from ringwall.state.journal_index import Query, search
from ringwall.state.journal_keys import PUBLIC_NAME, load_or_create_signer, load_verifier
from ringwall.state.journal_verify import verify
from ringwall.state.keytable import KeyTable
from ringwall.state.keyuse import KeyUse
from ringwall.state.migrating import Pass, migrate
from ringwall.state.rootkeys import root_keys
from ringwall.state.sqlite import Store

TOKENS_S = 31 * 86_400.0
"""No token of the subject's lives longer than this after the erasure."""


@click.command(
    epilog="""\b
Examples:
  ringwall erase acc-ana --yes
  ringwall erase acc-ana --yes --database env:DATABASE_URL
  ringwall erase acc-ana --confirm ringwall-data/erasures/5f0c2a.txt
With --database what stands in clear or under others' keys in the person's rows is encrypted first, and searchable
fields get new keys afterwards, so that what they sealed for the person is unreadable too."""
)
@click.argument("subject")
@click.option("--database", "database_url", metavar="URL", help="The application's database, or env:NAME.")
@table_option
@column_option
@click.option("--yes", is_flag=True, help="Do not ask at a terminal: nothing undoes it.")
@click.option("--confirm", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="CERTIFICATE",
              help="Only say whether a certificate is genuine and of this subject.")  # fmt: skip
@contract_option
@data_option
@json_option
def command(
    subject: str, database_url: str | None, tables: tuple[str, ...], columns: tuple[str, ...], yes: bool,
    confirm: Path | None, contract: Path | None, data: Path, as_json: bool,
) -> None:  # fmt: skip
    """Destroy SUBJECT's keys: fields and the journal's personal parts become unreadable, in backups too."""
    if confirm is not None:
        _confirmed(confirm, data, subject)
        return
    with plainly(), ExitStack() as opened:
        store = opened.enter_context(store_of(data))
        work = _Work(data, store, subject)
        if not work.open() and not known(store, work.table, subject):
            fail(f"nothing is known here of {shown(subject)!r}", 1)
        if not yes and sys.stdin.isatty() and not click.confirm(f"Erase {shown(subject)} for good?"):
            fail("nothing was done", 1)
        there: list[Place] = []
        if database_url:
            engine = opened.enter_context(database(url_of(database_url)))
            there = list(places(engine, contract, data, tables, columns))
        erased, reach, path = work.do(there)
    if as_json:
        click.echo(orjson.dumps({"id": erased.erasure.id, "certificate": str(path), "reached": reach.reached,
                                 "not_reached": reach.open}))  # fmt: skip
    else:
        _tell(erased, reach, path)


@dataclass(slots=True)
class _Work:
    """One erasure."""

    data: Path
    store: Store
    subject: str

    @property
    def table(self) -> KeyTable:
        return KeyTable(self.store)

    def open(self) -> list[Erasure]:
        """Erasures of the subject that were broken off before their certificate was written."""
        return [e for e in Erasures(self.store).of(self.subject) if not path_of(self.data, e.id).exists()]

    def do(self, there: list[Place]) -> tuple[Erased, Reach, Path]:
        """All steps, in the order in which nothing can be left behind."""
        table, erasures = self.table, Erasures(self.store)
        ring = KeyRing(root_keys(self.data / "keys"), table, os.urandom)
        erasures.reload()
        for place in there:
            way = Pass(place.columns, ring, place.searchable, erasures.is_of_erased, owner=self.subject)
            tally = migrate(way, KeyUse(self.store), lambda done, rows: None)
            place.moved, place.unreadable = tally.changed, dict(tally.unreadable)
        with acts(self.data) as note:
            erasure = begun(erasures, table, self.subject, lambda name: path_of(self.data, name).exists(), time.time())
            rows = erase(self.store, table, erasure, time.time() + TOKENS_S)
            ended = self._rekeyed(there, erasure, erasures)
            erased = Erased(erasure, rows, tuple(k for k in erasure.equal if k not in ended), ended)
            note("erase", f"erasure:{erasure.id}", {"keys": len(erasure.destroyed), "searchable": len(ended)})
        signer = load_or_create_signer(self.data / "keys")
        reach = _reach(erased, there, self._before())
        path = write(self.data, erased, reach, verify(self.data / "journal", signer), signer.key)
        return erased, reach, path

    def _rekeyed(self, there: list[Place], erasure: Erasure, erasures: Erasures) -> tuple[str, ...]:
        """Searchable fields under new keys, and the old ones destroyed, where the database is at hand."""
        if not there or not erasure.equal:
            return ()
        ring = KeyRing(root_keys(self.data / "keys"), self.table, os.urandom)
        erasures.reload()
        rekey(there, ring, self.table, erasures, lambda: time.sleep(2 * NOTICED_S))
        use = KeyUse(self.store)
        count(there, ring, use, erasures)
        return end_unused(erasure, self.table, use, erasures)

    def _before(self) -> int:
        """How many records name the subject in clear: those of before records were sealed."""
        journal = self.data / "journal"
        return len(search(journal, Query(principal=self.subject, limit=1000))) if journal.is_dir() else 0


def _reach(erased: Erased, there: list[Place], before: int) -> Reach:
    reached = [
        f"{len(erased.erasure.destroyed)} keys were destroyed: fields under them, and what the journal says of the "
        "person, are unreadable wherever copies lie",
        f"{sum(erased.rows.values())} rows of ringwall's own were deleted",
    ]
    left = []
    moved = sum(place.moved for place in there)
    if moved:
        left.append(
            f"{moved} values stood in clear or under others' keys until now: they are unreadable in the database, and "
            "not in backups of it that were made before"
        )
    unread = sum(sum(place.unreadable.values()) for place in there)
    if unread:
        left.append(f"{unread} values in the person's rows could not be opened and are as they were")
    if erased.ended:
        reached.append(f"{len(erased.ended)} keys of searchable fields were replaced and destroyed")
    if erased.lived:
        left.append(
            f"{len(erased.lived)} keys of searchable fields live on: what they sealed for the person is shown to "
            "nobody through the API, and opens for whoever holds the store and its root key; --database replaces them"
        )
    if before:
        left.append(f"{before} records of the journal name the person in clear: they are older than its sealing")
    if not there:
        left.append(
            "values in clear, and values whose owner was not known when they were written, which are under their "
            "tenant's or resource's key; --database finds and moves them first"
        )
    return Reach(reached, left)


def _tell(erased: Erased, reach: Reach, path: Path) -> None:
    click.echo(f"erased: {erased.erasure.id}; the certificate is {path}")
    for line in reach.reached:
        click.echo(f"  {line}")
    for line in reach.open:
        click.echo(click.style(f"  not reached: {line}", fg="yellow"))


def _confirmed(certificate: Path, data: Path, subject: str) -> None:
    with plainly():
        key = load_verifier(data / "keys" / PUBLIC_NAME)
        try:
            found = confirms(certificate.read_bytes(), key, subject)
        except (NoteError, ValueError):
            fail(f"{certificate}: not a certificate that this journal's key signed", 1)
    if found is None:
        fail(f"{certificate}: genuine, and of another subject", 1)
    click.echo(f"genuine: {shown(subject)} was erased at {shown(found['at'])}")
