"""`ringwall contract schema`, `init` and `check` as a user types them: drafts load, statuses hold, nothing traces."""

from __future__ import annotations

import functools
import http.server
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from click.testing import CliRunner, Result

from contract.contract_samples import API, CONTRACT
from contract.test_openapi_load import SWAGGER
from ringwall.cli import cli
from ringwall.contract.parse import load


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the sample API and contract, made the current one."""
    (tmp_path / "openapi.json").write_text(json.dumps(API))
    (tmp_path / "openapi.yaml").write_text(yaml.safe_dump(API))
    (tmp_path / "ringwall.yaml").write_text(CONTRACT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def test_the_printed_schema_takes_the_example(home: Path) -> None:
    schema = json.loads(run("contract", "schema").stdout)
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(yaml.safe_load(CONTRACT))


_STRANGE: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": 'a "b"\n# c: \u2028 \x7f \U0001f600', "version": "1\n2"},
    "paths": {
        "/": {"get": {}},
        '/we"ird\\{a b}/\n': {"get": {"parameters": [{"name": "a b", "in": "path", "schema": {}}]}},
        "/star/*": {"get": {}, "post": {}},
        "/x/{y}": {"get": {}},
        "no-slash": {"get": {}},
        "/caf\u00e9/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "schema": {}}],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Owner"}}}}
                },
            }
        },
        "/owner/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "schema": {}}],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Owner"}}}}
                },
            }
        },
    },
    "components": {
        "schemas": {
            "Owner": {
                "properties": {
                    "user_id": {"type": "string"},
                    "e mail: #": {"type": "string"},
                    "pass\nword": {"type": "string"},
                    "tenant": {"type": "string"},
                }
            }
        }
    },
}
DOCUMENTS = {
    "3.1": API,
    "2.0": yaml.safe_load(SWAGGER.replace("200:", "'200':").replace("204:", "'204':")),
    "strange": _STRANGE,
    "empty": {"openapi": "3.1.0"},
    "3.0": {**API, "openapi": "3.0.3", "servers": [{"url": "/base"}]},
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("role", [None, "client"])
def test_a_draft_of_any_document_loads_as_it_is(name: str, role: str | None, home: Path) -> None:
    (home / "doc.json").write_text(json.dumps(DOCUMENTS[name]))
    out = home / "sub" / "drafted.yaml"
    out.parent.mkdir()
    assert run("init", "doc.json", "--out", out, *(["--allow", role] if role else [])).exit_code == 0
    made = load(out)
    usable = [o for o in made.operations if o.api.flaw is None and not {"*", "\n"} & set(o.key)]
    if role is not None:
        assert all(o.rule and set(o.rule.allow) <= {role, "anyone"} for o in usable)
    assert all(o.rule is None for o in made.operations if o.api.flaw)


def test_a_draft_guesses_with_reasons_and_leaves_the_unsure_closed(home: Path) -> None:
    text = run("init", "openapi.json").stdout
    assert "\"email\": {class: contact}  # named 'email'" in text
    assert '"diagnosis": {class: health}' in text
    assert 'owner: "account_id"  # named as an owner often is' in text
    made = load(text, openapi=API)
    rules = {o.key: o.rule.allow if o.rule else None for o in made.operations}
    assert rules == {
        "GET /patients": ("user", "admin"),
        "POST /patients": ("user", "admin"),
        "GET /patients/{patient_id}": ("owner", "admin"),
        "GET /health": ("anyone",),
    }


def test_applications_are_asked_in_process(home: Path) -> None:
    (home / "drafted_shop.py").write_text(
        "from fastapi import FastAPI\nfrom starlette.applications import Starlette\n"
        "from starlette.responses import JSONResponse\nfrom starlette.routing import Route\n"
        "app = FastAPI()\napp.root_path = '/shop'\n"
        "@app.get('/files/{name:path}')\ndef read(name: str) -> str: return name\n"
        "@app.post('/login')\ndef login(body: dict[str, int | None]) -> int: return 1\n"
        "async def doc(request): return JSONResponse({'openapi': '3.1.0', 'paths': {'/a': {'get': {}}}})\n"
        "other = Starlette(routes=[Route('/openapi.json', doc)])\n"
        "def wsgi(environ, start):\n"
        "    start('200 OK' if environ['PATH_INFO'] == '/swagger.json' else '404 No', [])\n"
        '    return [b\'{"swagger": "2.0", "paths": {"/w": {"get": {}}}}\']\n'
        "none = Starlette()\nword = 'x'\n"
    )
    text = run("init", "drafted_shop:app").stdout
    assert 'api: "app"' in text
    assert 'base_path: "/shop"' in text
    assert '"GET /files/{name+}"' in text
    assert "looks like a sign-in" in text
    assert '"GET /a"' in run("init", "drafted_shop:other").stdout
    assert '"GET /w"' in run("init", "drafted_shop:wsgi").stdout
    for name in ("drafted_shop:none", "drafted_shop:word", "drafted_shop:missing", "no_such_module:app"):
        assert run("init", name).exit_code == 2


@pytest.fixture
def server(home: Path) -> Iterator[str]:
    """The sample's directory served on loopback."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Says nothing."""

    (home / "v1").mkdir()
    (home / "v1" / "health").write_text("ok")
    (home / "v1" / "api.json").write_text(json.dumps({"openapi": "3.1.0", "paths": {"/health": {"get": {}}}}))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(home))) as made:
        threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{made.server_address[1]}"
        made.shutdown()


def test_a_url_is_asked_at_the_usual_places_and_its_base_path_is_found(server: str) -> None:
    assert f'api: "{server}/openapi.json"' in run("init", server).stdout
    assert 'base_path: "/v1"' in run("init", f"{server}/v1/api.json").stdout
    assert run("init", f"{server}/none.json").exit_code == 2
    assert run("init", f"{server}/v1/health").exit_code == 2
    assert run("init", "http://127.0.0.1:1/x").exit_code == 2


@pytest.mark.parametrize(("root", "below"), [(None, '"/api"'), ("<!doctype html><p>the page of all paths", '"/api"'),
                                             ('{"status": "ok"}', None)])  # fmt: skip
def test_a_document_at_the_root_is_found_to_speak_of_what_lies_below(
    root: str | None, below: str | None, server: str, home: Path
) -> None:
    """As with an API mounted beside its user interface, whose document names no server."""
    (home / "root.json").write_text(json.dumps({"openapi": "3.1.0", "paths": {"/health": {"get": {}}}}))
    (home / "api").mkdir()
    (home / "api" / "health").write_text("ok")
    if root is not None:
        (home / "health").write_text(root)
    text = run("init", f"{server}/root.json").stdout
    assert (f"base_path: {below}" in text) if below else ("base_path" not in text)


def test_a_stated_base_path_that_answers_nothing_is_not_believed(server: str, home: Path) -> None:
    """As with documents that name their server by the path of the document, or as it is called elsewhere."""
    for url in ("https://api.example.com/v7", "/v7"):
        stated = {"openapi": "3.1.0", "servers": [{"url": url}], "paths": {"/health": {"get": {}}}}
        (home / "stated.json").write_text(json.dumps(stated))
        (home / "health").write_text("ok")
        assert 'base_path: "/"' in run("init", f"{server}/stated.json").stdout
        (home / "v7").mkdir(exist_ok=True)
        (home / "v7" / "health").write_text("ok")
        assert "base_path" not in run("init", f"{server}/stated.json").stdout
        (home / "v7" / "health").unlink()


def test_init_overwrites_nothing_unasked(home: Path) -> None:
    assert run("init", "openapi.json", "--out", "ringwall.yaml").exit_code == 2
    assert (home / "ringwall.yaml").read_text() == CONTRACT
    assert run("init", "openapi.json", "--out", "ringwall.yaml", "--force").exit_code == 0


@pytest.mark.parametrize("role", ["owner", "a b", "", "x\ny: {}"])
def test_init_takes_only_names_as_roles(role: str, home: Path) -> None:
    assert run("init", "openapi.json", "--allow", role).exit_code == 2


def test_check_tells_by_its_status(home: Path) -> None:
    sound = CONTRACT + "limits: {rate: 600/minute, anonymous_rate: 60/minute}\n"
    (home / "sound.yaml").write_text(sound)
    (home / "broken.yaml").write_text(sound.replace("allow: [nurse]", "allow: [nurze]"))
    assert run("check", "--contract", "sound.yaml").exit_code == 0
    assert run("check", "--contract", "sound.yaml", "--openapi", "openapi.json").exit_code == 0
    found = run("check")
    assert found.exit_code == 1
    assert "[contract.limits]" in found.stdout
    broken = run("check", "--contract", "broken.yaml")
    assert broken.exit_code == 2
    assert "broken.yaml:" in broken.stderr
    assert "did you mean 'nurse'?" in broken.stderr
    assert run("check", "--contract", "none.yaml").exit_code == 2


def test_check_prints_one_json_object(home: Path) -> None:
    found = json.loads(run("check", "--json").stdout)
    assert found["usable"] is True
    assert {f["id"] for f in found["findings"]} >= {"contract.limits"}
    assert set(found["findings"][0]) == {"id", "severity", "at", "about", "what", "do"}
    (home / "ringwall.yaml").write_text("ringwall: 1\napi: openapi.json\nmood: 1\n")
    broken = json.loads(run("check", "--json").stdout)
    assert broken["usable"] is False
    assert broken["problems"][0]["at"] == {"file": "ringwall.yaml", "line": 3, "column": 1}
    assert broken["problems"][0]["nearest"] == "mode"


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff", b"[" * 10_000, b"a: &a [*a]", b"{", b"openapi: 3.1.0\npaths: [[]]"]
)
def test_no_file_makes_a_traceback(content: bytes, home: Path) -> None:
    (home / "any").write_bytes(content)
    assert run("init", "any").exit_code in (0, 2)
    assert run("check", "--contract", "any").exit_code == 2
    assert run("check", "--openapi", "any").exit_code == 2
    assert run("check", "--contract", home).exit_code == 2
