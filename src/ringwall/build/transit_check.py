"""What of a deployment would let something through in clear, or by a weak certificate: for `ringwall check`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from ringwall.contract.lint import Finding
from ringwall.contract.model import At, Contract
from ringwall.contract.model_tls import Acme
from ringwall.core.ports import Unavailable
from ringwall.state.certificates import flaws

_HERE = ("localhost", "127.0.0.1", "::1")


def in_transit(contract: Contract, tls: str | None, host: str | None, upstream: str | None) -> Iterator[Finding]:
    """The findings about a contract's own addresses and about what `up` is to be given."""
    at = At(contract.file, 1, 1)
    if contract.acme is not None:
        yield from _acme(contract, contract.acme, tls, host, at)
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
    elif tls == "auto" and contract.acme is None:
        yield Finding("deployment.tls", "note", at, "--tls auto", "only this machine trusts a certificate made here",
                      "Name one of an authority that callers trust: --tls CHAIN.pem,KEY.pem.")  # fmt: skip
    elif tls is not None and tls != "auto":
        yield from _certificate(tls, host, at)


def _acme(contract: Contract, acme: Acme, tls: str | None, host: str | None, at: At) -> Iterator[Finding]:
    """What the authority, or callers, would stumble on."""
    if find_spec("acme") is None:
        yield Finding("deployment.acme", "warning", at, "acme", "what speaks ACME is not installed",
                      "pip install 'ringwall[acme]'")  # fmt: skip
    if acme.ca is not None and not (Path(contract.file).parent / acme.ca).is_file():
        yield Finding(
            "deployment.acme", "warning", at, acme.ca, f"`tls.acme` has no file {acme.ca}", "Name a PEM file."
        )
    if acme.terms is None:
        yield Finding("deployment.acme", "note", at, "terms", "`tls.acme` states no `terms`",
                      "Read the authority's terms of service, and state their address if you agree.")  # fmt: skip
    for name in (host, urlsplit(contract.authentication.url or "").hostname):
        if name is not None and name not in acme.domains:
            yield Finding("deployment.acme", "warning", at, name, f"callers use {name}, which no certificate is for",
                          "Name it among the `domains`.")  # fmt: skip
    if tls not in (None, "auto"):
        yield Finding("deployment.acme", "warning", at, f"--tls {tls}", "the contract's `tls.acme` is not used",
                      "Leave --tls out, or the `tls` of the contract.")  # fmt: skip


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
