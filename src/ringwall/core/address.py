"""What counts as one caller's address."""

from __future__ import annotations

import ipaddress


def network(address: str) -> str:
    """What counts as one caller: an IPv4 address, mapped into IPv6 or not, or the /64 of another IPv6 one (what one
    subscriber holds)."""
    if ":" not in address:
        return address
    try:
        whole = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    mapped = whole.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.IPv6Network((int(whole) >> 64 << 64, 64)))
