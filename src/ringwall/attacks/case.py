"""What an attack is, as values. No behaviour: parsing, filling, judging and running have their own modules."""

from collections.abc import Mapping
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]

LAYERS = (
    "transport",
    "quota",
    "authentication",
    "authorization",
    "validation",
    "detection",
    "encryption",
    "sinks",
    "disclosure",
)

ROWS: Mapping[str, tuple[str, ...]] = {
    "injection": ("sqli", "nosqli", "cmdi", "ssti", "path", "xxe", "ldap", "rce"),
    "cross-site scripting": ("xss",),
    "broken authentication": ("authentication",),
    "object and tenant access": ("idor",),
    "function and property access": ("function", "property", "mass-assignment"),
    "misconfiguration": ("misconfiguration", "cors"),
    "theft": ("theft",),
    "floods and big bodies": ("flood",),
    "forged or outbound requests": ("ssrf", "csrf", "redirect", "header", "smuggling"),
}
"""The kinds of attack by the threat they belong to."""

CLASSES = tuple(kind for kinds in ROWS.values() for kind in kinds)


@dataclass(frozen=True, slots=True)
class Draft:
    """A request as a case file has it, its placeholders not yet filled.

    `caller` is an account's name, `key:NAME`, `session:NAME` (a browser's cookie) or `none`; `times` how often it is
    sent; `encoding` that of the body; `text` the HTTP/1.1 message.
    """

    caller: str
    times: int
    encoding: str
    text: str


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing to look for afterwards: a form of `signs.FORMS` and the words that fill it."""

    form: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """An attack, its honest twin, and what success looks like.

    `kind` is one of CLASSES. `aims` are the layers that are each expected to stop it alone. `operation` is
    the contract's name of what is attacked. `claims` is the account that the attacker pretends to be, which
    a fooled authentication learns. A case on the `wire` has raw bytes for its hostile form: it makes sense
    on a socket only. `tamper` are SQL statements that a thief with a hand on the target's database runs
    after the honest twin. `alert` is the monitor's rule that names it; empty where a single request of it cannot be
    told from an honest one. `only` says why one wall is all there can be, and what outside ringwall adds one.
    """

    name: str
    kind: str
    why: str
    aims: tuple[str, ...]
    operation: str
    claims: str
    wire: bool
    setup: tuple[Draft, ...]
    honest: tuple[Draft, ...]
    tamper: tuple[str, ...]
    hostile: tuple[Draft, ...]
    expected: tuple[Sign, ...]
    success: tuple[Sign, ...]
    alert: str = ""
    only: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request to send: target and headers exactly as they stand on the wire, credential included."""

    method: str
    target: str
    headers: Headers
    body: bytes
    caller: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Header names may be in any case."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """What a socket gave until it closed or fell silent; `closed` tells which."""

    data: bytes
    closed: bool
