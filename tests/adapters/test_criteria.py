"""The conditions that confine a statement are compiled once for all callers, and never hold another caller's values."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Engine, ForeignKey, Integer, String, Table, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, Session, aliased, mapped_column, registry, relationship

from ringwall.adapters import mapped
from ringwall.adapters.criteria import Confining, Held

OLD = registry()


class Leaf:
    """Mapped without a declarative base, before anything listens."""


OLD.map_imperatively(Leaf, Table("leaves", OLD.metadata, Column("id", Integer, primary_key=True)))
CHANGES: list[None] = []
mapped.install(lambda: CHANGES.append(None))


class Base(DeclarativeBase):
    """The parent of the tables."""


class Shelf(Base):
    """Where books stand."""

    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    books: Mapped[list[Book]] = relationship()


class Book(Base):
    """A book that somebody of some town owns."""

    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str]
    town: Mapped[str]
    shelf: Mapped[int] = mapped_column(ForeignKey("shelves.id"))


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = create_engine("sqlite://")
    Base.metadata.create_all(made)
    with Session(made) as session:
        session.add(Shelf(id=1))
        session.add_all(Book(id=n, owner="abc"[n % 3], town=("york", "bath")[n % 2], shelf=1) for n in range(1, 7))
        session.commit()
    yield made
    made.dispose()


def of(*held: tuple[str | None, object], named: tuple[tuple[str, object], ...] | None = None) -> Confining:
    mapper: Mapper[Book] = Book.__mapper__
    cells = None if named is None else tuple(Held(*cell) for cell in named)
    return Confining(mapper, tuple(Held(*cell) for cell in held), cells)


def ids(session: Session, *options: Confining) -> set[int]:
    return {book.id for book in session.scalars(select(Book).options(*options))}


def test_many_callers_and_one_compiled_statement(engine: Engine) -> None:
    compiled: dict[object, object] = {}
    with Session(engine.execution_options(compiled_cache=compiled)) as session:
        seen = [ids(session, of(("owner", who), ("town", town))) for who, town in ("ax", "bx", "ax", "xx")]
        assert seen == [{3, 6}, {1, 4}, {3, 6}, set()], (
            "each the rows of its own caller, whatever was compiled for whom"
        )
        assert len(compiled) == 1
        ids(session, of(("town", "york"), ("owner", "a")))
        assert len(compiled) == 2, "another form is another statement"


def test_two_callers_conditions_in_one_statement_both_hold(engine: Engine) -> None:
    compiled: dict[object, object] = {}
    one, other = of(("owner", "a")), of(("owner", "b"))
    with Session(engine.execution_options(compiled_cache=compiled)) as session:
        assert ids(session, one, one) == {3, 6}
        assert ids(session, one, other) == ids(session, other, one) == set()
        assert ids(session, one, of(("town", "bath"))) == {3}


def test_a_value_that_no_row_could_hold_is_no_value_of_another_caller(engine: Engine) -> None:
    with Session(engine) as session:
        assert ids(session, of(("owner", "a"))) == {3, 6}
        assert ids(session, of(("owner", None))) == ids(session, of((None, "a"))) == ids(session, of()) == set()


def test_only_the_rows_that_are_named_are_confined(engine: Engine) -> None:
    with Session(engine) as session:
        for row, others in ((1, {2, 3, 4, 5, 6}), (2, {1, 3, 4, 5, 6})):
            assert ids(session, of(("owner", "a"), named=(("id", row),))) == others
        assert ids(session, of(("owner", "b"), named=(("id", 1),))) == {1, 2, 3, 4, 5, 6}


def test_aliases_and_what_is_loaded_later(engine: Engine) -> None:
    other = aliased(Book)
    with Session(engine) as session:
        confining = of(("owner", "a"))
        assert {b.id for b in session.scalars(select(other).options(confining))} == {3, 6}
        shelf = session.scalars(select(Shelf).options(confining)).one()
        assert {b.id for b in shelf.books} == {3, 6}
    with Session(engine) as session:
        shelf = session.scalars(select(Shelf).options(of(("owner", "b")))).one()
        assert {b.id for b in shelf.books} == {1, 4}


def test_objects_that_were_confined_can_be_pickled(engine: Engine) -> None:
    with Session(engine) as session:
        shelf = session.scalars(select(Shelf).options(of(("owner", "a")))).one()
        written = pickle.dumps(shelf)
    with Session(engine) as session:
        again = session.merge(pickle.loads(written), load=False)
        assert {b.id for b in again.books} == {3, 6}


def test_classes_mapped_before_and_after_are_found() -> None:
    assert [m.class_ for m in mapped.named(frozenset({"leaf"}))] == [Leaf]
    assert mapped.named(frozenset({"twig", "twigs"})) == ()
    before, late = len(CHANGES), registry()

    @late.mapped
    class Twig:
        __tablename__ = "twigs"
        id = mapped_column(String, primary_key=True)

    assert [m.class_ for m in mapped.named(frozenset({"twig", "twigs"}))] == [Twig]
    assert len(CHANGES) > before, "what was kept without the class is thrown away"
