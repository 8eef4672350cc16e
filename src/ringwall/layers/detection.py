"""Detection: injections in the texts that validation left free. What a schema decides is not judged again.

Findings are those of `engines.payload`; here they become refusals that name the class and the place, never the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ringwall.contract.model import Operation
from ringwall.core.known import Known, Text
from ringwall.core.message import Request
from ringwall.core.plan import Guard, Guards
from ringwall.core.reasons import Layer, Reason
from ringwall.core.verdict import PASS, Fault, Observed, Refuse, Verdict
from ringwall.engines.payload import Finding, Format, inspect

LAYER: Final = Layer.DETECTION

Inspect = Callable[[str, Format], Finding | None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What judges a text of a format."""

    inspect: Inspect = inspect


_KINDS: Final = {
    "sqli": "SQL that changes a statement's structure",
    "nosqli": "a query operator or script of a document database",
    "xss": "markup or script that a browser would run",
    "cmdi": "shell syntax that starts another command",
    "lfi": "a path that leaves its directory or names a system file",
    "ssti": "an expression of a template language",
    "ssrf": "an address inside the network, or of a scheme that reads files",
    "xxe": "an XML document type with entities",
    "rce": "code of a server-side language",
    "ldap": "LDAP filter syntax",
    "xpath": "XPath syntax that changes an expression",
    "deserialization": "a serialized object",
    "crlf": "a line break that begins a header",
    "proto": "a member that reaches an object's prototype",
    "ssi": "a server-side include",
    "xslt": "a stylesheet instruction",
    "undecided": "more places that could begin code than are read closely",
}


def _reason(kind: str, what: str) -> Reason:
    return Reason(
        f"detection.{kind}",
        422,
        "Input not allowed",
        "Send the value without markup, code or query syntax.",
        f"A free text holds {what}. Where that is right, state the field's `format` in the contract; "
        "`ringwall why` shows the token classes that decided.",
    )


_REASONS: Final[Mapping[str, Reason]] = {kind: _reason(kind, what) for kind, what in _KINDS.items()}
REASONS: Final[tuple[Reason, ...]] = tuple(_REASONS.values())

_FORMATS: Final[Mapping[str, Format]] = {
    "text": "text",
    "plain": "plain",
    "markdown": "markdown",
    "html": "html",
    "code": "code",
    "sql": "sql",
    "url": "url",
    "uri": "url",
    "filename": "filename",
    "json": "json",
}


def forge(operation: Operation, settings: Settings) -> Guards:
    """One guard over the validated input's free texts."""
    look = settings.inspect

    def check(request: Request, known: Known) -> Verdict:
        watched: Verdict = PASS
        for text in known.input.texts if known.input else ():
            if text.free and text.value:
                finding = _found(text, look)
                if finding is not None:
                    if not text.observe:
                        return _refused(text, finding)
                    watched = watched if watched is not PASS else Observed(_refused(text, finding))
        return watched

    return Guards(body=(Guard(LAYER, "texts", check, operation.key),))


def _found(text: Text, look: Inspect) -> Finding | None:
    """The finding in one text. A member's own name is judged as text, and as the name that it is; where the contract
    says that the API takes expressions, an operator is no finding."""
    if text.format == "byte":
        return _in_base64(text.value, look)
    if text.format == "password":
        return _in_password(text.value, look)
    if text.format not in ("name", "operator"):
        return look(text.value, _FORMATS.get(text.format, "text"))
    finding = look(text.value, "text") or (look(_member(text), "json") if _suspect(text.value) else None)
    meant = finding is not None and finding.kind == "nosqli" and text.format == "operator"
    return None if meant else finding


def _in_base64(base64: str, look: Inspect) -> Finding | None:
    """Base64 is free of every syntax but two: what is short and begins like a path is judged as that, and what begins
    like a stream of objects is one."""
    if base64.startswith("/") and len(base64) <= 255 and "+" not in base64:
        return look(base64, "text")
    if not base64.startswith(_STREAMS):
        return None
    finding = look(base64[:_START], "plain")
    return finding if finding is not None and finding.kind == "deserialization" else None


_STREAMS: Final = ("rO0AB", "AAEAAAD/", "gA", "BAh", "yv66vg", "H4sIAAAAAAAA", "Y")
_START: Final = 200


def _in_password(password: str, look: Inspect) -> Finding | None:
    """A password is all punctuation by intent, and is compared or hashed: only what could change the query that looks
    it up is judged, and a generated one has no blank or comment to do it with."""
    finding = look(password, "plain")
    if finding is None or finding.kind not in _QUERIES:
        return None
    return finding if finding.decoded or _PHRASE.search(password) else None


_QUERIES: Final = frozenset({"sqli", "nosqli", "ldap", "xpath"})
_PHRASE: Final = re.compile(r"\s|--|/\*|#$|\(\w*=|['\"]\s*(?:or|and|\|\||&&)\b|\$\w+['\"]?\s*:", re.IGNORECASE)


def _suspect(name: str) -> bool:
    return not name[0].isalnum() or name == "prototype"


def _member(text: Text) -> str:
    """The name where it stands in JSON; `prototype` is one step of a path that its parent may have begun."""
    inner = json.dumps({text.value: {"a": 0}})
    return f'{{"constructor":{inner}}}' if text.pointer.endswith("/constructor/prototype") else inner


def _refused(text: Text, finding: Finding) -> Refuse:
    reason = _REASONS[finding.kind]
    decoders = f" after {', '.join(finding.decoded)}" if finding.decoded else ""
    return Refuse(reason, (Fault(text.pointer, reason.code),), detail=f"{finding.evidence}{decoders}")
