"""The code of README and the guides, run as it stands: what is shown to newcomers works."""

from __future__ import annotations

import ast
import asyncio
import http.client
import json
import re
import shlex
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner
from fastapi import FastAPI

import ringwall
from adapters.adapter_walls import wall
from ringwall.build.load import load_contract
from ringwall.cli import cli
from ringwall.examples.clinic import create_app

ROOT = Path(__file__).parents[2]


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a document in one language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text("utf-8"), re.DOTALL)


def test_the_contract_of_the_readme_starts(tmp_path: Path) -> None:
    (shown,) = blocks("README.md", "yaml")
    contract = tmp_path / "ringwall.yaml"
    contract.write_text(shown)
    loaded = load_contract(contract, app=create_app(tmp_path))
    stated = {op.api.key for op in loaded.operations if op.rule is not None}
    assert stated == {"GET /patients", "GET /patients/{patient_id}", "GET /health"}
    assert loaded.resources["patient"].fields["diagnosis"].encrypt == "yes"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The names of a module `shop` with an application, in a directory with its contract."""
    (tmp_path / "shop.py").write_text("from fastapi import FastAPI\napp = FastAPI(title='Shop')\n")
    (tmp_path / "ringwall.yaml").write_text(
        "ringwall: 1\napi: app\nauthentication: {api_keys: true}\nroles: {reader: {}}\n"
        'operations: {"GET /me": {allow: [reader]}}\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    import shop

    yield vars(shop)
    del sys.modules["shop"]


def test_the_guide_to_embedding_tells_who_calls(shop: dict[str, Any]) -> None:
    around, inside = blocks("docs/embedding.md", "python")
    (line,) = blocks("README.md", "python")
    assert line in around, "README shows the guide's own line"
    key = CliRunner().invoke(cli, ["apikeys", "issue", "--name", "lab", "--role", "reader"]).output.split()[-1]
    assert isinstance(shop["app"], FastAPI)
    exec(inside, shop)
    exec(around, names := {"ringwall": ringwall})

    async def ask(headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(names["app"])
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
            return await client.get("/me", headers=headers)

    told = asyncio.run(ask({"x-api-key": key}))
    assert told.status_code == 200, told.text
    assert told.json()["subject"].startswith("key-")
    assert asyncio.run(ask({})).json()["reason"] == "authn.missing"


def test_the_guide_to_the_gateway_serves() -> None:
    (block,) = blocks("docs/gateway.md", "python")
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        nobody_s = nobody.getsockname()[1]
    for shown, here in (('"0.0.0.0", 8443, ssl=context', '"127.0.0.1", 0'), (":9000", f":{nobody_s}")):
        assert shown in block
        block = block.replace(shown, here)
    asking = "statuses.append(await asyncio.to_thread(ask, server.port))\nawait server.close"
    statuses: list[int] = []
    names = {"wall": wall(), "networks": (), "ask": ask, "asyncio": asyncio, "statuses": statuses, "print": str}
    code = compile(block.replace("await server.close", asking), "gateway.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    async def serve() -> None:
        await eval(code, names)

    asyncio.run(serve())
    assert statuses == [502], "nobody listens behind it"


def ask(port: int) -> int:
    """The status that a gateway answers with."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_guide_to_testing_names_options_that_there_are() -> None:
    for block in blocks("docs/testing.md", "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.partition("#")[0])
            command = cli.get_command(click.Context(cli), words[1])
            assert words[0] == "ringwall"
            assert command is not None
            command.make_parser(click.Context(command)).parse_args(words[2:])


PATIENT: dict[str, Any] = {
    "type": "object",
    "properties": {n: {"type": "string"} for n in ("patient_id", "account_id", "clinic_id", "diagnosis", "card")}
    | {"deposit": {"type": "integer"}},
}


def clinic() -> FastAPI:
    """The application that the guide to authorization speaks of, with its document."""
    app = FastAPI()

    def answer(patient_id: str = "42") -> dict[str, str]:
        return {"patient_id": patient_id}

    for method in (app.get, app.post):
        method("/patients")(answer)
    for method in (app.get, app.put):
        method("/patients/{patient_id}")(answer)
    made, one = app.openapi(), {"$ref": "#/components/schemas/Patient"}
    made.setdefault("components", {}).setdefault("schemas", {})["Patient"] = PATIENT
    every = made["paths"]["/patients"]
    every["get"]["responses"]["200"]["content"] = {"application/json": {"schema": {"type": "array", "items": one}}}
    every["post"] |= {"parameters": [], "requestBody": {"content": {"application/json": {"schema": one}}}}
    return app


def test_the_guide_to_authorization(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (contract,) = blocks("docs/authorization.md", "yaml")
    (tmp_path / "ringwall.yaml").write_text(contract)
    (tmp_path / "keys.json").write_text('{"keys": []}')
    app = clinic()
    (tmp_path / "shop.py").write_text("app = None\n")
    (block,) = re.findall(r"   ```python\n(.*?)   ```", (ROOT / "docs/authorization.md").read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {"ringwall": ringwall, "app": app, "OWNERS": {"42": "acc-ben"}}
    exec("\n".join(line.removeprefix("   ") for line in block.splitlines()), names)
    (tmp_path / "openapi.json").write_text(json.dumps(app.openapi()))
    (tmp_path / "ringwall.yaml").write_text(contract.replace("api: app", "api: openapi.json"))
    (commands,) = blocks("docs/authorization.md", "sh")
    lines = [shlex.split(line.removesuffix(" < password")) for line in commands.splitlines()]
    done = [CliRunner().invoke(cli, words[1:], input="four words that nobody guesses") for words in lines]
    assert [d.exit_code for d in done] == [0] * 6, [d.output for d in done]
    issued = CliRunner().invoke(cli, ["apikeys", "issue", "--name", "desk", "--role", "nurse", "--tenant", "north"])
    key = issued.output.split()[-1]
    assert "until" in done[1].output
    assert "acc-dana" in done[3].output
    assert "subject acc-ben" in done[4].output
    assert "dana (acc-dana) by nurse" in done[4].output

    async def ask(method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(names["wall"])
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
            return await client.request(method, path, headers={"x-api-key": key}, **more)

    assert asyncio.run(ask("PUT", "/patients/42")).json()["reason"] == "authz.object", "it is ben's, by the resolver"
    (policies,) = blocks("docs/authorization.md", "cedar")
    (tmp_path / "policies.cedar").write_text(policies)
    added = contract.replace("allow: [clerk]\n", "allow: [clerk]\n    policy: true\n")
    (tmp_path / "ringwall.yaml").write_text(added.replace("api: app", "api: app\npolicies: policies.cedar"))
    assert load_contract(tmp_path / "ringwall.yaml", app=app).policies is not None
    ringwall.protect(app, contract="ringwall.yaml", data="second")
