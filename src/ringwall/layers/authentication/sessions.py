"""Browser sessions: the browser adds the cookie by itself, so that who made the request counts beside who sends it.

Fetch Metadata and Origin tell which page made a request (W3C Fetch Metadata; RFC 6454). Another origin's page may
link here, and no more; what changes something comes from an own page or from an origin that the contract allows to
come with credentials.
"""

from __future__ import annotations

import hashlib

from ringwall.core.known import Known, Principal
from ringwall.core.message import Head
from ringwall.core.ports import FindSession, Seat
from ringwall.core.verdict import PASS, Ask, Learned, Refuse, Verdict
from ringwall.layers.authentication.credential import Credential
from ringwall.layers.authentication.reasons import BEARER, SESSION, SESSION_ORIGIN
from ringwall.layers.authentication.settings import Remembered, Settings

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_AGENT = 200


def session_verdict(found: Credential, head: Head, known: Known, settings: Settings, *, public: bool) -> Verdict:
    """The principal of a session. An answer is good for `staleness` seconds and for the place that it was given to.

    Where anyone may call (`public`), a cookie that proves nobody is none: browsers send it whether it is needed or not.
    """
    if not _own_request(head, settings.session_origins):
        return PASS if public else Refuse(SESSION_ORIGIN)
    agent = head.headers.get("user-agent", "")[:_AGENT]
    digest = hashlib.sha256(f"{found.text}\0{known.client}\0{agent}".encode("utf-8", "surrogatepass")).digest()
    before = settings.memory.get(digest, known.now)
    if before is not None:
        return Learned(known.with_principal(before.principal))

    def judge(answer: object) -> Verdict:
        if not isinstance(answer, Seat):
            return PASS if public else Refuse(SESSION, headers=(BEARER,))
        principal = _principal(answer, settings)
        settings.memory.keep(digest, Remembered(principal, known.now + settings.staleness_s, known.now))
        return Learned(known.with_principal(principal))

    return Ask(FindSession(found.text, known.client, agent), judge)


def _principal(seat: Seat, settings: Settings) -> Principal:
    roles, pending = settings.roles.effective(seat.account.roles, mfa=seat.mfa)
    return Principal(
        subject=seat.account.subject,
        roles=roles,
        method="session",
        tenant=seat.account.tenant,
        credential=f"session:{seat.session_id}",
        mfa=seat.mfa,
        pending=pending,
        granted=seat.account.roles,
        header="cookie",
        claims={"amr": [*sorted(seat.amr)], "auth_time": int(seat.signed_in)},
    )


def _own_request(head: Head, allowed: frozenset[str]) -> bool:
    """Whether the request was made by a page of ours, by an allowed one, by the user, or is a plain link to us."""
    origin, site = head.headers.get("origin"), head.headers.get("sec-fetch-site")
    if origin is not None:
        return origin == f"{'https' if head.secure else 'http'}://{head.host}" or origin in allowed
    if site in ("same-origin", "none"):
        return True
    changes = head.method not in _SAFE or head.upgrade
    if changes:
        return False
    return site is None or _link(head)


def _link(head: Head) -> bool:
    return head.headers.get("sec-fetch-mode") == "navigate" and head.headers.get("sec-fetch-dest") == "document"
