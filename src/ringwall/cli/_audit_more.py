"""The parts of `ringwall audit` that prove, retain and publish: attached to its group by `cli/audit.py`."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import click
import orjson

from ringwall.cli._data import Duration, acts, data_option
from ringwall.cli._problems import fail, plainly, shown
from ringwall.engines.ledger.checkpoints import Checkpoint, each_note
from ringwall.engines.ledger.notes import NoteError, VerifierKey
from ringwall.state.journal_files import CHECKPOINT, JournalDamaged, logs, write_whole
from ringwall.state.journal_keys import PUBLIC_NAME, KeyUnusable, load_signer, load_verifier, origin
from ringwall.state.journal_prove import consistency, inclusion
from ringwall.state.journal_retention import Archive, retain

TIMEOUT_S = 20.0


class Unpublished(Exception):
    """The receiver did not take the checkpoint; the message says why."""


@click.command(
    "prove",
    epilog="Examples:\n\n\b\n  ringwall audit prove 4711                     # is record 4711 in the signed log?\n"
    "  ringwall audit prove --since elsewhere/note   # did the log only grow since then?",
)
@data_option
@click.argument("record", type=click.IntRange(0), required=False)
@click.option("--log", default="", help="Which log, where each worker has its own.")
@click.option("--since", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An older checkpoint.")
def prove_command(data: Path, record: int | None, log: str, since: Path | None) -> None:
    """Print a proof of inclusion or of consistency as JSON (RFC 9162), for whoever holds only a checkpoint."""
    if (record is None) == (since is None):
        raise click.UsageError("name a record, or an older checkpoint with --since")
    place = data / "journal" / log
    if log not in logs(data / "journal"):
        fail(f"{place}: there is no such log")
    with plainly():
        key = load_verifier(data / "keys" / PUBLIC_NAME)
        key = key.named(origin(key.name, log))
        try:
            now = Checkpoint.open((place / CHECKPOINT).read_bytes(), key)
            proof = inclusion(place, record, now) if record is not None else consistency(place, _old(since, key), now)
        except (NoteError, JournalDamaged) as flaw:
            fail(str(flaw), 1)
        except ValueError as flaw:
            fail(f"the checkpoint does not cover it yet: {flaw}", 1)
    click.echo(json.dumps(proof.document()))


def _old(since: Path | None, key: VerifierKey) -> Checkpoint:
    """The checkpoint of this log among those in a file."""
    notes = list(each_note(since.read_bytes() if since else b""))
    for note in notes:
        if note.partition(b"\n")[0].decode(errors="replace") == key.name:
            return Checkpoint.open(note, key)
    raise NoteError(f"there is no checkpoint of {key.name} in it")


@click.command(
    "retain",
    epilog="Examples:\n\n\b\n  ringwall audit retain --keep allow=90d --keep refuse=365d\n"
    "  ringwall audit retain --keep '*=400d' --archive /mnt/archive --recipient age1...",
)
@data_option
@click.option("--keep", "stated", multiple=True, required=True, metavar="CLASS=TIME",
              help="allow, refuse, observe, signin, admin, alert, response, or *: kept for so long.")  # fmt: skip
@click.option("--archive", type=click.Path(file_okay=False, path_type=Path), help="Encrypt full segments there first.")
@click.option("--recipient", help="Who can open the archive: an age recipient (age1...).")
def retain_command(data: Path, stated: tuple[str, ...], archive: Path | None, recipient: str | None) -> None:
    """Remove records by class and age, from full segments; the log stays verifiable and says what was removed."""
    if (archive is None) != (recipient is None):
        raise click.UsageError("--archive and --recipient go together")
    ages = dict(map(_age, stated))
    with plainly(), acts(data) as note:
        try:
            kept_at = Archive(archive, recipient) if archive is not None and recipient is not None else None
            found = retain(data / "journal", load_signer(data / "keys"), ages, time.time(), kept_at)
        except (JournalDamaged, KeyUnusable, ValueError) as flaw:
            fail(str(flaw), 1)
        if found.removed:
            told = [f"{name}={seconds:g}s" for name, seconds in sorted(ages.items())]
            note("audit.retain", "journal", {"removed": found.removed, "keep": told, "archived": len(found.archives)})
    click.echo(f"removed {found.removed} records, kept {found.kept} in full segments")
    for each in found.archives:
        click.echo(f"archived {each}")


def _age(stated: str) -> tuple[str, float]:
    name, equals, spelled = stated.partition("=")
    if not name or not equals:
        raise click.UsageError(f"--keep is CLASS=TIME such as allow=90d, not {stated!r}")
    return name, Duration().convert(spelled, None, None)


def read_positions(file: Path) -> dict[str, int]:
    """How far each log was exported; nowhere where there is no file yet. Raises UsageError for another file."""
    try:
        found = orjson.loads(file.read_bytes())
        return {str(log): int(number) for log, number in found["next"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise click.UsageError(f"{shown(file)}: not what an export with --resume wrote") from None


def keep_positions(file: Path, reached: dict[str, int]) -> None:
    """Replace the file in one step. Raises OSError."""
    write_whole(file, orjson.dumps({"next": reached}, option=orjson.OPT_SORT_KEYS) + b"\n")


def publish_note(target: str, notes: bytes) -> None:
    """Print checkpoints (`-`), POST them to a URL, or replace a file. Raises Unpublished, OSError."""
    if target == "-":
        sys.stdout.buffer.write(notes)
        sys.stdout.buffer.flush()
        return
    parts = urlsplit(target)
    if parts.scheme not in ("http", "https"):
        write_whole(Path(target), notes)
        return
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise Unpublished(f"{shown(target)}: a checkpoint goes over https")
    request = urllib.request.Request(target, notes, {"content-type": "text/plain; charset=utf-8"}, method="POST")  # noqa: S310 - the operator's own URL
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:  # noqa: S310 - scheme checked
            reply.read(4096)
    except urllib.error.HTTPError as said:
        said.close()
        raise Unpublished(f"{shown(target)} answered {said.code}") from None
    except (urllib.error.URLError, HTTPException) as failure:
        raise Unpublished(f"{shown(target)}: {getattr(failure, 'reason', failure)}") from None
