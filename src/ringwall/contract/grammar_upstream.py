"""The structure of `authentication.upstream`: the login of an API that has one, stated once."""

from __future__ import annotations

from typing import Final

from ringwall.contract.shapes import Either, Listing, Number, Record, Table, Text, is_text

_LINE = r"[^\x00-\x1f]"
_NAME: Final = Text(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", "a role")
_KEY: Final = Text(rf"(?:GET|POST|PUT|PATCH|DELETE) /{_LINE}{{0,480}}", "an operation such as POST /login")
_READ: Final = Text(rf"GET /{_LINE}{{0,480}}", "a read such as GET /me")
_POINTER_TEXT = r"(?:/(?:[^~/\x00-\x1f]|~[01])*){0,16}"
_POINTER: Final = Text(_POINTER_TEXT, "a JSON pointer such as /data/token (RFC 6901)")
_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}"
_PLACE: Final = Text(
    rf"{_POINTER_TEXT}|header {_WORD}|cookie {_WORD}",
    "a JSON pointer into the reply, `header NAME` or `cookie NAME`",
)
_KEYS: Final = Either(is_text, _KEY, Listing(_KEY))

UPSTREAM: Final = Record(
    "the login that the API itself has, wrapped",
    {
        "login": _KEYS,
        "token": _PLACE,
        "profile": _READ,
        "subject": _POINTER,
        "roles": Either(is_text, _POINTER, Listing(_POINTER)),
        "tenant": _POINTER,
        "map": Table(Text(rf"{_LINE}{{1,200}}", "a word of the API's"), _NAME),
        "grant": Listing(_NAME),
        "account": _POINTER,
        "header": Text(_WORD, "a header's name"),
        "scheme": Text(r"[A-Za-z0-9._~+/-]{0,40}", "a scheme such as Bearer, or nothing"),
        "cookie": Text(_WORD, "a cookie's name"),
        "refresh": _KEYS,
        "refresh_token": _POINTER,
        "logout": _KEYS,
        "lifetime": Number(60, high=31_536_000),
    },
    required=("login", "token", "subject"),
    notes={
        "login": "The operations whose reply holds a token: sign-in, and registration where it signs in.",
        "token": "Where the reply has it: a JSON pointer, `header NAME` or `cookie NAME`.",
        "profile": "Who it is, asked once per sign-in with the new token; without it, the login's own reply tells.",
        "subject": "JSON pointer to the name that the API knows the caller by.",
        "roles": "JSON pointers to roles: a text, a list (`*` goes through one), or a flag, which grants its own name.",
        "tenant": "JSON pointer to the tenant.",
        "map": "The API's words for roles, and the contract's; where it is stated, no other word counts.",
        "grant": "Roles that everyone who signs in there holds.",
        "account": "JSON pointer into the login's body to the name that is guessed at; found by its name if absent.",
        "header": "The header in which the API expects its token.  [Authorization]",
        "scheme": "The word before it.  [Bearer, or none in another header]",
        "cookie": "The cookie in which the API expects it, instead of a header.",
        "refresh": "Operations that give a new token for an old one.",
        "refresh_token": "JSON pointer to the refresh token, in the reply and in the body of `refresh`.",
        "logout": "Operations that end the session, here too.",
        "lifetime": "Seconds after which to sign in again, whatever the API's token says.  [28800]",
    },
)
