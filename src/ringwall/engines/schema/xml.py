"""XML through a hardened parser: no document type, so no entities and nothing external; UTF-8 only; bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import DefusedXMLParser  # type: ignore[import-untyped]

_DECLARED = re.compile(r"""\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")


@dataclass(slots=True)
class Tag:
    """One element: its namespace ("": none) and local name, attributes by both, elements in order, and its own text."""

    space: str
    name: str
    attributes: dict[tuple[str, str], str]
    elements: list[Tag] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All character data that stands in the element itself."""
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One text of a document: the path of element names to it (`/a/b`, `/a/@id`), and the text."""

    path: str
    text: str


class _Bounded:
    """A target that stops at the bounds."""

    def __init__(self, depth: int, items: int) -> None:
        self.root: Tag | None = None
        self._open: list[Tag] = []
        self._depth, self._items, self._seen = depth, items, 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        made = Tag(*_parted(tag), {_parted(name): value for name, value in attributes.items()})
        self._seen += 1 + len(attributes)
        if len(self._open) >= self._depth or self._seen > self._items:
            raise ParseError("bounds")
        if self._open:
            self._open[-1].elements.append(made)
        else:
            self.root = made
        self._open.append(made)

    def data(self, text: str) -> None:
        self._open[-1].pieces.append(text)

    def end(self, tag: str) -> None:
        self._open.pop()

    def close(self) -> Element:
        return Element("done")


def parsed(content: bytes, depth: int, items: int) -> Tag | None:
    """The root of a well-formed document; None for anything else."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    declared = _DECLARED.match(text)
    if declared and declared.group(1).lower() not in ("utf-8", "us-ascii"):
        return None
    target = _Bounded(depth, items)
    parser = DefusedXMLParser(target=target, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(content)
        parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    return target.root


def leaves(root: Tag) -> Iterator[Leaf]:
    """All texts and attributes of a document, in order."""
    waiting = [("", root)]
    while waiting:
        above, tag = waiting.pop()
        at = f"{above}/{_token(tag.name)}"
        yield from (Leaf(f"{at}/@{_token(name)}", value) for (_, name), value in tag.attributes.items())
        if tag.text.strip():
            yield Leaf(at, tag.text)
        waiting.extend((at, below) for below in reversed(tag.elements))


def _parted(name: str) -> tuple[str, str]:
    """The namespace and the local name of ElementTree's `{namespace}name`."""
    space, _, local = name.rpartition("}")
    return space[1:], local


def _token(name: str) -> str:
    """A name in the shape of one pointer token."""
    return re.sub(r"[^A-Za-z0-9_.-]", "*", name)[:64]
