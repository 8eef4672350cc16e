"""Reason codes: permanent names for every refusal, with what caller and operator can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Layer(StrEnum):
    """The layers, in the order in which a request meets them."""

    TRANSPORT = "transport"
    QUOTA = "quota"
    AUTHENTICATION = "authentication"
    AUTHORIZATION = "authorization"
    VALIDATION = "validation"
    DETECTION = "detection"
    ENCRYPTION = "encryption"
    SINKS = "sinks"
    DISCLOSURE = "disclosure"
    MONITORING = "monitoring"


@dataclass(frozen=True, slots=True)
class Reason:
    """One permanent code, `layer.what`, and the HTTP status (RFC 9110, section 15) that it is refused with.

    `shown` is the code that the caller is told where the true one would tell too much: whether an object that it
    may not see exists. The journal has the true one.
    """

    code: str
    status: int
    title: str
    caller: str
    operator: str
    shown: str = ""


def internal(layer: Layer) -> Reason:
    """The reason for a guard of `layer` that failed: the exchange is refused, never let through."""
    return Reason(
        f"internal.{layer}",
        500,
        "Internal error",
        "Try again later; quote the request id.",
        f"A guard of the {layer} layer failed; `ringwall why` names it. Nothing was let through.",
    )


INTERNAL: dict[Layer, Reason] = {layer: internal(layer) for layer in Layer}

STORE = Reason(
    "internal.store",
    503,
    "Temporarily unavailable",
    "Try again after the stated time.",
    "A store did not answer a question that a guard had to ask. Check the data directory and the servers.",
)
JOURNAL = Reason(
    "monitoring.journal",
    503,
    "Temporarily unavailable",
    "Try again later.",
    "The journal cannot be written, so requests are refused. Free the disk, or state `journal: best-effort`.",
)
UPSTREAM_DOWN = Reason(
    "upstream.unreachable",
    502,
    "Bad gateway",
    "Try again later.",
    "The application could not be reached. Check that it runs and that its address is right.",
)
UPSTREAM_CUT = Reason(
    "upstream.cut",
    502,
    "Bad gateway",
    "Try again later.",
    "The application's reply broke off or was not HTTP.",
)
UPSTREAM_SLOW = Reason(
    "upstream.timeout",
    504,
    "Gateway timeout",
    "Try again later.",
    "The application did not answer within the operation's time limit (`limits.seconds`).",
)
UNREADABLE = Reason(
    "upstream.content",
    502,
    "Bad gateway",
    "Try again later.",
    "A long list of the application's is not what its media type says, or has an item longer than `limits.reply`. What "
    "had not left yet was withheld.",
)
APPLICATION = Reason(
    "upstream.error",
    500,
    "Internal error",
    "Try again later; quote the request id.",
    "The application raised an error. Its text stays in the application's own log.",
)
DISCONNECTED = Reason(
    "transport.disconnected",
    400,
    "Incomplete request",
    "Send the whole body.",
    "The caller left before its body was complete.",
)
BODY_SLOW = Reason(
    "transport.slow",
    408,
    "Request timeout",
    "Send the request faster.",
    "The body did not arrive within the time limit: a slow client, or an attack that holds connections.",
)
BODY_SIZE = Reason(
    "transport.body.size",
    413,
    "Content too large",
    "Send less.",
    "The body is over the operation's limit (`limits.body`).",
)

REASONS: tuple[Reason, ...] = (
    *INTERNAL.values(),
    STORE,
    JOURNAL,
    UPSTREAM_DOWN,
    UPSTREAM_CUT,
    UPSTREAM_SLOW,
    UNREADABLE,
    APPLICATION,
    DISCONNECTED,
    BODY_SLOW,
    BODY_SIZE,
)
