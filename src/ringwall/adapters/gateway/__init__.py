"""The reverse-proxy gateway: HTTP/1.1 on asyncio with llhttp, a wall in front of an application in any language.

It moves bytes and decides nothing. Every request, and all bytes that are none, end in an event of the Exchange's.
"""

from ringwall.adapters.gateway.bounds import Bounds, Upstream
from ringwall.adapters.gateway.fetch import fetcher
from ringwall.adapters.gateway.server import Gateway, Server

__all__ = ["Bounds", "Gateway", "Server", "Upstream", "fetcher"]
