"""Whether a certificate was revoked, asked of the responder that it names (OCSP, RFC 6960). It waits for the network.

What is believed is signed by the certificate's issuer, or by whom that issuer delegated it to, speaks of this
certificate, and is of now. Anything else is no answer.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from ringwall.state.certificates import chained

State = Literal["good", "revoked", "unknown", "unreachable"]
STATES: Final[tuple[State, ...]] = ("good", "revoked", "unknown", "unreachable")
_TIMEOUT_S: Final = 10.0
_LARGEST: Final = 64 << 10
_SKEW: Final = timedelta(minutes=5)
_OLDEST: Final = timedelta(days=7)
"""How old an answer may be that does not say when the next one comes."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a certificate, and what there is to tell of it."""

    state: State
    told: str = ""


def standing(chain: Path) -> Standing | None:
    """How the first certificate of a chain stands; None where it names no responder. Raises Unavailable for a file that
    holds no chain."""
    certificates = chained(chain)
    url = _responder(certificates[0])
    if url is None:
        return None
    issuer = next((each for each in certificates[1:] if each.subject == certificates[0].issuer), None)
    if issuer is None:
        return Standing("unreachable", f"{chain.name} lacks its issuer's certificate: without it nobody can be asked")
    named = hashes.SHA1()  # noqa: S303 - it names the issuer, and RFC 5019 has responders know it by this
    asked = ocsp.OCSPRequestBuilder().add_certificate(certificates[0], issuer, named).build()
    try:
        answer = ocsp.load_der_ocsp_response(_posted(url, asked.public_bytes(Encoding.DER)))
        return _read(answer, asked, issuer, datetime.now(UTC))
    except (OSError, http.client.HTTPException) as failure:
        return Standing("unreachable", f"{url}: {str(failure)[:200] or type(failure).__name__}")
    except (ValueError, UnsupportedAlgorithm) as failure:
        return Standing("unreachable", f"{url}: no answer that can be believed ({str(failure)[:200]})")


def _responder(certificate: x509.Certificate) -> str | None:
    try:
        named = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return None
    urls = (each.access_location.value for each in named if each.access_method == AuthorityInformationAccessOID.OCSP)
    return next((url for url in urls if isinstance(url, str) and url.startswith(("http://", "https://"))), None)


def _posted(url: str, body: bytes) -> bytes:
    headers = {"content-type": "application/ocsp-request", "user-agent": "ringwall"}
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - one of two schemes
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as reply:  # noqa: S310
        return bytes(reply.read(_LARGEST))


def _read(answer: ocsp.OCSPResponse, asked: ocsp.OCSPRequest, issuer: x509.Certificate, now: datetime) -> Standing:
    """What an answer says. Raises ValueError where it is not to be believed."""
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise ValueError(answer.response_status.name.lower().replace("_", " "))
    _signed(answer, issuer, now)
    about = (answer.serial_number, answer.issuer_key_hash, answer.issuer_name_hash)
    if about != (asked.serial_number, asked.issuer_key_hash, asked.issuer_name_hash):
        raise ValueError("it is about another certificate")
    last = answer.next_update_utc or answer.this_update_utc + _OLDEST
    if not answer.this_update_utc - _SKEW <= now <= last + _SKEW:
        raise ValueError(f"it holds from {answer.this_update_utc:%F %T} to {last:%F %T}")
    if answer.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        return Standing("revoked", f"the certificate was revoked on {answer.revocation_time_utc:%F}")
    if answer.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        return Standing("unknown", "its authority does not know the certificate")
    return Standing("good")


def _signed(answer: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> None:
    """By the issuer, or by one whom the issuer has certified to sign answers (RFC 6960, section 4.2.2.2)."""
    signers = [issuer, *(each for each in answer.certificates if _delegated(each, issuer, now))]
    if not any(_verifies(answer, signer) for signer in signers):
        raise ValueError("it is not signed by the certificate's authority")


def _delegated(one: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
        usages = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usages and one.not_valid_before_utc <= now <= one.not_valid_after_utc


def _verifies(answer: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, signed, data, hashed = signer.public_key(), answer.signature, answer.tbs_response_bytes, None
    try:
        if isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
            key.verify(signed, data)
            return True
        hashed = answer.signature_hash_algorithm
        if hashed is None or hashed.name in ("md5", "sha1"):
            return False
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signed, data, padding.PKCS1v15(), hashed)
            return True
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signed, data, ec.ECDSA(hashed))
            return True
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return False
