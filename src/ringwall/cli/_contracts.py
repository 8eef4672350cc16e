"""Which contract a command speaks of: the one named, else `ringwall.yaml` here, else the bundled clinic's."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ringwall.build.load import import_app, load_contract
from ringwall.cli._problems import fail
from ringwall.contract.document import Document, parse
from ringwall.contract.model import Contract
from ringwall.contract.parse import read
from ringwall.examples.clinic import CONTRACT, create_app

HERE = Path("ringwall.yaml")

contract_option = click.option(
    "--contract", type=click.Path(dir_okay=False, path_type=Path), help="The contract.  [default: ./ringwall.yaml]"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A contract, and the application that it speaks of where that runs in this process."""

    contract: Contract
    app: Any


def subject(contract: Path | None, openapi: str | None, target: str | None, scratch: Path) -> Subject:
    """What a command is asked about; the clinic, where it is that, keeps its files in `scratch`.

    Raises Misconfigured, ImportError, OSError."""
    path = contract or (HERE if HERE.is_file() else CONTRACT)
    app = _imported(target) if target else create_app(scratch / "clinic") if path == CONTRACT else None
    return Subject(load_contract(path, app=app, openapi=openapi), app)


def _imported(target: str) -> Any:
    try:
        return import_app(target)
    except ImportError:
        raise
    except Exception as failure:  # importing runs the user's own code, which may fail in any way
        raise ImportError(f"{target!r} cannot be imported: {type(failure).__name__}: {failure}") from failure


def document_near(contract: Path | None, data: Path) -> Document | None:
    """The text of the contract that a data directory was most likely made under; None where none is to be found.

    It is read for names and places alone, without its API. Raises Misconfigured."""
    clinic = CONTRACT if (data / "clinic").is_dir() else None
    path = contract or (HERE if HERE.is_file() else clinic)
    return parse(read(path), str(path)) if path else None


def known_roles(document: Document | None) -> frozenset[str] | None:
    """The roles that a contract names; None where there is no contract."""
    stated = document.data.get("roles") if document and isinstance(document.data, dict) else None
    return frozenset(stated) if isinstance(stated, dict) else None


def checked_roles(roles: Iterable[str], contract: Path | None, data: Path) -> frozenset[str]:
    """The roles, each known to the contract where one is found; else the command ends with the nearest name."""
    wanted = frozenset(roles)
    known = known_roles(document_near(contract, data))
    if known is None:
        click.echo("no contract here to check the roles against; --contract names one", err=True)
        return wanted
    for role in sorted(wanted - known):
        fail(f"no role is named {role!r}{nearest(role, known)}")
    return wanted


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or what there is to choose from."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, 1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(names)}" if names and len(names) <= 20 else ""
