"""Why an encrypted value is refused, in the codes of the encryption engine."""

from __future__ import annotations

from ringwall.core.reasons import Layer, Reason
from ringwall.engines.crypto.flaws import CryptoFlaw

LAYER = Layer.ENCRYPTION

_MEANING = {
    CryptoFlaw.MALFORMED: "A stored value has the form of a record of ours and is none.",
    CryptoFlaw.VERSION: "A stored value was written by a later version.",
    CryptoFlaw.KEY_UNKNOWN: "The key of a stored value was destroyed, or was never here.",
    CryptoFlaw.ROOT_UNKNOWN: "The key of a stored value is wrapped by a root key that is not here.",
    CryptoFlaw.MOVED: "A stored value stands in another holder's object than it was written for.",
    CryptoFlaw.CONTEXT: "The reply does not say whose the object is, and the value is bound to that.",
    CryptoFlaw.TAMPERED: "A stored value was altered, or moved to another object or field.",
    CryptoFlaw.ERASED: "A stored value is of a person who was erased: it is left out of the reply.",
}
UNREADABLE = {
    flaw: Reason(flaw.value, 500, "Internal error", "Try again later; quote the request id.", meaning)
    for flaw, meaning in _MEANING.items()
}
FORGED = Reason(
    "encryption.forged",
    422,
    "Value not allowed",
    "Send the value in clear; encryption is not the caller's business.",
    "The caller sent what looks like an encrypted value: perhaps one copied from another object.",
)
STEP = Reason(
    "encryption.step",
    422,
    "Step not allowed",
    "Send the value itself: it can be neither moved nor changed in part.",
    "A JSON Patch would take an encrypted value to another place, or write into one, which only its key could do.",
)
HANDOVER = Reason(
    "encryption.handover",
    409,
    "Owner not changed",
    "State the object's other protected fields in the same request, or null where they are to go.",
    "The request gives an object to another owner or tenant, and leaves values behind that open for the former one "
    "alone: it is no PATCH whose schema takes them, or they do not open.",
)
CONTENT = Reason(
    "encryption.content",
    415,
    "Content type not allowed",
    "Send this as JSON.",
    "A field that is stored encrypted came in a form or in XML, which is not written anew: only JSON is.",
)
REASONS = (*UNREADABLE.values(), FORGED, STEP, HANDOVER, CONTENT)
BY_CODE = {flaw.value: reason for flaw, reason in UNREADABLE.items()}
