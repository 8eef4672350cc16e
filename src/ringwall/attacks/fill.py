"""Placeholders: `{{name}}` and `{{name:argument}}` in a case file become the facts of one run.

Two braces followed by anything but a lower-case name are text (template attacks are written `{{ 7*7 }}`).
An argument ends at the last of two closing braces in a row, so it may itself end in braces.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from ringwall.attacks import forge
from ringwall.attacks.grounds import Surroundings

Filler = Callable[[str, Surroundings, int], str]

PLACEHOLDER = re.compile(r"\{\{([a-z_]+)(?::(.*?))?\}\}(?!\})")
START = re.compile(r"\{\{[a-z_]+")


def _repeat(argument: str, _: Surroundings, __: int) -> str:
    times, text = argument.split(":", 1)
    return int(times) * text


def _basic(argument: str, here: Surroundings, _: int) -> str:
    name, has_password, password = argument.partition(":")
    return forge.basic(name, password if has_password else here.credentials.password(name))


def _forged(make: Callable[[str, str], str]) -> Filler:
    """`victim:own`: the victim's name in a token made from one's own."""

    def fill(argument: str, here: Surroundings, _: int) -> str:
        victim, own = argument.split(":")
        return make(here.credentials.token(own), here.credentials.subject(victim))

    return fill


def _confused(argument: str, here: Surroundings, _: int) -> str:
    victim, own = argument.split(":")
    seen = here.credentials
    return forge.confused(seen.token(own), seen.subject(victim), seen.public_key())


PLAIN: Mapping[str, Filler] = {
    "mark": lambda _, here, __: here.mark,
    "marker": lambda _, here, __: str(here.marker),
    "secret": lambda _, here, __: str(here.secret),
    "listener": lambda _, here, __: here.listener,
    "port": lambda _, here, __: here.listener.rpartition(":")[2],
    "host": lambda _, here, __: here.host,
    "crlf": lambda _, __, ___: "\r\n",
    "counter": lambda _, __, index: f"{index:04}",
}
"""Placeholders that take no argument."""

WITH_ARGUMENT: Mapping[str, tuple[re.Pattern[str], Filler]] = {
    "url": (re.compile(r".+"), lambda text, _, __: quote(text, safe="")),
    "bytes": (re.compile(r"([0-9a-f]{2})+"), lambda text, _, __: bytes.fromhex(text).decode("latin-1")),
    "repeat": (re.compile(r"\d+:.+"), _repeat),
    "token": (re.compile(r"[a-z]+"), lambda account, here, _: here.credentials.token(account)),
    "basic": (re.compile(r"[a-z]+(:.+)?"), _basic),
    "unsigned": (re.compile(r"[a-z]+:[a-z]+"), _forged(forge.unsigned)),
    "tampered": (re.compile(r"[a-z]+:[a-z]+"), _forged(forge.tampered)),
    "confused": (re.compile(r"[a-z]+:[a-z]+"), _confused),
}
"""Placeholders that take an argument, and its form."""


def fill(text: str, surroundings: Surroundings, index: int = 0) -> str:
    """`text` with its placeholders filled; `index` counts the repetitions of a request from 0."""

    def one(found: re.Match[str]) -> str:
        name, argument = found[1], found[2]
        filler = PLAIN[name] if argument is None else WITH_ARGUMENT[name][1]
        return filler(argument or "", surroundings, index)

    return PLACEHOLDER.sub(one, text)


def misfits(text: str) -> tuple[str, ...]:
    """The placeholders in `text` that `fill` could not fill."""
    whole = [found.start() for found in PLACEHOLDER.finditer(text) if _known(found[1], found[2])]
    return tuple(text[at.start() : at.start() + 40] for at in START.finditer(text) if at.start() not in whole)


def _known(name: str, argument: str | None) -> bool:
    if argument is None:
        return name in PLAIN
    return name in WITH_ARGUMENT and WITH_ARGUMENT[name][0].fullmatch(argument) is not None
