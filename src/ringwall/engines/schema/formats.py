"""The formats of OpenAPI and JSON Schema, each decided by a parser of its standard; an unknown one only annotates.

uuid, date, time, duration, hostname, ip and uri are parsed by the native validator itself; here are those it
has not, or reads more widely than two programs would agree on.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from functools import wraps

import jsonschema_rs
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from stdnum import iban, luhn

from ringwall.engines.schema.document import JSON

Decide = Callable[[JSON], bool]


def _of_text(decide: Callable[[str], bool]) -> Decide:
    """A format says something of strings alone (JSON Schema Validation, section 7.2.2)."""

    @wraps(decide)
    def either(value: JSON) -> bool:
        return not isinstance(value, str) or decide(value)

    return either


_PLAIN_EMAIL = re.compile(
    r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@(?:[A-Za-z0-9]{1,62}(?:-[A-Za-z0-9]{1,20})?\.)+[A-Za-z]{2,20}"
)
_LOCAL = re.compile(r"(?:[^\W_]|[._+-]|(?<=[^\W\d_])'(?=[^\W\d_]))+")
_SPECIAL = frozenset(SPECIAL_USE_DOMAIN_NAMES)


def is_email(text: str) -> bool:
    """RFC 5321 and RFC 6531, without quoted local parts, address literals, and the marks that no mailbox uses but
    every injection does (an apostrophe may stand once, between letters). Nothing is looked up."""
    if len(text) <= 64 and _PLAIN_EMAIL.fullmatch(text) and text.rpartition(".")[2].lower() not in _SPECIAL:
        return True
    local = text.rpartition("@")[0]
    if len(text) > 320 or not _LOCAL.fullmatch(local) or local.count("'") > 1 or "--" in local:
        return False
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def is_base64(text: str) -> bool:
    """RFC 4648, section 4, with padding: one spelling for each content."""
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except (binascii.Error, ValueError):
        return False


def is_base64url(text: str) -> bool:
    """RFC 4648, section 5, without padding."""
    try:
        return base64.urlsafe_b64encode(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)).decode(
        ).rstrip("=") == text  # fmt: skip
    except (binascii.Error, ValueError):
        return False


_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


def is_phone(text: str) -> bool:
    """ITU-T E.164: a plus sign, a country code, and at most fifteen digits in all."""
    return bool(_PHONE.fullmatch(text))


def is_iban(text: str) -> bool:
    """ISO 13616, in the electronic form: upper case, no spaces, right length and check digits."""
    return len(text) <= 34 and text.isascii() and text.isalnum() and text.isupper() and bool(iban.is_valid(text))


def is_card(text: str) -> bool:
    """ISO/IEC 7812: 12 to 19 digits with a right Luhn digit."""
    return text.isascii() and text.isdigit() and 12 <= len(text) <= 19 and bool(luhn.is_valid(text))


_RFC3339 = jsonschema_rs.Draft202012Validator({"format": "date-time"}, validate_formats=True)
_NO_COLON = re.compile(r"(.{19,40}[+-][0-9]{2})([0-9]{2})")


def is_date_time(text: str) -> bool:
    """RFC 3339, by the native parser; the colon of an offset may be left out (ISO 8601, basic format), as in the
    clients that OpenAPI Generator makes for Python. A time without an offset is none: two programs would read two
    times."""
    if _RFC3339.is_valid(text):
        return True
    bare = _NO_COLON.fullmatch(text)
    return bare is not None and _RFC3339.is_valid(f"{bare[1]}:{bare[2]}")


FORMATS: Mapping[str, Decide] = {
    name: _of_text(decide)
    for decide, names in (
        (is_email, ("email", "idn-email")),
        (is_base64, ("byte", "base64")),
        (is_base64url, ("base64url",)),
        (is_date_time, ("date-time",)),
        (is_phone, ("phone", "e164", "tel")),
        (is_iban, ("iban",)),
        (is_card, ("card", "card-number", "credit-card")),
    )
    for name in names
}

NATIVE = frozenset(
    {"uuid", "date", "time", "duration", "ipv4", "ipv6", "hostname", "idn-hostname",
     "uri", "uri-reference", "iri", "iri-reference", "uri-template", "json-pointer", "relative-json-pointer", "regex"}
)  # fmt: skip

ENCODED = frozenset({"byte", "base64"})
_OPEN = ENCODED | {"uri", "uri-reference", "iri", "iri-reference", "uri-template", "json-pointer",
                   "relative-json-pointer", "regex"}  # fmt: skip
DECIDED = (NATIVE | FORMATS.keys()) - _OPEN
"""Formats whose values leave no room for anything else. Base64 does: `/proc/self/fd/19` is base64 too."""

ADDRESSES = frozenset({"uri", "uri-reference", "iri", "iri-reference", "url", "http-url"})

RANGES: Mapping[str, tuple[int | float, int | float]] = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
    "float": (-3.4028234663852886e38, 3.4028234663852886e38),
}
"""What the number formats of the OpenAPI Format Registry can hold."""


def within(out: dict[str, JSON], low: float, high: float) -> None:
    """The bounds of a number format, unless narrower ones are stated."""
    least, most = out.get("minimum"), out.get("maximum")
    out["minimum"] = max(least, low) if isinstance(least, (int, float)) else low
    out["maximum"] = min(most, high) if isinstance(most, (int, float)) else high


def beyond(bound: JSON) -> bool:
    """Whether a bound, or one of several values, is an integer that 64 bits do not hold."""
    given = bound if isinstance(bound, list) else [bound]
    return any(type(n) is int and not -(2**63) <= n < 2**63 for n in given)
