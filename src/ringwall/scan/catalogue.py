"""The classes of weakness that the scanner knows: their names, numbers, severity, and what closes them.

CVSS 4.0 vectors are for the usual case; scores by the specification's own algorithm, worked out beforehand. OWASP's
API list of 2023 has no class for injection or markup of its own: they stand under API8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weakness:
    """One class. `cvss` is the whole vector, `score` its base score."""

    kind: str
    title: str
    cwe: int
    owasp: str
    cvss: str
    score: float
    change: str

    @property
    def severity(self) -> str:
        """The specification's word for the score (CVSS 4.0, section 6)."""
        return "critical" if self.score >= 9 else "high" if self.score >= 7 else "medium" if self.score >= 4 else "low"


def _weakness(kind: str, title: str, cwe: int, owasp: str, harm: tuple[str, float], change: str) -> Weakness:
    return Weakness(kind, title, cwe, f"API{owasp}:2023", f"CVSS:4.0/AV:N/{harm[0]}", harm[1], change)


_READ = ("AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", 7.1)
_WRITE = ("AC:L/AT:N/PR:L/UI:N/VC:N/VI:H/VA:L/SC:N/SI:N/SA:N", 7.1)
_BOTH = ("AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:L/SC:N/SI:N/SA:N", 8.7)
_ALL = ("AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 8.7)
_ANYONE = ("AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:L/SC:N/SI:N/SA:N", 9.3)
_LITTLE = ("AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 6.9)
_LURED = ("AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 5.1)
_CROSS = ("AC:L/AT:N/PR:N/UI:P/VC:H/VI:L/VA:N/SC:N/SI:N/SA:N", 7.1)
_HARD = ("AC:H/AT:P/PR:N/UI:P/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 2.3)
_OUT = ("AC:L/AT:N/PR:L/UI:N/VC:H/VI:N/VA:L/SC:L/SI:N/SA:N", 7.1)
_TIRED = ("AC:L/AT:N/PR:L/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N", 7.1)
_GUESS = ("AC:L/AT:N/PR:N/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N", 6.9)

_OWNER = "State who may: `allow: [owner]` on the operation and `owner:` on the resource; compare it in the app."
_SINK = "Pass the value as data (bound, quoted by the library, or from a fixed list), and state its format and pattern."

WEAKNESSES: Mapping[str, Weakness] = {
    w.kind: w
    for w in (
        _weakness("object-read", "Another account's object is readable", 639, "1", _READ,
                  _OWNER),
        _weakness("object-write", "Another account's object can be changed", 639, "1", _WRITE,
                  _OWNER),
        _weakness("function", "An operation does not ask for the role", 862, "5", _BOTH,
                  "Keep the operation to the contract's roles: check the role before anything else."),
        _weakness("authentication", "An operation asks nobody who they are", 306, "2", _ANYONE,
                  "Ask for a credential, or state `allow: anyone` if it is meant to be open."),
        _weakness("token", "A token that nobody issued is accepted", 347, "2", _ANYONE,
                  "Verify signature, algorithm and expiry with a library, with a long random key."),
        _weakness("mass-assignment", "A property that only the server should set is taken", 915, "3", _WRITE,
                  "Take only declared properties (`additionalProperties: false`), or state `write:` for the field."),
        _weakness("data-exposure", "A reply holds a secret that the caller should not have", 213, "3", _READ,
                  "Answer with the declared properties only, or state `read:` and `mask:` for the field."),
        _weakness("sqli", "A value becomes part of an SQL statement", 89, "8", _ALL, _SINK),
        _weakness("nosqli", "A value becomes an operator of a query", 943, "8", _BOTH,
                  "Hold the property to its declared type: a string is no object."),
        _weakness("cmdi", "A value becomes part of a shell command", 78, "8", _ALL, _SINK),
        _weakness("ssti", "A value becomes part of a template", 1336, "8", _ALL, _SINK),
        _weakness("deserialization", "A value is read as code or objects", 502, "8", _ALL,
                  "Read it with the library's safe loader."),
        _weakness("path", "A value leads a file's path elsewhere", 22, "8", _READ, _SINK),
        _weakness("xxe", "An XML body's entities are followed", 611, "8", _OUT,
                  "Switch external entities and DTDs off in the parser."),
        _weakness("ssrf", "The target fetches an address that the caller names", 918, "7", _OUT,
                  "Allow known hosts only, resolve once, and refuse loopback, private and metadata addresses."),
        _weakness("xss", "A value becomes markup in a page", 79, "8", _LURED,
                  "Escape by context, and send a Content-Security-Policy without 'unsafe-inline'."),
        _weakness("redirect", "A value decides where the caller is sent", 601, "8", _LURED,
                  "Accept paths of this site only."),
        _weakness("errors", "An error tells how the application is made", 209, "8", _LITTLE,
                  "Answer errors with a fixed body; keep traces in the log."),
        _weakness("cors", "Any site may call with the caller's credentials", 942, "8", _CROSS,
                  "List the origins in the contract's `cors:`; never reflect what was sent."),
        _weakness("headers", "A protective header is missing", 693, "8", _HARD,
                  "Send it with every reply of this kind."),
        _weakness("tls", "Credentials travel in the clear", 319, "8", _GUESS, "Serve HTTPS only."),
        _weakness("rate-limit", "Guesses are not limited", 307, "2", _GUESS,
                  "State `rate:` on the operation, by account and by address."),
        _weakness("enumeration", "An answer tells which accounts exist", 204, "2", _LITTLE,
                  "Answer alike, in status, body and time, whether the name exists or not."),
        _weakness("cost", "The time for a value grows out of all proportion to its length", 1333, "4", _TIRED,
                  "Match with an engine that is linear in the value, or bound its length before it is matched."),
        _weakness("inventory", "Something is served that the document does not name", 1059, "9", _LITTLE,
                  "Remove it, or declare it and state who may use it."),
    )
}  # fmt: skip
KINDS = tuple(WEAKNESSES)
