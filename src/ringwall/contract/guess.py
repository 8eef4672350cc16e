"""Guesses about an API from its names and formats, each with its reason. A guess is for a person to look at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ringwall.contract.api import ApiOperation, Schema
from ringwall.contract.model import Class

_CAMEL = re.compile(r"([a-z0-9])([A-Z])")
_PARTS = re.compile(r"[^a-z0-9]+")

# In this order: the more harmful disclosure first. Each phrase is a run of words in a property's name.
_PHRASES: Final[tuple[tuple[Class, tuple[str, ...]], ...]] = (
    ("secret", ("password", "passwd", "pwd", "passphrase", "secret", "api key", "apikey", "private key",
                "access key", "access token", "refresh token", "auth token", "token", "otp", "totp", "pin",
                "credential", "credentials", "connection string", "webhook url")),
    ("cardholder", ("card number", "cardnumber", "card no", "pan", "cvv", "cvc", "cvv2", "credit card",
                    "debit card", "card expiry")),
    ("health", ("diagnosis", "diagnoses", "icd", "allergy", "allergies", "medication", "medications",
                "prescription", "prescriptions", "blood type", "blood group", "symptom", "symptoms", "treatment",
                "disease", "medical", "health", "findings", "disability", "vaccination")),
    ("financial", ("iban", "bic", "swift", "account number", "sort code", "routing number", "salary", "income",
                   "balance", "tax", "bank", "credit limit", "wage")),
    ("identifier", ("ssn", "social security", "national id", "national insurance", "passport", "tax id",
                    "driver license", "driving licence", "license number", "first name", "last name", "full name",
                    "given name", "family name", "middle name", "maiden name", "surname", "firstname", "lastname",
                    "fullname", "birth", "birthday", "birthdate", "dob", "username", "user name", "ip address",
                    "gender", "nationality")),
    ("contact", ("email", "e mail", "mail", "phone", "telephone", "mobile", "cell", "fax", "address", "street",
                 "city", "zip", "zipcode", "postcode", "postal code", "postal")),
)  # fmt: skip
_FORMATS: Final[dict[str, Class]] = {
    "password": "secret", "email": "contact", "idn-email": "contact", "phone": "contact", "iban": "financial",
    "credit-card": "cardholder", "ssn": "identifier", "ipv4": "identifier", "ipv6": "identifier",
}  # fmt: skip
_ABOUT: Final = frozenset({"url", "uri", "endpoint", "type", "profile", "kind", "count", "counts", "format", "limit",
                           "length", "algorithm", "policy", "strategy", "mode", "expiry", "ttl", "header", "prefix",
                           "field", "usage", "required", "enabled"})  # fmt: skip
"""A last word that says it is about a thing, not the thing: `token_url`, `password_policy`."""
_SERVICE: Final = frozenset({"check", "checks", "status", "endpoint", "probe", "latency", "service", "server", "node"})
"""Beside `health`: the health of a machine."""
_PERSONS: Final = frozenset({"user", "person", "patient", "customer", "client", "employee", "member", "contact",
                             "account", "profile", "owner", "student", "guest"})  # fmt: skip
_OWNERS: Final = ("owner_id", "owner", "user_id", "account_id", "customer_id", "created_by", "creator_id", "author_id",
                  "member_id", "username", "user", "author", "customer", "creator", "account")  # fmt: skip
_SUBJECTS: Final = ("sub", "subject", "account id", "user id", "username", "user name", "login", "email", "id", "uuid")
_TENANTS: Final = ("tenant_id", "tenant", "organization_id", "organisation_id", "org_id", "workspace_id", "company_id",
                   "clinic_id", "team_id", "account_group_id")  # fmt: skip
_HEALTH: Final = frozenset({"health", "healthz", "healthcheck", "heartbeat", "ping", "live", "livez", "ready", "readyz",
                            "liveness", "readiness", "alive"})  # fmt: skip
_SIGN_IN: Final = frozenset({"login", "signin", "token", "authenticate", "session", "sessions", "oauth", "logon",
                             "auth"})  # fmt: skip
_SIGN_IN_WITH: Final = _SIGN_IN | {"log", "sign", "in", "access", "jwt", "create", "new", "obtain", "get", "api",
                                   "user", "users", "rest", "account", "accounts", "password", "local", "form", "json",
                                   "id", "generate", "issue", "pair", "bearer", "admin", "customer",
                                   "oauth2"}  # fmt: skip
"""What may stand beside such a word in the last part of a path: `/auth/get_token`, but not `/token_counter`."""
_VERSION: Final = re.compile(r"v\d+")
_FILES: Final = ("path", "file path", "filepath", "full path", "key", "object name", "file name", "filename")
_NOT_TEXT: Final = frozenset({"boolean", "integer", "number", "null", "object"})


@dataclass(frozen=True, slots=True)
class Guess:
    """A word and why it was guessed."""

    value: str
    reason: str


def spoken(name: str) -> str:
    """A name as words: `cardNumber`, `card_number` and `card-number` are `card number`."""
    return " ".join(part for part in _PARTS.split(_CAMEL.sub(r"\1 \2", name).lower()) if part)


def data_class(name: str, schema: Schema, component: str) -> Guess | None:
    """The class of data that a property holds, by its format, then by its name."""
    stated = schema.get("format") if isinstance(schema, dict) else None
    if isinstance(stated, str) and stated in _FORMATS:
        return Guess(_FORMATS[stated], f"format {stated}")
    said = f" {spoken(name)} "
    if said == " name " and _PERSONS & set(spoken(component).split()):
        return Guess("identifier", f"a name, of a {spoken(component)}")
    words = said.split()
    for kind, phrases in _PHRASES:
        found = next((p for p in phrases if f" {p} " in said), None)
        if found is None or (words[-1] in _ABOUT and not said.endswith(f" {found} ")):
            continue
        if found == "health" and _SERVICE & set(words):
            continue
        if kind in ("financial", "health") or _is_text(schema):
            return Guess(kind, f"named {found!r}")
    return None


def _is_text(schema: Schema) -> bool:
    """`max_tokens: integer` is no secret and `email: boolean` no address."""
    stated = schema.get("type") if isinstance(schema, dict) else None
    names = {n for n in stated if isinstance(n, str)} if isinstance(stated, list) else {stated}
    return not names <= _NOT_TEXT


def owner(names: Iterable[str]) -> Guess | None:
    """The property that likely holds an owner's subject."""
    return _one_of(_OWNERS, names, "an owner")


def subject(names: Iterable[str]) -> Guess | None:
    """The property of a person that likely names the one who signs in."""
    return _one_of(_SUBJECTS, names, "one who signs in")


def tenant(names: Iterable[str]) -> Guess | None:
    """The property that likely holds a tenant."""
    return _one_of(_TENANTS, names, "a tenant")


def _one_of(likely: tuple[str, ...], names: Iterable[str], what: str) -> Guess | None:
    by_words = {spoken(name): name for name in names}
    for candidate in likely:
        found = by_words.get(spoken(candidate))
        if found is not None:
            return Guess(found, f"named as {what} often is")
    return None


def is_health(operation: ApiOperation) -> bool:
    """Whether it only says that the service lives."""
    last = operation.path.rstrip("/").rsplit("/", 1)[-1].lower()
    quiet = operation.method == "GET" and not any(p.required for p in operation.parameters)
    return quiet and (last in _HEALTH or spoken(last).replace(" ", "") in _HEALTH)


def is_sign_in(operation: ApiOperation) -> bool:
    """Whether callers prove there who they are."""
    if operation.method != "POST" or "{" in operation.path:
        return False
    parts = [set(spoken(part).split()) for part in operation.path.split("/") if part]
    last = {word for word in parts[-1] if not _VERSION.fullmatch(word)} if parts else set()
    return bool(set().union(*parts) & _SIGN_IN) and last <= _SIGN_IN_WITH


def is_file_path(parameter: str) -> bool:
    """Whether a path parameter may well hold slashes, which OpenAPI has no word for."""
    return spoken(parameter) in _FILES
