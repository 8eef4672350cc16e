"""Files in a form: what their first bytes say they are, and names that are safe on every system."""

from __future__ import annotations

import re

from ringwall.engines.schema.text import canonical, flaw_of

_SIGNATURES: tuple[tuple[bytes, int, tuple[str, ...]], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, ("image/png", "image/apng")),
    (b"\xff\xd8\xff", 0, ("image/jpeg", "image/jpg", "image/pjpeg")),
    (b"GIF87a", 0, ("image/gif",)),
    (b"GIF89a", 0, ("image/gif",)),
    (b"WEBP", 8, ("image/webp",)),
    (b"BM", 0, ("image/bmp", "image/x-ms-bmp")),
    (b"II*\0", 0, ("image/tiff",)),
    (b"MM\0*", 0, ("image/tiff",)),
    (b"%PDF-", 0, ("application/pdf",)),
    (b"PK\x03\x04", 0, ("application/zip", "application/x-zip-compressed", "application/epub+zip",
                        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                        "application/vnd.openxmlformats-officedocument.presentationml.presentation")),
    (b"PK\x05\x06", 0, ("application/zip", "application/x-zip-compressed")),
    (b"\x1f\x8b", 0, ("application/gzip", "application/x-gzip")),
    (b"BZh", 0, ("application/x-bzip2",)),
    (b"7z\xbc\xaf\x27\x1c", 0, ("application/x-7z-compressed",)),
    (b"OggS", 0, ("audio/ogg", "video/ogg", "application/ogg")),
    (b"fLaC", 0, ("audio/flac",)),
    (b"ID3", 0, ("audio/mpeg",)),
    (b"\xff\xfb", 0, ("audio/mpeg",)),
    (b"WAVE", 8, ("audio/wav", "audio/x-wav")),
    (b"ftyp", 4, ("video/mp4", "audio/mp4", "video/quicktime", "image/heic", "image/avif")),
    (b"\x1aE\xdf\xa3", 0, ("video/webm", "video/x-matroska", "audio/webm")),
    (b"{\\rtf", 0, ("application/rtf", "text/rtf")),
)  # fmt: skip
"""Bytes at an offset that begin a file of these types (each format's own specification)."""

_KNOWN = frozenset(media for _, _, types in _SIGNATURES for media in types)


def agrees(media_type: str, content: bytes) -> bool:
    """Whether content can be of the type that it claims, by its first bytes. Text holds no NUL; a type without a
    signature here is believed."""
    if not content:
        return True
    if media_type.startswith("text/"):
        return b"\0" not in content[:4096]
    if media_type not in _KNOWN:
        return True
    return any(
        media_type in types and content[offset : offset + len(magic)] == magic for magic, offset, types in _SIGNATURES
    )


_UNSAFE = re.compile(r'[/\\<>:"|?*\x00-\x1f]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def is_filename(name: str) -> bool:
    """Whether a name is one file, in the place where it is put, on every common system: no separator, no leading or
    trailing dot or space, no device name, at most 255 bytes of canonical text."""
    return (
        0 < len(name.encode("utf-8", "surrogatepass")) <= 255
        and not _UNSAFE.search(name)
        and not flaw_of(name)
        and name == name.strip(" .")
        and not _DEVICE.fullmatch(name)
    )


def safe_filename(name: str) -> str:
    """The nearest name that `is_filename`; "file" where nothing is left."""
    kept = _UNSAFE.sub("_", canonical(name).replace("\n", "_").replace("\t", "_"))[:80].strip(" .")
    return kept if kept and not _DEVICE.fullmatch(kept) else f"file_{kept}".strip("_ .")
