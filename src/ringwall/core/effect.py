"""What the application is about to do to the world while it answers: seen at the driver, not in the request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ringwall.core.value import quick


@quick
@dataclass(frozen=True, slots=True)
class Effect:
    """One effect. `what` is the SQL statement, the table that is read unconfined,
    the command line, the path, the address or the template's text.

    `detail` narrows it: the SQL dialect, "shell" or "exec", "read" or "write", the host name that was asked.
    """

    kind: Literal["sql", "rows", "process", "file", "network", "template"]
    what: str
    detail: str = ""
