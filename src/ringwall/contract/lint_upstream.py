"""What is unwise or missing where an API has a login of its own: wrapped by `authentication.upstream`, or not."""

from __future__ import annotations

from collections.abc import Iterator

from ringwall.contract.api import ApiOperation
from ringwall.contract.finding import Finding
from ringwall.contract.guess import is_sign_in
from ringwall.contract.login_guess import is_open, pointers, recognised
from ringwall.contract.logins import UpstreamLogin
from ringwall.contract.model import At, Contract


def findings(contract: Contract) -> Iterator[Finding]:
    """Every finding about the API's own login."""
    login = contract.authentication.upstream
    if login is None:
        yield from _unwrapped(contract)
        return
    known = {operation.key: operation.api for operation in contract.operations}
    yield from _closed(contract, login)
    yield from _replies(contract, login, known)
    yield from _others(contract, login)
    if not login.roles and not login.grant:
        yield Finding("contract.upstream.roles", "warning", At(*login.at), "roles",
                      "whoever signs in at the API holds no role: neither `roles` nor `grant` is stated",
                      "State where the profile holds roles, or `grant:` one to everyone.")  # fmt: skip
    header = contract.upstream.header
    if header is not None and login.carrier.where == "header" and header.lower() == login.carrier.name:
        yield Finding("contract.upstream.header", "warning", At(*login.at), header,
                      f"{header} is to hold the caller's own token and, by `upstream:`, one for all callers",
                      "State only one of them.")  # fmt: skip


def _unwrapped(contract: Contract) -> Iterator[Finding]:
    """A sign-in that callers may use, whose token ringwall would refuse or not know how to watch over."""
    found = recognised(contract.api)
    for operation in contract.operations:
        used = operation.rule is not None and bool(operation.rule.allow)
        if found is not None and operation.key == found.operation.key and used:
            yield Finding(
                "contract.upstream.unwrapped", "warning", operation.rule.at if operation.rule else At("", 1, 1),
                operation.key, f"{operation.key} looks like a login of the API's own, and its token goes to the caller",
                "State `authentication.upstream` (`ringwall init` drafts it): the token then stays here. Or close it.",
            )  # fmt: skip


def _closed(contract: Contract, login: UpstreamLogin) -> Iterator[Finding]:
    for operation in contract.operations:
        if operation.key not in login.login:
            continue
        if operation.rule is None or "anyone" not in operation.rule.allow:
            at = operation.rule.at if operation.rule else At(*login.at)
            yield Finding("contract.upstream.closed", "warning", at, operation.key,
                          f"{operation.key} signs in, but not anyone may use it",
                          "Allow anyone, or take its rule out.")  # fmt: skip
        api = operation.api
        if api.body is None and not api.parameters:
            yield Finding("contract.upstream.body", "warning", At(*login.at), operation.key,
                          f"{operation.key} declares no content, so that no name and password pass",
                          "Declare its body in the document.")  # fmt: skip


def _replies(contract: Contract, login: UpstreamLogin, known: dict[str, ApiOperation]) -> Iterator[Finding]:
    """Pointers that the document does not show; it may be incomplete, so these are notes."""
    tellers = [login.profile] if login.profile is not None else sorted(login.login)
    wanted = [(key, login.token.name) for key in sorted(login.login) if login.token.where == "body"]
    told = [login.subject, *login.roles, *([login.tenant] if login.tenant else [])]
    wanted += [(key, pointer) for key in tellers for pointer in told]
    for key, pointer in wanted:
        operation = known.get(key)
        if operation is None or not pointer or is_open(operation, contract.api):
            continue
        if pointer not in pointers(operation, contract.api):
            yield Finding("contract.upstream.pointer", "note", At(*login.at), f"{key} {pointer}",
                          f"the document does not say that {key} answers with {pointer}",
                          "Compare with a reply of the API.")  # fmt: skip


def _others(contract: Contract, login: UpstreamLogin) -> Iterator[Finding]:
    """Further sign-ins that are open, and a way out that is not stated."""
    for operation in contract.operations:
        is_stated = operation.key in login.login | login.refresh | login.logout
        if not is_stated and operation.rule is not None and operation.rule.allow and is_sign_in(operation.api):
            yield Finding("contract.upstream.other", "warning", operation.rule.at, operation.key,
                          f"{operation.key} looks like another sign-in, whose token would go to the caller",
                          "Name it under `login:` or `refresh:`, or close it.")  # fmt: skip
    found = recognised(contract.api)
    if found is not None and found.logout is not None and not login.logout:
        yield Finding("contract.upstream.logout", "note", At(*login.at), found.logout.key,
                      f"{found.logout.key} looks like a sign-out, but does not end the session here",
                      "Name it under `logout:`.")  # fmt: skip
