"""API keys: found by their public part, compared by their hash."""

from __future__ import annotations

import math

from ringwall.core.known import Known, Principal
from ringwall.core.ports import FindKey
from ringwall.core.records import KeyRecord
from ringwall.core.verdict import Ask, Learned, Verdict
from ringwall.engines.crypto import apikeys
from ringwall.layers.authentication.credential import Credential
from ringwall.layers.authentication.reasons import KEY, invalid
from ringwall.layers.authentication.settings import Remembered, Settings


def key_verdict(found: Credential, known: Known, settings: Settings) -> Verdict:
    """The principal of an API key. An answer is good for `staleness` seconds, then the store is asked again."""
    digest = found.digest()
    before = settings.memory.get(digest, known.now)
    if before is not None:
        return Learned(known.with_principal(before.principal))
    parsed = apikeys.parse(found.text)
    if parsed is None:
        return invalid(KEY, "malformed")

    def judge(answer: object) -> Verdict:
        record = answer if isinstance(answer, KeyRecord) else None
        if not parsed.matches(record.digest if record else None) or record is None:
            return invalid(KEY, "unknown")
        ends = min(record.expires or math.inf, record.revoked or math.inf)
        if ends <= known.now:
            return invalid(KEY, "expired or revoked")
        principal = _principal(record, found, settings)
        until = min(ends, known.now + settings.staleness_s)
        settings.memory.keep(digest, Remembered(principal, until, known.now))
        return Learned(known.with_principal(principal))

    return Ask(FindKey(parsed.id), judge)


def _principal(record: KeyRecord, found: Credential, settings: Settings) -> Principal:
    roles, pending = settings.roles.effective(record.roles, mfa=False)
    return Principal(
        subject=record.subject,
        roles=roles,
        method="api_key",
        tenant=record.tenant,
        scopes=record.scopes,
        credential=f"key:{record.key_id}",
        pending=pending,
        granted=record.roles,
        header=found.header,
    )
