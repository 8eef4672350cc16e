"""Whether the credential that a request carries was ever issued to whom it is taken for, by the ledger of the store.

A second wall behind the verification of tokens, which reads a signature: a forged token that was believed, an
algorithm that was confused, a signing key that was stolen, and what was made with them is in no ledger. What others
issue (outside issuers, certificates, passwords) cannot be in it, and passes where the contract takes such a thing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from ringwall.core.known import Known
from ringwall.core.message import Head
from ringwall.core.plan import HeadCheck
from ringwall.core.ports import IssuedTo
from ringwall.core.verdict import PASS, Ask, Refuse, Verdict
from ringwall.layers.authorization.reasons import ISSUED

_MANY = 20_000
_CHALLENGE = (b"www-authenticate", b'Bearer realm="ringwall", error="invalid_token"')
_REFUSED = Refuse(ISSUED, headers=(_CHALLENGE,))


@dataclass(frozen=True, slots=True)
class Issuance:
    """`headers` and `cookies` are where credentials of our own stand, in lower case; `elsewhere`: the contract also
    takes what others issue. What the ledger said is remembered for `staleness_s`."""

    headers: tuple[str, ...]
    cookies: frozenset[str]
    elsewhere: bool
    staleness_s: float
    memory: dict[bytes, tuple[float, frozenset[str]]] = field(default_factory=dict, repr=False)


def issued_guard(settings: Issuance) -> HeadCheck:
    """Refuse a caller whose credential was given to somebody else, or to nobody."""
    memory = settings.memory

    def check(head: Head, known: Known) -> Verdict:
        principal = known.principal
        if principal is None:
            return PASS
        return _next(tuple(_presented(head, settings)), known, principal.subject, nobody=True)

    def _next(left: tuple[str, ...], known: Known, subject: str, *, nobody: bool) -> Verdict:
        """The first that was issued to the subject suffices; one that was issued to another does not."""
        if not left:
            return PASS if nobody and settings.elsewhere else _REFUSED
        digest = hashlib.sha256(left[0].encode("utf-8", "surrogatepass")).digest()

        def judge(answer: object) -> Verdict:
            subjects = answer if isinstance(answer, frozenset) else frozenset()
            if subjects:
                memory[digest] = (known.now + settings.staleness_s, subjects)
                if len(memory) > _MANY:
                    memory.pop(next(iter(memory)), None)
            return _told(subjects)

        def _told(subjects: frozenset[str]) -> Verdict:
            if subject in subjects:
                return PASS
            return _next(left[1:], known, subject, nobody=nobody and not subjects)

        before = memory.get(digest)
        if before is not None and before[0] > known.now:
            return _told(before[1])
        return Ask(IssuedTo(digest), judge)

    return check


def _presented(head: Head, settings: Issuance) -> Iterator[str]:
    """Every text of the request that could be a credential of ours."""
    for name in settings.headers:
        value = head.headers.get(name)
        if value is not None:
            yield value.rpartition(" ")[2]
    if settings.cookies:
        yield from (value for name, value in head.cookies if name in settings.cookies)
