"""Certificates made locally: an authority of this machine's own, and a server certificate under it.

For development and loopback. The authority's key never leaves its directory; anything made is good for a year.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ringwall.state.keyfiles import load_or_create
from ringwall.state.tls_groups import server_side

_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Paths in PEM: the authority that a client trusts, the server's chain, its key."""

    ca: Path
    chain: Path
    key: Path


def local_certificate(directory: Path, hosts: tuple[str, ...]) -> Certificate:
    """A certificate for these names and addresses, made on first use and again when it nears its end."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_key = _load(load_or_create(directory / "ca.key", _fresh_pem))
    ca_path = directory / "ca.pem"
    if not ca_path.exists():
        _write(ca_path, _authority(ca_key))
    found = Certificate(ca_path, directory / "server.pem", directory / "server.key")
    key = _load(load_or_create(found.key, _fresh_pem))
    if not _good(found.chain, hosts):
        authority = x509.load_pem_x509_certificate(ca_path.read_bytes())
        _write(found.chain, _server(key, authority, ca_key, hosts))
    return found


def server_context(chain: Path, key: Path, clients: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 and later, forward secrecy and authenticated encryption only (RFC 9325, section 4.2). Clients are asked
    for a certificate of the authorities in `clients`; one that shows another's is not let in, one without is."""
    context = server_side()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(chain, key)
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _fresh_pem() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _load(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not an elliptic curve key")
    return key


def _builder(subject: str, issuer: x509.Name | None, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _YEAR)
    )


def _authority(key: ec.EllipticCurvePrivateKey) -> bytes:
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        _builder("ringwall local authority", None, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _server(
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    hosts: tuple[str, ...],
) -> bytes:
    made = (
        _builder(hosts[0], authority.subject, key)
        .add_extension(x509.SubjectAlternativeName([_name(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _good(chain: Path, hosts: tuple[str, ...]) -> bool:
    """Whether there is a certificate for all these hosts that lasts another month."""
    if not chain.exists():
        return False
    found = x509.load_pem_x509_certificate(chain.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    lasts = found.not_valid_after_utc > datetime.now(UTC) + timedelta(days=30)
    return lasts and all(_name(host) in names for host in hosts)


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)
