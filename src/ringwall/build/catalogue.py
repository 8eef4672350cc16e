"""Every reason code of every room, in one list, each code once."""

from __future__ import annotations

from ringwall.core import admit, coding
from ringwall.core import reasons as core_reasons
from ringwall.core.reasons import Reason
from ringwall.layers import (
    authentication,
    authorization,
    detection,
    disclosure,
    encryption,
    quota,
    response,
    sinks,
    transport,
    validation,
)

_ROOMS = (
    core_reasons,
    admit,
    coding,
    transport,
    quota,
    authentication,
    authorization,
    validation,
    detection,
    encryption,
    sinks,
    disclosure,
    response,
)


def reasons() -> tuple[Reason, ...]:
    """All reasons, by code. Codes are permanent; a test holds the list."""
    found = {reason.code: reason for room in _ROOMS for reason in room.REASONS}
    return tuple(found[code] for code in sorted(found))
