"""`ringwall audit`: prove that the journal is whole, find in it, hand it on. It only reads: it may be live."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import orjson

from ringwall.cli._audit_more import (
    Unpublished,
    keep_positions,
    prove_command,
    publish_note,
    read_positions,
    retain_command,
)
from ringwall.cli._persons import Reader, reader
from ringwall.cli._recorded import operation_of
from ringwall.engines.ledger.checkpoints import Checkpoint
from ringwall.engines.ledger.notes import NoteError, VerifierKey
from ringwall.state import journal_export as export_as
from ringwall.state.journal_files import CHECKPOINT, JournalDamaged, logs, read
from ringwall.state.journal_index import Found, Query, milliseconds, search
from ringwall.state.journal_keys import PRIVATE_NAME, PUBLIC_NAME, KeyUnusable, load_signer, load_verifier, origin
from ringwall.state.journal_tiles import publish
from ringwall.state.journal_verify import Keys, Verification, verify

FORMATS: dict[str, Callable[[Found, Reader], bytes]] = {
    "jsonl": lambda found, persons: export_as.jsonl(found, persons.beside(found)),
    "ocsf": lambda found, persons: export_as.ocsf(persons.found(found)),
    "csv": lambda found, persons: export_as.row(persons.found(found)),
}
"""Each form with the personal parts in clear, as far as their keys live and are here."""


class Unusable(click.ClickException):
    """Wrong usage, or nothing here to work on."""

    exit_code = 2


class _Reading(click.Group):
    """Says which file cannot be read, instead of where in the program that was noticed."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Unusable(f"{error.filename}: {error.strerror}") from error


_data = click.option(
    "--data", type=click.Path(path_type=Path), default=Path("ringwall-data"), show_default=True, metavar="DIR",
    help="The data directory.",
)  # fmt: skip
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_existing = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(
    cls=_Reading,
    epilog="Examples:\n\n\b\n  ringwall audit verify --json\n"
    "  ringwall audit search --principal alice --since 2026-01-01",
)
def command() -> None:
    """Prove that the journal is whole, search it, export it."""


def _journal(data: Path) -> Path:
    """The journal of a data directory."""
    place = data / "journal"
    if not logs(place):
        raise Unusable(f"{place}: there is no journal here")
    return place


def _keys(data: Path, public: Path | None) -> Keys:
    """The key to verify with: the one named, else the data directory's, private where this user may read it."""
    directory = data / "keys"
    try:
        if public:
            return load_verifier(public)
        if _readable(directory / PRIVATE_NAME):
            return load_signer(directory)
        return load_verifier(directory / PUBLIC_NAME)
    except KeyUnusable as error:
        raise Unusable(str(error)) from error


def _readable(path: Path) -> bool:
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False


def _range(_: click.Context, __: click.Parameter, text: str | None) -> range | None:
    """Numbers of records, both ends included."""
    if text is None:
        return None
    first, dash, last = text.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise click.BadParameter("a range is written FROM-TO, such as 1000-1999")
    return range(int(first), int(last) + 1)


command.add_command(prove_command)
command.add_command(retain_command)


@command.command(
    "verify",
    epilog="The public key and a checkpoint are worth most where the server cannot write:\n\n\b\n"
    "  ringwall audit verify\n"
    "  ringwall audit verify --json --key elsewhere/journal.pub --checkpoint elsewhere/note",
)
@_data
@click.option(
    "--checkpoint", "published", type=_existing, help="Checkpoints kept elsewhere: a rollback shows only there."
)
@click.option("--key", type=_existing, help="A public key kept elsewhere, instead of the data directory's keys.")
@click.option("--records", "within", callback=_range, metavar="FROM-TO", help="Check these records alone; of each log.")
@_json
def verify_command(data: Path, published: Path | None, key: Path | None, within: range | None, as_json: bool) -> None:
    """Say whether anything was altered, lost or moved, and where first."""
    place, keys = _journal(data), _keys(data, key)
    try:
        result = verify(place, keys, published=published.read_bytes() if published else b"", within=within)
    except NoteError as error:
        raise Unusable(f"{published}: {error}") from error
    click.echo(orjson.dumps(result.document()) if as_json else _story(result, keys))
    if not result.ok:
        raise SystemExit(1)


def _story(result: Verification, keys: Keys) -> str:
    if result.problem:
        where = result.problem
        return f"NOT WHOLE: {where.segment}: record {where.record}: {where.kind}"
    half = "with the public key alone" if isinstance(keys, VerifierKey) else "each authenticated"
    gone = f", {result.removed} removed by retention" if result.removed else ""
    return f"whole: {result.records} records ({half}), {result.signed} of them signed{gone}; root {result.root}"


def _moment(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    try:
        return None if text is None else milliseconds(text)
    except ValueError as error:
        raise click.BadParameter("a time is written 2026-01-31 or 2026-01-31T12:00:00Z") from error


@command.command(
    "search",
    epilog="Examples:\n\n\b\n  ringwall audit search --reason authz.object --limit 20\n"
    "  ringwall audit search --object patient:17 --since 2026-01-01 --json",
)
@_data
@click.option("--principal", help="The subject that asked.")
@click.option("--operation", help='As the contract names it: "GET /patients/{patient_id}".')
@click.option("--reason", help="A reason code.")
@click.option("--object", "object_", metavar="RESOURCE:ID", help="What was touched.")
@click.option("--request-id", help="One request.")
@click.option("--client", help="The address that asked.")
@click.option("--kind", help="exchange, signin, admin, alert, response …")
@click.option("--since", callback=_moment, metavar="TIME", help="From this time on (RFC 3339, or a date).")
@click.option("--until", callback=_moment, metavar="TIME", help="Before this time.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The latest so many.")
@_json
def search_command(
    data: Path, principal: str | None, operation: str | None, reason: str | None, object_: str | None,
    request_id: str | None, client: str | None, kind: str | None, since: int | None, until: int | None, limit: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Find records by who, what, whose, why and when; the latest, oldest first."""
    with reader(data) as persons:
        who, what = persons.spellings("principal", principal), persons.spellings("object", object_)
        query = Query(
            who, operation, reason, request_id, what, since, until, limit, persons.spellings("client", client), kind
        )
        try:
            found = search(_journal(data), query)
        except sqlite3.OperationalError as error:
            raise Unusable(f"{data / 'journal'}: the search index cannot be written ({error})") from error
        except JournalDamaged as error:
            raise click.ClickException(str(error)) from error
        for each in found:
            click.echo(export_as.jsonl(each, persons.beside(each)).rstrip() if as_json else _line(persons.found(each)))


def _line(found: Found) -> str:
    """A record in one line for a person; what a terminal would act on is shown, not sent."""
    record = export_as.document(found)
    record = {**record, "operation": operation_of(record) or "-"}
    keys = ("at", "status", "decision", "reason", "principal", "operation", "id")
    text = "  ".join(str(record.get(key, "-")) for key in keys)
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


@command.command(
    "export",
    epilog="Examples:\n\n\b\n  ringwall audit export --format ocsf > events.jsonl\n"
    "  ringwall audit export --format csv --from 120000   # where the last one ended\n"
    "  ringwall audit export --resume exported.json >> events.jsonl   # of all logs what is new, from cron say",
)
@_data
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="jsonl", show_default=True)
@click.option("--from", "start", type=click.IntRange(0), default=0, help="The first record's number.")
@click.option("--log", help="One log, where each worker has its own.")
@click.option("--resume", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Go on where FILE says, in every log, and keep in it where to go on next time.")  # fmt: skip
def export_command(data: Path, form: str, start: int, log: str | None, resume: Path | None) -> None:
    """Write all records to standard output, and to standard error where to go on next time."""
    place = _journal(data)
    chosen = [name for name in logs(place) if log is None or name == log]
    if not chosen or (start and len(chosen) > 1):
        raise Unusable(f"several logs: say which with --log, of {', '.join(map(repr, logs(place)))}, or use --resume")
    if start and resume is not None:
        raise click.UsageError("--from and --resume do not go together")
    reached = read_positions(resume) if resume is not None else dict.fromkeys(chosen, start)
    out = sys.stdout.buffer
    if form == "csv" and not any(reached.values()):
        out.write(export_as.header())
    with reader(data) as persons:
        for name in chosen:
            for found in _records(place, name, reached.setdefault(name, 0)):
                out.write(FORMATS[form](found, persons))
                reached[name] = found.index + 1
            click.echo(f"next: --from {reached[name]}" + (f" --log {name}" if name else ""), err=True)
    if resume is not None:
        out.flush()  # what did not arrive is written again next time
        keep_positions(resume, reached)


def _records(place: Path, log: str, start: int) -> Iterator[Found]:
    try:
        for index, record in read(place / log, start):
            yield Found(log, index, record)
    except JournalDamaged as error:
        raise click.ClickException(str(error)) from error


@command.command(
    "checkpoint",
    epilog="Keep it where the server cannot write:\n\n\b\n  ringwall audit checkpoint --to elsewhere/note\n"
    "  ringwall audit checkpoint --tiles /srv/www/log     # the log as static files, C2SP tlog-tiles",
)
@_data
@click.option("--to", metavar="FILE|URL|-", help="Write it to a file, POST it to a URL, or print it (-).")
@click.option("--tiles", type=click.Path(path_type=Path, file_okay=False), help="Publish the whole log there as well.")
def checkpoint_command(data: Path, to: str | None, tiles: Path | None) -> None:
    """Print the signed checkpoint, one a log."""
    place, keys = _journal(data), _keys(data, None)
    key = keys if isinstance(keys, VerifierKey) else keys.verifier
    try:
        notes = [_signed(place, log, key, tiles) for log in logs(place)]
        if to:
            publish_note(to, b"".join(notes))
    except (NoteError, JournalDamaged, Unpublished) as error:
        raise click.ClickException(str(error)) from error
    if not to:
        click.echo(b"".join(notes), nl=False)


def _signed(place: Path, log: str, key: VerifierKey, tiles: Path | None) -> bytes:
    note = (place / log / CHECKPOINT).read_bytes()
    checkpoint = Checkpoint.open(note, key.named(origin(key.name, log)))
    if tiles:
        publish(place / log, note, checkpoint, tiles / log)
    return note
