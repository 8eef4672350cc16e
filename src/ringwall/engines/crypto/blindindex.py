"""Equality search over encrypted values: a keyed, truncated tag beside the ciphertext. It stores nothing.

What it tells whoever holds the tags: which rows are probably equal, with one wrong in 2^bits; and, to whoever also
holds the key, a check of any guess. `bits` is how much is told.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass, field
from typing import Final, Self

from ringwall.engines.crypto.encoding import joined, to_text
from ringwall.engines.crypto.fields import FieldContext, holder_of
from ringwall.engines.crypto.rootkey import derive
from ringwall.engines.crypto.secret import Secret

BITS: Final = range(8, 257)
INDEX: Final = "index:"
"""How the holders of blind indexes' keys begin: no rotation changes them, since a tag is not opened and made anew."""


def index_holder(context: FieldContext) -> str:
    """Whose key a field's tags are under: its tenant's, else its resource's."""
    return f"{INDEX}{holder_of(FieldContext(context.resource, context.field, context.tenant))}"


@dataclass(frozen=True, slots=True)
class BlindIndex:
    """The index of one field of one resource. `folded` makes it blind to case."""

    bits: int
    folded: bool
    _key: Secret = field(repr=False)

    @classmethod
    def of(cls, key: Secret, resource: str, name: str, bits: int, folded: bool = False) -> Self:
        """The index of a field, with a key of its own derived from `key`. Raises ValueError for `bits` out of range."""
        if bits not in BITS:
            raise ValueError("a blind index has 8 to 256 bits")
        info = joined(b"ringwall/index/1", resource.encode(), name.encode(), bytes((folded,)))
        return cls(bits, folded, derive(key, info, 32))

    def tag(self, value: str) -> str:
        """The tag of a value: the first `bits` of HMAC-SHA-256 over its normal form, in base64url."""
        digest = hmac.digest(self._key.reveal(), self._normal(value).encode("utf-8", "surrogatepass"), hashlib.sha256)
        whole, rest = divmod(self.bits, 8)
        kept = digest[: whole + (1 if rest else 0)]
        return to_text(kept if not rest else kept[:-1] + bytes((kept[-1] & (0xFF << (8 - rest)) & 0xFF,)))

    def _normal(self, value: str) -> str:
        """NFC (Unicode Standard Annex 15), folded first where asked (Unicode, section 3.13, D145)."""
        normal = unicodedata.normalize("NFC", value)
        if not self.folded:
            return normal
        return unicodedata.normalize("NFC", unicodedata.normalize("NFD", normal).casefold())
