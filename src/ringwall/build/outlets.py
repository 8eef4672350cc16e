"""Outlets and telemetry as a contract states them. A secret that is not in the environment is told at start."""

from __future__ import annotations

import os

import orjson

from ringwall.contract.model_monitoring import Notify
from ringwall.core.ports import Unavailable
from ringwall.monitoring.outlets.delivery import Delivery, Send
from ringwall.monitoring.outlets.email import email
from ringwall.monitoring.outlets.syslog import syslog
from ringwall.monitoring.outlets.webhook import webhook
from ringwall.monitoring.telemetry import Telemetry, telemetry
from ringwall.state.alert_persons import Persons, opened_message
from ringwall.state.spool import Spool


def deliveries(notify: Notify, spool: Spool, persons: Persons) -> list[tuple[Delivery, str]]:
    """What delivers alerts, and the least level of each: whom they are about waits sealed, and leaves in clear while
    the key lives. Raises Unavailable where a secret or a CA is not to be had."""
    found: list[tuple[Delivery, str]] = []
    try:
        for number, hook in enumerate(notify.webhooks):
            send = webhook(hook.url, _secret(hook.secret_env), hook.ca)
            found.append((Delivery(f"webhook-{number}", spool, _opening(send, persons)), hook.least))
        if notify.email is not None:
            password = _secret(notify.email.password_env) if notify.email.password_env else None
            send = _opening(email(notify.email, password), persons)
            found.append((Delivery("email", spool, send), notify.email.least))
        if notify.syslog is not None:
            send = _opening(syslog(notify.syslog), persons)
            found.append((Delivery("syslog", spool, send), notify.syslog.least))
    except OSError as flaw:
        raise Unavailable(f"monitoring.notify: {flaw}") from None
    return found


def watchers(notify: Notify) -> list[Telemetry]:
    """What sends telemetry. Raises Unavailable where OpenTelemetry is not installed."""
    return [telemetry(notify.otel)] if notify.otel is not None else []


def _opening(send: Send, persons: Persons) -> Send:
    def opened(identity: str, body: bytes) -> None:
        send(identity, orjson.dumps(opened_message(orjson.loads(body), persons)))

    return opened


def _secret(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise Unavailable(f"monitoring.notify: the environment has no {name}")
    return value
