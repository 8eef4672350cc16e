"""Which groups a TLS server agrees on keys with. Python takes one curve alone (`set_ecdh_curve`) before 3.15, and by
itself it offers all that OpenSSL has; a whole list comes by way of OpenSSL's own configuration.

The configuration holds for contexts made while it is loaded, and is taken back: clients of this process and the
application's own servers stay as they were.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import ssl
import tempfile
import threading
from collections.abc import Iterator
from typing import Any, Final

log: Final = logging.getLogger("ringwall.tls")
GROUPS: Final = ("X25519", "P-256", "P-384")
"""RFC 9325, section 4.4, and Mozilla's recommendation for servers; P-521 and X448 cost more and protect nobody more."""
_HYBRID: Final = "X25519MLKEM768"
_HYBRID_SINCE: Final = (3, 5)
_FORM: Final = (
    "openssl_conf = ringwall\n[ringwall]\nssl_conf = contexts\n[contexts]\n{name} = settings\n[settings]\n{set}\n"
)
_lock: Final = threading.Lock()


def stated_groups() -> tuple[str, ...]:
    """The groups in their order; first the one that a quantum computer does not break, where OpenSSL has it."""
    return (_HYBRID, *GROUPS) if ssl.OPENSSL_VERSION_INFO[:2] >= _HYBRID_SINCE else GROUPS


def server_side() -> ssl.SSLContext:
    """A fresh context of a server with these groups alone; with OpenSSL's own, and a word in the log, where neither
    Python nor its OpenSSL can be told."""
    named = ":".join(stated_groups())
    if hasattr(ssl.SSLContext, "set_groups"):  # Python 3.15
        context: Any = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_groups(named)
        return context  # type: ignore[no-any-return]
    with _configured(named):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


@contextlib.contextmanager
def _configured(named: str) -> Iterator[None]:
    """Within it, every new context has these groups. `system_default` is the section that OpenSSL applies by itself."""
    load = _loader()
    with _lock:
        if load is None or not _loaded(load, _FORM.format(name="system_default", set=f"Groups = {named}")):
            log.info("this Python's OpenSSL cannot be told its groups: it offers all that it has")
            yield
            return
        try:
            yield
        finally:  # a section that nobody asks for, and then what the machine states
            _loaded(load, _FORM.format(name="unused", set="MinProtocol = TLSv1.2"))
            load(None, None, 0)


def _loader() -> Any:
    """`CONF_modules_load_file` of the library that `ssl` itself runs on; None where it is linked in and hidden."""
    try:
        import _ssl

        load = ctypes.CDLL(_ssl.__file__).CONF_modules_load_file
    except (AttributeError, OSError, ImportError):
        return None
    load.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong)
    load.restype = ctypes.c_int
    return load


def _loaded(load: Any, text: str) -> bool:
    with tempfile.NamedTemporaryFile("w", suffix=".cnf") as file:
        file.write(text)
        file.flush()
        return bool(load(file.name.encode(), None, 0) > 0)
