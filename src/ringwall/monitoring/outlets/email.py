"""Alerts by mail: SMTP over TLS, verified, never in clear."""

from __future__ import annotations

import json
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from typing import Final

from ringwall.contract.model_monitoring import Email
from ringwall.monitoring.outlets.delivery import Refused, Send

TIMEOUT_S: Final = 20.0


def email(given: Email, password: str | None) -> Send:
    """What mails to the contract's addresses. Raises OSError where the CA is none."""
    context = ssl.create_default_context(cafile=given.ca)

    def send(identity: str, body: bytes) -> None:
        message = _message(given, identity, json.loads(body))
        try:
            with _connected(given, context) as server:
                if given.user is not None and password is not None:
                    server.login(given.user, password)
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as said:
            raise Refused("the server takes mail for none of the addresses") from said
        except smtplib.SMTPException as said:
            raise OSError(f"the mail server: {type(said).__name__}") from said

    return send


def _connected(given: Email, context: ssl.SSLContext) -> smtplib.SMTP:
    if given.implicit:
        return smtplib.SMTP_SSL(given.host, given.port, timeout=TIMEOUT_S, context=context)
    server = smtplib.SMTP(given.host, given.port, timeout=TIMEOUT_S)
    try:
        server.starttls(context=context)
    except BaseException:
        server.close()
        raise
    return server


def _message(given: Email, identity: str, alert: dict[str, object]) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = given.sender, ", ".join(given.to)
    message["Subject"] = _line(f"[ringwall] {alert.get('level')}: {alert.get('title')}")
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{identity}.{alert.get('id')}@ringwall>"
    told = ("explanation", "level", "rule", "principal", "client", "operation", "count", "at", "id")
    lines = [f"{name}: {_line(str(alert[name]))}" for name in told if alert.get(name)]
    message.set_content("\n".join([str(alert.get("title")), "", *lines, "", f"ringwall incident {alert.get('id')}"]))
    return message


def _line(text: str) -> str:
    """One line, whatever the text holds."""
    return "".join(c if c.isprintable() else " " for c in text)[:300]
