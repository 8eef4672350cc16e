"""The structure of `authentication.certificates`: client certificates, and whom they speak for."""

from __future__ import annotations

from typing import Final

from ringwall.contract.shapes import Listing, Record, Table, Text

_LINE = r"[^\x00-\x1f]"

CERTIFICATES: Final = Record(
    "client certificates, and whom they speak for",
    {
        "ca": Text(rf"{_LINE}{{1,500}}", "a file of certificates in PEM"),
        "header": Text(r"[A-Za-z0-9-]{1,100}", "a header's name, such as Client-Cert"),
        "subjects": Table(
            Text(
                rf"(?:dns|uri|email):{_LINE}{{1,300}}|sha256:[0-9a-f]{{64}}|[A-Z][A-Za-z0-9.]*={_LINE}{{1,500}}",
                "`dns:NAME`, `uri:URI`, `email:ADDRESS`, `sha256:HEX`, or a distinguished name (RFC 4514)",
            ),
            Record(
                "whom a certificate speaks for",
                {
                    "subject": Text(rf"{_LINE}{{1,200}}", "a subject"),
                    "roles": Listing(Text(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", "a role")),
                    "scopes": Listing(Text(r"[!-~]{1,200}", "a scope")),
                    "tenant": Text(rf"{_LINE}{{1,200}}", "a tenant"),
                },
            ),
        ),
    },
    required=("subjects",),
    notes={
        "ca": "The authorities whose certificates are asked for and believed where ringwall ends TLS itself.",
        "header": "The header in which a trusted proxy hands the certificate on (RFC 9440, or percent-encoded PEM).",
        "subjects": "Each certificate by one of its names, and whom it speaks for. No other certificate is anybody.",
    },
)
