"""Client certificates: whom the one that a caller's connection showed speaks for, by the contract.

TLS has verified its chain, here or at a trusted proxy. A certificate counts only where no other credential came, and
only under a name that the contract has: two names of two holders are nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from ringwall.contract.logins import Certificates, Holder
from ringwall.core.known import Known, Principal
from ringwall.core.verdict import PASS, Learned, Refuse, Verdict
from ringwall.layers.authentication.reasons import BEARER, CERTIFICATE_UNKNOWN
from ringwall.layers.authentication.settings import Remembered, Settings

_HOLDS_S = 300.0
_NONE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What reading bytes raises that are no certificate, or one of another kind than there should be."""


def certificate_verdict(der: bytes, known: Known, settings: Settings, stated: Certificates, *, public: bool) -> Verdict:
    """The principal of a certificate. It is read once in five minutes, and never held longer than it is valid."""
    digest = hashlib.sha256(b"certificate" + der).digest()
    before = settings.memory.get(digest, known.now)
    if before is not None:
        return Learned(known.with_principal(before.principal))
    found = _read(der, known.now, stated)
    if found is None:
        return PASS if public else Refuse(CERTIFICATE_UNKNOWN, headers=(BEARER,))
    holder, ends = found
    roles, pending = settings.roles.effective(holder.roles, mfa=False)
    principal = Principal(
        subject=holder.subject,
        roles=roles,
        method="certificate",
        tenant=holder.tenant,
        scopes=holder.scopes,
        credential=f"certificate:{hashlib.sha256(der).hexdigest()[:16]}",
        pending=pending,
        granted=holder.roles,
    )
    settings.memory.keep(digest, Remembered(principal, min(ends, known.now + _HOLDS_S), known.now))
    return Learned(known.with_principal(principal))


def _read(der: bytes, now: float, stated: Certificates) -> tuple[Holder, float] | None:
    """The one holder that a certificate's names stand for, and until when it is valid."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        begins, ends = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
        names = {f"sha256:{hashlib.sha256(der).hexdigest()}", *_names(certificate)}
        usable = begins <= now < ends and _for_clients(certificate)
    except _NONE:
        return None
    holders = {stated.holders[name].subject: stated.holders[name] for name in names if name in stated.holders}
    return (next(iter(holders.values())), ends) if usable and len(holders) == 1 else None


def _names(certificate: x509.Certificate) -> Iterator[str]:
    yield certificate.subject.rfc4514_string()
    try:
        others = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    yield from (f"dns:{name}" for name in others.get_values_for_type(x509.DNSName))
    yield from (f"uri:{name}" for name in others.get_values_for_type(x509.UniformResourceIdentifier))
    yield from (f"email:{name}" for name in others.get_values_for_type(x509.RFC822Name))


def _for_clients(certificate: x509.Certificate) -> bool:
    """Whether it may prove a client (RFC 5280, section 4.2.1.12): where it says what it is for, it says so."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.CLIENT_AUTH in usage or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usage
