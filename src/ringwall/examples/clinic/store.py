"""The clinic's tables and files, under one directory. Weak on purpose: all columns hold what they are given."""

from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine, insert, text
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column

from ringwall.examples.clinic.seed import FORMS, LEAFLETS, Seed

Json = dict[str, str | int | bool]


class Table(MappedAsDataclass, DeclarativeBase):
    """The parent of all tables."""

    def row(self) -> Json:
        """Every column: the team never asked which of them a caller should see."""
        return {column.key: getattr(self, column.key) for column in self.__mapper__.columns}


class Patient(Table):
    """A person under treatment."""

    __tablename__ = "patients"
    patient_id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[str]
    clinic_id: Mapped[str]
    full_name: Mapped[str]
    city: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    diagnosis: Mapped[str] = mapped_column(default="")
    card_number: Mapped[str] = mapped_column(default="")
    notes: Mapped[str] = mapped_column(default="")
    preferences: Mapped[str] = mapped_column(default="")
    verified: Mapped[bool] = mapped_column(default=False)
    balance: Mapped[int] = mapped_column(default=0)
    internal_notes: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str] = mapped_column(default="")


class Visit(Table):
    """An appointment and what came of it; `code` opens it at the self-service desk."""

    __tablename__ = "visits"
    visit_id: Mapped[int] = mapped_column(primary_key=True, init=False)
    patient_id: Mapped[int]
    account_id: Mapped[str]
    clinic_id: Mapped[str]
    day: Mapped[str]
    reason: Mapped[str]
    findings: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="booked")
    code: Mapped[str] = mapped_column(default="")


class Document(Table):
    """A text in a patient's file."""

    __tablename__ = "documents"
    document_id: Mapped[int] = mapped_column(primary_key=True, init=False)
    patient_id: Mapped[int]
    account_id: Mapped[str]
    clinic_id: Mapped[str]
    name: Mapped[str]
    content: Mapped[str]


class Payment(Table):
    """What is owed or paid, in pence."""

    __tablename__ = "payments"
    payment_id: Mapped[int] = mapped_column(primary_key=True, init=False)
    patient_id: Mapped[int]
    account_id: Mapped[str]
    clinic_id: Mapped[str]
    amount: Mapped[int]
    card_number: Mapped[str]
    memo: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="due")
    processor_secret: Mapped[str] = mapped_column(default="")


class Store:
    """The clinic's data: `clinic.db`, `clinic.log`, `forms/` and `leaflets/` under `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.database = directory / "clinic.db"
        self.log = directory / "clinic.log"
        self.engine: Engine = create_engine(f"sqlite:///{self.database}", poolclass=NullPool)

    def session(self) -> Session:
        """A session that writes at once and keeps its objects readable afterwards."""
        return Session(self.engine, expire_on_commit=False)

    def query(self, statement: str) -> list[dict[str, object]]:
        """Weakness: a statement is a string, and whoever made the string decides."""
        with self.engine.begin() as connection:
            rows = connection.execute(text(statement.replace(":", "\\:"))).mappings()
            return [dict(row) for row in rows]

    def note(self, line: str) -> None:
        """Weakness: the log holds whatever it is told, secrets too."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    def fill(self, seed: Seed) -> None:
        """Makes the tables and files where there are none yet."""
        if self.database.exists():
            return
        self._files()
        Table.metadata.create_all(self.engine)
        rows = (
            (Patient, seed.patients),
            (Visit, seed.visits),
            (Document, seed.documents),
            (Payment, seed.payments),
        )
        with self.session() as session:
            for table, values in rows:
                session.execute(insert(table), [dict(value) for value in values])
            session.commit()

    def _files(self) -> None:
        for folder, files in (("forms", FORMS), ("leaflets", LEAFLETS)):
            (self.directory / folder).mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (self.directory / folder / name).write_text(content, encoding="utf-8")
