"""A long JSON document in pages: cut between the items of its lists, each page a document of the same form.

A page is judged as a short reply is, and what is written out is what was judged. A cut inside a list is right exactly
if what stands between two of them parses as a list, since a parser that reads from the left is between two items there:
so the parser that reads a page proves the cut as well. Where guesses fail, brackets are counted.

Lists are reached from the document's root by names of properties (`{"data": {"items": [...]}}`), or the root is one; an
object of which every property is an item (by its id) is cut between those. No item is ever cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ringwall.core.message import JSON

PAGE: Final = 65_536
"""Bytes of a page, unless one item has more."""
_GUESSES: Final = 8

Decode = Callable[[bytes], tuple[JSON, bool]]


class Unreadable(Exception):
    """The document is not JSON, or has an item that is longer than may be judged."""


class Page(NamedTuple):
    """A part of a document, as a document: its text, parsed, and the names that lead to the container that it goes on
    with (`within`) and to the one that it leaves open (`left`); None at the document's beginning and end."""

    text: bytes
    data: JSON
    within: tuple[str, ...] | None
    left: tuple[str, ...] | None


@dataclass(slots=True)
class _Level:
    """A container that is open: a list or an object, the text before its bracket, in which its name stands last, and
    the place of the last comma after a container in it (-1: none yet)."""

    listed: bool
    before: bytes
    comma: int = -1


@dataclass(slots=True)
class Splitter:
    """Cuts a document that arrives in parts. `most` are the bytes of the longest item that is taken."""

    decode: Decode
    most: int
    _text: bytearray = field(default_factory=bytearray)
    _levels: list[_Level] = field(default_factory=list)
    _enough: int = 0

    def feed(self, part: bytes) -> None:
        """Take the next part of the document."""
        self._text += part

    def page(self, *, last: bool) -> Page | None:
        """The next page, or None where more has to come first; after the last part, what is left. Raises Unreadable."""
        text = self._text
        if len(text) >= max(self._enough, PAGE):
            found = self._guessed(b"},", _GUESSES) or self._counted() or self._guessed(b",", _GUESSES)
            if found is not None:
                self._enough = 0
                return found
            if len(text) > self.most:
                raise Unreadable
            self._enough = min(2 * len(text), self.most + 1)
        if not last or not text:
            return None
        return self._taken(len(text), None)

    def _guessed(self, end_of_item: bytes, guesses: int) -> Page | None:
        """A page up to one of the last places in the container that is open which look like the end of an item."""
        if not self._levels:
            return None
        opener, closer = (b"[", b"]") if self._levels[-1].listed else (b"{", b"}")
        end = len(self._text)
        for _ in range(guesses):
            end = self._text.rfind(end_of_item, 0, end)
            if end < 0:
                return None
            comma = end + len(end_of_item) - 1
            text = b"".join((opener, self._text[:comma], closer))
            data, parsed = self.decode(text)
            if parsed:
                del self._text[: comma + 1]
                names = self._names()
                for name in reversed(names):
                    data = {name: data}
                return Page(text, data, names, names)
        return None

    def _counted(self) -> Page | None:
        """A page up to the end of an item, found by counting: outermost first where that is most of the text, else of
        the list that is reached."""
        opened = self._opened()
        for depth, here in enumerate(opened):
            if here.comma >= PAGE // 2 or (here.comma >= 0 and here.listed):
                return self._taken(here.comma, opened[: depth + 1])
            if here.listed:
                return None
        return None

    def _opened(self) -> list[_Level]:
        """The containers that are open at the end of the text."""
        text = bytes(self._text)
        opened, at = [_Level(level.listed, level.before) for level in self._levels], 0
        while found := _BRACKET.match(text, at):
            at = found.end()
            bracket = text[at - 1]
            if bracket in b"[{":
                opened.append(_Level(bracket == _LIST, found[0][:-1]))
                continue
            if not opened:
                raise Unreadable
            opened.pop()
            comma = _COMMA.match(text, at)
            if comma is not None and opened:
                opened[-1].comma = comma.end() - 1
        return opened

    def _taken(self, end: int, left: list[_Level] | None) -> Page:
        """The text up to there as a page, which leaves these containers open; None where it is the last."""
        within = self._names() if self._levels else None
        begin = b"".join(_opening(level, named=depth > 0) for depth, level in enumerate(self._levels))
        close = b"".join(b"]" if level.listed else b"}" for level in reversed(left or ()))
        text = b"".join((begin, self._text[:end], close))
        data, parsed = self.decode(text)
        if not parsed:
            raise Unreadable
        del self._text[: end + 1]
        self._levels = left or []
        return Page(text, data, within, self._names() if left is not None else None)

    def _names(self) -> tuple[str, ...]:
        """The names that lead from the root to the container that is open."""
        return tuple(str(self.decode(_name(level))[0]) for level in self._levels[1:])


def _opening(level: _Level, *, named: bool) -> bytes:
    bracket = b"[" if level.listed else b"{"
    return _name(level) + b":" + bracket if named else bracket


def _name(level: _Level) -> bytes:
    """A container's name in the one that it is in, in JSON."""
    names = _STRING.findall(level.before)
    if not names:
        raise Unreadable
    name: bytes = names[-1]
    return name


_LIST: Final = ord("[")
_BRACKET: Final = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+[{}\[\]]', re.DOTALL)
"""Up to the next bracket that stands in no string."""
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_COMMA: Final = re.compile(rb"[ \t\r\n]*,")


@dataclass(slots=True)
class _Written:
    """A container that has been begun and not been ended in what was written."""

    close: bytes
    name: str
    filled: bool = False


class Joiner:
    """Writes pages out again as the one document that they are."""

    __slots__ = ("_encode", "_open")

    def __init__(self, encode: Callable[[JSON], bytes]) -> None:
        self._encode = encode
        self._open: list[_Written] = []

    def written(self, data: JSON, left: tuple[str, ...] | None) -> bytes:
        """What a page adds to the document; it leaves the containers at `left` open."""
        out: list[bytes] = []
        if isinstance(data, (dict, list)):
            self._container(data, "", 0, left, out)
        elif not self._open:
            out.append(self._encode(data))
        return b"".join(out)

    def _container(
        self, value: dict[str, JSON] | list[JSON], name: str, depth: int, left: tuple[str, ...] | None, out: list[bytes]
    ) -> None:
        if depth == len(self._open):
            out.append(b"[" if isinstance(value, list) else b"{")
            self._open.append(_Written(b"]" if isinstance(value, list) else b"}", name))
        if isinstance(value, list):
            self._add(depth, self._encode(value)[1:-1], out)
        else:
            self._members(value, depth, left, out)
        if left is None or len(left) < depth:
            self._close(depth, out)

    def _members(self, value: dict[str, JSON], depth: int, left: tuple[str, ...] | None, out: list[bytes]) -> None:
        """An object's members: first what goes on from the page before, last what the next one goes on with."""
        stays = left[depth] if left is not None and len(left) > depth else None
        on = self._open[depth + 1].name if depth + 1 < len(self._open) else None
        if on is not None and (on not in value or not isinstance(value[on], (dict, list))):
            self._close(depth + 1, out)
            on = None
        for name, member in value.items():
            deeper = left if name == stays else None
            if name == on and isinstance(member, (dict, list)):
                self._container(member, name, depth + 1, deeper, out)
            elif name == stays and isinstance(member, (dict, list)):
                self._add(depth, self._encode(name) + b":", out)
                self._container(member, name, depth + 1, deeper, out)
            else:
                self._add(depth, self._encode(name) + b":" + self._encode(member), out)

    def _add(self, depth: int, text: bytes, out: list[bytes]) -> None:
        if not text:
            return
        if self._open[depth].filled:
            out.append(b",")
        self._open[depth].filled = True
        out.append(text)

    def _close(self, depth: int, out: list[bytes]) -> None:
        out.extend(level.close for level in reversed(self._open[depth:]))
        del self._open[depth:]
