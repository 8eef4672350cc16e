"""Layer `sinks`: reads the effect instead of the request. Whatever the walls before it believed, a statement, a
command, a path, an address or a template in which a value of the request became structure does not happen.

Judges effects only against the strings of the validated input and the path parameters. Numbers cannot hurt.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

from ringwall.contract.model import Operation
from ringwall.core.effect import Effect
from ringwall.core.known import Known
from ringwall.core.plan import Guard, Guards
from ringwall.core.reasons import Layer, Reason
from ringwall.core.verdict import PASS, Refuse, Verdict
from ringwall.engines.sinks.code import code_source
from ringwall.engines.sinks.network import network_target
from ringwall.engines.sinks.path import path_escape
from ringwall.engines.sinks.shell import exec_structure, shell_structure
from ringwall.engines.sinks.sql import Given, prepare, sql_refusal
from ringwall.engines.sinks.template import template_source
from ringwall.layers.sinks.rows import rows_of

__all__ = ["LAYER", "REASONS", "Settings", "forge", "rows_of"]

LAYER: Final = Layer.SINKS


def _reason(what: str, title: str, operator: str) -> Reason:
    return Reason(f"sinks.{what}", 403, title, "Send plain values; quote the request id if this is one.", operator)


SQL: Final = _reason("sql", "Refused", "A value of the request was about to run as SQL. Bind it as a parameter.")
PROCESS: Final = _reason(
    "process", "Refused", "A value of the request was about to run as a command. Pass it as one argument, after `--`."
)
FILE: Final = _reason("file", "Refused", "A value of the request led a file path out of its place. Check it.")
NETWORK: Final = _reason(
    "network", "Refused", "A value of the request chose an internal address to connect to. Allow hosts by name."
)
TEMPLATE: Final = _reason(
    "template", "Refused", "A value of the request was about to be compiled, as a template or as code. Pass it as data."
)
ROWS: Final = Reason(
    "sinks.rows",
    403,
    "Refused",
    "Quote the request id to the API's owner.",
    "A statement would touch rows or columns that are not the caller's, or cannot be confined to those that are.",
)
REASONS: Final = (SQL, ROWS, PROCESS, FILE, NETWORK, TEMPLATE)

STATEMENTS: Final = 2048
"""How many statements are remembered as the application's own, of at most LONGEST characters each."""
LONGEST: Final = 8192
EXCHANGES: Final = 16
"""For how many exchanges the prepared input is kept, so that their second effect costs less."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Nothing can be set: an effect that carries the request's structure has no honest use."""


@dataclass(frozen=True, slots=True)
class Values:
    """The strings of one exchange, sorted by what they could do at all."""

    all: tuple[str, ...]
    sql: tuple[Given, ...]
    paths: tuple[str, ...]
    delimited: tuple[str, ...]


_PATH: Final = re.compile(r"[/\\%]|\.\.")
_DELIMITED: Final = re.compile(r"[{%#]")
_OPENS: Final = frozenset({"{", "["})
_STRINGS: Final = 10_000
"""Of how many strings within one text an account is kept; the level that passes it is kept whole."""


def values_of(known: Known) -> Values:
    """The distinct strings of the input and of the path parameters; of those that are JSON, what they hold too."""
    texts = dict.fromkeys(known.params.values())
    if known.input is not None:
        texts.update(dict.fromkeys(text.value for text in known.input.texts))
        if isinstance(known.input.body, str):
            texts[known.input.body] = None
    for text in [text for text in texts if text.lstrip()[:1] in _OPENS]:
        texts.update(dict.fromkeys(_strings(text)))
    distinct = tuple(texts)
    return Values(
        distinct,
        tuple(given for given in map(prepare, distinct) if given),
        tuple(text for text in distinct if _PATH.search(text)),
        tuple(text for text in distinct if _DELIMITED.search(text)),
    )


def _strings(text: str) -> list[str]:
    """The strings of a JSON document within a text: what an application that parses it takes out."""
    try:
        level = [orjson.loads(text)]
    except ValueError:
        return []
    found: list[str] = []
    while level and len(found) < _STRINGS:
        found += [value for value in level if isinstance(value, str)]
        level = [below for value in level for below in _below(value)]
    return found


def _below(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


class Watch:
    """One operation's sink check, with what it remembers: inputs prepared, and statements that are the app's own.

    A statement that ran once while no value of that request stood in it is not made of any later request's.
    """

    def __init__(self) -> None:
        self._prepared: dict[str, Values] = {}
        self._own: set[str] = set()
        self._kinds: dict[str, Callable[[Effect, Known], Verdict]] = {
            "sql": self._sql, "process": self._process, "file": self._file, "network": self._network,
            "template": self._template, "rows": lambda effect, known: Refuse(ROWS, detail=effect.what),
        }  # fmt: skip

    def __call__(self, effect: Effect, known: Known) -> Verdict:
        """The verdict on one effect."""
        return self._kinds[effect.kind](effect, known)

    def _values(self, known: Known) -> Values:
        values = self._prepared.get(known.request_id)
        if values is None:
            values = values_of(known)
            if len(self._prepared) >= EXCHANGES:
                self._prepared.clear()
            self._prepared[known.request_id] = values
        return values

    def _sql(self, effect: Effect, known: Known) -> Verdict:
        if effect.what in self._own:
            return PASS
        reason, touched = sql_refusal(effect.what, self._values(known).sql, effect.detail)
        if reason:
            return Refuse(SQL)
        if not touched and len(effect.what) <= LONGEST:
            if len(self._own) >= STATEMENTS:
                self._own.clear()
            self._own.add(effect.what)
        return PASS

    def _process(self, effect: Effect, known: Known) -> Verdict:
        check = shell_structure if effect.detail == "shell" else exec_structure
        return _refused(PROCESS, any(check(effect.what, value) for value in self._values(known).all))

    def _file(self, effect: Effect, known: Known) -> Verdict:
        return _refused(FILE, any(path_escape(effect.what, value) for value in self._values(known).paths))

    def _network(self, effect: Effect, known: Known) -> Verdict:
        host, address = effect.detail, effect.what
        return _refused(NETWORK, any(network_target(host, address, value) for value in self._values(known).all))

    def _template(self, effect: Effect, known: Known) -> Verdict:
        values = self._values(known)
        if effect.detail == "python":
            return _refused(TEMPLATE, any(code_source(effect.what, value) for value in values.all))
        return _refused(TEMPLATE, any(template_source(effect.what, value) for value in values.delimited))


def _refused(reason: Reason, hit: bool) -> Verdict:
    return Refuse(reason) if hit else PASS


def forge(operation: Operation, settings: Settings) -> Guards:
    """The sink check of one operation."""
    return Guards(sink=(Guard(LAYER, "effect", Watch(), "every effect of the application"),))
