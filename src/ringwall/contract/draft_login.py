"""The part of a first contract that wraps a login which the API has of its own, with the reason of every guess."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ringwall.contract.login_guess import Login


def authentication(login: Login | None, role: str, quoted: Callable[[str], str]) -> Iterator[str]:
    """The section `authentication:`. A login whose token or subject the document does not show stays a remark."""
    wraps = login is not None and login.token is not None and login.subject is not None
    yield "authentication:"
    yield f"  accounts: {'false  # the API has a login of its own, wrapped below' if wraps else 'true'}"
    yield "  api_keys: true"
    yield "  basic: false"
    if login is None:
        return
    mark = "" if wraps else "# "
    yield f"  # {login.operation.key} {login.reason}."
    if wraps:
        yield "  # Its token stays with ringwall, the caller gets ringwall's own in its place."
    else:
        yield "  # Fill in what its document does not tell, and take the `#` away."
    yield from (f"  {mark}{line}" for line in _stated(login, role, quoted))


def wrapped(login: Login | None) -> frozenset[str]:
    """The operations that a drafted login opens by itself."""
    if login is None or login.token is None or login.subject is None:
        return frozenset()
    refresh = login.refresh if login.refresh_token else None
    return frozenset(o.key for o in (login.operation, refresh, login.logout) if o is not None)


def _stated(login: Login, role: str, quoted: Callable[[str], str]) -> Iterator[str]:
    yield "upstream:"
    yield f"  login: {quoted(login.operation.key)}"
    yield f"  token: {quoted(login.token or '/token')}  # {'in its reply' if login.token else 'not in its document'}"
    if login.profile is not None:
        yield f"  profile: {quoted(login.profile.key)}  # the name of a read that tells who asks"
    yield f"  subject: {quoted(login.subject or '/username')}  # must be what owners are called by"
    if login.roles is not None:
        yield f"  roles: {quoted(login.roles)}  # words that are no roles here count for nothing; `map:` renames them"
    yield f"  grant: [{role}]  # whoever signs in"
    if login.header is not None:
        yield f"  header: {quoted(login.header)}  # by the document's securitySchemes"
    if login.refresh is not None and login.refresh_token is not None:
        yield f"  refresh: {quoted(login.refresh.key)}"
        yield f"  refresh_token: {quoted(login.refresh_token)}"
    if login.logout is not None:
        yield f"  logout: {quoted(login.logout.key)}"
