"""An API of users and books as a team in a hurry writes one: usernames and titles are ids, roles are a property of the
body, whoever asks gets. Knows nothing of ringwall; behind it the caller is not known to it at all."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel


class User(BaseModel):
    """A reader."""

    username: str
    email: str
    password: str = ""
    admin: bool = False


class UserUpdate(BaseModel):
    """What may be changed of a reader (anything)."""

    email: str | None = None
    password: str | None = None
    admin: bool | None = None


class Book(BaseModel):
    """A book with its owner's secret note."""

    book_title: str
    owner: str = ""
    secret: str = ""


class Books(BaseModel):
    """A page of books."""

    books: list[Book]
    total: int
    pages: int


class NewBook(BaseModel):
    """A book to be kept."""

    book_title: str
    secret: str


class Loan(BaseModel):
    """Who reads which book."""

    loan_id: int
    username: str
    book_title: str


class Loans(BaseModel):
    """Loans to be ended."""

    loan_ids: list[int]


def make() -> FastAPI:
    """The API with its rows."""
    app = FastAPI(title="Books")
    users = {n: User(username=n, email=f"{n}@books.example", password=f"pw-{n}") for n in ("ann", "bob", "root")}
    books = {
        f"{n}-{i}": Book(book_title=f"{n}-{i}", owner=n, secret=f"secret of {n}")
        for n in ("ann", "bob")
        for i in (1, 2)
    }
    loans = {
        1: Loan(loan_id=1, username="ann", book_title="bob-1"),
        2: Loan(loan_id=2, username="bob", book_title="ann-1"),
        3: Loan(loan_id=3, username="ann", book_title="ann-2"),
    }
    app.state.users, app.state.books, app.state.loans = users, books, loans

    def got(table: dict[Any, Any], key: Any) -> Any:
        if key not in table:
            raise HTTPException(404)
        return table[key]

    @app.get("/users/v1")
    def every() -> list[User]:
        return list(users.values())

    @app.get("/users/v1/_debug")
    def debug() -> list[User]:
        return list(users.values())

    @app.get("/users/v1/lookup")
    def lookup(email: str) -> User:
        found = next((u for u in users.values() if u.email == email), None)
        if found is None:
            raise HTTPException(404)
        return found

    @app.post("/users/v1/register", status_code=201)
    def register(user: User) -> User:
        users[user.username] = user
        return user

    @app.get("/users/v1/{username}")
    def one(username: str) -> User:
        return got(users, username)

    @app.patch("/users/v1/{username}")
    def change(username: str, given: UserUpdate) -> User:
        users[username] = got(users, username).model_copy(update=given.model_dump(exclude_none=True))
        return users[username]

    @app.put("/users/v1/{username}/email", status_code=204)
    def email(username: str, given: UserUpdate) -> None:
        got(users, username).email = given.email

    @app.delete("/users/v1/{username}", status_code=204)
    def delete(username: str) -> None:
        got(users, username)
        del users[username]

    @app.get("/books/v1")
    def shelf(page: int = 1, size: int = 3) -> Books:
        rows = list(books.values())
        return Books(books=rows[(page - 1) * size : page * size], total=len(rows), pages=-(-len(rows) // size))

    @app.post("/books/v1", status_code=201)
    def add(new: NewBook, owner: str = "ann") -> Book:
        books[new.book_title] = Book(**new.model_dump(), owner=owner)
        return books[new.book_title]

    @app.get("/books/v1/{book_title}")
    def book(book_title: str) -> Book:
        return got(books, book_title)

    @app.get("/users/v1/{username}/loans/{loan_id}")
    def loan(username: str, loan_id: int) -> Loan:
        return got(loans, loan_id)

    @app.post("/loans/return")
    def returned(given: Loans) -> dict[str, int]:
        return {"ended": sum(loans.pop(i, None) is not None for i in given.loan_ids)}

    @app.get("/loans/{loan_id}")
    def one_loan(loan_id: int) -> Loan:
        return got(loans, loan_id)

    return app


CONTRACT = """\
ringwall: 1
api: app
authentication: {api_keys: true}
roles: {reader: {}, librarian: {}}
resources:
  user:
    schema: User
    id: username
    owner: username
    fields:
      email:    {class: contact, read: [owner, librarian]}
      password: {class: secret, read: [], write: [owner]}
      admin:    {read: [librarian], write: [librarian]}
  book:
    schema: Book
    id: book_title
    owner: owner
    fields:
      owner:  {class: public, write: [librarian]}
      secret: {class: identifier, read: [owner], write: [owner]}
  loan: {schema: Loan, id: loan_id, owner: username}
operations:
  "GET /users/v1": {allow: [librarian]}
  "GET /users/v1/lookup": {allow: [owner, librarian]}
  "POST /users/v1/register": {allow: anyone}
  "GET /users/v1/{username}": {allow: [owner, librarian]}
  "PATCH /users/v1/{username}": {allow: [owner, librarian]}
  "PUT /users/v1/{username}/email": {allow: [owner]}
  "DELETE /users/v1/{username}": {allow: [librarian]}
  "GET /books/v1": {allow: [reader], filter: owner}
  "POST /books/v1": {allow: [reader]}
  "GET /books/v1/{book_title}": {allow: [reader]}
  "GET /users/v1/{username}/loans/{loan_id}": {allow: [owner]}
  "GET /loans/{loan_id}": {allow: [owner]}
  "POST /loans/return": {allow: [owner], resource: loan}
"""
ACCOUNTS = {"ann": ("reader",), "bob": ("reader",), "root": ("librarian",)}
