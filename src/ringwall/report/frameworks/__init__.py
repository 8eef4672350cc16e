"""The frameworks as data: ids, our own words, and what each line rests on. Nothing of a standard's text is here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from ringwall.report.model import Status

NAMES = ("gdpr", "hipaa", "pci", "asvs")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a line may rest on: facts of the contract, layers that must enforce, one run, tests as `file::name`."""

    needs: tuple[str, ...]
    layers: tuple[str, ...]
    run: str | None
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """A line as the data has it: `status` is the most that it can be, `by` the keys of its evidence."""

    id: str
    section: str
    status: Status
    by: tuple[str, ...]
    says: str


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework: its lines in order, and the titles of its sections."""

    title: str
    titles: Mapping[str, str]
    lines: tuple[Stated, ...]


@cache
def evidence() -> Mapping[str, Evidence]:
    """Every evidence by its key."""
    return {
        key: Evidence(
            tuple(of.get("needs", ())), tuple(of.get("layers", ())), of.get("run"), tuple(of.get("tests", ()))
        )
        for key, of in _data("evidence").items()
    }


@cache
def framework(name: str) -> Framework:
    """One of NAMES."""
    data = _data(name)
    titles: dict[str, str] = {}
    lines: list[Stated] = []
    for section, of in data["sections"].items():
        titles[section] = of["title"]
        stated = of.get("lines", {})
        numbered = (f"{section}.{number}" for number in range(1, of.get("count", 0) + 1))
        every = dict.fromkeys((*numbered, *map(str, stated)))
        lines += [_line(each, section, stated.get(each, of.get("rest"))) for each in every]
    return Framework(data["title"], titles, tuple(lines))


def _line(name: str, section: str, of: Mapping[str, Any]) -> Stated:
    return Stated(name, section, of["status"], tuple(of.get("by", ())), of["says"])


def _data(name: str) -> Any:
    return yaml.safe_load(files(__name__).joinpath(f"{name}.yaml").read_text("utf-8"))
