"""`ringwall drill`: attack what is protected with every layer fooled in turn: the clinic, or somebody's application."""

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
from ringwall.build.load import import_app, load_contract
from ringwall.cli._data import data_option, tested
from ringwall.cli._pairs import pair
from ringwall.cli._problems import fail, plainly, refused_contract, shown
from ringwall.contract.model import Misconfigured
from ringwall.drill import matrix, render, yours
from ringwall.drill.compare import NoEarlier, earlier, fallen
from ringwall.drill.fool import FOOLABLE
from ringwall.scan.login import Unusable
from ringwall.scan.signing import About, account

EPILOG = """\b
Examples:
  ringwall drill                                        the bundled clinic
  ringwall drill --only idor --html drill.html
  ringwall drill --since main
  ringwall drill shop.main:app --contract ringwall.yaml --test-system \\
      --role ana=customer --subject ana=17 --role ben=customer --subject ben=18

On an application of your own, the scan is the attacker: what it proves of the bare application has to fail behind the
wall, whichever layer is fooled. The application keeps its own data: point it at a test system's.
"""


@click.command(epilog=EPILOG)
@click.argument("target", default="")
@click.option("--only", metavar="PREFIX", default="", help="The clinic's cases whose names start so.")
@click.option("--json", "as_json", is_flag=True, help="The matrix as JSON.")
@click.option("--threats", type=click.Path(dir_okay=False, path_type=Path), help="Write THREATS.md here.")
@data_option
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page here.")
@click.option("--pairs", is_flag=True, help="Fool every two layers together as well (the clinic).")
@click.option("--since", metavar="FILE|REV", help="Exit 1 where an earlier drill's depth fell: its --json, or a git "
              "revision that has it as drill.json.")  # fmt: skip
@click.option("--contract", type=click.Path(dir_okay=False, path_type=Path), default=Path("ringwall.yaml"),
              show_default=True, help="TARGET's contract.")  # fmt: skip
@click.option("--openapi", help="TARGET's OpenAPI document: a path or a URL.")
@click.option("--role", "roles", multiple=True, metavar="NAME=ROLE[,ROLE]", help="Somebody to act as; two or more.")
@click.option("--subject", "subjects", multiple=True, metavar="NAME=SUBJECT", help="What owner properties hold for it.")
@click.option("--tenant", "tenants", multiple=True, metavar="NAME=TENANT", help="What tenant properties hold for it.")
@click.option("--as", "bare", multiple=True, metavar="NAME=CREDENTIAL", help="What the bare TARGET takes (see scan).")
@click.option("--test-system", is_flag=True, help="TARGET holds no real data: it may be attacked.")
def command(
    target: str, only: str, as_json: bool, threats: Path | None, page: Path | None, pairs: bool, since: str | None,
    contract: Path, openapi: str | None, roles: tuple[str, ...], subjects: tuple[str, ...], tenants: tuple[str, ...],
    bare: tuple[str, ...], test_system: bool, data: Path,
) -> None:  # fmt: skip
    """Fool each layer in turn and show what still stops every attack: on the clinic, or on TARGET.

    TARGET is `module:app` or a URL. Exit status 1 where a single layer's failure lets an attack through, or an honest
    request is turned away.
    """
    before = _earlier(since) if since is not None else None
    if target:
        people = _people(roles, subjects, tenants, bare)
        done = _of_yours(target, contract, openapi, people, test_system=test_system)
    else:
        done = _of_the_clinic(only, pairs=pairs)
    if threats is not None:
        threats.write_text(render.threats(done), encoding="utf-8")
    if page is not None:
        page.write_text(render.html(done), encoding="utf-8")
    click.echo(json.dumps(render.document(done), indent=1) if as_json else render.text(done))
    with plainly():
        tested(data, "drill", {"attacks": len(done.rows), "holds": done.holds}, render.document(done))
    if before is None:
        sys.exit(0 if done.holds else 1)
    worse = fallen(done, before)
    for line in worse:
        click.echo(line, err=True)
    sys.exit(1 if worse else 0)


def _of_the_clinic(only: str, *, pairs: bool) -> matrix.Matrix:
    cases = [case for case in corpus() if case.name.startswith(only)]
    if not cases:
        raise click.UsageError(f"no case's name starts with {only!r}")
    with tempfile.TemporaryDirectory(prefix="ringwall-drill-", dir=_quick_place()) as root:
        return matrix.run(cases, Path(root), _progress(len(cases)), pairs=pairs)


def _of_yours(
    target: str, contract: Path, openapi: str | None, people: list[yours.Person], *, test_system: bool
) -> matrix.Matrix:
    if not test_system:
        raise click.UsageError("TARGET is really attacked: say --test-system if it holds no real data.")
    if len(people) < 2:
        raise click.UsageError("name two people or more with --role NAME=ROLE")
    is_url = target.startswith(("http://", "https://"))
    try:
        app = None if is_url else import_app(target)
        stated = load_contract(contract, app=app, openapi=openapi, upstream=target if is_url else None)
        with tempfile.TemporaryDirectory(prefix="ringwall-drill-", dir=_quick_place()) as root:
            aimed = yours.Target(app, target if is_url else None, stated)
            return yours.drill(aimed, people, Path(root), _progress(len(FOOLABLE) + 2))
    except Misconfigured as mistakes:
        refused_contract(mistakes)
    except (ImportError, OSError, ValueError, Unusable) as failure:
        fail(shown(failure))


def _people(
    roles: tuple[str, ...], subjects: tuple[str, ...], tenants: tuple[str, ...], bare: tuple[str, ...]
) -> list[yours.Person]:
    stated = dict(map(pair, roles))
    subject, tenant = dict(map(pair, subjects)), dict(map(pair, tenants))
    own = {name: f"{name}={value}" for name, value in map(pair, bare)}
    if unknown := sorted({*subject, *tenant, *own} - {*stated}):
        raise click.UsageError(f"no --role names {unknown[0]!r}")
    people = []
    for name, words in stated.items():
        held = frozenset(word for word in words.split(",") if word)
        about = {name: About(held, subject.get(name, name), tenant.get(name))}
        try:
            attacker = account(own.get(name, f"{name}=header:X-Drill-Caller: {name}"), about)
        except Unusable as why:
            raise click.UsageError(str(why)) from None
        people.append(yours.Person(name, held, subject.get(name, name), tenant.get(name), attacker))
    return people


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
