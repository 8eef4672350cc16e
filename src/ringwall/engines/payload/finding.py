"""What an inspection answers. Values only; evidence names a structure and never repeats the inspected text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ringwall.engines.payload.effort import Effort

Format = Literal["text", "plain", "markdown", "html", "code", "sql", "url", "filename", "json"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One injection found in one value.

    kind: the class of attack (`sqli`, `xss`, ...). reason: its permanent code, `detection.<kind>`.
    evidence: the token classes that decided, such as `sql: ' or num = num`.
    decoded: the decoders applied before it showed, outermost first, such as `("url", "html")`.
    """

    kind: str
    reason: str
    evidence: str
    decoded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One reading of a value: its text after `decoded`.

    leaf: it was cut out of a carrier (XML). lined: the value itself had line breaks, so that one more hides nothing.
    effort: what is left to spend on the value, the same for all its readings.
    """

    text: str
    decoded: tuple[str, ...] = ()
    leaf: bool = False
    lined: bool = False
    effort: Effort = field(default_factory=Effort, compare=False, repr=False)


def found(kind: str, evidence: str, view: View) -> Finding:
    """The finding of `kind` in `view`."""
    return Finding(kind, f"detection.{kind}", evidence, view.decoded)
