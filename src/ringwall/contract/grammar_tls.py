"""The structure of `tls:` in `ringwall.yaml`."""

from __future__ import annotations

from typing import Final

from ringwall.contract.shapes import Listing, Record, Text

_LINE = r"[^\x00-\x1f]"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_URL: Final = Text(rf"https://{_LINE}{{1,500}}", "a URL with https")

TLS: Final = Record(
    "where the certificate comes from that callers are met with",
    {
        "acme": Record(
            "an authority that gives certificates by ACME (RFC 8555)",
            {
                "directory": _URL,
                "domains": Listing(
                    Text(
                        rf"(?:{_LABEL}\.){{1,20}}{_LABEL}",
                        "a host's name such as api.example.com; a wildcard takes another kind of proof (dns-01)",
                    )
                ),
                "contact": Listing(Text(r"mailto:[^\x00-\x20@,?]{1,64}@[^\x00-\x20@,?]{1,250}", "mailto:NAME@HOST")),
                "terms": Text(rf"{_LINE}{{1,500}}", "the address of the terms"),
                "ca": Text(rf"{_LINE}{{1,500}}", "a file of certificates in PEM"),
                "account": Record(
                    "an account that the authority knows already",
                    {
                        "id": Text(rf"{_LINE}{{1,200}}", "its name there"),
                        "key": Text(rf"(?:env|file):{_LINE}{{1,500}}", "`env:NAME` or `file:PATH`"),
                    },
                    required=("id", "key"),
                ),
            },
            required=("directory", "domains"),
            notes={
                "directory": "The authority's directory.",
                "domains": "The hosts that the certificate is for; each is proven over plain HTTP (http-01).",
                "contact": "Whom the authority writes to.",
                "terms": "The address of the terms of service that you agree to.",
                "ca": "The authorities that the directory's own certificate is under, in place of the system's.",
                "account": "External account binding: the account's id and MAC key, as the authority gave them.",
            },
        ),
    },
    notes={"acme": "Certificates are asked for, renewed and served without a restart."},
)
