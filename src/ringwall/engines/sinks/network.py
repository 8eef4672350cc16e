"""Whether a value of the request chose an address that is none of its business: server-side request forgery (CWE-918).

The application's own connections, to its database on loopback for one, are not named by any request and pass.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Final

REASON: Final = "sinks.network"

_EDGE: Final = r"[\w.-]"
_EXTERNAL: Final = re.compile(r"<!(?:DOCTYPE|ENTITY)\b|<[\w:]*include\b", re.IGNORECASE)
_SHARED: Final = ipaddress.ip_network("100.64.0.0/10")
_METADATA: Final = frozenset({"169.254.169.254", "fd00:ec2::254", "168.63.129.16", "100.100.100.200"})
_HOST: Final = re.compile(r"[\w.:%-]+")

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
    except OSError:
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
    """Whether the value holds this host name or number, as a whole."""
    if not host or host.lower() not in given.lower():
        return False
    return re.search(rf"(?<!{_EDGE}){re.escape(host)}(?!{_EDGE})", given, re.IGNORECASE) is not None


def _same(address: str, target: Address | None, given: str) -> bool:
    """Whether the value holds this address in any notation."""
    if _named(address, given):
        return True
    if target is None or len(given) > 4096:
        return False
    return any(address_of(part) == target for part in _parts(given))


def _parts(given: str) -> list[str]:
    found = _HOST.findall(given)
    return [part for whole in found for part in {whole, whole.rpartition(":")[0], whole.strip(":")} if _numeric(part)]


def _numeric(text: str) -> bool:
    return len(text) > 2 and (text[0].isdigit() or ":" in text)
