"""Every input that is kept holds: seeds of each parser's grammar, and what once broke it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
CASES = [(name, path) for name in TARGETS for path in sorted((CORPUS / name).iterdir())]


@pytest.mark.parametrize(("name", "path"), [pytest.param(n, p, id=f"{n}-{p.name}") for n, p in CASES])
def test_a_kept_input_holds(name: str, path: Path) -> None:
    TARGETS[name](path.read_bytes())


def test_every_target_has_a_corpus_and_every_corpus_a_target() -> None:
    assert {each.name for each in CORPUS.iterdir()} == set(TARGETS)


def test_a_target_can_break(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringwall.engines.schema.files.is_filename", lambda name: False)
    with pytest.raises(AssertionError):
        TARGETS["names_and_text"](b"a")
