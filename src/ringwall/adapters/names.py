"""Remembers which host name an exchange looked up to get an address, so that a connection can be judged by both.

A connection alone shows an address. Whether the request chose it is seen from the name.
"""

from __future__ import annotations

import functools
import socket
from collections import OrderedDict
from typing import Any, Final

from ringwall.adapters import current

_KEPT: Final = 4096
_hosts: Final[OrderedDict[tuple[str, str], str]] = OrderedDict()


def hosts_of(address: str) -> tuple[str, ...]:
    """The host that the running exchange asked for to get this address, or "" where it asked for none."""
    exchange = current.exchange.get()
    if exchange is None:
        return ("",)
    return (_hosts.get((exchange.known.request_id, address), ""),)


def resolved(target: str) -> tuple[str, ...]:
    """The addresses of a name that was handed to a socket unresolved; none for an address."""
    if target.replace(".", "").isdigit() or ":" in target:
        return ()
    token = current.exchange.set(None)
    try:
        return tuple({str(info[4][0]) for info in socket.getaddrinfo(target, None)})
    except OSError:
        return ()
    finally:
        current.exchange.reset(token)


def _remember(host: object, infos: list[Any]) -> None:
    exchange = current.exchange.get()
    if exchange is None or not isinstance(host, str | bytes):
        return
    name = host if isinstance(host, str) else host.decode("ascii", "replace")
    for info in infos:
        _hosts[exchange.known.request_id, str(info[4][0])] = name
    while len(_hosts) > _KEPT:
        _hosts.popitem(last=False)


def install() -> None:
    """Watch the standard library's name look-ups."""
    plain = socket.getaddrinfo

    @functools.wraps(plain)
    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        infos = plain(host, *args, **kwargs)
        _remember(host, infos)
        return infos

    socket.getaddrinfo = getaddrinfo
