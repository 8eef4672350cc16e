"""What ringwall adds to a request in instructions of Python's, and in calls: `python bench/instructions.py`.

Counted, not timed: the figures are nearly the same whatever else the machine does. What runs in C counts as one
instruction, so they compare a change with what was before it, and say nothing of time.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from ringwall.build.assemble import Circumstances, prepare
from ringwall.build.protect import wrap
from ringwall.build.runtime import open_runtime
from ringwall.cli._contracts import subject
from ringwall.cli._measure import Application, Case, Meter, measure, once
from ringwall.cli.bench import PAGE, clinic_cases, unlimited
from ringwall.examples.clinic import CONTRACT, SEED, create_app

ROUNDS = 10


class Counter:
    """Counts what every thread does while it is on."""

    def __init__(self) -> None:
        self.instructions = self.calls = 0

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            self.instructions += 1
        elif event == "call":
            self.calls += 1
        return self


async def counted(application: Application, case: Case) -> tuple[float, float]:
    """Instructions and calls of one request, in threads that were made meanwhile."""
    counter = Counter()
    threading.settrace(counter)
    sys.settrace(counter)
    await once(application, case)
    counter.instructions = counter.calls = 0
    for _ in range(ROUNDS):
        await once(application, case)
    sys.settrace(None)
    threading.settrace(None)  # type: ignore[arg-type] # as the library takes it, too
    return counter.instructions / ROUNDS, counter.calls / ROUNDS


def main() -> None:
    """Print the figures of the clinic's requests."""
    with tempfile.TemporaryDirectory() as scratch:
        rows = tuple({**SEED.patients[0], "full_name": f"Patient {n}"} for n in range(PAGE))
        app = create_app(Path(scratch) / "clinic", replace(SEED, patients=rows))
        contract = subject(CONTRACT, None, None, Path(scratch) / "other").contract
        runtime = open_runtime(Path(scratch) / "data")
        wall = wrap(app, prepare(unlimited(contract)), runtime, Circumstances())
        for case in clinic_cases(runtime):
            asyncio.run(measure(app, wall, case, Meter(), 1))
            (bare, _), (protected, calls) = (asyncio.run(counted(a, case)) for a in (app, wall))
            print(f"{case.name:<62} {bare:8.0f} bare, {protected - bare:7.0f} added; {calls:6.0f} calls in all")
        runtime.close()


if __name__ == "__main__":
    main()
