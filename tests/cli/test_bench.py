"""`ringwall bench`: the promised form, and figures that are really of the requests that it says. No time is judged."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from ringwall.cli import _measure, bench
from ringwall.cli._measure import Case, Figures, Meter, Unfit, measure


@pytest.fixture(autouse=True)
def few(monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "ROUNDS", 2)
    monkeypatch.setattr(_measure, "WARM", 1)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(bench.command, list(arguments))


def test_the_promised_form():
    done = run("--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told) == {"cases"}
    for case in told["cases"]:
        assert set(case) == {"name", "bare_us", "protected_us", "added_us", "layers"}
        assert case["added_us"] == pytest.approx(case["protected_us"] - case["bare_us"], abs=0.2)
        assert {"transport", "authn", "authz", "validation", "disclosure", "monitoring"} <= set(case["layers"])
        assert all(us >= 0 for us in case["layers"].values())
    names = " ".join(case["name"] for case in told["cases"])
    assert "GET one object" in names
    assert "300 bytes" in names
    assert "100 objects" in names


def test_bodies_have_the_size_that_their_case_says():
    for draft in (bench._PATIENT, bench._VISIT, bench._FORM):
        body = bench._padded(draft)
        assert len(body) == 300
        assert json.loads(body)[draft[0]].endswith(".")


def test_a_contract_needs_the_application_that_it_is_of(few):
    (few / "ringwall.yaml").write_text("ringwall: 1\n")
    assert run("--contract", "ringwall.yaml").exit_code == 2
    done = run("--contract", "ringwall.yaml", "--app", "nowhere:app")
    assert done.exit_code == 2
    assert "nowhere" in done.stderr


APP = """
from fastapi import FastAPI
app = FastAPI()
@app.get("/fine")
def fine() -> dict[str, str]: return {"a": "b"}
@app.get("/broken")
def broken() -> dict[str, str]: raise RuntimeError("broken")
@app.get("/needs/{it}")
def needs(it: str) -> dict[str, str]: return {}
"""


def test_of_another_application_what_can_be_called_is_measured(few, monkeypatch):
    (few / "shop_for_bench.py").write_text(APP)
    (few / "ringwall.yaml").write_text(
        "ringwall: 1\napi: app\nauthentication: {accounts: true}\nroles: {reader: {}}\nlimits: {rate: 1/minute}\n"
        'operations:\n  "GET /*": {allow: [reader], rate: 1/hour}\n'
    )
    monkeypatch.syspath_prepend(str(few))
    done = run("--contract", "ringwall.yaml", "--app", "shop_for_bench:app", "--json")
    assert done.exit_code == 0, done.stderr
    (case,) = json.loads(done.stdout)["cases"]
    assert case["name"] == "GET /fine"
    assert "quota" in case["layers"], "the rate's guards run, though they never refuse"
    assert "not measured: GET /broken: the bare application answers 500" in done.stderr


def test_an_application_that_does_not_compile_is_said(few):
    (few / "torn_for_bench.py").write_text("app = (")
    (few / "ringwall.yaml").write_text("ringwall: 1\napi: app\noperations: {}\n")
    done = run("--contract", "ringwall.yaml", "--app", "torn_for_bench:app")
    assert (done.exit_code, "SyntaxError" in done.stderr) == (2, True)


def test_a_reply_that_is_no_success_is_not_measured():
    async def refusing(scope, receive, send):
        await send({"type": "http.response.start", "status": 403, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    with pytest.raises(Unfit, match="GET /x: the bare application answers 403"):
        asyncio.run(measure(refusing, refusing, Case("x", "GET", "/x"), Meter(), 1))


def test_figures_are_rounded_medians():
    assert Figures("x", 1.04, 3.17, {"authn": 0.25}).document() == {
        "name": "x", "bare_us": 1.0, "protected_us": 3.2, "added_us": 2.1, "layers": {"authn": 0.2},
    }  # fmt: skip
