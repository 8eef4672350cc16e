"""Puts the sink hooks into the process: an audit hook (PEP 578) and a few wrappers, once, and for good.

They act only while `current.exchange` is set; an audit hook can never be taken out again, so they cost little.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from typing import Final

from ringwall.adapters import audit, jinja, names, sqlalchemy, sqlite, threads

_once: Final = threading.Lock()
_installed: list[str] = []


def install() -> None:
    """Install every hook whose library is there. Again: only those whose library has come since."""
    with _once:
        if not _installed:
            _installed.append("python")
            for module in (names, sqlite, sqlalchemy, jinja, threads):
                module.install()
            if importlib.util.find_spec("uvloop"):
                from ringwall.adapters import uvloop

                uvloop.install()
            sys.addaudithook(audit.hook)
        if "django" not in _installed and _has_django():
            _installed.append("django")
            from ringwall.adapters import django

            django.install()


def _has_django() -> bool:
    """Whether the application is Django's: it has then set its settings up."""
    if "django.conf" not in sys.modules or importlib.util.find_spec("django.db") is None:
        return False
    from django.conf import settings  # type: ignore[import-untyped]

    return bool(settings.configured)
