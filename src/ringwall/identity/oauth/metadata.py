"""What the server can do (RFC 8414, OpenID Connect Discovery 1.0): made from what it does, and no more."""

from __future__ import annotations

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.plan import Serve
from ringwall.engines.tokens.dpop import ALGORITHMS
from ringwall.identity.oauth.answer import public_reply
from ringwall.identity.oauth.clients import METHODS
from ringwall.identity.oauth.pkce import METHOD
from ringwall.identity.oauth.server import OPENID, Server
from ringwall.identity.oauth.token import GRANTS
from ringwall.identity.tokens import MFA, PASSWORD

_SIGNED = ("ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512")


def metadata(server: Server) -> Serve:
    """`GET /.well-known/oauth-authorization-server` and `/.well-known/openid-configuration`: one document for both."""
    proofs = ("secret", "key", "certificate") if server.certificates else ("secret", "key")
    methods = [name for proof in proofs for name in METHODS[proof]]
    document: dict[str, object] = {
        "issuer": server.issuer,
        "authorization_endpoint": server.url("authorize"),
        "token_endpoint": server.url("token"),
        "revocation_endpoint": server.url("revoke"),
        "introspection_endpoint": server.url("introspect"),
        "pushed_authorization_request_endpoint": server.url("par"),
        "device_authorization_endpoint": server.url("device_authorization"),
        "userinfo_endpoint": server.url("userinfo"),
        "end_session_endpoint": server.url("logout"),
        "jwks_uri": f"{server.issuer}/.ringwall/jwks.json",
        "grant_types_supported": [*GRANTS, "password"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": [METHOD],
        "scopes_supported": [*OPENID, *sorted(server.scopes)],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "preferred_username", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr",
                             "amr", "at_hash", "sid"],
        "acr_values_supported": [PASSWORD, MFA],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "token_endpoint_auth_methods_supported": ["none", *methods],
        "token_endpoint_auth_signing_alg_values_supported": [*_SIGNED],
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": [*_SIGNED],
        "revocation_endpoint_auth_methods_supported": ["none", *methods],
        "revocation_endpoint_auth_signing_alg_values_supported": [*_SIGNED],
        "dpop_signing_alg_values_supported": [*ALGORITHMS],
        "tls_client_certificate_bound_access_tokens": server.certificates,
        "authorization_response_iss_parameter_supported": True,
        "require_pushed_authorization_requests": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
    }  # fmt: skip

    def serve(request: Request, known: Known) -> Response:
        return public_reply(document)

    return serve


def jwks(server: Server) -> Serve:
    """`GET /.ringwall/jwks.json`: the keys that verify our tokens, those to come included."""

    def serve(request: Request, known: Known) -> Response:
        return public_reply(server.tokens.jwks())

    return serve
