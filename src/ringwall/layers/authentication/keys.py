"""API keys: found by their public part, compared by their hash."""

from __future__ import annotations

import ipaddress
import math

from ringwall.core.admit import within
from ringwall.core.known import Known, Principal
from ringwall.core.ports import FindKey, KeyUsed
from ringwall.core.records import KeyRecord
from ringwall.core.verdict import Ask, Learned, Verdict
from ringwall.engines.crypto import apikeys
from ringwall.layers.authentication.credential import Credential
from ringwall.layers.authentication.reasons import KEY, KEY_ADDRESS, invalid
from ringwall.layers.authentication.settings import Remembered, Settings


def key_verdict(found: Credential, known: Known, settings: Settings) -> Verdict:
    """The principal of an API key. An answer is good for `staleness` seconds, then the store is asked again."""
    digest = found.digest()
    before = settings.memory.get(digest, known.now)
    if before is not None:
        return _here(before, known)
    parsed = apikeys.parse(found.text)
    if parsed is None:
        return invalid(KEY, "malformed")

    def judge(answer: object) -> Verdict:
        record = answer if isinstance(answer, KeyRecord) else None
        if not parsed.matches(record.digest if record else None) or record is None or record.key_id != parsed.id:
            return invalid(KEY, "unknown")
        ends = min(record.expires or math.inf, record.revoked or math.inf)
        if ends <= known.now:
            return invalid(KEY, "expired or revoked")
        principal = _principal(record, found, settings)
        until = min(ends, known.now + settings.staleness_s)
        networks = tuple(ipaddress.ip_network(network) for network in record.addresses)
        entry = Remembered(principal, until, known.now, networks)
        settings.memory.keep(digest, entry)
        verdict = _here(entry, known)
        return Ask(KeyUsed(record.key_id), lambda done: verdict) if isinstance(verdict, Learned) else verdict

    return Ask(FindKey(parsed.id), judge)


def _here(entry: Remembered, known: Known) -> Verdict:
    """The principal, where its key may be used from the caller's address; the caller is not told that only this was
    wrong."""
    if entry.within and not within(known.client, entry.within):
        return invalid(KEY_ADDRESS)
    return Learned(known.with_principal(entry.principal))


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
        rate=record.rate,
    )
