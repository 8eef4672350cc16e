"""The structure of what a deployment states: CORS, limits, the upstream's credential, findings it lives with."""

from __future__ import annotations

from typing import Final

from ringwall.contract.shapes import Either, Flag, Listing, Number, Record, Text, is_text

_LINE = r"[^\x00-\x1f]"
ANY: Final = Text(rf"{_LINE}{{1,500}}", "a text")
_HEADER: Final = Text(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", "a header's name")
RATE: Final = Text(r"[1-9][0-9]{0,8}/(?:second|minute|hour|day)", "a rate such as 10/minute")
SIZE: Final = Either(
    is_text,
    Text(r"[1-9][0-9]{0,6} ?(?:KiB|MiB|GiB|kB|MB|GB)", "bytes, or a size such as 10 MiB"),
    Number(1, whole=True, high=1 << 40),
)
SECONDS: Final = Number(0.001, high=86_400)
_ORIGIN: Final = Text(r"\*|https?://[A-Za-z0-9.\[\]:-]{1,255}", "an origin such as https://app.example.com, or *")

CORS: Final = Record(
    "which browser origins may call",
    {
        "origins": Listing(_ORIGIN),
        "credentials": Flag(),
        "headers": Listing(_HEADER),
        "expose": Listing(_HEADER),
        "max_age": Number(0, whole=True, high=86_400),
    },
    required=("origins",),
)  # fmt: skip
LIMITS: Final = Record(
    "bounds for every operation that states none",
    {
        "body": SIZE,
        "upload": SIZE,
        "reply": SIZE,
        "depth": Number(1, whole=True, high=1000),
        "items": Number(1, whole=True, high=1e9),
        "seconds": SECONDS,
        "rate": RATE,
        "anonymous_rate": RATE,
    },
    notes={
        "body": "Bytes of a body that is checked.",
        "upload": "Bytes of an opaque upload.",
        "reply": "Bytes of a reply that is checked.",
        "depth": "Nesting of JSON.",
        "items": "Values in one body.",
        "seconds": "For the application's whole answer.",
        "rate": "Requests of one principal.",
        "anonymous_rate": "Requests of one address, before authentication.",
    },
)
CREDENTIAL: Final = Record(
    "the credential that the upstream gets in place of the caller's",
    {
        "header": _HEADER,
        "from": Text(r"env[ :][A-Za-z_][A-Za-z0-9_]{0,199}", "`env NAME`, the variable that holds the value"),
    },
    required=("header", "from"),
)
ACCEPTED: Final = Record(
    "a finding that the team lives with until a day",
    {"id": ANY, "reason": ANY, "owner": ANY, "until": Text(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day, YYYY-MM-DD")},
    required=("id", "reason", "owner", "until"),
)
