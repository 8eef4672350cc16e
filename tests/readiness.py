"""Waiting for a program to be ready: until a condition holds, the program ends, or the patience does."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

PATIENCE_S = 60.0


def until(holds: Callable[[], bool], program: subprocess.Popen[str]) -> None:
    """Return once it holds. Fails with what the program printed if it ended before."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if program.poll() is not None:
            out, err = program.communicate()
            raise AssertionError(f"it ended with {program.returncode}: {out}{err}")
        assert time.monotonic() < end, f"not ready within {PATIENCE_S:.0f} s"
        time.sleep(0.05)
