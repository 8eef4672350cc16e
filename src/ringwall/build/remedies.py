"""The remedies for each family of reason codes: sentences and lines of the contract, the likeliest first."""

from __future__ import annotations

from typing import Final

Template = tuple[str, str | None]
"""What to do, and the contract's line that does it, with places for names."""

_APPLICATION = "The application did this: its own log, under this request's id, says where; the contract is right."


def _format(word: str) -> str:
    return f"resources: {{{{{{resource}}: {{{{fields: {{{{{{field}}: {{{{format: {word}}}}}}}}}}}}}}}}}"


_OVERLAY: Template = (
    "Where the document is not yours to mend, state it beside it, in an OpenAPI overlay (docs/overlays.md):",
    "overlays: [overlay.yaml]",
)
_SANITIZE: Template = (
    "Let such text be rewritten instead of refused:",
    "resources: {{{resource}: {{fields: {{{field}: {{sanitize: true}}}}}}}}",
)

BY_FAMILY: Final[dict[str, tuple[Template, ...]]] = {
    "authn.missing": (
        ("The caller sends no credential: give it an API key (`ringwall apikeys issue`) or an account.", None),
        ("Or, if the operation is meant for everybody:", "operations: {{{operation}: {{allow: anyone}}}}"),
    ),
    "authn.scheme": (
        ("Take the kind of credential that the caller sends:", "authentication: {{accounts: true, api_keys: true}}"),
        ("Or Basic with ringwall's accounts, over TLS:", "authentication: {{accounts: true, basic: true}}"),
    ),
    "authn.key": (
        ("See whether the key has expired or was revoked: `ringwall apikeys list`; then issue or rotate it.", None),
    ),
    "authn.key.address": (
        (
            "Issue a key for the address that it is used from: `ringwall apikeys issue --from NETWORK`; end this one.",
            None,
        ),
    ),
    "authn.proof": (("The caller's DPoP proof is wrong, or not for this request: its library may be told why.", None),),
    "authn.session": (("The caller signs in again, from a page of this origin or of one under `cors.origins`.", None),),
    "authn.certificate": (
        ("Call over TLS with the very certificate; behind a proxy, have it hand it on (`certificates.header`).", None),
    ),
    "authn.password": (("Set another password: `ringwall users password NAME`; after many failures, wait.", None),),
    "authn.ambiguous": (("The caller, or a proxy on the way, sends two credentials: keep one.", None),),
    "authn.upstream.profile": (
        (
            "Ask the profile yourself with a token of the API's: `profile`, `subject`, `header` and `scheme` must fit.",
            None,
        ),
    ),
    "authn.upstream": (
        (
            "`ringwall check` compares `authentication.upstream` with the document; else the caller signs in again.",
            None,
        ),
    ),
    "authn.token.revoked": (("It was ended on purpose, or the account is disabled: `ringwall users list`.", None),),
    "authn.token.issuer": (
        (
            "Trust the issuer that the token names, if it is to be trusted:",
            "authentication: {{issuers: [{{issuer: 'https://login.example.com', audience: my-api}}]}}",
        ),
    ),
    "authn.token.audience": (
        (
            "State the audience that the issuer puts into its tokens:",
            "authentication: {{issuers: [{{issuer: 'https://login.example.com', audience: my-api}}]}}",
        ),
    ),
    "authn.token": (("Ask the token itself: `ringwall token verify - --jwks keys.json` says what is wrong.", None),),
    "authn.session.origin": (
        ("Name the page's origin, if it is one of yours:", "cors: {{origins: ['https://app.example.com']}}"),
    ),
    "authz.credential": (
        ("If the store was put back to an older state, issue the credential anew; else look for a forged one.", None),
    ),
    "authz.recent": (("The person signs in again; or state a longer `max_age` beside `requires`.", None),),
    "authz.scope": (
        ("Let the client ask for a scope that is allowed:", "operations: {{{operation}: {{allow: ['scope:NAME']}}}}"),
    ),
    "authz.operation": (
        (
            "Name one of the caller's roles, or another word that holds for it, in `allow`:",
            "operations: {{{operation}: {{allow: [{role}]}}}}",
        ),
        ("Or give the caller a role that is allowed: `ringwall users roles NAME ROLE`.", None),
    ),
    "authz.object": (
        (
            "If callers of this role may see objects that are not theirs:",
            "operations: {{{operation}: {{allow: [owner, {role}]}}}}",
        ),
        ("A role counts within the caller's tenant alone: see its tenant with `ringwall users list`.", None),
        (
            "See that the contract names the right properties:",
            "resources: {{{resource}: {{id: id, owner: OWNER_PROPERTY, tenant: TENANT_PROPERTY}}}}",
        ),
        ("See how whose it is was settled: `ringwall explain {operation}`.", None),
    ),
    "authz.field": (
        (
            "Let the caller's role write the property:",
            "resources: {{{resource}: {{fields: {{{field}: {{write: [{role}]}}}}}}}}",
        ),
    ),
    "authz.claim": (
        (
            "A role that `allow` names may state another owner; `owner` alone may not:",
            "operations: {{{operation}: {{allow: [owner, {role}]}}}}",
        ),
        ("Only an account of all tenants (tenant `*`) may state another tenant.", None),
    ),
    "authz.mfa": (
        (
            "Sign in with a second factor; or, if this role needs none, state it without `requires: mfa`:",
            "roles: {{{role}: {{}}}}",
        ),
    ),
    "authz.condition": (
        (
            "See the condition that the detail names, and widen it if it was wrong:",
            "operations: {{{operation}: {{allow: [{role}], when: {{hours: 06:00-22:00}}}}}}",
        ),
    ),
    "authz.batch": (
        (
            "Have clients send their requests one by one; or, if the application judges each of them by its caller:",
            "operations: {{{operation}: {{allow: [{role}], batch: true}}}}",
        ),
    ),
    "authz.duties": (
        ("Take one of the roles away: `ringwall roles show` says who holds which, and by whom.", None),
        ("Or, if both may be held by one person, leave them out of `never`.", None),
    ),
    "authz.policy": (
        ("See the policy that the detail names in the file that `policies:` names, or add one that permits.", None),
        (
            "Or, if the policies are not to decide here:",
            "operations: {{{operation}: {{allow: [{role}], policy: false}}}}",
        ),
    ),
    "quota.rate": (
        ("Raise the rate of this operation:", "operations: {{{operation}: {{rate: 600/minute}}}}"),
        ("Or of all of them:", "limits: {{rate: 6000/minute}}"),
    ),
    "quota.key": (("Issue a key with a higher `--rate`, and end this one; or let its holder slow down.", None),),
    "quota.address": (
        (
            "Behind a proxy all callers share its address: name it, and its X-Forwarded-For is believed.",
            "trusted_proxies: [10.0.0.0/8]",
        ),
        ("Or raise the rate of one address:", "limits: {{anonymous_rate: 6000/minute}}"),
    ),
    "validation.query.unknown": (
        (
            "Let the caller leave the parameter out, or state that the document forgot it:",
            "operations: {{{operation}: {{allow: [{role}], query: [NAME]}}}}",
        ),
    ),
    "validation.unknown": (
        ("Declare the property `{field}` in the OpenAPI document: what is not declared is refused.", None),
        _OVERLAY,
    ),
    "validation.readonly": (
        ("The document says `readOnly`: take that out there, or let the caller leave it out.", None),
    ),
    "validation.text.bidi": (_SANITIZE,),
    "validation.text.normal": (_SANITIZE,),
    "validation.url": (
        ("If the field holds no address to be fetched, do not state `format: url` for it:", _format("text")),
    ),
    "validation.file": (("State the file's type in the document's `encoding`, or let the caller send another.", None),),
    "validation.json.depth": (("Allow deeper content:", "limits: {{depth: 64}}"),),
    "validation.json.items": (("Allow more values at once:", "limits: {{items: 50000}}"),),
    "validation.coding.size": (("Allow more content, packed or not:", "operations: {{{operation}: {{body: 8MiB}}}}"),),
    "validation.form": (("The caller's library writes the form loosely, or a field is packed: mend it there.", None),),
    "validation.media": (
        ("Declare the media type under the operation's `requestBody` in the document.", None),
        _OVERLAY,
    ),
    "validation.body": (
        ("The document's `requestBody` for this operation is not what the caller sends: mend either.", None),
        _OVERLAY,
    ),
    "validation.schema": (("`ringwall check` says which schema of the document cannot be used.", None),),
    "validation": (
        (
            "Widen the schema of `{field}` in the OpenAPI document if the value was right.",
            None,
        ),
        _OVERLAY,
    ),
    "detection": (
        ("If the field rightly holds code or queries, say so; it is then not searched for them:", _format("code")),
        ("If it holds text with markup:", _format("markdown")),
        ("Better still, give it a `pattern` or `enum` in the document: what a schema decides is not guessed at.", None),
    ),
    "disclosure.owner": (
        (
            "The application gave out an object that is not the caller's. If the caller may see it:",
            "operations: {{{operation}: {{allow: [owner, {role}]}}}}",
        ),
        (
            "If it is a list, let it be cut to what the caller may see:",
            "operations: {{{operation}: {{allow: [{role}], filter: tenant}}}}",
        ),
    ),
    "disclosure.unsettled": (
        (
            "The reply has to name the owner and tenant by the properties that the contract states:",
            "resources: {{{resource}: {{id: id, owner: OWNER_PROPERTY}}}}",
        ),
    ),
    "disclosure.undeclared": (
        (
            "Declare this reply in the document; or let undeclared ones pass and be counted:",
            "operations: {{{operation}: {{allow: [{role}], replies: lenient}}}}",
        ),
    ),
    "disclosure": ((_APPLICATION, None),),
    "encryption.step": (("Send the value itself: ciphertext cannot be moved, copied or changed in part.", None),),
    "encryption.handover": (
        ("State the object's other encrypted fields in the same request, null where they are to go.", None),
        ("Where the application changes the owner by itself: `ringwall keys migrate --adopt`.", None),
    ),
    "encryption.forged": (("The caller sent a stored value back: it has to send values in clear.", None),),
    "encryption": (
        (
            "See whether the key is there: `ringwall keys list`; a backup of `state.db` and `keys/` belong together.",
            None,
        ),
    ),
    "sinks": (
        ("Input became code in what the application did: pass it as a parameter there, not as text.", None),
        ("To watch without refusing while that is mended:", "observe: [sinks]"),
    ),
    "transport.origin": (
        ("Name the page's origin:", "cors: {{origins: ['https://app.example.com'], credentials: true}}"),
    ),
    "transport.tls": (
        ("If a proxy ends TLS, name it, and its X-Forwarded-Proto is believed:", "trusted_proxies: [10.0.0.0/8]"),
    ),
    "transport.route": (
        ("Declare the path in the OpenAPI document; `ringwall explain` lists what is declared.", None),
        _OVERLAY,
    ),
    "transport.method.undeclared": (
        ("Declare the method in the OpenAPI document, and allow it.", None),
        _OVERLAY,
    ),
    "transport.body.size": (
        ("Allow larger bodies here:", "operations: {{{operation}: {{allow: [{role}], body: 8MiB}}}}"),
    ),
    "transport.slow": (("Allow more time here:", "operations: {{{operation}: {{allow: [{role}], seconds: 60}}}}"),),
    "transport": (("The caller's software, or a proxy on the way, speaks HTTP loosely: mend it there.", None),),
    "upstream.timeout": (
        ("Allow the application more time:", "operations: {{{operation}: {{allow: [{role}], seconds: 60}}}}"),
    ),
    "upstream": ((_APPLICATION, None),),
    "monitoring": (("`ringwall respond list` says what holds and why, `ringwall respond undo` ends it.", None),),
    "monitoring.journal": (("The journal could not be written: see the disk, and `ringwall audit verify`.", None),),
    "internal.store": (("A store did not answer: see the disk, and who else holds `state.db`.", None),),
    "internal": (("A guard failed, which is ringwall's own fault: please report it with this record.", None),),
}
