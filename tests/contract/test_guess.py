"""Guesses from names: each with the look-alike beside it. The names are of documents of real APIs."""

from __future__ import annotations

import pytest

from ringwall.contract.guess import data_class, is_sign_in
from ringwall.contract.openapi import load_api


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("password", "secret"),
        ("access_token", "secret"),
        ("webhook_url", "secret"),
        ("healthIssues", "health"),
        ("blood_type", "health"),
        ("account_number", "financial"),
        ("token_url", None),
        ("token_exchange_endpoint", None),
        ("subject_token_type", None),
        ("password_policy", None),
        ("health_check_error", None),
        ("last_health_check", None),
        ("health_status", None),
    ],
)
def test_a_name_tells_a_class_of_data_or_is_about_it(name: str, kind: str | None) -> None:
    found = data_class(name, {"type": "string"}, "Thing")
    assert (found.value if found else None) == kind


@pytest.mark.parametrize(
    ("path", "signs_in"),
    [
        ("/login", True),
        ("/api/v1/auth/login", True),
        ("/token", True),
        ("/users/v1/login", True),
        ("/auth/get_token", True),
        ("/rest/user/login", True),
        ("/identity/api/auth/login", True),
        ("/api-token-auth/", True),
        ("/oauth2/token", True),
        ("/utils/token_counter", False),
        ("/v1/sessions/delete", False),
        ("/oauth/clients", False),
        ("/tokens", False),
        ("/login/{id}", False),
    ],
)
def test_a_path_is_where_callers_sign_in_or_resembles_it(path: str, signs_in: bool) -> None:
    document = {"openapi": "3.1.0", "info": {}, "paths": {path: {"post": {"responses": {}}}}}
    (operation,) = load_api(document, "api")[0].operations
    assert is_sign_in(operation) is signs_in
