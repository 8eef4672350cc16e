"""A third small API, whose document describes no reply: ids are called otherwise than in paths, lists stand below them,
some objects come with an account and are known by number alone, one is named by a query. `flawed` has the holes."""

from __future__ import annotations

import secrets
import sqlite3
import uuid
from typing import Any

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, ConfigDict

CONTRACT = """
ringwall: 1
api: app
authentication: {accounts: true}
roles: {driver: {}, admin: {includes: [driver]}}
resources:
  car: {id: car_id, owner: $creator}
  clip: {id: clip_id, owner: $creator}
  order: {id: order_id, owner: buyer}
  report: {id: report_id, owner: driver}
  person: {id: mail, owner: mail}
operations:
  "POST /auth/*": {allow: anyone}
  "POST /logout": {allow: [driver]}
  "GET /me": {allow: [driver]}
  "GET /car/cars": {allow: [driver]}
  "GET /car/{car_id}/place": {allow: [owner]}
  "GET /clips/{clip_id}": {allow: [owner]}
  "PUT /clips/{clip_id}": {allow: [owner]}
  "DELETE /admin/clips/{clip_id}": {allow: [admin]}
  "GET /orders/all": {allow: [driver]}
  "POST /orders": {allow: [driver]}
  "GET /orders/{order_id}": {allow: [owner]}
  "GET /report": {allow: [owner], resource: report}
  "GET /parts": {allow: [driver]}
  "POST /parts": {allow: [admin]}
  "POST /coupon": {allow: [driver]}
  "POST /voucher": {allow: [driver]}
  "PUT /people/{mail}/password": {allow: [owner]}
"""
EXPECTED = {
    ("object-read", "GET /car/{car_id}/place"),
    ("object-read", "GET /orders/{order_id}"),
    ("object-read", "GET /report"),
    ("object-write", "PUT /people/{mail}/password"),
    ("function", "DELETE /admin/clips/{clip_id}"),
    ("function", "POST /parts"),
    ("mass-assignment", "PUT /clips/{clip_id}"),
    ("nosqli", "POST /coupon"),
    ("sqli", "POST /voucher"),
    ("enumeration", "POST /auth/forgot"),
    ("token", "POST /logout"),
    ("rate-limit", "POST /auth/login"),
}
WITHOUT_A_CONTRACT = {
    ("object-read", "GET /car/{car_id}/place"),
    ("object-read", "GET /orders/{order_id}"),
    ("object-write", "PUT /people/{mail}/password"),
    ("mass-assignment", "PUT /clips/{clip_id}"),
    ("nosqli", "POST /coupon"),
    ("sqli", "POST /voucher"),
    ("enumeration", "POST /auth/forgot"),
    ("token", "POST /logout"),
    ("rate-limit", "POST /auth/login"),
}


class SignIn(BaseModel):
    mail: str
    password: str


class Forgot(BaseModel):
    mail: str


class Clip(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


class Order(BaseModel):
    part: int


class Part(BaseModel):
    name: str


class Coupon(BaseModel):
    code: Any


class Voucher(BaseModel):
    code: str


class Password(BaseModel):
    new_password: str


class Workshop:
    """All that it knows."""

    def __init__(self, *, flawed: bool) -> None:
        self.flawed = flawed
        self.people: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, str] = {}
        self.cars: dict[str, str] = {}
        self.clips: dict[int, dict[str, Any]] = {}
        self.orders: dict[int, dict[str, Any]] = {}
        self.reports: dict[int, dict[str, Any]] = {}
        self.parts = [{"name": "wheel"}]
        self.tries: dict[str, int] = {}
        self.used = sqlite3.connect(":memory:", check_same_thread=False)
        self.used.execute("CREATE TABLE used (code TEXT, mail TEXT)")
        for name in ("alice", "bob"):
            self.join(f"{name}@x.test", f"{name}-pw-1")
            self.reports[len(self.reports) + 1] = {
                "id": len(self.reports) + 1, "driver": f"{name}@x.test", "said": f"noise in {name}'s engine",
            }  # fmt: skip

    def join(self, mail: str, password: str) -> None:
        self.people[mail] = {"mail": mail, "password": password, "role": "driver"}
        self.cars[str(uuid.uuid4())] = mail
        number = len(self.clips) + 1
        self.clips[number] = {"id": number, "owner": mail, "name": f"clip {number}", "codec": "h264 -v"}

    def mine(self, found: dict[str, Any] | None, owner: str, me: dict[str, Any]) -> dict[str, Any]:
        """What was found, if this build gives it to the caller."""
        if found is None or (not self.flawed and found[owner] != me["mail"]):
            raise HTTPException(404)
        return found

    def claimed(self, mail: str, code: str) -> list[tuple[str]]:
        if self.flawed:
            return self.used.execute(f"SELECT code FROM used WHERE mail='{mail}' AND code='{code}'").fetchall()
        return self.used.execute("SELECT code FROM used WHERE mail=? AND code=?", (mail, code)).fetchall()


def workshop(*, flawed: bool) -> FastAPI:
    """The application; its state is `app.state.workshop`."""
    app, shop = FastAPI(docs_url=None, redoc_url=None), Workshop(flawed=flawed)
    app.state.workshop = shop

    def me(authorization: str = Header(default="")) -> dict[str, Any]:
        mail = shop.sessions.get(authorization.removeprefix("Bearer "))
        if mail is None:
            raise HTTPException(401)
        return shop.people[mail]

    caller: Any = Depends(me)

    @app.post("/auth/register")
    def register(said: SignIn) -> Any:
        if said.mail in shop.people:
            raise HTTPException(409)
        shop.join(said.mail, said.password)
        return {"message": "welcome"}

    @app.post("/auth/login")
    def login(said: SignIn) -> Any:
        shop.tries[said.mail] = shop.tries.get(said.mail, 0) + 1
        if not flawed and shop.tries[said.mail] > 9:
            raise HTTPException(429)
        if shop.people.get(said.mail, {}).get("password") != said.password:
            return {"success": False, "error": "wrong name or password"}
        shop.tries.pop(said.mail)
        token = secrets.token_hex(16)
        shop.sessions[token] = said.mail
        return {"success": True, "data": {"session": {"token": token}}}

    @app.post("/auth/forgot")
    def forgot(said: Forgot) -> Any:
        if flawed and said.mail not in shop.people:
            raise HTTPException(404, "no such account")
        return {"message": f"a mail went to {said.mail}"}

    @app.post("/logout")
    def logout(person: Any = caller, authorization: str = Header(default="")) -> Any:
        if not flawed:
            shop.sessions.pop(authorization.removeprefix("Bearer "))
        return {"success": True}

    @app.get("/me")
    def whoami(person: Any = caller) -> Any:
        return {"mail": person["mail"], "role": person["role"]}

    @app.put("/people/{mail}/password", status_code=204)
    def set_password(mail: str, said: Password, person: Any = caller) -> None:
        """A success says nothing: the hardened build answers alike and changes nothing of another's."""
        if mail in shop.people and (flawed or mail == person["mail"]):
            shop.people[mail]["password"] = said.new_password

    @app.get("/car/cars")
    def cars(person: Any = caller) -> Any:
        return [{"uuid": car} for car, owner in shop.cars.items() if owner == person["mail"]]

    @app.get("/car/{car_id}/place")
    def place(car_id: str, person: Any = caller) -> Any:
        car = {"owner": shop.cars[car_id]} if car_id in shop.cars else None
        found = shop.mine(car, "owner", person)
        return {"carId": car_id, "place": {"near": f"the house of {found['owner']}"}}

    @app.get("/clips/{clip_id}")
    def clip(clip_id: int, person: Any = caller) -> Any:
        found = shop.clips.get(clip_id)
        if found is None or found["owner"] != person["mail"]:
            raise HTTPException(404)
        return {n: v for n, v in found.items() if n != "owner"}

    @app.put("/clips/{clip_id}")
    def set_clip(clip_id: int, said: Clip, person: Any = caller) -> Any:
        found = shop.clips.get(clip_id)
        if found is None or found["owner"] != person["mail"]:
            raise HTTPException(404)
        found["name"] = said.name
        if flawed:
            found.update({n: v for n, v in (said.model_extra or {}).items() if n == "codec"})
        return {"success": True}

    @app.delete("/admin/clips/{clip_id}")
    def drop(clip_id: int, person: Any = caller) -> Any:
        if not flawed and person["role"] != "admin":
            raise HTTPException(403)
        if shop.clips.pop(clip_id, None) is None:
            raise HTTPException(404)
        return {"success": True}

    @app.get("/orders/all")
    def orders(person: Any = caller) -> Any:
        return {"orders": [o for o in shop.orders.values() if o["buyer"] == person["mail"]], "count": 1}

    @app.post("/orders")
    def buy(said: Order, person: Any = caller) -> Any:
        number = len(shop.orders) + 1
        shop.orders[number] = {"id": number, "buyer": person["mail"], "part": said.part, "state": "paid"}
        return {"id": number, "message": "thank you"}

    @app.get("/orders/{order_id}")
    def order(order_id: int, person: Any = caller) -> Any:
        return {"order": shop.mine(shop.orders.get(order_id), "buyer", person), "card": f"XXXX{order_id:04d}"}

    @app.get("/report")
    def report(report_id: int, person: Any = caller) -> Any:
        return shop.mine(shop.reports.get(report_id), "driver", person)

    @app.get("/parts")
    def parts(person: Any = caller) -> Any:
        return {"parts": shop.parts}

    @app.post("/parts")
    def add_part(said: Part, person: Any = caller) -> Any:
        if not flawed and person["role"] != "admin":
            raise HTTPException(403)
        shop.parts.append({"name": said.name})
        return {"success": True}

    @app.post("/coupon")
    def coupon(said: Coupon, person: Any = caller) -> Any:
        matches = flawed and isinstance(said.code, dict) and "$ne" in said.code
        if said.code == "SPRING" or matches:
            return {"code": "SPRING", "amount": 75}
        raise HTTPException(404)

    @app.post("/voucher")
    def voucher(said: Voucher, person: Any = caller) -> Any:
        try:
            claimed = shop.claimed(person["mail"], said.code)
        except sqlite3.Error:
            raise HTTPException(500) from None
        return {"message": f"{claimed[0][0]} was used before" if claimed else "taken"}

    return app
