"""URLs of a field that the contract calls `url`: http and https to a public host, in one spelling (RFC 3986).

Literal addresses only are judged here; what a name resolves to is for the socket's own guard, when it connects.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import idna

from ringwall.engines.schema.text import flaw_of


@dataclass(frozen=True, slots=True)
class Policy:
    """Schemes that may stand, and hosts (with everything below them; empty: any public host)."""

    schemes: frozenset[str] = frozenset({"http", "https"})
    hosts: frozenset[str] = frozenset()


WEB = Policy()

_STRAY = re.compile(r"[\x00-\x20\x7f\\<>\"^`{|}]")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_LOCAL = ("localhost", "local", "internal", "localdomain", "home.arpa", "intranet", "lan", "corp")


def is_allowed(url: str, policy: Policy = WEB) -> bool:
    """Whether a URL names a scheme and host that the policy allows, and no two readers differ on which."""
    if _STRAY.search(url) or flaw_of(url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme not in policy.schemes or not host or "@" in parts.netloc or "%" in parts.netloc:
        return False
    return _host_allowed(host.rstrip("."), policy)


def _host_allowed(host: str, policy: Policy) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _name_allowed(host, policy)
    return not policy.hosts and is_public(address)


def _name_allowed(host: str, policy: Policy) -> bool:
    last = host.rpartition(".")[2]
    if _NUMBER.fullmatch(last) or ":" in host:
        return False  # an address in a spelling that only some readers know: 0x7f.1, 2130706433, 127.1
    try:
        plain = idna.encode(host, uts46=False).decode()
    except idna.IDNAError:
        return False
    if any(plain == name or plain.endswith("." + name) for name in _LOCAL) or "." not in plain or _mixed(host):
        return False
    return not policy.hosts or any(plain == name or plain.endswith("." + name) for name in policy.hosts)


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the open Internet, seen through every wrapping of IPv4 in IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return False
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _mixed(host: str) -> bool:
    """Latin letters beside look-alikes of Cyrillic or Greek in one label: a confusable name (UTS #39, 5.1)."""
    return any(re.search(r"[a-z]", label) and re.search(r"[Ͱ-Ͽ\u0400-\u052f]", label) for label in host.split("."))
