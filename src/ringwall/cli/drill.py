"""`ringwall drill`: attack the protected clinic with every layer fooled in turn."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from ringwall.attacks import corpus
from ringwall.cli._data import data_option, tested
from ringwall.cli._problems import plainly
from ringwall.drill import render
from ringwall.drill.compare import NoEarlier, earlier, fallen
from ringwall.drill.matrix import run


@click.command(
    epilog="Examples:  ringwall drill   |   ringwall drill idor --html drill.html   |   ringwall drill --since main"
)
@click.argument("prefix", default="")
@click.option("--json", "as_json", is_flag=True, help="The matrix as JSON.")
@click.option("--threats", type=click.Path(dir_okay=False, path_type=Path), help="Write THREATS.md here.")
@data_option
@click.option(
    "--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write the matrix as a page here."
)
@click.option("--pairs", is_flag=True, help="Fool every two layers together as well.")
@click.option("--since", metavar="FILE|REV", help="Exit 1 where an earlier drill's depth fell: its --json, or a git "
              "revision that has it as drill.json.")  # fmt: skip
def command(
    prefix: str,
    as_json: bool,
    threats: Path | None,
    page: Path | None,
    pairs: bool,
    since: str | None,
    data: Path,
) -> None:
    """Fool each layer in turn and show what still stops every attack on the clinic.

    PREFIX narrows it to the cases whose names start so. Exit status 1 where a single layer's failure lets an attack
    through, or an honest twin is turned away.
    """
    cases = [case for case in corpus() if case.name.startswith(prefix)]
    if not cases:
        raise click.UsageError(f"no case's name starts with {prefix!r}")
    before = _earlier(since) if since is not None else None
    with tempfile.TemporaryDirectory(prefix="ringwall-drill-", dir=_quick_place()) as root:
        matrix = run(cases, Path(root), _progress(len(cases)), pairs=pairs)
    if threats is not None:
        threats.write_text(render.threats(matrix), encoding="utf-8")
    if page is not None:
        page.write_text(render.html(matrix), encoding="utf-8")
    click.echo(json.dumps(render.document(matrix), indent=1) if as_json else render.text(matrix))
    with plainly():
        tested(data, "drill", {"cases": len(cases), "holds": matrix.holds})
    if before is None:
        sys.exit(0 if matrix.holds else 1)
    worse = fallen(matrix, before)
    for line in worse:
        click.echo(line, err=True)
    sys.exit(1 if worse else 0)


def _earlier(since: str) -> Mapping[str, Any]:
    try:
        return earlier(since)
    except NoEarlier as why:
        raise click.UsageError(str(why)) from None


def _quick_place() -> str | None:
    """Memory, where there is a file system of it: a thousand plays sync a thousand journals."""
    shared = Path("/dev/shm")  # noqa: S108 - a private directory is made below it
    return str(shared) if shared.is_dir() and os.access(shared, os.W_OK) else None


def _progress(total: int) -> Callable[[str], None]:
    done = 0

    def step(name: str) -> None:
        nonlocal done
        done += 1
        if sys.stderr.isatty():
            end = "\n" if done == total else ""
            click.echo(f"\r\033[K[{done}/{total}] {name}{end}", err=True, nl=False)

    return step
