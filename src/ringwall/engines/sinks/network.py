"""Whether a value of the request chose an address that is none of its business: server-side request forgery (CWE-918).

The application's own connections, to its database on loopback for one, are not named by any request and pass.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Final

REASON: Final = "sinks.network"

_EXTERNAL: Final = re.compile(r"<!(?:DOCTYPE|ENTITY)\b|<[\w:]*include\b", re.IGNORECASE)
_SHARED: Final = ipaddress.ip_network("100.64.0.0/10")
_METADATA: Final = frozenset({"169.254.169.254", "fd00:ec2::254", "168.63.129.16", "100.100.100.200"})
_NUMBER: Final = re.compile(r"(?:0[xX])?\d[\da-fA-FxX.]*|(?<=\[)[\da-fA-F:.]+(?=\])")
_BEFORE: Final = frozenset(("", *"/\\@=\"'>([,"))
_AFTER: Final = frozenset(("", *":/\\?#\"'<&)],"))
_LONGEST: Final = 65_536
"""Characters of a value beyond which no other notations are looked for; the address as it is always is."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_of(text: str) -> Address | None:
    """An address in any notation that a socket takes: also `127.1`, `0x7f000001`, `2130706433`, `017700000001`."""
    bare = text.strip("[]").partition("%")[0]
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(bare)) if bare.isascii() and " " not in bare else None
    except (OSError, ValueError):  # ValueError: a NUL, which no C string holds
        return None


def internal(address: Address) -> bool:
    """Loopback, private, link-local, shared, reserved, or a cloud's metadata service (RFC 6890 and beyond)."""
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if mapped is not None and internal(mapped):
        return True
    if str(address) in _METADATA or (address.version == 4 and address in _SHARED):
        return True
    return not address.is_global or address.is_multicast


def network_target(host: str, address: str, given: str) -> str | None:
    """The reason to refuse connecting to `address` (asked for as `host`, or "") because of one value, or None."""
    target = address_of(address) or address_of(host)
    if not _named(host, given) and not _same(address, target, given):
        return None
    if _EXTERNAL.search(given):
        return REASON  # an XML text decides no address at all, inside or out
    return REASON if target is None or internal(target) else None


def _named(host: str, given: str) -> bool:
    """Whether the value names this host, as one: the whole value, or where a URL or a quoted text has it."""
    low, text = host.lower(), given.strip().lower()
    at = text.find(low) if low else -1
    while at >= 0:
        if _placed(text, at, at + len(low)):
            return True
        at = text.find(low, at + 1)
    return False


def _placed(text: str, start: int, end: int) -> bool:
    """Whether a host can stand there. In prose ("it runs on localhost, I think") it stands between blanks."""
    return text[max(start - 1, 0) : start] in _BEFORE and text[end : end + 1] in _AFTER


def _same(address: str, target: Address | None, given: str) -> bool:
    """Whether the value names this address in any notation."""
    if _named(address, given):
        return True
    if target is None or len(given) > _LONGEST:
        return False
    text = given.strip()
    return any(_placed(text, *found.span()) and address_of(found.group()) == target for found in _NUMBER.finditer(text))
