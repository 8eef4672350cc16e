"""Serving a deployment: which application or upstream, behind which wall, on which socket, by how many processes."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ringwall.adapters.gateway import Gateway, Upstream, fetcher
from ringwall.adapters.inside import is_asgi
from ringwall.build import demo
from ringwall.build.assemble import Circumstances, assemble, prepare
from ringwall.build.assertion import Assertions
from ringwall.build.load import import_app, load_contract
from ringwall.build.own import Declare
from ringwall.build.protect import protected_asgi
from ringwall.build.renewal import Renewer
from ringwall.build.revocation import Revocation
from ringwall.build.runtime import Runtime, open_runtime
from ringwall.build.served import Bridge, serve_asgi, stopping
from ringwall.build.transit import Served, Transit, redirecting, served, tended
from ringwall.build.watch import monitor_of, run, watch_in_child
from ringwall.build.workers import Ready, supervise
from ringwall.contract.model import Contract
from ringwall.core.plan import Wall
from ringwall.core.ports import Unavailable
from ringwall.monitoring.monitor import LOG
from ringwall.state.dumps import forbid_dumps
from ringwall.state.journal_files import JournalUnavailable, hold
from ringwall.state.journal_tail import Tail
from ringwall.state.ocsp import STATES

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Deployment:
    """What `up` was asked for. `target` is empty for the clinic, `module:app`, or a URL; `port` 0 picks one."""

    target: str
    contract: Path | None
    openapi: str | None
    host: str
    port: int
    data: Path
    mode: str | None
    tls: str
    workers: int
    ready_file: Path | None
    transit: Transit = field(default_factory=Transit)
    more: tuple[Declare, ...] = ()

    @property
    def is_gateway(self) -> bool:
        """Whether the target is reached over HTTP."""
        return self.target.startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A deployment whose contract has been read: what is needed to serve it in any process."""

    wanted: Deployment
    contract: Contract
    app: Any
    served: Served | None
    plain: socket.socket | None
    url: str

    @property
    def tls(self) -> ssl.SSLContext | None:
        """What callers are met with; None where TLS is off."""
        return self.served.live.context if self.served else None

    @property
    def ca(self) -> Path | None:
        """What callers have to trust, where it was made here."""
        return self.served.ca if self.served else None

    @property
    def console(self) -> str | None:
        """Where the console is; None where the contract lets nobody use it, or nothing declares it."""
        return f"{self.url}/.ringwall/console/" if self.contract.console and self.wanted.more else None

    @property
    def issuer(self) -> str:
        """Who issues ringwall's own tokens: the address that the contract states, else this one."""
        return self.contract.authentication.url or self.url


def deploy(wanted: Deployment, say: Say) -> None:
    """Serve until interrupted. Raises Misconfigured, Unavailable, OSError, ImportError."""
    forbid_dumps()
    if wanted.ready_file is not None:
        _room_for(wanted.ready_file)
    with ExitStack() as stack:
        listener = stack.enter_context(_listen(wanted.host, wanted.port))
        stack.enter_context(_held(wanted.data))
        prepared = _prepare(wanted, listener.getsockname()[1])
        ready = _announce(prepared, say)
        stack.callback(watch_in_child(_watcher(prepared)))
        if wanted.workers > 1:
            supervise(wanted.workers, lambda log, each: _serve(prepared, listener, log, each), ready)
        else:
            _serve(prepared, listener, "", ready)


def _watcher(prepared: Prepared) -> Callable[[threading.Event], None]:
    """What watches this deployment, from what the journal holds now on."""
    data = prepared.wanted.data
    tail = Tail(data / "journal", skip=LOG)
    tail.to_end()
    certificates = (prepared.served.live.chain,) if prepared.served else ()

    def watch(stop: threading.Event) -> None:
        with monitor_of(prepared.contract, data, certificates, tail.places) as monitor:
            run(monitor, data / "monitor" / "state.json", stop)

    return watch


def _room_for(ready_file: Path) -> None:
    """What an earlier start said holds no more. Raises OSError where nothing could be said."""
    ready_file.unlink(missing_ok=True)
    if not os.access(ready_file.parent, os.W_OK):
        raise OSError(f"--ready-file: cannot write into {ready_file.parent}")


@contextmanager
def _held(data: Path) -> Iterator[None]:
    """The data directory, for this deployment alone: commands may use it meanwhile, a second `up` may not."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = hold(data / "lock")
    except JournalUnavailable:
        raise Unavailable(f"{data}: another `ringwall up` serves from this data directory; give each its own") from None
    try:
        yield
    finally:
        os.close(descriptor)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named asyncio sends small writes at once (TCP_NODELAY); else a reply waits 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as failure:
        raise OSError(f"cannot listen on {host}:{port}: {failure.strerror}") from failure
    listener.listen(1024)
    listener.setblocking(False)
    return listener


def _prepare(wanted: Deployment, port: int) -> Prepared:
    app = None if wanted.is_gateway else demo.clinic(wanted.data) if not wanted.target else import_app(wanted.target)
    path = wanted.contract or demo.CONTRACT
    contract = load_contract(
        path, app=app, openapi=wanted.openapi, upstream=wanted.target if wanted.is_gateway else None
    )
    if wanted.mode is not None:
        contract = replace(contract, mode="observe" if wanted.mode == "observe" else "enforce")
    certificates = contract.authentication.certificates
    asked = Path(contract.file).parent / certificates.ca if certificates and certificates.ca else None
    tls = served(wanted.tls, wanted.data, wanted.host, wanted.transit, asked, contract.acme)
    plain = _listen(*wanted.transit.redirect) if wanted.transit.redirect else None
    scheme = "https" if tls else "http"
    return Prepared(wanted, contract, app, tls, plain, f"{scheme}://{_shown(wanted.host)}:{port}")


def _shown(host: str) -> str:
    """The host that a client on this machine says: the names that the certificate is for."""
    if host in ("127.0.0.1", "0.0.0.0", "::"):  # noqa: S104 - compared
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _serve(prepared: Prepared, listener: socket.socket, log: str, ready: Ready) -> None:
    """Serve in this process, with a runtime of its own."""
    strict = prepared.contract.journal == "strict"
    runtime = open_runtime(prepared.wanted.data, issuer=prepared.issuer, log=log, strict=strict)
    tenders = _tenders(prepared, runtime)
    try:
        runtime.attendant.start()
        for each in tenders:
            each.start()
        asyncio.run(_run(prepared, runtime, listener, ready))
    finally:
        for each in tenders:
            each.stop()
        runtime.close()


def _tenders(prepared: Prepared, runtime: Runtime) -> list[Renewer | Revocation]:
    """Who has the certificate renewed, where one by ACME is served, and who asks how it stands."""
    if prepared.served is None:
        return []
    metrics, acme = runtime.metrics, prepared.contract.acme
    asking = Revocation(prepared.served.live.chain, lambda state: metrics.revocation("server", state, STATES))
    runtime.vitals.add("certificate", asking.trouble)
    if acme is None or prepared.served.acme is None:
        return [asking]
    renewer = Renewer(prepared.wanted.data, acme, Path(prepared.contract.file).parent)
    runtime.vitals.add("acme", lambda: renewer.trouble)
    return [asking, renewer]


async def _run(prepared: Prepared, runtime: Runtime, listener: socket.socket, ready: Ready) -> None:
    here = Circumstances(https=prepared.tls is not None, more=prepared.wanted.more)
    port = listener.getsockname()[1]
    acme = prepared.served.acme if prepared.served else None
    async with tended(prepared.served, prepared.wanted.transit, runtime.metrics):
        if not prepared.wanted.is_gateway:
            app = prepared.app if is_asgi(prepared.app) else Bridge(prepared.app)
            protected = protected_asgi(app, prepare(prepared.contract), runtime, here)
            async with redirecting(protected.wall, prepared.plain, port, acme):
                await serve_asgi(protected, listener, prepared.tls, ready)
            return
        upstream = _upstream(prepared)
        wall = assemble(prepare(prepared.contract), runtime, replace(here, fetch=fetcher(upstream)))
        server = await _gateway(prepared, wall, upstream, runtime).serve(ssl=prepared.tls, sock=listener)
        stop = asyncio.Event()
        async with redirecting(wall, prepared.plain, port, acme), stopping(lambda number, frame: stop.set()):
            ready()
            await stop.wait()
            await server.close()


def _gateway(prepared: Prepared, wall: Wall, upstream: Upstream, runtime: Runtime) -> Gateway:
    """The gateway, which believes the stated proxies and tells the application who calls."""
    contract, target = prepared.contract, prepared.wanted.target.rstrip("/")
    trusted = tuple(ipaddress.ip_network(network) for network in contract.trusted_proxies)
    told = Assertions(runtime.tokens, target, plain=contract.upstream.identity_headers)
    return Gateway(wall, upstream, trusted=trusted, identify=told)


def _upstream(prepared: Prepared) -> Upstream:
    stated, transit = prepared.contract.upstream, prepared.wanted.transit
    if stated.header is None or stated.from_env is None:
        return transit.upstream(prepared.wanted.target)
    value = os.environ.get(stated.from_env)
    if not value:
        raise ValueError(f"the contract's upstream credential is to come from {stated.from_env}, which is not set")
    return transit.upstream(prepared.wanted.target, (stated.header.encode(), value.encode()))


def _announce(prepared: Prepared, say: Say) -> Ready:
    """What to do once it serves: say where, write the ready file; for the clinic, with fresh demo credentials."""
    wanted = prepared.wanted
    enrolled = None if wanted.target else _enrolled(prepared)

    def ready() -> None:
        if wanted.ready_file is not None:
            _write_ready(wanted.ready_file, prepared, enrolled)
        for line in demo.banner(prepared.url, prepared.ca, wanted.data, prepared.contract, enrolled, prepared.console):
            say(line)

    return ready


def _enrolled(prepared: Prepared) -> demo.Enrolled:
    """The demo's credentials, made before any worker starts."""
    runtime = open_runtime(prepared.wanted.data, issuer=prepared.issuer)
    try:
        return demo.enrol(runtime)
    finally:
        runtime.close()


def _write_ready(path: Path, prepared: Prepared, enrolled: demo.Enrolled | None) -> None:
    """The promised form; written whole, readable by its owner alone, since it may hold demo credentials."""
    document = {
        "url": prepared.url,
        "ca": str(prepared.ca.resolve()) if prepared.ca else None,
        "console": prepared.console,
        "accounts": [account.document() for account in enrolled.accounts] if enrolled else [],
        "api_keys": [key.document() for key in enrolled.api_keys] if enrolled else [],
    }
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(document, file)
    draft.replace(path)
