"""How commands say what went wrong: to standard error, without a traceback, with the promised exit status."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from ringwall.contract.model import Misconfigured


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
