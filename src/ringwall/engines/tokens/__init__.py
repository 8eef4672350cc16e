"""JSON Web Tokens, verified to the letter: pure functions over joserfc that know no layer and no request.

The algorithm comes from the key, never from the token. Every flaw has its own permanent reason.
"""

from ringwall.engines.tokens.claims import Claims, Expectation
from ringwall.engines.tokens.encoding import Json
from ringwall.engines.tokens.flaws import SENTENCES, Flaw, Refused
from ringwall.engines.tokens.header import Header
from ringwall.engines.tokens.keyset import KeySet, Skipped
from ringwall.engines.tokens.remembered import Remembered
from ringwall.engines.tokens.signing import SigningKey, jwks, sign
from ringwall.engines.tokens.verify import LONGEST, Payload, verify, verify_jws

__all__ = [
    "LONGEST",
    "SENTENCES",
    "Claims",
    "Expectation",
    "Flaw",
    "Header",
    "Json",
    "KeySet",
    "Payload",
    "Refused",
    "Remembered",
    "SigningKey",
    "Skipped",
    "jwks",
    "sign",
    "verify",
    "verify_jws",
]
