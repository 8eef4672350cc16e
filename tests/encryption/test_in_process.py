"""The SQLAlchemy type and the Django field: plain in objects, the wall's format in the database, and fail-closed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, insert, select, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from ringwall.adapters.encrypted import Unreadable
from ringwall.adapters.encrypted_sqlalchemy import Encrypted, Indexed, Keys, bind, equal_to
from ringwall.core.ports import Opened, Place, Unseal
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.rootkeys import root_keys
from ringwall.state.sqlite import Store


@pytest.fixture
def world(tmp_path: Path):
    keys = Keys(tmp_path / "data")

    class Base(DeclarativeBase):
        pass

    class Patient(Base):
        __tablename__ = "patients"
        id: Mapped[int] = mapped_column(primary_key=True)
        account: Mapped[str]
        clinic: Mapped[str]
        diagnosis: Mapped[str | None] = mapped_column(Encrypted(keys, "patient", "diagnosis"))
        score: Mapped[int | None] = mapped_column(Encrypted(keys, "patient", "score"))
        email: Mapped[str | None] = mapped_column(Encrypted(keys, "patient", "email", searchable=True), unique=True)

    bind(Patient, id="id", owner="account", tenant="clinic")
    engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda c, cu, s, p, x, m: sent.append(f"{s} {p}"))
    Base.metadata.create_all(engine)
    yield Patient, engine, sent, tmp_path
    engine.dispose()
    keys.close()


def person(Patient, **more):
    given = {"account": "acc-1", "clinic": "north", "diagnosis": "asthma", "score": 41, "email": "a@x.example"}
    return Patient(**{**given, **more})


def stored(tmp_path: Path) -> list[tuple]:
    with closing(sqlite3.connect(tmp_path / "app.db")) as db:
        return db.execute("SELECT id, diagnosis, score, email FROM patients ORDER BY id").fetchall()


def test_objects_compute_on_plain_values_and_the_database_has_the_walls_format(world) -> None:
    Patient, engine, sent, tmp_path = world
    with Session(engine) as session:
        one = person(Patient)
        session.add_all([one, person(Patient, account="acc-2", email="b@x.example")])
        session.commit()
        assert (one.diagnosis, one.score + 1) == ("asthma", 42)
        one.score += 1
        session.commit()
        assert one.score == 42
    with Session(engine) as session:
        both = session.scalars(select(Patient).order_by(Patient.id)).all()
        assert [(p.diagnosis, p.score) for p in both] == [("asthma", 42), ("asthma", 41)]
        found = session.scalars(select(Patient).where(Patient.email == equal_to("b@x.example", "north"))).all()
        assert [p.id for p in found] == [2]
        assert session.scalars(select(Patient).where(Patient.email == equal_to("b@x.example", "south"))).all() == []
    assert not any("asthma" in s or "x.example" in s for s in sent)
    rows = stored(tmp_path)
    assert all(value.startswith("rw1.") for row in rows for value in row[1:])
    store = Store(tmp_path / "data" / "state.db")
    keys = FieldKeys(store, root_keys(tmp_path / "data" / "keys"))
    opened = keys.unseal(Unseal((
        (rows[0][1], Place("patient", "diagnosis", "north", "acc-1", "1")),
        (rows[0][2], Place("patient", "score", "north", "acc-1", "1")),
        (rows[1][3], Place("patient", "email", "north", "acc-2", "2")),
    )))  # fmt: skip
    assert opened == (Opened("asthma"), Opened(42), Opened("b@x.example")), "the wall opens what the type wrote"
    store.close()


def test_a_value_moved_to_another_person_does_not_open(world) -> None:
    Patient, engine, _, tmp_path = world
    with Session(engine) as session:
        session.add_all([person(Patient), person(Patient, account="acc-2", email="b@x.example", diagnosis="well")])
        session.commit()
    with closing(sqlite3.connect(tmp_path / "app.db")) as db:
        db.execute("UPDATE patients SET diagnosis = (SELECT diagnosis FROM patients WHERE id = 1) WHERE id = 2")
        db.commit()
    with Session(engine) as session:
        assert session.get(Patient, 1).diagnosis == "asthma"
        with pytest.raises(Unreadable) as said:
            session.get(Patient, 2)
        assert said.value.reason == "encryption.moved"


def test_an_object_that_changes_hands_is_sealed_for_its_new_owner(world) -> None:
    Patient, engine, _, _ = world
    with Session(engine) as session:
        session.add(person(Patient))
        session.commit()
        session.get(Patient, 1).account = "acc-9"
        session.commit()
    with Session(engine) as session:
        assert session.get(Patient, 1).diagnosis == "asthma"


def test_nothing_goes_to_the_database_in_clear(world) -> None:
    Patient, engine, sent, _ = world
    with Session(engine) as session:
        for statement in (
            select(Patient).where(Patient.diagnosis == "asthma"),
            select(Patient).where(Patient.email == "a@x.example"),
            select(Patient).where(Patient.diagnosis == equal_to("asthma", "north")),
            select(Patient).where(Patient.email.like("a%")),
            insert(Patient).values(account="a", clinic="c", diagnosis="asthma"),
            update(Patient).values(diagnosis="asthma"),
        ):
            with pytest.raises((ValueError, StatementError)) as said:
                session.execute(statement)
            assert "in clear" in str(said.value)
            session.rollback()
    assert not any("asthma" in s or "a@x" in s for s in sent)


def test_a_flush_that_fails_leaves_the_objects_plain(world) -> None:
    Patient, engine, _, _ = world
    with Session(engine) as session:
        session.add(person(Patient))
        session.commit()
        twin = person(Patient, account="acc-1")
        session.add(twin)
        with pytest.raises(IntegrityError):
            session.commit()
        session.rollback()
        assert (twin.diagnosis, twin.email) == ("asthma", "a@x.example")
        twin.email = "c@x.example"
        session.add(twin)
        session.commit()
        assert session.get(Patient, twin.id).email == "c@x.example"


@pytest.fixture
def indexed(tmp_path: Path):
    keys = Keys(tmp_path / "data")

    class Base(DeclarativeBase):
        pass

    class Patient(Base):
        __tablename__ = "patients"
        id: Mapped[int] = mapped_column(primary_key=True)
        account: Mapped[str]
        clinic: Mapped[str]
        email: Mapped[str | None] = mapped_column(Encrypted(keys, "patient", "email"))
        email_index: Mapped[str | None] = mapped_column(Indexed(keys, "patient", "email", bits=8, folded=True))

    bind(Patient, id="id", owner="account", tenant="clinic")
    engine = create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    Base.metadata.create_all(engine)
    yield Patient, engine, tmp_path
    engine.dispose()
    keys.close()


def test_a_blind_index_finds_a_value_among_others_and_tells_no_more_than_its_bits(indexed) -> None:
    Patient, engine, tmp_path = indexed
    with Session(engine) as session:
        session.add_all([Patient(account=f"acc-{n}", clinic="north", email=f"p{n}@mail.example") for n in range(1500)])
        session.add(Patient(account="acc-x", clinic="south", email="p7@mail.example"))
        session.commit()

    def found(value: str, tenant: str) -> list:
        with Session(engine) as session:
            return session.scalars(select(Patient).where(Patient.email_index == equal_to(value, tenant))).all()

    shared = found("P7@MAIL.example", "north")
    assert [p.account for p in shared if p.email == "p7@mail.example"] == ["acc-7"]
    assert 1 < len(shared) < 40, "some 1500 / 256 others have its entry"
    assert [p.account for p in found("p7@mail.example", "south") if p.clinic == "south"] == ["acc-x"]
    with closing(sqlite3.connect(tmp_path / "app.db")) as db:
        entries = {row[0] for row in db.execute("SELECT email_index FROM patients WHERE clinic = 'north'")}
        texts = {row[0] for row in db.execute("SELECT email FROM patients")}
    assert len(entries) <= 256, "8 bits"
    assert len(texts) == 1501, "equal values are not equal texts"


def test_a_blind_index_follows_its_value_and_takes_nothing_in_clear(indexed) -> None:
    Patient, engine, _ = indexed
    by_value = lambda value, tenant: select(Patient).where(Patient.email_index == equal_to(value, tenant))  # noqa: E731
    with Session(engine) as session:
        one = Patient(account="acc-1", clinic="north", email="a@x.example")
        session.add(one)
        session.commit()
        one.email = "b@x.example"
        session.commit()
        assert session.scalars(by_value("a@x.example", "north")).all() == []
        one.clinic = "south"
        session.commit()
        assert session.scalars(by_value("b@x.example", "north")).all() == []
        assert session.scalars(by_value("b@x.example", "south")).all() == [one]
        one.email = None
        session.commit()
        assert one.email_index is None
        one.email_index = "in clear"
        with pytest.raises(StatementError):
            session.commit()
        session.rollback()
        with pytest.raises(StatementError):
            session.execute(select(Patient).where(Patient.email_index == "b@x.example"))


DJANGO = """
import sys
import django
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "app.db"}}, USE_TZ=True)
django.setup()
from django.db import connection, models
from django.db.migrations.writer import MigrationWriter
from ringwall.adapters.encrypted import Unreadable
from ringwall.adapters.encrypted_django import EncryptedField, IndexField, Keys, equal_to
keys = Keys("data")
class Patient(models.Model):
    account = models.CharField(max_length=50)
    clinic = models.CharField(max_length=50)
    diagnosis = EncryptedField(keys, "patient", owner="account", tenant="clinic", null=True)
    score = EncryptedField(keys, "patient", owner="account", tenant="clinic", null=True)
    email = EncryptedField(keys, "patient", owner="account", tenant="clinic", searchable=True, null=True)
    phone = EncryptedField(keys, "patient", owner="account", tenant="clinic", null=True)
    phone_index = IndexField(keys, "patient", of="phone", bits=12, tenant="clinic")
    class Meta:
        app_label = "tests"
with connection.schema_editor() as editor:
    editor.create_model(Patient)
one = Patient.objects.create(account="acc-1", clinic="north", diagnosis="asthma", score=41, email="a@x.example")
two = Patient.objects.create(account="acc-2", clinic="north", diagnosis="well", score=1, email="b@x.example")
Patient.objects.bulk_create([Patient(account="acc-3", clinic="north", diagnosis="third", email="c@x.example")])
one.score += 1
one.save()
again = Patient.objects.get(pk=one.pk)
assert (again.diagnosis, again.score) == ("asthma", 42), again.__dict__
assert Patient.objects.filter(email=equal_to("b@x.example", "north")).get().pk == two.pk
assert not Patient.objects.filter(email=equal_to("b@x.example", "south")).exists()
assert Patient.objects.get(account="acc-3").diagnosis == "third"
two.phone = "+44 1632 960001"
two.save()
assert [p.pk for p in Patient.objects.filter(phone_index=equal_to("+44 1632 960001", "north"))] == [two.pk]
assert not Patient.objects.filter(phone_index=equal_to("+44 1632 960001", "south")).exists()
two.phone = None
two.save()
assert Patient.objects.get(pk=two.pk).phone_index is None
every = Patient.objects
for wrong in (lambda: every.filter(diagnosis="asthma").exists(), lambda: every.filter(email="x").exists(),
              lambda: every.filter(phone_index="x").exists(), lambda: every.filter(phone_index__gt="a").exists(),
              lambda: every.update(diagnosis="asthma"), lambda: every.filter(email__contains="a").exists()):
    try:
        wrong()
    except ValueError as said:
        assert "in clear" in str(said)
    else:
        raise AssertionError("it went out in clear")
again.account = "acc-9"
again.save()
assert Patient.objects.get(pk=one.pk).diagnosis == "asthma"
with connection.cursor() as cursor:
    cursor.execute("UPDATE tests_patient SET diagnosis = (SELECT p.diagnosis FROM tests_patient p WHERE p.id = 2)"
                   " WHERE id = 1")
try:
    Patient.objects.get(pk=1).diagnosis
except Unreadable as said:
    assert said.reason == "encryption.moved", said.reason
else:
    raise AssertionError("it opened")
assert "keys" not in MigrationWriter.serialize(Patient._meta.get_field("diagnosis"))[0].replace("ringwall.adapters", "")
keys.close()
print("held")
"""


def test_the_django_field_holds_the_same(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", DJANGO], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "held\n", done.stderr
    content = (tmp_path / "app.db").read_bytes()
    assert b"asthma" not in content
    assert b"x.example" not in content
