"""What a head's raw bytes have to look like before the parser sees them (RFC 9112). Pure; any bytes are an answer.

The parser forgives what two programs could read in two ways: an HTTP/0.9 line, two spaces, other codings. Here
nothing is forgiven, and what is refused has its reason. What the fields mean is `core.admit`'s to judge.
"""

from __future__ import annotations

import re
from typing import Final

from ringwall.core import admit
from ringwall.core.reasons import Reason

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_FIELDS: Final = rb"(?:" + _TOKEN + rb":[^\x00-\x08\x0a-\x1f\x7f]*+\r\n)*+\r\n"
_REQUEST: Final = re.compile(_TOKEN + rb" [^\x00-\x20\x7f]++ HTTP/1\.[01]\r\n" + _FIELDS)
_RESPONSE: Final = re.compile(rb"HTTP/1\.[01] [1-9][0-9]{2}(?: [^\x00-\x08\x0a-\x1f\x7f]*+)?\r\n" + _FIELDS)
_STRAY: Final = re.compile(rb"(?<!\r)\n|\r(?=[^\n])|\x00")
_BEGINNING: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z\r]")
_LINE: Final = re.compile(_TOKEN + rb" [^\x00-\x20\x7f]++ HTTP/1\.[01]")
_OTHER_VERSION: Final = re.compile(_TOKEN + rb" [^\x00-\x20\x7f]++ HTTP/[0-9]+(?:\.[0-9]+)?")


def flaw_of_request(head: bytes) -> Reason | None:
    """What is wrong with a complete request head, its empty line included."""
    if _REQUEST.fullmatch(head):
        return None
    if not _BEGINNING.match(head):
        return admit.SYNTAX
    if _STRAY.search(head):
        return admit.LINE_END
    line, _, fields = head.partition(b"\r\n")
    if not _LINE.fullmatch(line):
        return admit.VERSION if _OTHER_VERSION.fullmatch(line) else admit.SYNTAX
    folded = any(field[:1] in (b" ", b"\t") for field in fields.split(b"\r\n"))
    return admit.FOLD if folded else admit.HEADER


def flaw_so_far(start: bytes | bytearray, seen: int) -> Reason | None:
    """What is already wrong with a head that is still to be completed; `seen` bytes of it were looked at before."""
    if not seen and start and not _BEGINNING.match(start):
        return admit.SYNTAX
    return admit.LINE_END if _STRAY.search(start, max(seen - 1, 0)) else None


def is_reply(head: bytes) -> bool:
    """Whether the bytes are a reply's head that can be read in one way only."""
    return _RESPONSE.fullmatch(head) is not None
