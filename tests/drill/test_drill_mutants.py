"""A sample of what `make mutants` tries all of: each mutant is noticed, and nothing said of the clinic as it is."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from drill.mutants import Mutant, MutantSandbox, all_mutants

SAMPLE = [
    "resources.patient.fields.diagnosis.encrypt",
    "resources.patient.fields.balance.write",
    "operations.GET /payments/{payment_id}/receipt.rate",
    "operations.GET /export.allow",
    "guard detection: texts",
    "guard disclosure: redirect",
    "guard transport: origin",
]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MutantSandbox]:
    log = logging.getLogger("ringwall")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    yield MutantSandbox(tmp_path_factory.mktemp("mutants"))
    log.setLevel(before)


@pytest.fixture(scope="module")
def mutants(sandbox: MutantSandbox) -> dict[str, Mutant]:
    return {mutant.name: mutant for mutant in all_mutants(sandbox)}


def test_there_are_many(mutants: dict[str, Mutant]) -> None:
    assert len(mutants) >= 80


@pytest.mark.parametrize("name", SAMPLE)
def test_what_was_taken_away_is_noticed(name: str, sandbox: MutantSandbox, mutants: dict[str, Mutant]) -> None:
    assert sandbox.drilled(mutants[name])


def test_of_the_clinic_as_it_is_nothing_is_said(sandbox: MutantSandbox) -> None:
    assert not sandbox.drilled(Mutant("none", word="GET /export"))
    assert not sandbox.scanned(Mutant("none"))
