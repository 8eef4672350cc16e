"""The data directory on the command line: the option, the store in it, and the log of administrative acts.

An act is in the journal before its command says that it is done. `up` holds the journal's main log, so that acts
stand in one of their own, `admin`, which searching and verifying read like any other.
"""

from __future__ import annotations

import os
import pwd
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import orjson

from ringwall.build.runtime import request_id
from ringwall.cli._problems import fail
from ringwall.core.event import Event
from ringwall.state.alerts import Alerts
from ringwall.state.database import Database
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.journal import Journal
from ringwall.state.journal_files import JournalDamaged, JournalUnavailable
from ringwall.state.journal_keys import load_or_create_signer
from ringwall.state.journal_persons import JournalPersons
from ringwall.state.results import Results
from ringwall.state.rootkeys import root_keys
from ringwall.state.sqlite import Store

LOG = "admin"
PATIENCE_S = 5.0

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("ringwall-data"),
    show_default=True,
    help="The data directory.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

Facts = dict[str, str | int | float | bool | list[str] | None]
Note = Callable[[str, str, Facts], None]
"""Records an act: what was done (`users.add`), to what (`account:acc-1`), and with which settings."""


@contextmanager
def store_of(data: Path, *, create: bool = False) -> Iterator[Store]:
    """The store of a data directory, which has to be there unless it may be made."""
    path = data / "state.db"
    if create:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not path.is_file():
        fail(f"{data}: there is no state.db here; --data says where `ringwall up` keeps it")
    store = Store(path)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def acts(data: Path) -> Iterator[Note]:
    """What records administrative acts, opened before anything is done: nothing is that could not be recorded. What is
    said of an account or of a key's holder is sealed for that person."""
    database = Database(data / "state.db")
    try:
        persons = JournalPersons(FieldKeys(database, root_keys(data / "keys")))
        journal = _opened(data)
        try:
            yield _noting(journal, persons)
        finally:
            journal.close()
    finally:
        database.close()


def _noting(journal: Journal, persons: JournalPersons) -> Note:
    def note(operation: str, target: str, facts: Facts) -> None:
        event = Event(
            kind="admin",
            id=request_id(),
            at=time.time(),
            operation=operation,
            method="",
            path="",
            client="",
            decision="allow",
            status=0,
            principal=operator(),
            objects=(target,),
            owners=(_person(target),),
            facts=facts,
        )
        try:
            journal.append(orjson.dumps(persons.sealed(event), option=orjson.OPT_SORT_KEYS))
        except JournalUnavailable as failure:
            fail(f"{operation} {target} was done, but the journal did not take its record: {failure}")

    return note


def _person(target: str) -> str | None:
    """The subject that an act is about."""
    kind, _, subject = target.partition(":")
    return subject if kind in ("account", "subject", "principal") else None


def tested(data: Path, what: str, facts: Facts, document: dict[str, object]) -> None:
    """Record that a drill or a scan was run and what it found, where there is a deployment's data directory for it."""
    if not (data / "state.db").is_file():
        return
    with store_of(data) as store, acts(data) as note:
        Alerts(store).say(what, facts, time.time())
        Results(store).keep(what, document, time.time())
        note(f"{what}.run", what, facts)


def _opened(data: Path) -> Journal:
    """The log of acts; another command that holds it is soon done."""
    signer = load_or_create_signer(data / "keys")
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return Journal.open(data / "journal", signer=signer, log=LOG)
        except JournalDamaged:
            raise
        except JournalUnavailable:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def operator() -> str:
    """Who does it, as this machine knows them."""
    try:
        return f"local:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:
        return f"local:{os.getuid()}"


_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_TIME = re.compile(r"([1-9][0-9]{0,8})([smhdw])", re.ASCII)


class Duration(click.ParamType[float]):
    """A length of time such as 90m, 12h, 30d, in seconds; ten years at most."""

    name = "duration"
    LONGEST_S = 3653 * 86_400.0

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        if not isinstance(value, str):
            return value
        parts = _TIME.fullmatch(value)
        seconds = int(parts[1]) * _UNITS[parts[2]] if parts else 0.0
        if not 0 < seconds <= self.LONGEST_S:
            self.fail("a time is a number and s, m, h, d or w, such as 30d; ten years at most", param, ctx)
        return seconds
