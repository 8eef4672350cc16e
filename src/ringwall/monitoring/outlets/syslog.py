"""Alerts to syslog: RFC 5424 messages over TLS, framed by their length (RFC 5425), on a connection that is kept."""

from __future__ import annotations

import json
import os
import socket
import ssl
from typing import Final

from ringwall.contract.model_monitoring import Syslog
from ringwall.monitoring.outlets.delivery import Send

TIMEOUT_S: Final = 10.0
FACILITY: Final = 13
"""Log audit (RFC 5424, section 6.2.1)."""
SEVERITY: Final = {"critical": 2, "high": 3, "medium": 4, "low": 5}
ENTERPRISE: Final = "ringwall@32473"
"""The number that RFC 5612 keeps for documentation: ringwall has none of its own."""


def syslog(given: Syslog) -> Send:
    """What sends to the contract's server. Raises OSError where the CA is none."""
    context = ssl.create_default_context(cafile=given.ca)
    held: list[ssl.SSLSocket] = []

    def send(identity: str, body: bytes) -> None:
        framed = message(identity, json.loads(body))
        try:
            if held and _closed(held[0]):
                held.pop().close()
            if not held:
                plain = socket.create_connection((given.host, given.port), timeout=TIMEOUT_S)
                held.append(context.wrap_socket(plain, server_hostname=given.host))
            held[0].sendall(b"%d " % len(framed) + framed)
        except OSError:
            if held:
                held.pop().close()
            raise

    return send


def _closed(connection: ssl.SSLSocket) -> bool:
    """Whether the server ended the connection: it says nothing else on it (RFC 5425, section 4.4)."""
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    finally:
        connection.settimeout(TIMEOUT_S)


def message(identity: str, alert: dict[str, object]) -> bytes:
    """One alert as an RFC 5424 message in UTF-8."""
    priority = FACILITY * 8 + SEVERITY.get(str(alert.get("level")), 6)
    names = ("id", "rule", "level", "principal", "client", "operation", "count")
    data = "".join(f' {name}="{_escaped(str(alert[name]))}"' for name in names if alert.get(name))
    host = _printable(socket.gethostname())[:255] or "-"
    head = f"<{priority}>1 {alert.get('at') or '-'} {host} ringwall {os.getpid()} {_printable(identity)[:32]}"
    text = " ".join(str(alert.get(name) or "") for name in ("title", "explanation"))
    return f"{head} [{ENTERPRISE}{data}] \ufeff{_line(text)}".encode()


def _escaped(value: str) -> str:
    """Section 6.3.3."""
    return _line(value).replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _printable(text: str) -> str:
    return "".join(c for c in text if "!" <= c <= "~")


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:1000]
