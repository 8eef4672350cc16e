"""How commands say what went wrong: to standard error, without a traceback, with the promised exit status."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from ringwall.contract.model import Misconfigured
from ringwall.core.ports import Unavailable
from ringwall.state.journal_keys import KeyUnusable


@contextmanager
def plainly() -> Iterator[None]:
    """Whatever the world outside can do to a command, told in one sentence with exit status 2."""
    try:
        yield
    except Misconfigured as mistakes:
        refused_contract(mistakes)
    except BrokenPipeError:
        raise
    except OSError as failure:
        fail(f"{failure.filename}: {failure.strerror}" if failure.filename and failure.strerror else str(failure))
    except (Unavailable, KeyUnusable, ImportError, UnicodeDecodeError) as failure:
        fail(str(failure))
    except sqlite3.Error as failure:
        fail(f"state.db: {failure}")


def refused_contract(mistakes: Misconfigured) -> NoReturn:
    """Print every problem of a contract and exit with status 2."""
    for problem in mistakes.problems:
        click.echo(str(problem), err=True)
    count = sum(not problem.warning for problem in mistakes.problems)
    click.echo(f"the contract cannot be used: {count} mistake{'s' if count != 1 else ''}", err=True)
    sys.exit(2)


def fail(message: str, status: int = 2) -> NoReturn:
    """Print one sentence and exit."""
    click.echo(f"ringwall: {message}", err=True)
    sys.exit(status)


def shown(text: object) -> str:
    """Text from elsewhere as a terminal may have it: what it would act on, or cannot write, is spelled out."""
    plain = "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return plain.encode(encoding, "backslashreplace").decode(encoding)
