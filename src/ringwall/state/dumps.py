"""No core dumps: a process that holds keys leaves no copy of its memory behind, as far as it has a say.

A limit of zero is for ordinary dumps; where the kernel pipes dumps to a program that ignores the limit, and for
debuggers of the same user, Linux has a flag that forbids both. Neither reaches swap, hibernation, or root.
"""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4


def forbid_dumps() -> None:
    """Let this process and its children leave no core dump and, on Linux, be read by no debugger of the same user."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
