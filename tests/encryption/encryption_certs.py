"""An authority and certificates for the tests, good and bad."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID


class Authority:
    """Signs what it is asked to."""

    def __init__(self, directory: Path, name: str = "tests") -> None:
        self.directory, self.name = directory, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.ca = directory / f"{name}.ca.pem"
        self.ca.write_bytes(self._signed(self.key.public_key(), name, ca=True).public_bytes(_PEM))

    def issue(
        self,
        who: str,
        *,
        bits: int = 0,
        days: int = 90,
        begin: int = -1,
        names: bool = True,
        ocsp: str | None = None,
        signs: bool = False,
    ) -> tuple[Path, Path]:
        """A certificate and its key: RSA of so many bits, or on P-256. `ocsp` is who knows how it stands, and `signs`
        makes one for such a responder."""
        key: Any = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
        chain, secret = self.directory / f"{who}.pem", self.directory / f"{who}.key"
        signed = self._signed(key.public_key(), who, days=days, begin=begin, names=names, ocsp=ocsp, signs=signs)
        chain.write_bytes(signed.public_bytes(_PEM))
        form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        secret.write_bytes(key.private_bytes(_PEM, form, none))
        return chain, secret

    def _signed(
        self,
        key: Any,
        who: str,
        *,
        days: int = 365,
        begin: int = -1,
        ca: bool = False,
        names: bool = True,
        ocsp: str | None = None,
        signs: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        made = (
            x509.CertificateBuilder()
            .subject_name(issuer if ca else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)]))
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=begin))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if names and not ca:
            hosts = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            made = made.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        if ocsp is not None:
            at = x509.UniformResourceIdentifier(ocsp)
            told = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, at)
            made = made.add_extension(x509.AuthorityInformationAccess([told]), critical=False)
        if signs:
            made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
        if ca:
            made = made.add_extension(x509.KeyUsage(*[n in (5, 6) for n in range(9)]), critical=True)
        return made.sign(self.key, hashes.SHA256())


_PEM = serialization.Encoding.PEM
