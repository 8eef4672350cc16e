"""Certificates from files: what is wrong with one, how long it lasts, and a TLS context that follows its files."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from ringwall.core.ports import Unavailable
from ringwall.state.tls import server_context

SOON: Final = timedelta(days=30)
_LEAST_RSA: Final = 2048
_WEAK_HASHES: Final = frozenset({"md5", "sha1"})
_CURVES: Final = frozenset({"secp256r1", "secp384r1", "secp521r1"})


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a certificate; `fatal` is what no server should show."""

    what: str
    do: str
    fatal: bool = True


def flaws(chain: Path, key: Path, host: str | None = None, now: datetime | None = None) -> list[Flaw]:
    """What is wrong with a chain and its key, for a host where one is named. Raises Unavailable where they are none."""
    certificates, at = chained(chain), now or datetime.now(UTC)
    found = [*_of_leaf(certificates[0], host, at)]
    for each in certificates:
        found += _of_any(each, at)
    if _public(key) != _spki(certificates[0].public_key()):
        found.append(Flaw("the key is not the certificate's", "Name the key that the certificate was made for."))
    return found


@dataclass(frozen=True, slots=True)
class Leaf:
    """The first certificate of a chain: the hosts it is for, from when to when, who signed it for whom, and itself."""

    names: tuple[str, ...]
    begins: datetime
    ends: datetime
    issuer: str
    subject: str
    pem: bytes

    @property
    def warns(self) -> datetime:
        """From when on its end is near: 30 days before, or the last quarter of a shorter life."""
        return self.ends - min(SOON, (self.ends - self.begins) / 4)


def leaf(chain: Path) -> Leaf:
    """The first certificate of a chain. Raises Unavailable."""
    found = chained(chain)[0]
    return Leaf(
        tuple(_names(found)),
        found.not_valid_before_utc,
        found.not_valid_after_utc,
        found.issuer.rfc4514_string(),
        found.subject.rfc4514_string(),
        found.public_bytes(serialization.Encoding.PEM),
    )


def _of_leaf(first: x509.Certificate, host: str | None, at: datetime) -> Iterator[Flaw]:
    names = _names(first)
    if not names:
        yield Flaw("it names no host (subjectAltName)", "Have one made with the host's name.")
    elif host is not None and not any(_fits(name, host) for name in names):
        yield Flaw(f"it is for {', '.join(names[:4])} and not for {host}", "Have one made for this host.")
    if at < first.not_valid_after_utc < at + min(SOON, (first.not_valid_after_utc - first.not_valid_before_utc) / 4):
        yield Flaw(f"it ends on {first.not_valid_after_utc:%Y-%m-%d}", "Renew it: running servers take it up.", False)


def _of_any(one: x509.Certificate, at: datetime) -> Iterator[Flaw]:
    who = one.subject.rfc4514_string() or "a certificate"
    if not one.not_valid_before_utc <= at <= one.not_valid_after_utc:
        yield Flaw(f"{who} is valid from {one.not_valid_before_utc:%Y-%m-%d} to {one.not_valid_after_utc:%Y-%m-%d}",
                   "Renew it.")  # fmt: skip
    key = one.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _LEAST_RSA:
        yield Flaw(f"{who} has an RSA key of {key.key_size} bits", "Have one made with 2048 bits or more, or P-256.")
    elif isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in _CURVES:
        yield Flaw(f"{who} has a key on {key.curve.name}", "Have one made on P-256, P-384 or P-521.")
    elif not isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey,
                              ed448.Ed448PublicKey)):  # fmt: skip
        yield Flaw(f"{who} has a key of a kind that is not taken any more", "Have one made with RSA or P-256.")
    hashed = one.signature_hash_algorithm
    if hashed is not None and hashed.name in _WEAK_HASHES:
        yield Flaw(f"{who} is signed with {hashed.name}", "Have one made that is signed with SHA-256.")


def _names(one: x509.Certificate) -> list[str]:
    try:
        found = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))]


def _fits(name: str, host: str) -> bool:
    """RFC 6125: the name itself, or a wildcard for its one first label."""
    if name.startswith("*."):
        return host.partition(".")[2].lower() == name[2:].lower()
    return host.lower() == name.lower()


def chained(path: Path) -> list[x509.Certificate]:
    """The certificates of a file, the server's own first. Raises Unavailable."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as failure:
        raise Unavailable(f"{path}: {failure.strerror}") from None
    except ValueError:
        raise Unavailable(f"{path}: no certificates in PEM") from None


def _public(path: Path) -> bytes:
    """The public half of a private key, as it is encoded."""
    try:
        return _spki(serialization.load_pem_private_key(path.read_bytes(), None).public_key())
    except OSError as failure:
        raise Unavailable(f"{path}: {failure.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Unavailable(f"{path}: no private key in PEM that opens without a password") from None


def _spki(key: PublicKeyTypes) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.DER, form)


class LiveCertificate:
    """A server's TLS context that takes up its files when they change; connections that are open stay as they are."""

    def __init__(self, chain: Path, key: Path, client_ca: Path | None = None, asked: Path | None = None) -> None:
        """`client_ca`: nobody is let in without a certificate of these authorities; `asked`: who has one shows it.
        Raises Unavailable for what no server should show, OSError for what cannot be read."""
        self._chain, self._key, self._client_ca, self._asked = chain, key, client_ca, asked
        self._refuse_flaws()
        self.context = self._made()
        self._seen = self._stamp()
        self.leaf = leaf(chain)

    @property
    def chain(self) -> Path:
        """The file that is served."""
        return self._chain

    def follow(self) -> str | None:
        """Take up changed files; what is wrong with them (nothing is changed then), or None."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        try:
            self._refuse_flaws()
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self._chain, self._key)  # tried on another first
            self.context.load_cert_chain(self._chain, self._key)
        except (OSError, Unavailable) as failure:  # ssl.SSLError is an OSError
            return str(failure)
        self._seen, self.leaf = stamp, leaf(self._chain)
        return None

    def _made(self) -> ssl.SSLContext:
        context = server_context(self._chain, self._key, self._asked)
        if self._client_ca is not None:
            context.load_verify_locations(self._client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _refuse_flaws(self) -> None:
        fatal = next((flaw for flaw in flaws(self._chain, self._key) if flaw.fatal), None)
        if fatal is not None:
            raise Unavailable(f"{self._chain}: {fatal.what}. {fatal.do}")

    def _stamp(self) -> tuple[tuple[int, int, int], ...] | None:
        try:
            found = [path.stat() for path in (self._chain, self._key)]
        except OSError:  # in the middle of being replaced
            return None
        return tuple((each.st_mtime_ns, each.st_ino, each.st_size) for each in found)
