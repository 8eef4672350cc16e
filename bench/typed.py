"""Attacks through typed parameters: `python bench/typed.py CORPUS.jsonl[.gz]`, with lines of {"kind", "value"}.

Each attack is sent as a query parameter of each kind, percent-encoded, through admission, validation and detection.
What passes is counted; so are valid values of each kind that are refused.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ringwall.contract.api import ApiOperation, Parameter, Schema
from ringwall.contract.model import Operation
from ringwall.core.admit import Admission, admit
from ringwall.core.known import Known
from ringwall.core.message import Head, RawHead, Request
from ringwall.core.verdict import Learned, Refuse
from ringwall.layers import detection, validation

KINDS: dict[str, tuple[Schema, tuple[str, ...]]] = {
    "integer": ({"type": "integer"}, ("0", "-1", "42", "9223372036854775807")),
    "int32": ({"type": "integer", "format": "int32"}, ("0", "-2147483648", "2147483647")),
    "number": ({"type": "number"}, ("0", "-1.5", "1e3", "3.14159")),
    "boolean": ({"type": "boolean"}, ("true", "false")),
    "enum": ({"type": "string", "enum": ["open", "closed", "on hold"]}, ("open", "closed", "on hold")),
    "uuid": ({"type": "string", "format": "uuid"}, ("550e8400-e29b-41d4-a716-446655440000",)),
    "date": ({"type": "string", "format": "date"}, ("2024-02-29", "1999-12-31")),
    "date-time": ({"type": "string", "format": "date-time"}, ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00.5+02:00")),
    "time": ({"type": "string", "format": "time"}, ("10:00:00Z", "23:59:59+01:00")),
    "duration": ({"type": "string", "format": "duration"}, ("P1D", "PT1H30M")),
    "email": (
        {"type": "string", "format": "email"},
        ("a@host.example", "first.last+tag@sub.host.example", "o'neil@host.example"),
    ),
    "hostname": ({"type": "string", "format": "hostname"}, ("host.example", "a-b.c")),
    "ipv4": ({"type": "string", "format": "ipv4"}, ("192.0.2.1", "8.8.8.8")),
    "ipv6": ({"type": "string", "format": "ipv6"}, ("2001:db8::1", "::1")),
    "uri": (
        {"type": "string", "format": "uri"},
        ("https://host.example/a?b=c#d", "https://host.example/search?q=a%20b&page=2", "mailto:a@host.example"),
    ),
    "byte": ({"type": "string", "format": "byte"}, ("SGVsbG8=", "AAECAw==")),
    "phone": ({"type": "string", "format": "phone"}, ("+4930123456", "+15550100999")),
    "iban": ({"type": "string", "format": "iban"}, ("DE89370400440532013000",)),
    "card": ({"type": "string", "format": "card"}, ("4111111111111111",)),
    "pattern": ({"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"}, ("AB-1234",)),
    "slug": ({"type": "string", "pattern": "^[a-z0-9-]{1,60}$"}, ("a-b-c", "report-2024")),
    "integers": ({"type": "array", "items": {"type": "integer"}}, ("1", "42")),
}


class Parameterized:
    """One operation with one query parameter of a kind, and what became of a value sent in it."""

    def __init__(self, schema: Schema) -> None:
        parameters = (Parameter("q", "query", True, "form", True, schema),)
        api = ApiOperation("GET", "/x", None, (), parameters, None, {}, 1)
        operation = Operation(api, "", None, None, (), lists=False, creates=False)
        self._input = validation.forge(operation, validation.Settings({})).body[-1].check
        self._detect = detection.forge(operation, detection.Settings()).body[0].check

    def refusal(self, value: str) -> str | None:
        """The reason for which a value is refused, or None where it passes."""
        target = b"/x?q=" + quote(value, safe="", errors="surrogatepass").encode("ascii")
        head = admit(RawHead(b"GET", target, ((b"host", b"a"),), "::1", secure=True), Admission(), "r")
        if not isinstance(head, Head):
            return head.reason.code
        request = Request(head, (), b"")
        learned = self._input(request, Known("op", 0.0, {}, "::1", "r"))
        if isinstance(learned, Refuse):
            return learned.reason.code
        if not isinstance(learned, Learned):
            raise TypeError(learned)
        found = self._detect(request, learned.known)
        return found.reason.code if isinstance(found, Refuse) else None


def attacks(path: Path) -> Iterator[str]:
    """The values of a corpus that are attacks."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            if item.get("kind") == "attack":
                yield item["value"]


def main() -> None:
    """Prints, for each kind, how many attacks passed and which valid values did not."""
    values = list(attacks(Path(sys.argv[1])))
    passed = wrong = 0
    for name, (schema, valid) in KINDS.items():
        sender = Parameterized(schema)
        through = [value for value in values if sender.refusal(value) is None]
        refused = [value for value in valid if sender.refusal(value) is not None]
        passed += len(through)
        wrong += len(refused)
        print(f"{name}: {len(through)} of {len(values)} passed {through[:6]}; valid refused: {refused}")
    share = 100 * passed / (len(values) * len(KINDS))
    print(f"in all {passed} of {len(values) * len(KINDS)} ({share:.4f} %); valid values refused: {wrong}")


if __name__ == "__main__":
    main()
