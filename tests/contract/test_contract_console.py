"""`console:` in the contract: who it lets in, and what is wrong with it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ringwall.build.widened import changes
from ringwall.contract.model import Contract, Misconfigured
from ringwall.contract.parse import load

BASE = "ringwall: 1\napi: openapi.json\n"
ROLES = "authentication: {accounts: true}\nroles: {a: {}, b: {}}\n"


def loaded(tmp_path: Path, text: str) -> Contract:
    api = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}}
    (tmp_path / "openapi.json").write_text(json.dumps(api))
    (tmp_path / "ringwall.yaml").write_text(BASE + text)
    return load(tmp_path / "ringwall.yaml")


def test_what_is_not_stated_is_closed(tmp_path: Path) -> None:
    assert loaded(tmp_path, ROLES).console is None


def test_the_highest_rank_counts(tmp_path: Path) -> None:
    console = loaded(tmp_path, ROLES + "console: {viewer: [a], admin: [b]}\n").console
    assert console is not None
    held = [console.rank(frozenset(roles)) for roles in ((), ("a",), ("a", "b"), ("c",))]
    assert held == [None, "viewer", "admin", None]


@pytest.mark.parametrize(("text", "found"), [
    (ROLES + "console: {viewer: [c]}\n", "'c'"),
    (ROLES + "console: {viewer: [anyone]}\n", "'anyone'"),
    (ROLES + "console: {}\n", "nobody may use"),
    (ROLES + "console: {watcher: [a]}\n", "watcher"),
    ("authentication: {api_keys: true}\nroles: {a: {}}\nconsole: {viewer: [a]}\n", "without accounts"),
])  # fmt: skip
def test_a_mistake_is_named(tmp_path: Path, text: str, found: str) -> None:
    with pytest.raises(Misconfigured) as mistakes:
        loaded(tmp_path, text)
    assert found in " ".join(problem.found for problem in mistakes.value.problems)


def test_the_contract_of_the_guide_is_one(tmp_path: Path) -> None:
    guide = Path(__file__).parents[2] / "docs" / "console.md"
    (block,) = re.findall(r"```yaml\n(.*?)```", guide.read_text("utf-8"), re.DOTALL)
    console = loaded(tmp_path, block).console
    assert console is not None
    assert console.rank(frozenset({"guard"})) == "responder"


def test_another_console_is_a_change_that_opens(tmp_path: Path) -> None:
    none = loaded(tmp_path, ROLES)
    some = loaded(tmp_path, ROLES + "console: {viewer: [a]}\n")
    assert [(c.way, c.about, c.what) for c in changes(none, some)] == [("opened", "console viewer", "role a")]
    assert [(c.way, c.about, c.what) for c in changes(some, none)] == [("closed", "console viewer", "role a")]
    assert changes(some, some) == ()
