"""What the clinic starts with, and the people of the demo. Data only; all of it is invented.

Card numbers are the networks' published test numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Row = Mapping[str, str | int | bool]


@dataclass(frozen=True, slots=True)
class Account:
    """A person who signs in: what ringwall is to know of them. The clinic itself never looks."""

    name: str
    subject: str
    roles: tuple[str, ...]
    tenant: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A program that calls."""

    name: str
    roles: tuple[str, ...]
    tenant: str


ACCOUNTS = (
    Account("ana", "acc-ana", ("patient",), "north"),
    Account("ben", "acc-ben", ("patient",), "south"),
    Account("nora", "acc-nora", ("nurse",), "north"),
    Account("dara", "acc-dara", ("doctor",), "north"),
    Account("adam", "acc-adam", ("admin",), "north"),
)
API_KEYS = (ApiKey("lab", ("nurse",), "north"),)


@dataclass(frozen=True, slots=True)
class Seed:
    """The first rows of each table, in order of their ids, which count from 1."""

    patients: tuple[Row, ...]
    visits: tuple[Row, ...]
    documents: tuple[Row, ...]
    payments: tuple[Row, ...]


def _patient(account: str, clinic: str, name: str, city: str, diagnosis: str, card: str) -> Row:
    return {
        "account_id": f"acc-{account}",
        "clinic_id": clinic,
        "full_name": name,
        "city": city,
        "email": f"{account}@mail.example",
        "phone": "+44 1632 960001",
        "diagnosis": diagnosis,
        "card_number": card,
        "notes": "Prefers **mornings**.",
        "internal_notes": f"Do not tell {name}: billing dispute open.",
        "password_hash": f"$2b$12$clinicclinicclinicclinic{account}",
    }


def _visit(patient: int, account: str, clinic: str, day: str, code: str, findings: str) -> Row:
    return {
        "patient_id": patient,
        "account_id": f"acc-{account}",
        "clinic_id": clinic,
        "day": day,
        "reason": "Check-up",
        "findings": findings,
        "status": "booked",
        "code": code,
    }


def _document(patient: int, account: str, clinic: str, name: str, content: str) -> Row:
    return {
        "patient_id": patient,
        "account_id": f"acc-{account}",
        "clinic_id": clinic,
        "name": name,
        "content": content,
    }


def _payment(patient: int, account: str, clinic: str, amount: int, card: str) -> Row:
    return {
        "patient_id": patient,
        "account_id": f"acc-{account}",
        "clinic_id": clinic,
        "amount": amount,
        "card_number": card,
        "memo": "Consultation",
        "status": "due",
        "processor_secret": f"sk_demo_{account}_f00dfeed",
    }


SEED = Seed(
    patients=(
        _patient("ana", "north", "Ana Marsh", "Leeds", "Asthma", "4111111111111111"),
        _patient("cleo", "north", "Cleo Hart", "York", "Migraine", "4012888888881881"),
        _patient("ben", "south", "Ben Okafor", "Hove", "Gout", "5555555555554444"),
        _patient("dina", "south", "Dina Rossi", "Lewes", "Anaemia", "378282246310005"),
    ),
    visits=(
        _visit(1, "ana", "north", "2025-03-03", "7151", "Peak flow normal"),
        _visit(2, "cleo", "north", "2025-03-04", "8264", "Rest advised"),
        _visit(3, "ben", "south", "2025-03-05", "0042", "Uric acid raised"),
    ),
    documents=(
        _document(1, "ana", "north", "asthma-plan.txt", "Two puffs in the morning."),
        _document(2, "cleo", "north", "diary.txt", "Three attacks in May."),
        _document(3, "ben", "south", "lab.txt", "Uric acid 0.52 mmol/l"),
    ),
    payments=(
        _payment(1, "ana", "north", 4500, "4111111111111111"),
        _payment(2, "cleo", "north", 6000, "4012888888881881"),
        _payment(3, "ben", "south", 5200, "5555555555554444"),
    ),
)

FORMS = {
    "consent.txt": "I agree to be treated.\n",
    "new-patient.txt": "Name:\nDate of birth:\n",
}
LEAFLETS = {"hours.txt": "Open from eight to six.\n"}
FETCHED = {"https://records.partner.example/ana-2024.txt": "Spirometry 2024: normal.\n"}
STAFF = (
    {"cn": "Nora Lind", "role": "nurse", "phone": "101", "listed": "yes"},
    {"cn": "Dara Singh", "role": "doctor", "phone": "102", "listed": "yes"},
    {"cn": "Adam Frost", "role": "admin", "phone": "+44 1632 960900", "listed": "no"},
)
SETTINGS = {"clinic": "North and South", "smtp_password": "hunter2-smtp", "signing_key": "k-9f8e7d6c5b4a"}
