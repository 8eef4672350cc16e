"""Where an attack happens: a fresh directory, credentials, a loopback listener, and what a thief would get.

Nothing here leaves 127.0.0.1 or the given directory.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Protocol, Self

from ringwall.attacks.case import Headers


class Credentials(Protocol):
    """How the demo's accounts and keys prove themselves to the target."""

    def headers(self, caller: str) -> Headers:
        """The headers that authenticate `caller`: an account's name, `key:NAME`, `session:NAME`, or `none`."""

    def token(self, account: str) -> str:
        """A valid access token of the account."""

    def password(self, account: str) -> str:
        """The account's password."""

    def subject(self, account: str) -> str:
        """The account's subject."""

    def public_key(self) -> bytes:
        """The PEM of the key that verifies tokens, which anybody may have."""


class Surroundings(Protocol):
    """The facts that a case's placeholders and signs need."""

    @property
    def credentials(self) -> Credentials: ...
    @property
    def host(self) -> str: ...
    @property
    def mark(self) -> str: ...
    @property
    def marker(self) -> Path: ...
    @property
    def secret(self) -> Path: ...
    @property
    def database(self) -> Path: ...
    @property
    def listener(self) -> str: ...
    def hits(self) -> tuple[str, ...]:
        """The targets that were asked of the listener."""

    def stolen(self) -> Iterator[bytes]:
        """Every file that a thief of the disk carries off."""

    def opened(self, holder: str) -> Iterator[bytes]:
        """What that thief opens with the data keys of one holder."""


@dataclass(frozen=True, slots=True)
class Open:
    """Credentials for a target that asks for none: well-formed and worthless."""

    def headers(self, caller: str) -> Headers:
        """A bearer header, except for `none`."""
        return () if caller == "none" else (("Authorization", f"Bearer {self.token(caller)}"),)

    def token(self, account: str) -> str:
        """A token in form only."""
        return f"e30.e30.{account.replace(':', '-')}"

    def password(self, account: str) -> str:
        """A password in form only."""
        return f"correct-{account}"

    def subject(self, account: str) -> str:
        """The account's subject in the demo."""
        return f"acc-{account}"

    def public_key(self) -> bytes:
        """A key in form only."""
        return b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"


class Listener:
    """A service that only insiders should reach: answers with `mark`, remembers what was asked."""

    def __init__(self, mark: str) -> None:
        self.hits: list[str] = []
        self._server: ThreadingTCPServer | None = None
        self._mark = mark

    def url(self) -> str:
        """`http://127.0.0.1:PORT`; starts listening when first asked."""
        if self._server is None:
            self._server = ThreadingTCPServer(("127.0.0.1", 0), self._handler())
            self._server.daemon_threads = True
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stops listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _handler(self) -> type[BaseRequestHandler]:
        hits, answer = self.hits, f"internal {self._mark}".encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hits.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler


@dataclass(slots=True)
class Grounds:
    """The surroundings of one run, under `root`, which must be empty; a context manager.

    The target's own directory is `root/clinic`. `stores` are the directories that a thief carries off: the
    target's, and whatever the protection keeps beside it except the keys; `lift` has what one holder's keys open.
    """

    root: Path
    credentials: Credentials = field(default_factory=Open)
    stores: tuple[Path, ...] = ()
    host: str = "clinic.example"
    mark: str = "sealed-9c1f27e4"
    lift: Callable[[str], Iterable[bytes]] = lambda holder: ()
    _listener: Listener = field(init=False)

    def __post_init__(self) -> None:
        self._listener = Listener(self.mark)
        self.directory.mkdir(parents=True)
        self.stores = self.stores or (self.directory,)
        self.secret.write_text(f"outside secret {self.mark}\n", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    @property
    def directory(self) -> Path:
        """The target's own directory."""
        return self.root / "clinic"

    @property
    def database(self) -> Path:
        """The target's SQLite file."""
        return self.directory / "clinic.db"

    @property
    def marker(self) -> Path:
        """A file that only a successful attack writes."""
        return self.root / "marker.txt"

    @property
    def secret(self) -> Path:
        """A file outside the target's directory, which holds `mark`."""
        return self.root / "secret.txt"

    @property
    def listener(self) -> str:
        """The URL of the listener."""
        return self._listener.url()

    def hits(self) -> tuple[str, ...]:
        """The targets that were asked of the listener."""
        return tuple(self._listener.hits)

    def stolen(self) -> Iterator[bytes]:
        """Every file under `stores`."""
        for store in self.stores:
            for path in sorted(store.rglob("*")):
                if path.is_file():
                    yield path.read_bytes()

    def opened(self, holder: str) -> Iterator[bytes]:
        """What a holder's data keys open; nothing where there are none."""
        yield from self.lift(holder)
