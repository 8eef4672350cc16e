"""An application that asks its database for everybody's rows, by every way that SQLAlchemy has, gets the caller's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import ForeignKey, NullPool, create_engine, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column, relationship

from access.access_rig import Protected, protected


class Base(DeclarativeBase):
    """The parent of the tables."""


class Ward(Base):
    """Where notes are written; everybody may know of it."""

    __tablename__ = "wards"
    ward_id: Mapped[int] = mapped_column(primary_key=True)
    notes: Mapped[list[Note]] = relationship(back_populates="ward")


class Note(Base):
    """A note of one clinic, by one author whose subject is a number in the database."""

    __tablename__ = "notes"
    note_id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int]
    clinic: Mapped[str]
    body: Mapped[str]
    ward_id: Mapped[int] = mapped_column(ForeignKey("wards.ward_id"))
    ward: Mapped[Ward] = relationship(back_populates="notes")


class Shown(BaseModel):
    """A note without a word of whose it is: nothing could be filtered from the reply."""

    note_id: int
    author_id: int
    clinic: str


class Told(BaseModel):
    """A page of notes."""

    notes: list[Shown]
    total: int


ALL = select(Note)
WAYS: dict[str, Any] = {
    "scalars": lambda s: list(s.scalars(ALL)),
    "where": lambda s: list(s.scalars(ALL.where(Note.note_id > 0).order_by(Note.note_id).limit(50))),
    "or": lambda s: list(s.scalars(ALL.where((Note.note_id > 0) | (Note.clinic != "")))),
    "legacy query": lambda s: s.query(Note).all(),
    "columns": lambda s: s.execute(select(Note.note_id, Note.author_id, Note.clinic)).all(),
    "alias": lambda s: list(s.scalars(select(aliased(Note)))),
    "subquery": lambda s: s.execute(select(ALL.subquery())).all(),
    "ids of a subquery": lambda s: list(s.scalars(ALL.where(Note.note_id.in_(select(Note.note_id))))),
    "relationship": lambda s: [n for w in s.scalars(select(Ward)) for n in w.notes],
    "join": lambda s: list(s.scalars(select(Note).join(Ward))),
    "core": lambda s: s.execute(select(Note.__table__)).all(),
    "core in orm": lambda s: s.execute(select(Ward.ward_id, *Note.__table__.c).join(Note.__table__)).all(),
    "text": lambda s: s.execute(text("SELECT * FROM notes ORDER BY note_id LIMIT :a, :b"), {"a": 0, "b": 9}).all(),
    "text with an alias": lambda s: s.execute(text('SELECT n.* FROM main."notes" AS n')).all(),
    "text in lower case": lambda s: s.execute(text("select * from NOTES where 1=1 or '1'='1'")).all(),
    "union": lambda s: s.execute(text("SELECT * FROM notes UNION SELECT * FROM notes")).all(),
    "with": lambda s: s.execute(text("WITH x AS (SELECT * FROM notes) SELECT * FROM x")).all(),
    "from text": lambda s: list(s.scalars(ALL.from_statement(text("SELECT * FROM notes")))),
    "driver": lambda s: s.connection().exec_driver_sql("SELECT * FROM notes WHERE note_id > ?", (0,)).all(),
}


def make(directory: Path) -> FastAPI:
    """The application, with notes of two clinics by two authors."""
    engine = create_engine(f"sqlite:///{directory / 'notes.db'}", poolclass=NullPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Ward(ward_id=1))
        session.add_all(
            Note(note_id=i, author_id=7 + i % 2, clinic=("north", "south")[i > 3], body="x", ward_id=1)
            for i in range(1, 7)
        )
        session.commit()
    app = FastAPI()

    def told(way: str) -> Told:
        with Session(engine) as session:
            rows = WAYS[way](session)
            total = session.scalar(select(func.count()).select_from(Note))
            made = [Shown(note_id=r.note_id, author_id=r.author_id, clinic=r.clinic) for r in rows]
            return Told(notes=made, total=total or 0)

    @app.get("/mine")
    def mine(way: str) -> Told:
        return told(way)

    @app.get("/clinic")
    def clinic(way: str) -> Told:
        return told(way)

    @app.get("/raw")
    def raw() -> Told:
        with Session(engine) as session:
            session.execute(text("SELECT * FROM notes, (VALUES (1)) AS v(x) WINDOW w AS (!!)"))
        return Told(notes=[], total=0)

    return app


CONTRACT = """\
ringwall: 1
api: app
authentication: {api_keys: true}
roles: {writer: {}}
resources:
  note: {schema: Shown, id: note_id, owner: author_id, tenant: clinic}
operations:
  "GET /mine":   {allow: [writer], filter: owner, resource: note}
  "GET /clinic": {allow: [writer], filter: tenant, resource: note}
  "GET /raw":    {allow: [writer], filter: tenant, resource: note}
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Protected]:
    place = tmp_path_factory.mktemp("notes")
    accounts = dict.fromkeys(("7", "8", "x"), ("writer",))
    with protected(make(place), CONTRACT, accounts, "in process", place, "north") as found:
        yield found


@pytest.mark.parametrize("way", WAYS)
def test_only_the_callers_rows_leave_the_database(api: Protected, way: str) -> None:
    mine = api.ask("7", "GET", "/mine", params={"way": way})
    clinic = api.ask("7", "GET", "/clinic", params={"way": way})
    assert (mine.status_code, clinic.status_code) == (200, 200), mine.text
    assert {n["note_id"] for n in mine.json()["notes"]} == {2, 4, 6}
    assert {n["note_id"] for n in clinic.json()["notes"]} == {1, 2, 3}
    assert (mine.json()["total"], clinic.json()["total"]) == (3, 3), "the database counted the caller's alone"


@pytest.mark.parametrize("way", WAYS)
def test_no_caller_gets_what_was_prepared_for_another(api: Protected, way: str) -> None:
    for who, theirs in (("7", {2, 4, 6}), ("8", {1, 3, 5}), ("7", {2, 4, 6})):
        mine = api.ask(who, "GET", "/mine", params={"way": way})
        assert {n["note_id"] for n in mine.json()["notes"]} == theirs
        assert mine.json()["total"] == 3


def test_nothing_had_to_be_left_out_of_the_reply(api: Protected) -> None:
    api.ask("7", "GET", "/mine", params={"way": "scalars"})
    record = max((api.runtime.directory / "journal").rglob("*.jsonl")).read_text().splitlines()[-1]
    assert "rows confined by author_id" in record
    assert "left out" not in record


def test_a_subject_that_no_row_could_have(api: Protected) -> None:
    for way in ("scalars", "text", "core"):
        assert api.ask("x", "GET", "/mine", params={"way": way}).json() == {"notes": [], "total": 0}


def test_what_cannot_be_confined_is_refused(api: Protected) -> None:
    assert api.said("7", "GET", "/raw") == "sinks.rows"
