"""A fourth small API, with other habits: camelCase, sign-in by e-mail, every reply in an envelope, failures told with
status 200, UUIDs, one-time codes, coupons looked up by operators, an outbound call. `flawed` has a hole in each."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import urllib.request
import uuid
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

AT = "@cars.example"
CONTRACT = """
ringwall: 1
api: app
authentication: {accounts: true}
roles: {driver: {}, mechanic: {includes: [driver]}}
resources:
  car: {schema: Car, id: carId, owner: ownerEmail, fields: {approved: {class: public, write: [mechanic]}}}
  order: {schema: Order, id: orderId, owner: ownerEmail}
operations:
  "POST /identity/signup": {allow: anyone}
  "POST /identity/login": {allow: anyone}
  "POST /identity/otp": {allow: anyone}
  "GET /identity/me": {allow: [driver]}
  "GET /cars": {allow: [driver], filter: owner}
  "POST /cars": {allow: [driver]}
  "GET /cars/{carId}": {allow: [owner]}
  "PUT /cars/{carId}": {allow: [owner]}
  "GET /cars/{carId}/location": {allow: [owner]}
  "DELETE /cars/{carId}": {allow: [mechanic]}
  "POST /shop/orders": {allow: [driver]}
  "GET /shop/orders": {allow: [driver], filter: owner}
  "GET /shop/orders/{orderId}": {allow: [owner]}
  "POST /shop/orders/{orderId}/cancel": {allow: [owner]}
  "POST /shop/coupons/validate": {allow: [driver]}
  "POST /contact": {allow: [driver]}
  "GET /tips": {allow: [driver]}
  "GET /reports": {allow: [mechanic]}
"""
EXPECTED = {
    ("object-read", "GET /cars/{carId}"),
    ("object-write", "PUT /cars/{carId}"),
    ("mass-assignment", "PUT /cars/{carId}"),
    ("object-read", "GET /cars/{carId}/location"),
    ("function", "DELETE /cars/{carId}"),
    ("object-read", "GET /shop/orders/{orderId}"),
    ("object-write", "POST /shop/orders/{orderId}/cancel"),
    ("nosqli", "POST /shop/coupons/validate"),
    ("ssrf", "POST /contact"),
    ("function", "GET /reports"),
    ("authentication", "GET /reports"),
    ("rate-limit", "POST /identity/login"),
    ("rate-limit", "POST /identity/otp"),
    ("data-exposure", "GET /tips"),
}


class SignUp(BaseModel):
    email: str
    fullName: str
    password: str


class SignIn(BaseModel):
    email: str
    password: str


class Otp(BaseModel):
    email: str
    otp: str
    password: str


class NewCar(BaseModel):
    plate: str
    colour: str


class Car(BaseModel):
    carId: str
    plate: str
    colour: str
    ownerEmail: str
    approved: bool


class CarReply(BaseModel):
    success: bool
    data: Car


class NewOrder(BaseModel):
    productName: str
    quantity: int = 1


class Order(BaseModel):
    orderId: int
    productName: str
    quantity: int
    state: str
    ownerEmail: str


class OrderReply(BaseModel):
    success: bool
    data: Order


class Coupon(BaseModel):
    couponCode: Any = None


class Contact(BaseModel):
    mechanicApi: str
    problem: str


class Tip(BaseModel):
    text: str
    author: str


class Tips(BaseModel):
    success: bool
    data: list[Tip]


Row = dict[str, Any]
BEARER = HTTPBearer(auto_error=False)
HASH = "$2b$12$" + "abcdefghijklmnopqrstuv" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ01234"


class Refused(Exception):
    """Answered in the envelope, with status 200 as this API does."""


class Garage:
    """Its state."""

    def __init__(self, *, flawed: bool) -> None:
        self.flawed = flawed
        self.people: dict[str, Row] = {}
        self.cars: dict[str, Row] = {}
        self.orders: dict[int, Row] = {}
        self.tokens: dict[str, str] = {}
        self.wrong: dict[str, int] = {}
        self.numbers = itertools.count(4000)
        for name in ("alice", "bob"):
            self.people[f"{name}@cars.example"] = {"fullName": name, "password": f"{name}-pw-1"}
            self.car(f"{name}@cars.example", f"{name.upper()}-1", "green")
            self.order(f"{name}@cars.example", f"Wheel of {name}", 1)

    def car(self, owner: str, plate: str, colour: str) -> Row:
        made = {"carId": str(uuid.uuid4()), "plate": plate, "colour": colour, "ownerEmail": owner, "approved": False}
        self.cars[made["carId"]] = made
        return made

    def order(self, owner: str, product: str, quantity: int) -> Row:
        made = {"orderId": next(self.numbers), "productName": product, "quantity": quantity, "state": "placed",
                "ownerEmail": owner}  # fmt: skip
        self.orders[made["orderId"]] = made
        return made

    def caller(self, token: str) -> str:
        if token not in self.tokens:
            raise Refused("Sign in first")
        return self.tokens[token]

    def own(self, things: dict[Any, Row], identity: object, caller: str) -> Row:
        found = things.get(identity)
        if found is None or (not self.flawed and found["ownerEmail"] != caller):
            raise Refused("No such thing")
        return found

    def guessed(self, name: str) -> None:
        self.wrong[name] = self.wrong.get(name, 0) + 1
        if not self.flawed and self.wrong[name] > 8:
            raise Refused("Locked for ten minutes")


def _caller(request: Request, stated: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]) -> str:
    garage: Garage = request.app.state.garage
    return garage.caller(stated.credentials if stated else "")


Caller = Annotated[str, Depends(_caller)]


def _fine(data: object) -> Row:
    return {"success": True, "data": data}


def garage(*, flawed: bool) -> FastAPI:
    """The API as an application."""
    app, state = FastAPI(title="Garage", docs_url=None, redoc_url=None), Garage(flawed=flawed)
    app.state.garage = state

    @app.exception_handler(Refused)
    def refused(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"success": False, "message": str(error)})

    _people(app, state)
    _cars(app, state)
    _shop(app, state)
    return app


def _people(app: FastAPI, state: Garage) -> None:
    @app.post("/identity/signup")
    def sign_up(body: SignUp) -> Row:
        if body.email in state.people:
            raise Refused("Taken")
        state.people[body.email] = {"fullName": body.fullName, "password": body.password}
        return _fine({"email": body.email})

    @app.post("/identity/login")
    def login(body: SignIn) -> Row:
        person = state.people.get(body.email)
        if person is None or person["password"] != body.password:
            state.guessed(f"login {body.email}")
            raise Refused("Wrong e-mail or password")
        token = secrets.token_urlsafe()
        state.tokens[token] = body.email
        return _fine({"accessToken": token, "expiresIn": 3600})

    @app.post("/identity/otp")
    def otp(body: Otp) -> Row:
        state.guessed(f"otp {body.email}")
        raise Refused("Wrong code")

    @app.get("/identity/me")
    def me(caller: Caller) -> Row:
        return _fine({"email": caller, "fullName": state.people[caller]["fullName"]})


def _cars(app: FastAPI, state: Garage) -> None:
    @app.get("/cars")
    def cars(caller: Caller, page: int = 1, size: int = 20) -> Row:
        mine = [c for c in state.cars.values() if c["ownerEmail"] == caller]
        return _fine({"content": mine[: max(0, size)], "page": page, "total": len(mine)})

    @app.post("/cars")
    def new(body: NewCar, caller: Caller) -> CarReply:
        return CarReply(success=True, data=Car(**state.car(caller, body.plate, body.colour)))

    @app.get("/cars/{carId}")
    def car(carId: str, caller: Caller) -> CarReply:
        return CarReply(success=True, data=Car(**state.own(state.cars, carId, caller)))

    @app.put("/cars/{carId}")
    async def change(carId: str, body: NewCar, caller: Caller, request: Request) -> CarReply:
        found = state.own(state.cars, carId, caller)
        found.update(body.model_dump())
        sent = await request.json()
        if state.flawed and isinstance(sent.get("approved"), bool):
            found["approved"] = sent["approved"]
        return CarReply(success=True, data=Car(**found))

    @app.get("/cars/{carId}/location")
    def location(carId: str, caller: Caller) -> Row:
        found = state.own(state.cars, carId, caller)
        return _fine({"carId": carId, "latitude": len(found["plate"]) + 48.1371, "fullName": found["ownerEmail"]})

    @app.delete("/cars/{carId}")
    def scrap(carId: str, caller: Caller) -> Row:
        if not state.flawed:
            raise Refused("Mechanics only")
        return _fine({"removed": state.cars.pop(carId, {"carId": None})["carId"]})


def _shop(app: FastAPI, state: Garage) -> None:
    @app.post("/shop/orders")
    def order(body: NewOrder, caller: Caller) -> Row:
        return _fine(state.order(caller, body.productName, body.quantity))

    @app.get("/shop/orders")
    def orders(caller: Caller) -> Row:
        return _fine([o for o in state.orders.values() if o["ownerEmail"] == caller])

    @app.get("/shop/orders/{orderId}", response_model=None, responses={200: {"model": OrderReply}})
    def shown(orderId: int, caller: Caller) -> Row:
        return _fine(state.own(state.orders, orderId, caller))

    @app.post("/shop/orders/{orderId}/cancel")
    def cancel(orderId: int, caller: Caller) -> Row:
        state.own(state.orders, orderId, caller)["state"] = "cancelled"
        return _fine({"cancelled": orderId})

    @app.post("/shop/coupons/validate")
    def coupon(body: Coupon, caller: Caller) -> Row:
        code = body.couponCode
        operator = state.flawed and isinstance(code, dict) and "$ne" in code and code["$ne"] != "TRAC075"
        if code != "TRAC075" and not operator:
            raise Refused("No such coupon")
        return _fine({"couponCode": "TRAC075", "amount": 75})

    @app.post("/contact")
    def contact(body: Contact, caller: Caller) -> Row:
        if state.flawed:
            with contextlib.suppress(OSError, ValueError):
                urllib.request.urlopen(body.mechanicApi, timeout=2).read(100)
        return _fine({"sent": True, "problem": body.problem})

    @app.get("/tips", response_model=None if state.flawed else Tips, responses={200: {"model": Tips}})
    def tips(caller: Caller) -> Any:
        return _fine([{"text": "Check the oil", "author": "bob", "passwordHash": HASH}])

    @app.get("/reports")
    def reports(request: Request) -> Any:
        """For mechanics."""
        if not state.flawed:
            return JSONResponse({"success": False, "message": "Mechanics only"}, 403)
        return _fine([{"reportId": 77, "finding": "Brakes of ALICE-1 are worn out"}])
