"""The reasons of this layer."""

from __future__ import annotations

from ringwall.core.reasons import Layer, Reason

LAYER = Layer.AUTHORIZATION

OPERATION = Reason(
    "authz.operation",
    403,
    "Not allowed",
    "Ask the API's owner for a role that may do this.",
    "No word of the operation's `allow` holds for the caller, or nothing is stated for the operation.",
)
CREDENTIAL = Reason(
    "authz.credential",
    401,
    "Invalid credential",
    "Sign in again.",
    "The credential passed, but the store has no record that it was issued to this subject: a forged one that a flaw of"
    " authentication let through, or a store that was put back to an older state.",
)
OBJECT = Reason(
    "authz.object",
    404,
    "Not found",
    "Check the id. What you may not see looks as if it did not exist.",
    "The object belongs to someone else, or to another tenant, or nobody can tell whose it is.",
)
FIELD = Reason(
    "authz.field",
    403,
    "Property not allowed",
    "Leave out the properties that are named in `errors`.",
    "The caller may not write a property: its `write` names others.",
)
CLAIM = Reason(
    "authz.claim",
    403,
    "Property not allowed",
    "Leave the owner and the tenant out, or state your own.",
    "The body gives an object another owner or tenant than the caller may.",
)
STEP_UP = Reason(
    "authz.mfa",
    401,
    "Second factor required",
    "Sign in again with a second factor.",
    "The caller's role or the operation demands a second factor (`requires: mfa`), the sign-in had none (RFC 9470).",
)
CONDITION = Reason(
    "authz.condition",
    403,
    "Not allowed here and now",
    "Try again at the time, from the network, or with the kind of sign-in that the API's owner allows.",
    "A condition of the rule's `when` does not hold: the detail says which.",
)
DUTIES = Reason(
    "authz.duties",
    403,
    "Not allowed",
    "Ask the API's owner to take one of your roles away.",
    "The caller holds roles that nobody may hold together (`never`), so that neither counts.",
)
POLICY = Reason(
    "authz.policy",
    403,
    "Not allowed",
    "Ask the API's owner.",
    "The Cedar policies do not permit it: the detail names the policy that forbids, or says that none permits.",
)
RECENT = Reason(
    "authz.recent",
    401,
    "Sign in again",
    "Sign in again: the last time is too long ago for this.",
    "The operation `requires` a sign-in of the last `max_age` seconds, and the caller's is older, or tells no time.",
)
BATCH = Reason(
    "authz.batch",
    403,
    "Not allowed",
    "Send the requests one by one.",
    "The operation takes whole requests in its body, which would pass without being judged. Close it, or state "
    "`batch: true` where the application judges each of them itself.",
)
SCOPE = Reason(
    "authz.scope",
    403,
    "Scope not granted",
    "Ask the person for a scope that WWW-Authenticate names.",
    "The client acts for a person and was not granted a scope that the operation's `allow` names (RFC 6750, 3.1).",
)
REASONS = (
    OPERATION, CREDENTIAL, OBJECT, FIELD, CLAIM, STEP_UP, RECENT, SCOPE, CONDITION, DUTIES, POLICY, BATCH,
)  # fmt: skip
