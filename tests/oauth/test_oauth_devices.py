"""The device grant: a person lets a device in by a short code, which nobody guesses, types for others unseen, or uses
twice."""

from __future__ import annotations

import html
import re
import time
from typing import Any

import pytest

from oauth.oauth_world import OAUTH, World, answer, claims, error
from ringwall.identity.oauth.device import DEVICE_CODE

DEVICE = {"grants": frozenset({"device_code", "refresh_token"}), "redirect_uris": ()}


@pytest.fixture(scope="module")
def tv(there: World) -> str:
    return there.register(name="A <b>television</b>", **DEVICE)[0]


def begin(there: World, client_id: str, **more: str) -> dict[str, Any]:
    reply = there.post("device_authorization", {"client_id": client_id, "scope": "notes.read openid", **more})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def poll(there: World, client_id: str, begun: dict[str, Any]) -> Any:
    return there.post("token", {"grant_type": DEVICE_CODE, "device_code": begun["device_code"], "client_id": client_id})


def page(there: World, code: str | None, browser: dict[str, str]) -> Any:
    with there.client() as client:
        return client.get(f"{OAUTH}/device", params={"user_code": code} if code else {}, headers=browser)


def decide(there: World, code: str, browser: dict[str, str], decision: str = "allow", **changed: str) -> Any:
    shown = page(there, code, browser)
    assert shown.status_code == 200, shown.text
    form = {n: html.unescape(v) for n, v in re.findall(r'name="(\w+)" value="([^"]*)">', shown.text)}
    with there.client() as client:
        data = {**form, "decision": decision, **changed}
        return client.post(f"{OAUTH}/device", data=data, headers={**browser, "Origin": there.url})


def test_a_device_gets_tokens_once_its_person_allows_it(there: World, tv: str) -> None:
    begun = begin(there, tv)
    assert re.fullmatch(r"[B-Z]{4}-[B-Z]{4}", begun["user_code"])
    assert begun["verification_uri_complete"].endswith(begun["user_code"])
    assert error(poll(there, tv, begun)) == "authorization_pending"
    browser = there.sign_in()
    shown = page(there, begun["user_code"].lower().replace("-", " "), browser)
    assert "A &lt;b&gt;television&lt;/b&gt;" in shown.text
    assert begun["user_code"].replace("-", "") in shown.text
    assert "is connected" in decide(there, begun["user_code"], browser).text
    found = poll(there, tv, begun)
    assert found.status_code == 200, found.text
    assert claims(found.json()["access_token"])["sub"] == there.people["ana"].subject
    assert there.get("/notes", found.json()["access_token"]).status_code == 200
    assert error(poll(there, tv, begun)) == "invalid_grant", "the code gave tokens twice"
    assert page(there, begun["user_code"], browser).status_code == 400
    assert there.refresh(found.json()["refresh_token"], tv).status_code == 200


def test_a_device_is_turned_away(there: World, tv: str) -> None:
    begun = begin(there, tv)
    assert "turned away" in decide(there, begun["user_code"], there.sign_in(), "deny").text
    assert error(poll(there, tv, begun)) == "access_denied"


def test_a_device_that_asks_too_often_is_slowed_down_more_each_time(there: World, tv: str) -> None:
    begun = begin(there, tv)
    assert [error(poll(there, tv, begun)) for _ in range(4)] == ["authorization_pending", *["slow_down"] * 3]


def test_another_client_has_nothing_of_it(there: World, tv: str) -> None:
    begun, other = begin(there, tv), there.register(**DEVICE)[0]
    decide(there, begun["user_code"], there.sign_in())
    assert error(poll(there, other, begun)) == "invalid_grant"
    assert poll(there, tv, begun).status_code == 200


def test_a_user_code_is_no_device_code_and_the_other_way_round(there: World, tv: str) -> None:
    begun = begin(there, tv)
    assert error(poll(there, tv, {"device_code": begun["user_code"]})) == "invalid_grant"
    assert page(there, begun["device_code"][:40], there.sign_in()).status_code == 400


def test_whoever_is_not_signed_in_signs_in_first(there: World, tv: str) -> None:
    begun = begin(there, tv)
    told = answer(page(there, begun["user_code"], {}))
    assert told["next"] == f"{OAUTH}/device?user_code={begun['user_code'].replace('-', '')}"


def test_nobody_is_made_to_allow_what_they_did_not_see(there: World, tv: str) -> None:
    """Cross-site requests, another session's form, and a form for another code."""
    begun, browser = begin(there, tv), there.sign_in()
    other = begin(there, tv)
    assert decide(there, begun["user_code"], browser, token="x").status_code == 400
    assert decide(there, begun["user_code"], browser, user_code=other["user_code"].replace("-", "")).status_code == 400
    data = {"user_code": begun["user_code"], "decision": "allow"}
    with there.client(**browser) as client:
        assert client.post(f"{OAUTH}/device", data=data, headers={"Origin": "https://evil.example"}).status_code == 403
        assert client.post(f"{OAUTH}/device", data=data).status_code == 403
        own = {"Origin": there.url}
        assert client.post(f"{OAUTH}/device", data=data, headers=own).status_code == 400
    assert error(poll(there, tv, begun)) == "authorization_pending"
    assert error(poll(there, tv, other)) == "authorization_pending"


def test_codes_are_not_guessed(there: World, tv: str) -> None:
    browser = there.sign_in("kim")
    statuses = [page(there, f"BBBBBBB{letter}", browser).status_code for letter in "BCDFGHJKLMNPQRST"]
    assert statuses[:5] == [400] * 5
    assert 429 in statuses, "sixteen wrong codes were all looked at"
    begun = begin(there, tv)
    assert page(there, begun["user_code"], browser).status_code == 429
    assert page(there, begun["user_code"], there.sign_in("ana")).status_code == 200, "another person was shut out"


@pytest.mark.parametrize("code", ["", "-", "x", "\x00", "a" * 500, "<script>", "ÄÖÜ", "BBBB-BBBB"])
def test_what_is_no_code_is_told_so(there: World, code: str) -> None:
    shown = page(there, code or None, there.sign_in("ben"))
    assert shown.status_code == (400 if code else 200)
    assert "<script>" not in shown.text


def test_a_client_without_the_grant_begins_nothing(there: World) -> None:
    reply = there.post("device_authorization", {"client_id": "portal"})
    assert error(reply) == "unauthorized_client"
    assert error(there.post("device_authorization", {"client_id": "nobody"})) == "invalid_client"
    assert error(there.post("device_authorization", {})) == "invalid_request"


def test_a_code_that_nobody_types_is_over(there: World, tv: str) -> None:
    from dataclasses import replace

    from ringwall.identity.oauth.server import digest
    from ringwall.state.oauth_devices import DeviceTable

    begun, table = begin(there, tv), DeviceTable(there.store)
    device = table.device(digest(begun["device_code"]))
    assert device is not None
    table.change_device(digest(begun["device_code"]), replace(device, expires=time.time() - 1))
    assert error(poll(there, tv, begun)) == "expired_token"
    assert page(there, begun["user_code"], there.sign_in()).status_code == 400
