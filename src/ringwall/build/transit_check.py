"""What of a deployment would let something through in clear, or by a weak certificate: for `ringwall check`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from ringwall.contract.lint import Finding
from ringwall.contract.model import At, Contract
from ringwall.core.ports import Unavailable
from ringwall.state.certificates import flaws

_HERE = ("localhost", "127.0.0.1", "::1")


def in_transit(contract: Contract, tls: str | None, host: str | None, upstream: str | None) -> Iterator[Finding]:
    """The findings about a contract's own addresses and about what `up` is to be given."""
    at = At(contract.file, 1, 1)
    for issuer in contract.authentication.issuers:
        for url in (issuer.issuer, issuer.jwks or ""):
            if _clear(url):
                yield Finding("deployment.clear", "warning", at, url, f"keys are fetched from {url} in clear",
                              "Use https: whoever stands between gives out keys of their own.")  # fmt: skip
    if upstream is not None and _clear(upstream):
        yield Finding("deployment.upstream", "warning", at, upstream,
                      f"the upstream {upstream} is spoken to in clear, beyond this machine",
                      "Use https, with --upstream-ca if its authority is your own.")  # fmt: skip
    if tls == "off":
        yield Finding("deployment.tls", "warning", at, "--tls off", "callers are served in clear",
                      "Leave it out, or let a proxy here end TLS and name it in `trusted_proxies`.")  # fmt: skip
    elif tls == "auto":
        yield Finding("deployment.tls", "note", at, "--tls auto", "only this machine trusts a certificate made here",
                      "Name one of an authority that callers trust: --tls CHAIN.pem,KEY.pem.")  # fmt: skip
    elif tls is not None:
        yield from _certificate(tls, host, at)


def _clear(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in _HERE


def _certificate(tls: str, host: str | None, at: At) -> Iterator[Finding]:
    chain, comma, key = tls.partition(",")
    if not comma:
        yield Finding("deployment.tls", "warning", at, tls, "--tls is auto, off, or CHAIN.pem,KEY.pem", "Write it so.")
        return
    try:
        found = flaws(Path(chain), Path(key), host)
    except Unavailable as failure:
        yield Finding("deployment.certificate", "warning", at, chain, str(failure), "Name a chain and its key in PEM.")
        return
    for flaw in found:
        yield Finding("deployment.certificate", "warning", at, chain, f"{chain}: {flaw.what}", flaw.do)
