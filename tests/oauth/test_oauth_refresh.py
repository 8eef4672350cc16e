"""Refresh tokens: each is used once; reuse, a race, another client or an end of all ends the family."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from oauth.oauth_world import World, claims, error
from ringwall.build.identity import accounts_on


@pytest.fixture(scope="module")
def app(there: World) -> str:
    return there.register()[0]


def test_a_refresh_gives_the_next_token_and_ends_the_one_before(there: World, app: str) -> None:
    first = there.tokens(app, scope="notes.read notes.write openid")
    second = there.refresh(first["refresh_token"], app).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert there.get("/notes", second["access_token"]).status_code == 200
    third = there.refresh(second["refresh_token"], app, scope="notes.read").json()
    assert third["scope"] == "notes.read"
    assert claims(third["access_token"])["auth_time"] == claims(first["access_token"])["auth_time"]
    whole = there.refresh(third["refresh_token"], app).json()
    assert whole["scope"] == first["scope"], "a narrower access token narrowed the grant"


def test_a_token_that_comes_again_ends_the_whole_family_and_is_told(there: World, app: str) -> None:
    first = there.tokens(app)
    second = there.refresh(first["refresh_token"], app).json()
    other = there.tokens(app)
    before = len(there.told("oauth.refresh.reused"))
    assert error(there.refresh(first["refresh_token"], app)) == "invalid_grant"
    assert len(there.told("oauth.refresh.reused")) == before + 1
    assert error(there.refresh(second["refresh_token"], app)) == "invalid_grant"
    for token in (first["access_token"], second["access_token"]):
        assert there.get("/notes", token).json()["reason"] == "authn.token.revoked"
    assert there.get("/notes", other["access_token"]).status_code == 200, "another family fell with it"
    assert there.refresh(other["refresh_token"], app).status_code == 200


def test_of_many_at_once_one_wins_and_nobody_keeps_it(there: World, app: str) -> None:
    """Two workers and eight connections: a thief and an owner who are equally fast both lose."""
    first = there.tokens(app)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: there.refresh(first["refresh_token"], app), range(8)))
    won = [r.json() for r in replies if r.status_code == 200]
    assert len(won) == 1
    assert all(error(r) == "invalid_grant" for r in replies if r.status_code != 200)
    assert error(there.refresh(won[0]["refresh_token"], app)) == "invalid_grant"
    assert there.get("/notes", won[0]["access_token"]).status_code == 401


def test_another_client_s_token_ends_the_family(there: World, app: str) -> None:
    first, other = there.tokens(app), there.register()[0]
    assert error(there.refresh(first["refresh_token"], other)) == "invalid_grant"
    assert error(there.refresh(first["refresh_token"], app)) == "invalid_grant"
    assert there.told("oauth.refresh.stolen")


def test_what_is_only_asked_wrongly_costs_nothing(there: World, app: str) -> None:
    first = there.tokens(app, scope="notes.read")
    assert error(there.refresh(first["refresh_token"], app, scope="notes.read notes.write")) == "invalid_scope"
    assert error(there.refresh(first["refresh_token"], app, resource="https://other.example")) == "invalid_target"
    assert there.refresh(first["refresh_token"], app).status_code == 200


def test_an_access_token_or_a_code_is_no_refresh_token(there: World, app: str) -> None:
    first = there.tokens(app)
    for text in (first["access_token"], "x", "", first["refresh_token"] + "x", first["refresh_token"].upper()):
        reply = there.refresh(text, app)
        assert error(reply) in ("invalid_grant", "invalid_request")
    assert there.refresh(first["refresh_token"], app).status_code == 200


def test_a_client_without_the_grant_gets_no_refresh_token_and_may_use_none(there: World) -> None:
    app = there.register(grants=frozenset({"authorization_code"}))[0]
    assert "refresh_token" not in there.tokens(app)
    assert error(there.refresh("x", app)) == "unauthorized_client"


def test_what_ends_all_of_somebody_s_tokens_ends_the_families_too(there: World, app: str) -> None:
    from e2e.e2e_process import ringwall

    first = there.tokens(app, there.sign_in("ben"))
    done = ringwall("users", "roles", "ben", "reader", "--data", str(there.running.data))
    assert done.returncode == 0, done.stderr
    assert error(there.refresh(first["refresh_token"], app)) == "invalid_grant"
    assert there.get("/notes", first["access_token"]).status_code == 401
    again = there.tokens(app, there.sign_in("ben"))
    assert there.refresh(again["refresh_token"], app).status_code == 200


def test_a_refreshed_token_has_the_roles_of_now(there: World) -> None:
    accounts = accounts_on(there.store)
    first = there.tokens("portal", there.sign_in("ben"), scope="openid")
    accounts.set_roles("ben", frozenset())
    time.sleep(1.05 - time.time() % 1)  # what was issued in the same second counts as issued before
    try:
        second = there.refresh(first["refresh_token"], "portal").json()
        assert claims(second["access_token"])["roles"] == []
        assert there.get("/own", second["access_token"]).status_code == 403
    finally:
        accounts.set_roles("ben", frozenset({"reader"}))


def test_a_removed_client_has_nothing_left(there: World) -> None:
    from e2e.e2e_process import ringwall

    app = there.register()[0]
    first = there.tokens(app)
    assert ringwall("clients", "remove", app, "--data", str(there.running.data)).returncode == 0
    assert error(there.refresh(first["refresh_token"], app)) == "invalid_client"
    assert there.get("/notes", first["access_token"]).status_code == 401
