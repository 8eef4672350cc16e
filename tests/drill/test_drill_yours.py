"""The drill on somebody's own application, in process and behind the gateway: what it proves, and which walls hold."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs
import pytest
from click.testing import CliRunner

from drill.yours_notes import CONTRACT, notes
from ringwall.adapters.hooks import install
from ringwall.build.served import serving
from ringwall.cli.drill import command
from ringwall.contract.parse import load
from ringwall.drill import render, yours
from ringwall.drill.matrix import Matrix, Row
from ringwall.drill.schemas import matrix_schema
from ringwall.scan.signing import About, account

WHO = {"ana": ("customer", "17"), "ben": ("customer", "18"), "cleo": ("clerk", "19")}


def people() -> list[yours.Person]:
    made = []
    for name, (role, subject) in WHO.items():
        held = frozenset({role})
        bare = account(f"{name}=header:X-Who: {name}", {name: About(held, subject, None)})
        made.append(yours.Person(name, held, subject, None, bare))
    return made


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    log = logging.getLogger("ringwall")
    before = log.level
    yield
    log.setLevel(before)


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    install()  # as `import_app` does before the application opens anything
    app = notes()
    target = yours.Target(app, None, load(CONTRACT, openapi=app.openapi()))
    return yours.drill(target, people(), tmp_path_factory.mktemp("inside"), lambda step: None)


def rows(matrix: Matrix) -> dict[str, Row]:
    return {row.case: row for row in matrix.rows}


def test_what_hurts_the_bare_application_is_stopped_by_the_whole_wall(inside: Matrix) -> None:
    assert {"sqli-get-search-word", "object-write-delete-notes-note-id", "object-read-get-notes-note-id"} <= {
        *rows(inside)
    }
    assert all(row.stopped_by and row.honest_passes for row in inside.rows)


def test_each_fooled_layer_shows_what_stands_behind_it(inside: Matrix) -> None:
    found = rows(inside)
    assert found["sqli-get-search-word"].single_points == ()
    assert {"detection", "sinks"} <= {*found["sqli-get-search-word"].alone}
    assert found["object-write-delete-notes-note-id"].single_points == ("authorization",)


def test_it_has_the_stable_form(inside: Matrix) -> None:
    jsonschema_rs.validator_for(matrix_schema()).validate(json.loads(json.dumps(render.document(inside))))
    assert "sqli-get-search-word" in render.html(inside)


def test_behind_the_gateway_no_sink_is_seen(tmp_path: Path) -> None:
    app = notes()
    with serving(app) as url:
        target = yours.Target(None, url, load(CONTRACT, openapi=app.openapi()))
        found = rows(yours.drill(target, people(), tmp_path, lambda step: None))
    assert found["sqli-get-search-word"].single_points == ("detection",)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["drill.yours_notes:notes"], "--test-system"),
        (["drill.yours_notes:notes", "--test-system", "--role", "ana=customer"], "two people or more"),
        (["no.such:app", "--test-system", "--role", "a=x", "--role", "b=x"], "no module"),
        (["x:y", "--test-system", "--role", "a=x", "--subject", "c=1"], "no --role names 'c'"),
    ],
)
def test_wrong_usage_is_told(words: list[str], told: str) -> None:
    ran = CliRunner().invoke(command, words)
    assert (ran.exit_code, told in ran.output) == (2, True), ran.output
