"""Basic authentication: off unless stated, over TLS only, and every use costs a password check or a memory."""

from __future__ import annotations

import hashlib

from ringwall.core.known import Known, Principal
from ringwall.core.ports import Account, CheckPassword
from ringwall.core.verdict import Ask, Learned, Refuse, Verdict
from ringwall.layers.authentication.credential import Credential
from ringwall.layers.authentication.reasons import BASIC, PASSWORD
from ringwall.layers.authentication.settings import Remembered, Settings


def password_verdict(found: Credential, known: Known, settings: Settings) -> Verdict:
    """The principal of a name and a password; a right pair is remembered for `staleness` seconds."""
    if not found.name:
        return Refuse(PASSWORD, headers=(BASIC,))
    digest = hashlib.sha256(f"{found.name}\0{found.text}".encode()).digest()
    before = settings.memory.get(digest, known.now)
    if before is not None:
        return Learned(known.with_principal(before.principal))

    def judge(answer: object) -> Verdict:
        if not isinstance(answer, Account):
            return Refuse(PASSWORD, headers=(BASIC,))
        roles, pending = settings.roles.effective(answer.roles, mfa=False)
        principal = Principal(
            subject=answer.subject,
            roles=roles,
            method="basic",
            tenant=answer.tenant,
            credential="basic",
            pending=pending,
            granted=answer.roles,
            header=found.header,
        )
        settings.memory.keep(digest, Remembered(principal, known.now + settings.staleness_s, known.now))
        return Learned(known.with_principal(principal))

    return Ask(CheckPassword(found.name, found.text, known.client), judge)
