"""Where a URL's host really leads: the addresses that only the server's own network can reach.

Host names are read as lenient resolvers do (inet_aton's octal, hexadecimal, short and single-number forms), and as
wildcard DNS services do. No name is resolved: what a public name points to is for the socket guard.
"""

from __future__ import annotations

import ipaddress
import re

from ringwall.engines.payload.vocabulary import words

# Names that cloud platforms and container runtimes document for their metadata and host services.
_LOCAL_NAMES = words(
    """
    localhost localhost.localdomain ip6-localhost ip6-loopback metadata metadata.google.internal instance-data
    metadata.goog kubernetes kubernetes.default host.docker.internal gateway.docker.internal unix
    ipv6-localhost ipv6-loopback metadata.packet.net metadata.platformequinix.com metadata.tencentyun.com
    docker.for.mac.localhost rancher-metadata broadcasthost loopback
    """
)
_LOCAL_SUFFIXES = (
    ".localhost",
    ".localdomain",
    ".internal",
    ".svc",
    ".consul",
    ".cluster.local",
    ".local",
    ".intranet",
    ".lan",
    ".corp",
    ".home.arpa",
)
# Public DNS zones that answer with the address written in the name, or with loopback.
_WILDCARD = re.compile(
    r"(?:^|\.)(?:nip\.io|sslip\.io|xip\.io|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|r3dir\.me"
    r"|1u\.ms|rbndr\.us|localdomain\.pw|yoogle\.com|spoofed\.burpcollaborator\.net|traefik\.me)$"
)
_EMBEDDED = re.compile(r"(?<!\d)(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})(?!\d)")
_PART = re.compile(r"0x[0-9a-f]+|0[0-7]*|[1-9]\d*")
# Link-local and carrier-grade addresses where clouds serve metadata (AWS, Azure, GCP, Alibaba, Oracle).
_METADATA = frozenset(
    map(ipaddress.ip_address, ("169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254"))
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def internal(host: str) -> str | None:
    """The kind of inside address `host` (no port, no userinfo) names, or None for an outside one."""
    name = host.strip("[]").rstrip(".").lower()
    if name in _LOCAL_NAMES or name.endswith(_LOCAL_SUFFIXES):
        return "local name"
    if _WILDCARD.search(name):
        return "wildcard name"
    address = parse(name)
    if address is not None and inside(address):
        return "inside address"
    return None


def parse(name: str) -> Address | None:
    """The address a lenient resolver reads in `name`, or None."""
    if ":" in name:
        try:
            return ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return None
    return _inet_aton(name)


def _inet_aton(name: str) -> Address | None:
    parts = name.split(".")
    if not 1 <= len(parts) <= 4 or not all(map(_PART.fullmatch, parts)) or any(len(p) > 24 for p in parts):
        return None
    numbers = [int(p, 16 if p[:2] == "0x" else 8 if p[0] == "0" else 10) for p in parts]
    *bytes_, last = numbers
    if (len(parts) < 4 and any(number > 255 for number in bytes_)) or (
        len(parts) == 1 and "x" not in name and last < 0x1000000 and last
    ):
        return None
    value = last % (1 << (8 * (5 - len(parts))))
    for place, number in enumerate(bytes_):
        value |= (number & 255) << (8 * (3 - place))  # some readers wrap octets beyond 255
    return ipaddress.IPv4Address(value & 0xFFFFFFFF)


def inside(address: Address) -> bool:
    """Loopback, private, link-local, unspecified, reserved or metadata, also when mapped into IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped or address.sixtofour or _nat64(address)
        if mapped is not None:
            return inside(mapped)
    return address in _METADATA or not address.is_global or address.is_multicast


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in ipaddress.ip_network("64:ff9b::/96") or (
        address in ipaddress.ip_network("::/96") and int(address) > 1
    ):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
