"""A long list on its way out: cut into pages, each judged by the reply guards as a short reply is.

What leaves is written anew from what was judged. A page that is refused ends the reply where it is: nothing of it, and
nothing after it, leaves.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Any, Final

from ringwall.core.coding import REPLY_CODING, WBITS
from ringwall.core.content import is_list
from ringwall.core.known import Known
from ringwall.core.message import JSON, Response
from ringwall.core.pages import pages_of
from ringwall.core.plan import Aside, Plan, Wall
from ringwall.core.reasons import UNREADABLE
from ringwall.core.split import PAGE, Page, Unreadable
from ringwall.core.verdict import Refuse

LONG: Final = 1 << 20
"""Bytes up to which a list is read whole, so that what it says of its own length can be corrected."""

Judged = tuple[Response | Refuse, Known, list[str]]
"""A page as the guards leave it, what they learned, and what they noted."""
Walk = Callable[[Response, Known], Generator[Any, Any, Judged]]
"""The reply guards on one page, by what is known at its beginning."""


def whole_up_to(plan: Plan, response: Response) -> int:
    """How many bytes of a reply are read whole; of a longer one, a list goes on in pages."""
    return min(LONG, plan.limits.reply) if paged(plan, response) else plan.limits.reply


def paged(plan: Plan, response: Response) -> bool:
    """Whether a long reply is judged in pages: a success of an operation that lists, in a form that can be cut."""
    return plan.listed is not None and 200 <= response.status < 300 and is_list(response, plan.listed)


class Sieve:
    """One long reply. `known` are the facts that every page is judged by; `shown` what the first one added to them."""

    __slots__ = ("_inflate", "_kept", "_listed", "_lists", "_met", "_notes", "_pages", "_walk", "known", "response",
                 "shown")  # fmt: skip

    def __init__(self, response: Response, plan: Plan, wall: Wall, known: Known, walk: Walk) -> None:
        coding = (response.get(b"content-encoding") or b"identity").strip().lower()
        if coding != b"identity" and coding not in WBITS:
            raise Unreadable
        self._inflate = zlib.decompressobj(WBITS[coding]) if coding in WBITS else None
        self._pages = pages_of(response.media, wall.decode, wall.encode, plan.limits.reply)
        self._listed = plan.listed
        self._lists: set[tuple[str, ...]] = set()
        self._met = self._kept = 0
        self._notes: dict[tuple[str, str], int] = {}
        plain = tuple(h for h in response.with_body(b"").headers if h[0].lower() != b"content-length")
        self.response = Response(response.status, self._listed.headers(plain) if self._listed else plain, None)
        self.known, self._walk = known, walk
        self.shown: Known | None = None

    def taken(self, part: bytes, *, last: bool) -> Generator[Any, Any, bytes | Refuse]:
        """What of the reply can leave once its next part is here; with `last`, all that is left."""
        out: list[bytes] = []
        try:
            for text in self._plain(part, last=last):
                self._pages.feed(text)
                while (page := self._pages.page(last=last and text == b"")) is not None:
                    told = yield from self._judged(page)
                    if isinstance(told, Refuse):
                        return told
                    out.append(told)
        except Unreadable:
            return Refuse(UNREADABLE)
        except zlib.error:
            return Refuse(REPLY_CODING)
        return b"".join(out)

    def _plain(self, part: bytes, *, last: bool) -> Iterator[bytes]:
        """The part without its coding, not more than a page at a time, and b"" once nothing more comes."""
        engine = self._inflate
        if engine is None:
            yield from (part[begin : begin + PAGE] for begin in range(0, len(part), PAGE))
        else:
            rest = part
            while rest:
                yield engine.decompress(rest, PAGE)
                rest = engine.unconsumed_tail
            if engine.unused_data or (last and not engine.eof):
                raise zlib.error("not one whole member")
        if last:
            yield b""

    def _judged(self, page: Page) -> Generator[Any, Any, bytes | Refuse]:
        path = page.within or page.left or ()
        aside = self._listed.uncounted(page.data, path) if self._listed else []
        self._lists.add(path)
        self._met += _length(page.data, path)
        response = Response(self.response.status, self.response.headers, page.text, page.data, parsed=True)
        told, known, notes = yield from self._walk(response, self.known)
        self.shown = self.shown or known
        self._note(notes)
        if isinstance(told, Refuse):
            return told
        self._kept += _length(told.data, path)
        if page.left is None:
            self._restore(told.data, aside)
        return self._pages.written(told.data, page.left)

    def _restore(self, data: JSON, aside: list[Aside]) -> None:
        """Counts that follow the list: the application's where nothing was left out of it, else its new length."""
        for path, name, value, count in aside:
            place = _at(data, path)
            if not isinstance(place, dict):
                continue
            if self._met == self._kept:
                place[name] = value
            elif count and len(self._lists) == 1:
                place[name] = self._kept

    def _note(self, notes: list[str]) -> None:
        """Take in what guards noted of a page: what they counted adds up."""
        for told in notes:
            layer, _, said = told.partition(": ")
            count, _, what = said.partition(" ")
            key = (layer, what) if count.isdigit() else (layer, said)
            self._notes[key] = self._notes.get(key, 0) + (int(count) if count.isdigit() else 0)

    def notes(self) -> list[str]:
        """What was noted of all pages so far."""
        return [
            f"{layer}: {count} {what}" if count else f"{layer}: {what}" for (layer, what), count in self._notes.items()
        ]


def _at(data: JSON, path: tuple[str, ...]) -> JSON:
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _length(data: JSON, path: tuple[str, ...]) -> int:
    """How many items a list has, or an object by which they are named."""
    found = _at(data, path)
    if isinstance(found, dict):
        return sum(isinstance(value, dict) for value in found.values())
    return len(found) if isinstance(found, list) else 0
