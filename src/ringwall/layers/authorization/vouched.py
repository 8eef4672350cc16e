"""A second wall behind authentication: a credential of ringwall's own counts only if the store says that it was issued,
and to whom it says.

It shares nothing with the first: no signature, no claim, no hash. A token that passes for genuine by whatever mistake
is in nobody's record, or in another's.
"""

from __future__ import annotations

from typing import Final

from ringwall.core.known import Known
from ringwall.core.message import Head
from ringwall.core.plan import HeadCheck
from ringwall.core.ports import Vouched
from ringwall.core.verdict import PASS, Ask, Refuse, Verdict
from ringwall.layers.authorization.reasons import CREDENTIAL

OTHERS: Final = frozenset({"issuer", "basic", "certificate", "upstream"})
"""The methods whose credentials ringwall did not issue: it cannot say of those to whom they belong."""
_CHALLENGE: Final = (b"www-authenticate", b'Bearer realm="ringwall", error="invalid_token"')


def vouched_guard() -> HeadCheck:
    """The guard: the store is asked, and believed."""
    refused = Refuse(CREDENTIAL, headers=(_CHALLENGE,))

    def check(head: Head, known: Known) -> Verdict:
        principal = known.principal
        if principal is None or principal.method in OTHERS:
            return PASS
        return Ask(Vouched(principal.credential, principal.subject), judge)

    def judge(answer: object) -> Verdict:
        return PASS if answer is True else refused

    return check
