"""APIs with a login of their own behind ringwall: their tokens stay inside, whatever is wrong with them."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from ringwall.build.assemble import Circumstances, prepare
from ringwall.build.load import load_contract
from ringwall.build.protect import wrap
from ringwall.build.runtime import Runtime, open_runtime
from upstream import apis


class Behind:
    """An application behind its contract, in process, and what a caller says to it."""

    def __init__(self, app: Any, contract: str, directory: Path, document: dict[str, Any] | None = None) -> None:
        directory.mkdir(exist_ok=True)
        (directory / "ringwall.yaml").write_text(contract)
        if document is not None:
            (directory / "openapi.json").write_text(json.dumps(document))
        loaded = load_contract(directory / "ringwall.yaml", app=app)
        self.runtime: Runtime = open_runtime(directory / "data")
        self.wall = wrap(app, prepare(loaded), self.runtime, Circumstances())

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        if cookies := more.pop("cookies", None):
            more["headers"] = {**more.get("headers", {}), "Cookie": "; ".join(f"{n}={v}" for n, v in cookies.items())}
        if type(self.wall).__name__ == "WsgiWall":
            with httpx.Client(transport=httpx.WSGITransport(self.wall), base_url="http://api.test") as client:
                return client.request(method, path, **more)

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.wall)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
                return await client.request(method, path, **more)

        return asyncio.run(go())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Callable[..., Behind]]:
    made: list[Behind] = []

    def start(*given: Any, **more: Any) -> Behind:
        made.append(Behind(*given, **{"directory": tmp_path, **more}))
        return made[-1]

    yield start
    for each in made:
        each.runtime.close()


@pytest.fixture
def shop(behind: Callable[..., Behind]) -> Behind:
    return behind(apis.flask_shop(), apis.SHOP_CONTRACT, document=apis.SHOP)


def sign_in(shop: Behind, name: str = "ana", password: str = "pass1") -> str:
    reply = shop.ask("POST", "/users/v1/login", json={"username": name, "password": password})
    assert reply.status_code == 200, reply.text
    assert reply.json()["message"] == "Successfully logged in."
    return str(reply.json()["auth_token"])


def test_the_caller_gets_a_token_of_ringwalls_and_the_application_sees_its_own(shop: Behind) -> None:
    token = sign_in(shop)
    assert token.startswith("rwu_")
    me = shop.ask("GET", "/me", headers=bearer(token))
    assert me.json()["data"] == {"username": "ana", "email": "ana@mail.test", "admin": False}
    written = sorted((shop.runtime.directory / "journal").rglob("*.jsonl"))
    events = [json.loads(line)["record"] for path in written for line in path.read_bytes().splitlines()]
    told = [(e["operation"], bool(e["principal"])) for e in events if e["kind"] == "exchange"]
    assert told == [("POST /users/v1/login", True), ("GET /me", True)], "the sign-in's event says whose it was"


def test_its_cookies_and_its_token_do_not_leave_not_even_where_it_repeats_them(shop: Behind) -> None:
    reply = shop.ask("POST", "/users/v1/login", json={"username": "ana", "password": "pass1"})
    assert "set-cookie" not in reply.headers
    echo = shop.ask("GET", "/echo", headers=bearer(reply.json()["auth_token"]), cookies={"tracking": "mine", "x": "1"})
    assert echo.json() == {"authorization": "Bearer withheld-by-ringwall", "cookie": "tracking=t-ana"}


@pytest.mark.parametrize("path", ["/me", "/echo", "/users/v1/ana"])
def test_a_token_of_the_applications_is_refused_wherever_it_is_shown(shop: Behind, path: str) -> None:
    forged = jwt.encode({"sub": "root", "exp": 9_999_999_999}, apis.WEAK.ljust(32, "!"), "HS256")
    for headers in (bearer(forged), {"Authorization": forged}, bearer("rwu_" + "A" * 43), bearer(forged + " x")):
        reply = shop.ask("GET", path, headers=headers)
        assert reply.status_code == 401, (path, headers, reply.text)
        assert reply.headers["www-authenticate"].startswith("Bearer ")
    assert shop.ask("GET", "/echo").json() == {"authorization": None, "cookie": None}


def test_a_sign_in_that_fails_with_200_gives_nothing_and_counts(shop: Behind) -> None:
    seen = []
    for _ in range(14):
        reply = shop.ask("POST", "/users/v1/login", json={"username": "root", "password": "guess"})
        seen.append(reply.status_code)
        assert "rwu_" not in reply.text
    assert seen[:10] == [200] * 10, "ten free tries for a pair of account and network"
    assert seen[-2:] == [429, 429]
    assert int(reply.headers["retry-after"]) >= 1
    assert reply.json()["reason"] == "authn.upstream.wait"
    assert sign_in(shop), "another account is not held back"


def test_roles_and_subject_come_from_the_profile_and_objects_are_held(shop: Behind) -> None:
    ana, root = sign_in(shop), sign_in(shop, "root", "pass2")
    assert shop.ask("GET", "/users/v1/ana", headers=bearer(ana)).status_code == 200
    assert shop.ask("GET", "/users/v1/root", headers=bearer(ana)).status_code == 404
    assert shop.ask("GET", "/users/v1/ana", headers=bearer(root)).status_code == 200, "admin is a flag that is set"
    stolen = shop.ask("PUT", "/users/v1/root/password", headers=bearer(ana), json={"password": "mine"})
    assert (stolen.status_code, stolen.json()["reason"]) == (404, "authz.object")
    assert shop.ask("PUT", "/users/v1/ana/password", headers=bearer(ana), json={"password": "n3w"}).status_code == 204
    assert sign_in(shop, "ana", "n3w")


def test_a_stale_token_is_no_obstacle_to_signing_in_again(shop: Behind) -> None:
    old = bearer("rwu_" + "B" * 43)
    reply = shop.ask("POST", "/users/v1/login", json={"username": "ana", "password": "pass1"}, headers=old)
    assert reply.json()["auth_token"].startswith("rwu_")


def test_who_registers_becomes_somebody_of_their_own(shop: Behind) -> None:
    body = {"username": "eve", "password": "evil", "email": "e@x.test"}
    assert shop.ask("POST", "/users/v1/register", json={**body, "admin": True}).status_code == 422
    assert shop.ask("POST", "/users/v1/register", json=body).status_code == 200
    eve = sign_in(shop, "eve", "evil")
    assert shop.ask("GET", "/users/v1/ana", headers=bearer(eve)).status_code == 404


def test_revocation_and_the_lifetime_are_ringwalls(shop: Behind) -> None:
    token = sign_in(shop)
    assert shop.ask("POST", "/.ringwall/oauth/revoke", data={"token": token}).status_code == 200
    refused = shop.ask("GET", "/me", headers=bearer(token))
    assert (refused.status_code, refused.json()["reason"]) == (401, "authn.upstream.session")
    token = sign_in(shop)
    shop.runtime.store.rows("UPDATE upstream_session SET expires = 1.0")
    assert shop.ask("GET", "/me", headers=bearer(token)).status_code == 401
    token = sign_in(shop)
    shop.runtime.tokens.revoke_subject("ana")
    assert shop.ask("GET", "/me", headers=bearer(token)).status_code == 401, "all of a subject's, by an admin"


def test_nothing_of_the_applications_lies_in_the_store_in_clear(shop: Behind) -> None:
    token = sign_in(shop)
    kept = b"".join(path.read_bytes() for path in shop.runtime.directory.rglob("state.db*"))
    own = jwt.encode({"sub": "ana", "iat": 1, "exp": 9_999_999_999}, apis.WEAK.ljust(32, "!"), "HS256")
    assert own.encode() not in kept
    assert own.split(".")[1].encode() not in kept
    assert token.encode() not in kept
    rows = sqlite3.connect(shop.runtime.directory / "state.db").execute("SELECT subject FROM upstream_session")
    assert [*rows] == [("ana",)]


def test_a_session_moved_to_another_row_does_not_open(shop: Behind) -> None:
    ana, root = sign_in(shop), sign_in(shop, "root", "pass2")
    shop.runtime.store.rows(
        "UPDATE upstream_session SET sealed = (SELECT sealed FROM upstream_session WHERE subject = 'root')"
        " WHERE subject = 'ana'"
    )
    assert shop.ask("GET", "/me", headers=bearer(ana)).status_code == 401
    assert shop.ask("GET", "/me", headers=bearer(root)).status_code == 200


def test_the_guides_own_contract_works(behind: Callable[..., Behind]) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "upstream-login.md").read_text("utf-8")
    (shown,) = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    shop = behind(apis.flask_shop(), shown, document=apis.SHOP)
    ana = sign_in(shop)
    assert shop.ask("GET", "/users/v1/ana", headers=bearer(ana)).status_code == 200
    assert shop.ask("GET", "/users/v1/root", headers=bearer(ana)).status_code == 404


@pytest.fixture
def notes(behind: Callable[..., Behind]) -> Behind:
    return behind(apis.fast_notes(), apis.NOTES_CONTRACT)


def form_in(notes: Behind, name: str = "mia") -> dict[str, str]:
    reply = notes.ask("POST", "/token", data={"username": name, "password": f"pw-{name}"})
    assert reply.status_code == 200, reply.text
    told: dict[str, str] = reply.json()
    assert told["access_token"].startswith("rwu_")
    assert told["refresh_token"].startswith("rwu_")
    return told


def test_a_form_signs_in_and_words_for_roles_are_mapped_and_no_other_counts(notes: Behind) -> None:
    mia, leo = form_in(notes), form_in(notes, "leo")
    assert notes.ask("GET", "/notes", headers=bearer(mia["access_token"])).json() == {"of": "mia"}
    assert notes.ask("GET", "/notes", headers=bearer(leo["access_token"])).status_code == 403
    me = notes.ask("GET", "/users/me", headers=bearer(leo["access_token"])).json()
    assert me["seen"] == "Bearer withheld-by-ringwall"
    unsigned = jwt.encode({"sub": "mia"}, "another key of thirty-two bytes!!", "HS256")
    assert notes.ask("GET", "/notes", headers=bearer(unsigned)).status_code == 401
    assert notes.ask("POST", "/token", data={"username": "mia", "password": "no"}).status_code == 400


def test_a_refresh_goes_through_and_one_used_twice_ends_the_session(notes: Behind) -> None:
    first = form_in(notes)
    second = notes.ask("POST", "/refresh", json={"refresh_token": first["refresh_token"]}).json()
    assert second["access_token"].startswith("rwu_")
    assert second["access_token"] != first["access_token"]
    assert notes.ask("GET", "/notes", headers=bearer(first["access_token"])).status_code == 401
    assert notes.ask("GET", "/notes", headers=bearer(second["access_token"])).status_code == 200
    third = notes.ask("POST", "/refresh", json={"refresh_token": second["refresh_token"]},
                      headers=bearer(first["access_token"])).json()  # fmt: skip
    assert notes.ask("GET", "/notes", headers=bearer(third["access_token"])).status_code == 200
    again = notes.ask("POST", "/refresh", json={"refresh_token": second["refresh_token"]})
    assert (again.status_code, again.json()["reason"]) == (401, "authn.upstream.session")
    assert notes.ask("GET", "/notes", headers=bearer(third["access_token"])).status_code == 401, "stolen from someone"


def test_a_refresh_token_of_the_applications_is_refused(notes: Behind) -> None:
    reply = notes.ask("POST", "/refresh", json={"refresh_token": "0" * 32})
    assert (reply.status_code, reply.json()["reason"]) == (401, "authn.upstream.direct")


def test_a_logout_that_ends_nothing_there_ends_the_session_here(notes: Behind) -> None:
    token = form_in(notes)["access_token"]
    assert notes.ask("POST", "/logout", headers=bearer(token)).json() == {"message": "bye"}
    assert notes.ask("GET", "/notes", headers=bearer(token)).status_code == 401


def test_a_cookie_is_exchanged_too_and_what_renews_it_stays_inside(behind: Callable[..., Behind]) -> None:
    app = apis.cookie_desk()
    desk = behind(app, apis.DESK_CONTRACT)
    reply = desk.ask("POST", "/session", json={"number": "17", "pin": "0000"})
    cookie = reply.headers["set-cookie"]
    assert cookie.startswith("sid=rwu_")
    assert cookie.endswith("Path=/; Max-Age=600; HttpOnly; SameSite=Lax")
    token = cookie.split(";")[0].partition("=")[2]
    for _ in range(3):
        seen = desk.ask("GET", "/desk", cookies={"sid": token, "csrf": "mine"})
        assert seen.json() == {"of": "17", "csrf": "c-17", "sid": "withheld-by-ringwall"}
        assert "set-cookie" not in seen.headers
    for forged in (app.state.sealed("1"), "rwu_nothing"):
        assert desk.ask("GET", "/desk", cookies={"sid": forged}).status_code == 401
    assert desk.ask("DELETE", "/session", cookies={"sid": token}).status_code == 200
    assert desk.ask("GET", "/desk", cookies={"sid": token}).status_code == 401
    assert desk.ask("POST", "/session", json={"number": "17", "pin": "1"}).status_code == 403


def test_a_header_of_its_own_that_changes_with_each_reply(behind: Callable[..., Behind]) -> None:
    parcels = behind(apis.raw_parcels, apis.PARCELS_CONTRACT, document=apis.PARCELS)
    reply = parcels.ask("POST", "/login", data={"who": "ben", "code": "1234"})
    token = reply.headers["x-token"]
    assert token.startswith("rwu_")
    counts = [parcels.ask("GET", "/parcels", headers={"X-Token": token}) for _ in range(3)]
    assert [c.json() for c in counts] == [{"who": "ben", "count": n} for n in range(3)]
    assert all("tok." not in c.headers.get("x-token", "") for c in counts)
    assert parcels.ask("GET", "/parcels", headers=bearer(token)).json()["count"] == 3, "ringwall's own clients do so"
    assert parcels.ask("GET", "/parcels", headers={"X-Token": "tok.ben.0"}).status_code == 401
    key, _ = parcels.runtime.api_keys.issue("k", frozenset({"sender"}))
    assert parcels.ask("GET", "/parcels", headers={"X-API-Key": key, "X-Token": "tok.root.0"}).status_code == 401, (
        "the application knows nobody without its token, which a caller may not bring along"
    )
    both = parcels.ask("GET", "/parcels", headers={"X-API-Key": key, "X-Token": token})
    assert (both.status_code, both.json()["reason"]) == (400, "authn.ambiguous")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("profile: GET /me", "profile: GET /echo"), "authn.upstream.profile"),
        (("subject: /data/username", "subject: /data/email/x"), "authn.upstream.profile"),
        (("subject: /data/username", "subject: /data/admin"), "authn.upstream.profile"),
    ],
)
def test_nobody_is_signed_in_whom_the_profile_does_not_name(
    behind: Callable[..., Behind], change: tuple[str, str], reason: str
) -> None:
    shop = behind(apis.flask_shop(), apis.SHOP_CONTRACT.replace(*change), document=apis.SHOP)
    reply = shop.ask("POST", "/users/v1/login", json={"username": "ana", "password": "pass1"})
    assert (reply.status_code, reply.json()["reason"]) == (502, reason)
    assert shop.runtime.store.rows("SELECT 1 FROM upstream_session") == []


def test_a_token_that_the_document_does_not_declare_is_delivered(behind: Callable[..., Behind]) -> None:
    document = json.loads(json.dumps(apis.SHOP))
    declared = document["paths"]["/users/v1/login"]["post"]["responses"]["200"]["content"]["application/json"]
    del declared["schema"]["properties"]["auth_token"]
    shop = behind(apis.flask_shop(), apis.SHOP_CONTRACT, document=document)
    assert shop.ask("GET", "/me", headers=bearer(sign_in(shop))).status_code == 200
