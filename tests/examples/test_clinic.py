"""The clinic is an ordinary application with an ordinary contract: both say the same, and both hold together."""

import asyncio
import importlib
from pathlib import Path

import httpx
import pytest
import yaml
from fastapi import FastAPI

import ringwall.examples.clinic as clinic
from ringwall.examples.clinic.directory import BadFilter, parse
from ringwall.examples.clinic.matcher import find
from ringwall.examples.clinic.seed import STAFF, Seed

STATED = yaml.safe_load(clinic.CONTRACT.read_text(encoding="utf-8"))
WORDS = {"owner", "member", "anyone", *STATED["roles"]}
SEALED = "rw1." + "QUJD" * 300
"""As long as a sealed value may be; the clinic must keep it as it would a plain one."""


class Client:
    """Asks an application in process."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def ask(self, method: str, path: str, **content: dict) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://clinic.example") as client:
                return await client.request(method, path, **content)

        return asyncio.run(asked())

    def get(self, path: str, **params: str) -> httpx.Response:
        return self.ask("GET", path, params=params)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return clinic.create_app(tmp_path_factory.mktemp("clinic"))


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict:
    return app.openapi()


@pytest.fixture
def client(app: FastAPI) -> Client:
    return Client(app)


def test_it_says_first_that_it_is_not_to_be_deployed() -> None:
    assert "NOT TO BE DEPLOYED" in (clinic.__doc__ or "").splitlines()[0]


def test_importing_it_writes_nothing_and_app_is_made_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    importlib.reload(clinic)
    assert list(tmp_path.iterdir()) == []
    assert clinic.app is clinic.app
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(AttributeError, match="has no attribute 'application'"):
        _ = clinic.application


def test_the_contract_states_every_operation_and_no_other(document: dict) -> None:
    offered = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert set(STATED["operations"]) == offered


@pytest.mark.parametrize("operation", STATED["operations"])
def test_rules_use_words_that_are_stated(operation: str) -> None:
    rule = STATED["operations"][operation]
    allowed = rule["allow"] if isinstance(rule["allow"], list) else [rule["allow"]]
    assert set(allowed) <= WORDS
    assert set(rule) <= {"allow", "filter", "rate", "resource"}


@pytest.mark.parametrize("name", STATED["resources"])
def test_resources_are_what_the_document_shows(name: str, document: dict) -> None:
    resource = STATED["resources"][name]
    shown = set(document["components"]["schemas"][resource["schema"]]["properties"])
    assert {resource["id"], resource["owner"], resource["tenant"], *resource["fields"]} <= shown
    assert any(f"{{{resource['id']}}}" in path for path in document["paths"])


def test_health_and_cardholder_fields_are_sealed() -> None:
    for resource in STATED["resources"].values():
        for field in resource["fields"].values():
            assert field.get("encrypt") or field.get("class") not in ("health", "cardholder", "secret")


def test_the_people_have_stated_roles() -> None:
    assert {role for account in clinic.ACCOUNTS for role in account.roles} == set(STATED["roles"])
    owners = {row["account_id"] for row in clinic.SEED.patients}
    assert {account.subject for account in clinic.ACCOUNTS if account.roles == ("patient",)} <= owners


def test_sealed_values_go_in_and_come_out_as_they_are(client: Client) -> None:
    sealed = {"email": SEALED, "phone": SEALED, "diagnosis": SEALED, "card_number": SEALED}
    row = {"account_id": "acc-x", "clinic_id": "north", "full_name": "X", **sealed}
    entered = client.ask("POST", "/patients", json=row).json()
    path = f"/patients/{entered['patient_id']}"
    assert client.get(path).json().items() >= sealed.items()
    assert client.get("/patients/by-email", email=SEALED).json() == [entered]
    assert client.ask("PATCH", path, json=sealed).json().items() >= sealed.items()


def test_the_operations_that_no_attack_is_about(client: Client) -> None:
    assert [visit["visit_id"] for visit in client.get("/visits").json()] == [1, 2, 3]
    assert [row["name"] for row in client.get("/documents").json()] == ["asthma-plan.txt", "diary.txt", "lab.txt"]
    assert client.get("/patients/99").status_code == 404
    assert client.get("/patients/first").status_code == 422
    assert client.get("/forms/file", name="absent.txt").status_code == 404


def test_a_directory_keeps_its_clinic(tmp_path: Path) -> None:
    Client(clinic.create_app(tmp_path)).ask("PATCH", "/patients/1", json={"city": "Otley"})
    again = Client(clinic.create_app(tmp_path, Seed((), (), (), ())))
    assert again.get("/patients/1").json()["city"] == "Otley"


def test_it_may_start_from_other_rows(tmp_path: Path) -> None:
    rows = clinic.SEED.patients[:1]
    seed = Seed(rows, clinic.SEED.visits[:1], clinic.SEED.documents[:1], clinic.SEED.payments[:1])
    patients = Client(clinic.create_app(tmp_path, seed)).get("/patients").json()
    assert [row["full_name"] for row in patients] == ["Ana Marsh"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("(cn=nora lind)", ["Nora Lind"]),
        ("(cn=N*d)", ["Nora Lind"]),
        ("(!(listed=yes))", ["Adam Frost"]),
        ("(|(role=nurse)(role=admin))", ["Nora Lind", "Adam Frost"]),
        ("(&(cn=*)(listed=yes))", ["Nora Lind", "Dara Singh"]),
        ("(absent=*)", []),
        ("(cn=N.*)", []),
    ],
)
def test_directory_filters(text: str, names: list[str]) -> None:
    assert [entry["cn"] for entry in STAFF if parse(text)(entry)] == names


@pytest.mark.parametrize("text", ["", "cn=x", "(cn=x", "(cn)", "(&(cn=x)"])
def test_what_is_no_filter(text: str) -> None:
    with pytest.raises(BadFilter, match=r"expected [()]|no [=)]"):
        parse(text)


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"a": 1}, [1]),
        ({"a": {"$in": [1, 3]}}, [1, 3]),
        ({"a": {"$gt": 1, "$lt": 3}}, [2]),
        ({"b": {"$exists": False}}, [1, 2, 3]),
        ({"$or": [{"a": 1}, {"a": {"$eq": 2}}]}, [1, 2]),
        ({"$where": "this.a > 2"}, [3]),
    ],
)
def test_document_filters(wanted: dict, ids: list[int]) -> None:
    assert [row["a"] for row in find([{"a": 1}, {"a": 2}, {"a": 3}], wanted)] == ids
