"""Deadlines on an event loop: looked at twenty times a second, all together, instead of a timer for each.

`asyncio.timeout` sets and cancels a timer of the loop for every request, and its loop then looks at timers in every
turn: a third of what the adapter did for a plain request. A deadline here may strike a twentieth of a second late.
"""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Final, Self

LOOK_S: Final = 0.05


class Deadline:
    """Ends the block that it is around, in the task that entered it, once the loop's clock has passed `until`: with a
    TimeoutError, as `asyncio.timeout` does. `until` may be moved; it counts as long as nothing was struck."""

    __slots__ = ("_cancelling", "_task", "_watch", "struck", "until")

    def __init__(self, loop: asyncio.AbstractEventLoop, until: float) -> None:
        self.until = until
        self.struck = False
        self._watch = _watch_of(loop)
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._cancelling = self._task.cancelling() if self._task else 0
        self._watch.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch.remove(self)
        if self.struck and self._task is not None:
            ours = self._task.uncancel() <= self._cancelling
            if ours and kind is not None and issubclass(kind, asyncio.CancelledError):
                raise TimeoutError from failure

    def strike(self) -> None:
        """End the block."""
        self.struck = True
        if self._task is not None:
            self._task.cancel()


class _Watch:
    """All deadlines of one loop. Its one timer runs only while there are any."""

    __slots__ = ("_timer", "_waiting", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: dict[Deadline, None] = {}

    def add(self, deadline: Deadline) -> None:
        self._waiting[deadline] = None
        if self._timer is None:
            self._timer = self.loop.call_later(LOOK_S, self._look)

    def remove(self, deadline: Deadline) -> None:
        self._waiting.pop(deadline, None)

    def _look(self) -> None:
        now = self.loop.time()
        for deadline in [d for d in self._waiting if d.until <= now and not d.struck]:
            deadline.strike()
        self._timer = self.loop.call_later(LOOK_S, self._look) if self._waiting else None


_here: Final = threading.local()


def _watch_of(loop: asyncio.AbstractEventLoop) -> _Watch:
    """The watch of the loop that runs in this thread; kept until another one does."""
    watch: _Watch | None = getattr(_here, "watch", None)
    if watch is None or watch.loop is not loop:
        watch = _here.watch = _Watch(loop)
    return watch
