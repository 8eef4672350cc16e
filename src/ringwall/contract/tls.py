"""`tls:` read."""

from __future__ import annotations

from urllib.parse import urlsplit

from ringwall.contract.api import JSON
from ringwall.contract.model_tls import Acme, Binding
from ringwall.contract.reading import Desk, listing, mapping, text


def acme(value: JSON, desk: Desk) -> Acme | None:
    """The authority to ask; None where none is stated. Each mistake is told."""
    given = mapping(mapping(value).get("acme"))
    directory, domains = text(given.get("directory")), tuple(dict.fromkeys(listing(given.get("domains"))))
    if directory is None:
        return None
    if given.get("domains") == [] and not desk.problems:  # one that is no host was told already
        desk.report(("tls", "acme", "domains"), "a certificate for nothing", "at least one host's name")
    if not urlsplit(directory).hostname:
        desk.report(("tls", "acme", "directory"), repr(directory[:100]), "a URL with a host")
    account = mapping(given.get("account"))
    name, key = text(account.get("id")), text(account.get("key"))
    return Acme(
        directory,
        domains,
        tuple(listing(given.get("contact"))),
        text(given.get("terms")),
        text(given.get("ca")),
        Binding(name, key) if name and key else None,
    )
