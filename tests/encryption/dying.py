"""A command that is killed at one of its steps towards a disk, in a process of its own."""

from __future__ import annotations

import contextlib
import io
import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

from ringwall.cli import cli

Steps = Sequence[tuple[Any, str]]
"""What holds a step, and the step's name."""


def died(step: int, steps: Steps, words: Sequence[str], before: Callable[[], object] = lambda: None) -> bool:
    """Run a command that kills itself at the n-th of its steps, after `before` in its process; whether it did before it
    was done."""
    child = os.fork()
    if not child:
        _die_at(step, steps)
        before()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                cli(list(words))
            except SystemExit as end:
                os._exit(int(end.code or 0))
        os._exit(3)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0


def _die_at(step: int, steps: Steps) -> None:
    """Let every step count, and the n-th be the last."""
    left = [step]

    def counted(wrapped: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return wrapped(*given, **named)

        return call

    for owner, name in steps:
        setattr(owner, name, counted(getattr(owner, name)))
