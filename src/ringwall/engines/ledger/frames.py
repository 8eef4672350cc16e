"""One record's line on disk: its number, the record, its Merkle leaf hash and an authentication tag.

    {"n":7,"record":{...},"leaf":"<64 hex>","tag":"<32 hex>"}\\n

The leaf hash is RFC 6962's over the record's bytes. The tag is keyed BLAKE2b (RFC 7693, 16 bytes) over the
number as 8 big-endian bytes and the leaf hash: it binds a record to its place, so that the holder of the key
can name the very record that was changed, and not only the signed batch it is in.
"""

from __future__ import annotations

import re
from binascii import hexlify, unhexlify
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Self

MAX_RECORD = 0xFFFF
TAG_BYTES = 16
MAX_LINE = MAX_RECORD + 256

LEAF_AT = -len(b"0" * 64 + b'","tag":"' + b"0" * 32 + b'"}')
TAG_AT = -len(b"0" * 32 + b'"}')
SUFFIX_AT = LEAF_AT - len(b',"leaf":"')

_LINE = re.compile(
    rb'\{"n":(0|[1-9][0-9]{0,17}),"record":(\{.*\}),"leaf":"([0-9a-f]{64})","tag":"([0-9a-f]{32})"\}', re.DOTALL
)


class Tagger:
    """Computes tags under one key (32 bytes), which it never shows."""

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        self._keyed = blake2b(key=key, digest_size=TAG_BYTES)

    def tag(self, index: int, leaf: bytes) -> bytes:
        """The tag, 32 hexadecimal digits, of the record with this number and leaf hash."""
        keyed = self._keyed.copy()
        keyed.update(index.to_bytes(8, "big") + leaf)
        return hexlify(keyed.digest())


def encode(index: int, record: bytes, tagger: Tagger) -> tuple[bytes, bytes]:
    """The line with its newline, and the leaf hash. Raises ValueError for what is no one-line JSON object."""
    if record[:1] != b"{" or record[-1:] != b"}" or b"\n" in record or len(record) > MAX_RECORD:
        raise ValueError(f"a record is one JSON object of at most {MAX_RECORD} bytes without a newline")
    leaf = sha256(b"\x00" + record).digest()
    line = b'{"n":%d,"record":%b,"leaf":"%b","tag":"%b"}\n' % (
        index,
        record,
        hexlify(leaf),
        tagger.tag(index, leaf),
    )
    return line, leaf


_GONE = re.compile(rb'\{"n":(0|[1-9][0-9]{0,17}),"gone":true,"leaf":"([0-9a-f]{64})","tag":"([0-9a-f]{32})"\}')


SHORT = 170
"""No line of a removed record is longer, and hardly another as short."""


def is_gone(line: bytes) -> bool:
    """Whether a line stands for a record that was removed on purpose."""
    return _GONE.fullmatch(line) is not None


def gone(line: bytes, tagger: Tagger) -> bytes:
    """The line, without a newline, that takes the place of a record's: its number and leaf hash, so that the tree stays
    whole, and a tag that only the key's holder can make. Raises ValueError where the line is no authentic record."""
    frame = Frame.parse(line)
    if frame is None or not frame.authentic(tagger, frame.index):
        raise ValueError("only an authentic record is removed")
    tag = tagger.tag(frame.index, frame.leaf + b"gone")
    return b'{"n":%d,"gone":true,"leaf":"%b","tag":"%b"}' % (frame.index, hexlify(frame.leaf), tag)


@dataclass(frozen=True, slots=True)
class Frame:
    """A line taken apart. What it states may be false: `holds` and `authentic` tell."""

    index: int
    record: bytes
    leaf: bytes
    tag: bytes

    @classmethod
    def parse(cls, line: bytes) -> Self | None:
        """The frame of a line (without its newline), or None where it is none."""
        match = _LINE.fullmatch(line)
        if match is None:
            return None
        return cls(int(match[1]), match[2], bytes.fromhex(match[3].decode()), match[4])

    @property
    def holds(self) -> bool:
        """Whether the leaf hash is the record's."""
        return sha256(b"\x00" + self.record).digest() == self.leaf

    def authentic(self, tagger: Tagger | None, index: int) -> bool:
        """Whether the key's holder wrote this record as number `index`; without a key, whether it says so."""
        if not self.holds:
            return False
        return self.index == index if tagger is None else tagger.tag(index, self.leaf) == self.tag


def authenticated(lines: Sequence[bytes], first: int, tagger: Tagger | None) -> list[bytes]:
    """The leaf hashes of lines numbered from `first`, up to the first line that is not to the byte what
    `encode` wrote there. Without a key the tag is taken as it stands."""
    leaves: list[bytes] = []
    tag_of = tagger.tag if tagger else None
    for index, line in enumerate(lines, first):
        start = b'{"n":%d,"record":' % index
        leaf = sha256(b"\x00" + line[len(start) : SUFFIX_AT]).digest()
        tag = tag_of(index, leaf) if tag_of else line[TAG_AT:-2]
        if not line.startswith(start) or line[SUFFIX_AT:] != b',"leaf":"%b","tag":"%b"}' % (hexlify(leaf), tag):
            removed = _removed(line, index, tagger)
            if removed is None:
                break
            leaf = removed
        leaves.append(leaf)
    return leaves


def _removed(line: bytes, index: int, tagger: Tagger | None) -> bytes | None:
    """The leaf hash of a record that the key's holder removed; None for any other line."""
    match = _GONE.fullmatch(line)
    if match is None or int(match[1]) != index:
        return None
    leaf = unhexlify(match[2])
    return leaf if tagger is None or tagger.tag(index, leaf + b"gone") == match[3] else None


def stated(lines: Sequence[bytes]) -> list[bytes]:
    """The leaf hashes that lines state, unchecked. Raises ValueError where a line has none."""
    return [unhexlify(line[LEAF_AT : LEAF_AT + 64]) for line in lines]
