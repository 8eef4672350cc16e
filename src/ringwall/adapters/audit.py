"""CPython's audit events (PEP 578) as effects: processes, files, connections, and source that gets compiled.

Seen are those of Python's own library. What compiled extensions do by themselves raises no event.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Final

from ringwall.adapters import current
from ringwall.adapters.effects import show
from ringwall.adapters.names import hosts_of, resolved
from ringwall.core.effect import Effect
from ringwall.engines.sinks.shell import command_of

Arguments = tuple[Any, ...]

_WRITES: Final = os.O_WRONLY | os.O_RDWR


def hook(event: str, arguments: Arguments) -> None:
    """The audit hook. For other events, and outside an exchange, it does nothing."""
    seen = _EVENTS.get(event)
    if seen is not None and current.exchange.get() is not None:
        seen(arguments)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | os.PathLike):
        return os.fsdecode(value)
    return ""


def _open(arguments: Arguments) -> None:
    path, mode, flags = arguments
    text = _text(path)
    if text:
        writes = bool(flags & _WRITES) if isinstance(flags, int) else mode not in (None, "r", "rb")
        show(Effect("file", text, "write" if writes else "read"))


def _path(arguments: Arguments) -> None:
    if text := _text(arguments[0]):
        show(Effect("file", text, "write"))


def _paths(arguments: Arguments) -> None:
    _path(arguments[:1])
    _path(arguments[1:])


def _listing(arguments: Arguments) -> None:
    if text := _text(arguments[0]):
        show(Effect("file", text, "read"))


def _shell(arguments: Arguments) -> None:
    show(Effect("process", _text(arguments[0]), "shell"))


def _process(arguments: Arguments) -> None:
    """`executable, args, …`: the arguments, or what they hand to a shell."""
    words = arguments[1]
    if isinstance(words, str | bytes):
        return show(Effect("process", _text(words), "shell"))
    texts = [_text(word) for word in words]
    shell = command_of(texts)
    return show(Effect("process", shell or shlex.join(texts), "shell" if shell else "exec"))


def _spawn(arguments: Arguments) -> None:
    _process((None, *arguments[2:]))


def _argv(arguments: Arguments) -> None:
    _process((None, *arguments))


def _connect(arguments: Arguments) -> None:
    """`socket, address`: an IP address that some name led to, or a name that is yet to be looked up."""
    address = arguments[1]
    if not isinstance(address, tuple) or not address or not isinstance(address[0], str | bytes):
        return
    target = _text(address[0])
    for host in hosts_of(target):
        show(Effect("network", target, host))
    for found in resolved(target):
        show(Effect("network", found, target))


def _compile(arguments: Arguments) -> None:
    source, filename = arguments
    if isinstance(source, str | bytes) and filename == "<string>":
        text = source if isinstance(source, str) else source.decode("utf-8", "replace")
        show(Effect("template", text, "python"))


_EVENTS: Final[Mapping[str, Callable[[Arguments], None]]] = {
    "open": _open,
    "os.remove": _path,
    "os.rmdir": _path,
    "os.mkdir": _path,
    "os.truncate": _path,
    "os.rename": _paths,
    "os.link": _paths,
    "os.symlink": _paths,
    "os.listdir": _listing,
    "os.scandir": _listing,
    "os.system": _shell,
    "subprocess.Popen": _process,
    "os.exec": _process,
    "os.posix_spawn": _process,
    "os.spawn": _spawn,
    "pty.spawn": _argv,
    "socket.connect": _connect,
    "socket.sendto": _connect,
    "compile": _compile,
}
