"""Several processes on one socket. One that dies ends them all, and so does the parent's end: a supervisor sees it,
and nothing goes on serving unseen."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from ringwall.core.ports import Unavailable

Ready = Callable[[], None]
Serve = Callable[[str, Ready], None]


def supervise(count: int, serve: Serve, ready: Ready) -> None:
    """Run `serve(log, ready)` in so many processes until a signal; `ready` is called here once all of them are.

    Raises Unavailable where one ended that was not told to.
    """
    alive, life = os.pipe()
    signals: list[int] = []
    children: dict[int, int] = {}

    def stop(number: int, frame: FrameType | None) -> None:
        signals.append(number)
        _tell(children)

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    for number in range(count):
        child, started = _fork(f"w{number}", serve, alive, life)
        children[child] = started
    os.close(alive)
    if all(os.read(started, 1) for started in children.values()) and not signals:
        ready()
    status = os.wait()[1] if not signals else 0
    _tell(children)
    statuses = [status, *_ends(children)]
    if not signals or any(statuses):
        raise Unavailable(f"a worker {_fate(next(filter(None, statuses), 0))}; all of them were stopped")


def _fork(log: str, serve: Serve, alive: int, life: int) -> tuple[int, int]:
    """A worker's process id, and where it says that it serves (its end is told there too)."""
    started, say = os.pipe()
    child = os.fork()
    if child:
        os.close(say)
        return child, started
    os.close(life)
    os.close(started)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, frame: os._exit(0))  # until it serves there is nothing to finish
    threading.Thread(target=_outlive, args=(alive,), daemon=True).start()
    os._exit(_run(lambda: serve(log, lambda: _say(say))))


def _run(serve: Callable[[], None]) -> int:
    try:
        serve()
    except Exception as failure:  # noqa: BLE001 - the process ends here: what it says is all that is left of it
        sys.stderr.write(f"ringwall: worker: {failure or type(failure).__name__}\n")
        sys.stderr.flush()
        return 2
    return 0


def _say(descriptor: int) -> None:
    os.write(descriptor, b".")


def _outlive(alive: int) -> None:
    """Nobody ever writes there: it ends when the parent does, however that happens."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _tell(children: dict[int, int]) -> None:
    for child in list(children):
        try:
            os.kill(child, signal.SIGTERM)
        except ProcessLookupError:
            continue


def _ends(children: dict[int, int]) -> list[int]:
    """How the others end."""
    found = []
    for child in children:
        try:
            found.append(os.waitpid(child, 0)[1])
        except ChildProcessError:
            continue
    return found


def _fate(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
