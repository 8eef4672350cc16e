"""An API of orders and posts whose makers check that a caller is signed in and nothing else: owners inside objects, ids
in queries, headers and arrays, bulk writes, upserts, exports. FastAPI; knows nothing of ringwall."""

from __future__ import annotations

import csv
import io
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, Query, Response
from pydantic import BaseModel

ACCOUNTS = {"ann@m.example": (), "bob@m.example": (), "eve@m.example": ("seller",)}
ANN, BOB, EVE = ACCOUNTS


class Person(BaseModel):
    email: str
    nick: str = ""


class Line(BaseModel):
    product: str
    count: int


class Order(BaseModel):
    id: int
    user: Person
    lines: list[Line]
    status: str = "new"
    price: int = 0


class OrderChange(BaseModel):
    status: str | None = None
    price: int | None = None
    lines: list[Line] | None = None
    user: Person | None = None


class Change(OrderChange):
    id: int


class Post(BaseModel):
    slug: str
    author: Person
    text: str
    draft: bool = True


class PostText(BaseModel):
    text: str


class Ids(BaseModel):
    order_ids: list[int]


class Asked(BaseModel):
    text: str = ""


class Gift(BaseModel):
    order_id: int
    to: str


class Found(BaseModel):
    count: int
    results: list[Order]


def make() -> FastAPI:
    """The API with its rows."""
    app = FastAPI(title="market")
    orders = {
        i: Order(id=i, user=Person(email=who, nick=who[0]), lines=[Line(product="seat", count=1)], price=10 * i)
        for i, who in ((1, ANN), (2, BOB), (3, ANN), (4, BOB))
    }
    posts = {"hello": Post(slug="hello", author=Person(email=BOB), text="a draft of Bob's")}
    app.state.orders, app.state.posts = orders, posts

    def of(order_id: int) -> Order:
        if order_id not in orders:
            raise HTTPException(404)
        return orders[order_id]

    @app.get("/orders")
    def every() -> Found:
        return Found(count=len(orders), results=list(orders.values()))

    @app.post("/orders/search")
    def search(asked: Asked) -> Found:
        return Found(count=len(orders), results=list(orders.values()))

    @app.get("/orders/export", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
    def export() -> Response:
        out = io.StringIO()
        told = csv.writer(out)
        told.writerow(["id", "user.email", "status", "price"])
        told.writerows([o.id, o.user.email, o.status, o.price] for o in orders.values())
        return Response(out.getvalue(), media_type="text/csv")

    @app.get("/order")
    def by_query(order_id: int) -> Order:
        return of(order_id)

    @app.get("/receipt")
    def by_header(x_order_id: Annotated[int, Header()]) -> dict[str, int]:
        return {"paid": of(x_order_id).price}

    @app.get("/orders/{order_id}")
    def one(order_id: int) -> Order:
        return of(order_id)

    @app.patch("/orders/{order_id}")
    def change(order_id: int, changed: OrderChange) -> Order:
        orders[order_id] = Order(**{**of(order_id).model_dump(), **changed.model_dump(exclude_none=True)})
        return orders[order_id]

    @app.patch("/orders")
    def change_many(changed: list[Change]) -> list[Order]:
        for each in changed:
            orders[each.id] = Order(**{**of(each.id).model_dump(), **each.model_dump(exclude_none=True)})
        return [orders[each.id] for each in changed]

    @app.post("/orders/delete")
    def delete_many(ids: Ids) -> dict[str, int]:
        return {"deleted": sum(orders.pop(i, None) is not None for i in ids.order_ids)}

    @app.delete("/orders")
    def delete_by_query(ids: Annotated[list[int], Query()] = [], status: str = "") -> dict[str, int]:  # noqa: B006
        gone = [i for i, o in orders.items() if i in ids or (status and o.status == status)]
        return {"deleted": sum(orders.pop(i, None) is not None for i in gone)}

    @app.post("/gifts")
    def give(gift: Gift) -> Order:
        orders[gift.order_id] = of(gift.order_id).model_copy(update={"user": Person(email=gift.to)})
        return orders[gift.order_id]

    @app.put("/posts/{slug}")
    def put(slug: str, post: PostText) -> Post:
        before = posts.get(slug)
        posts[slug] = Post(slug=slug, author=before.author if before else Person(email=ANN), text=post.text)
        return posts[slug]

    @app.get("/posts/{slug}")
    def read(slug: str) -> Post:
        if slug not in posts:
            raise HTTPException(404)
        return posts[slug]

    return app
