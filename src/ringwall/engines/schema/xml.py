"""XML through a hardened parser: no document type, so no entities and nothing external; UTF-8 only; bounded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import DefusedXMLParser  # type: ignore[import-untyped]

_DECLARED = re.compile(r"""\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One text of a document: the path of element names to it (`/a/b`, `/a/@id`), and the text."""

    path: str
    text: str


class _Bounded:
    """A target that builds no tree: it keeps leaves, and stops at the bounds."""

    def __init__(self, depth: int, items: int) -> None:
        self.leaves: list[Leaf] = []
        self._names: list[str] = []
        self._texts: list[list[str]] = []
        self._depth, self._items, self._seen = depth, items, 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._names.append(_local(tag))
        self._texts.append([])
        self._seen += 1 + len(attributes)
        if len(self._names) > self._depth or self._seen > self._items:
            raise ParseError("bounds")
        at = "/" + "/".join(self._names)
        self.leaves.extend(Leaf(f"{at}/@{_local(name)}", value) for name, value in attributes.items())

    def data(self, text: str) -> None:
        self._texts[-1].append(text)

    def end(self, tag: str) -> None:
        text = "".join(self._texts.pop())
        if text.strip():
            self.leaves.append(Leaf("/" + "/".join(self._names), text))
        self._names.pop()

    def close(self) -> Element:
        return Element("done")


def leaves(content: bytes, depth: int, items: int) -> tuple[Leaf, ...] | None:
    """All texts and attributes of a well-formed document; None for anything else."""
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
    return tuple(target.leaves)


def _local(name: str) -> str:
    """A name without its namespace, in the shape of one pointer token."""
    return re.sub(r"[^A-Za-z0-9_.-]", "*", name.rpartition("}")[2])[:64]
