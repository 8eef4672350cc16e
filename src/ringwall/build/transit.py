"""Encryption in transit of one deployment: the certificate that is served and followed, mutual TLS on both sides, and
the plain listener that sends to https."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ringwall.adapters.gateway.bounds import Upstream
from ringwall.adapters.redirect import Redirect
from ringwall.build.renewal import Places, placed, places
from ringwall.contract.model_tls import Acme
from ringwall.core.message import Header
from ringwall.core.plan import Wall
from ringwall.core.ports import Unavailable
from ringwall.monitoring.metrics import Metrics
from ringwall.state.acme import proof
from ringwall.state.certificates import Leaf, LiveCertificate, leaf
from ringwall.state.tls import local_certificate

log: Final = logging.getLogger("ringwall.tls")
FOLLOWED_S: Final = 2.0
"""Seconds after which a changed certificate is served."""


@dataclass(frozen=True, slots=True)
class Transit:
    """What a deployment states of it. `client_ca` is whose certificates callers must show; `upstream_ca` is trusted for
    the upstream in place of the system's; `upstream_cert` is shown to it; `redirect` is where plain HTTP is met."""

    client_ca: Path | None = None
    upstream_ca: Path | None = None
    upstream_cert: tuple[Path, Path] | None = None
    redirect: tuple[str, int] | None = None

    def upstream(self, url: str, header: Header | None = None) -> Upstream:
        """The upstream as it is spoken to. Raises ValueError, OSError."""
        named = self.upstream_ca is not None or self.upstream_cert is not None
        found = Upstream(url, ca=self.upstream_ca, client_cert=self.upstream_cert, header=header)
        if named and not found.secure:
            raise ValueError(f"--upstream-ca and --upstream-cert are for an https upstream, and {url} is none")
        found.context()
        return found


@dataclass(frozen=True, slots=True)
class Served:
    """The certificate that is served, where callers find what to trust, and how one made here is made again, or where
    one by ACME comes to."""

    live: LiveCertificate
    ca: Path | None
    made_in: Path | None = None
    hosts: tuple[str, ...] = ()
    acme: Places | None = None


def served(
    tls: str, data: Path, host: str, transit: Transit, asked: Path | None = None, acme: Acme | None = None
) -> Served | None:
    """What `--tls` says; None where TLS is off. `asked` are the authorities whose certificates callers may show, `acme`
    is who is to give the certificate. Raises ValueError, OSError, Unavailable."""
    if tls == "off":
        if transit.client_ca is not None or transit.redirect is not None:
            raise ValueError("--client-ca and --redirect-http need TLS: without it there is nothing to send to")
        return None
    try:
        if tls == "auto" and acme is not None:
            return _by_acme(data, transit, asked, acme)
        if tls == "auto":
            hosts = tuple(dict.fromkeys(("localhost", "127.0.0.1", "::1", host)))
            made = local_certificate(data / "tls", hosts)
            return Served(LiveCertificate(made.chain, made.key, transit.client_ca, asked), made.ca, data / "tls", hosts)
        chain, comma, key = tls.partition(",")
        if not comma:
            raise ValueError("--tls is auto, off, or CHAIN.pem,KEY.pem")
        return Served(LiveCertificate(Path(chain), Path(key), transit.client_ca, asked), None)
    except OSError as failure:  # ssl.SSLError too
        raise OSError(f"--tls {tls}: {failure.strerror or failure}") from failure
    except Unavailable as failure:
        raise Unavailable(f"--tls {failure}") from None


def _by_acme(data: Path, transit: Transit, asked: Path | None, acme: Acme) -> Served:
    if transit.redirect is None:
        raise ValueError("the contract's `tls.acme` proves its hosts over plain HTTP: name --redirect-http HOST:80")
    chain = placed(data, acme)
    return Served(LiveCertificate(chain, chain, transit.client_ca, asked), None, acme=places(data, acme.directory))


@contextlib.asynccontextmanager
async def tended(served: Served | None, transit: Transit, metrics: Metrics) -> AsyncIterator[None]:
    """Within it certificates are followed, and the metrics tell when they end."""
    task = asyncio.get_running_loop().create_task(_tend(served, transit, metrics))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _tend(served: Served | None, transit: Transit, metrics: Metrics) -> None:
    told: str | None = None
    while True:
        if served is not None:
            trouble = await asyncio.to_thread(_followed, served)
            if trouble is not None and trouble != told:
                log.error("the changed certificate is not taken, the old one goes on: %s", trouble)
            told = trouble
            _tell(metrics, "server", served.live.leaf)
            if served.acme is not None:
                metrics.renewal("server", failing=served.acme.trouble.exists())
        if transit.upstream_cert is not None:
            with contextlib.suppress(Unavailable):
                _tell(metrics, "upstream-client", leaf(transit.upstream_cert[0]))
        await asyncio.sleep(FOLLOWED_S)


def _followed(served: Served) -> str | None:
    if served.made_in is not None:
        local_certificate(served.made_in, served.hosts)  # made again when it nears its end
    return served.live.follow()


def _tell(metrics: Metrics, name: str, found: Leaf) -> None:
    metrics.certificate(name, found.ends.timestamp(), soon=datetime.now(UTC) >= found.warns)


@contextlib.asynccontextmanager
async def redirecting(
    wall: Wall, listener: socket.socket | None, port: int, acme: Places | None = None
) -> AsyncIterator[None]:
    """Within it plain HTTP is met on a listener of its own; there an authority finds what proves the host, too."""
    if listener is None:
        yield
        return
    proven = (lambda token: proof(acme.challenges, token)) if acme is not None else None
    server = await Redirect(wall, port, proven=proven).serve(listener)
    try:
        yield
    finally:
        server.close()
