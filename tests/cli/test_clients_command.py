"""`ringwall clients` and `ringwall signing` as an operator meets them, and what the journal has of it."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from joserfc.jwk import ECKey, OctKey

from ringwall.cli import clients, signing
from ringwall.state.journal_files import read

BACK = ("--redirect-uri", "https://app.example/cb")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, module: object = clients) -> Result:
    return CliRunner().invoke(module.command, [*arguments, "--data", "data"])  # type: ignore[attr-defined]


def acts() -> list[dict[str, object]]:
    return [orjson.loads(record) for _, record in read(Path("data") / "journal" / "admin")]


def test_a_secret_is_shown_once_alone_and_kept_by_its_hash() -> None:
    done = run("add", "Lab", "--proof", "secret", "--grant", "client_credentials", "--role", "nurse")
    secret = done.stdout.strip()
    assert secret.startswith("rws_")
    assert "client-" in done.stderr
    told = run("list", "--json").stdout + run("list").stdout + json.dumps(acts())
    raw = b"".join(path.read_bytes() for path in Path("data").rglob("*") if path.is_file())
    assert secret not in told
    assert secret.encode() not in raw
    (client,) = json.loads(run("list", "--json").stdout)
    assert (client["proof"], client["roles"], client["first_party"]) == ("secret", ["nurse"], False)
    assert acts()[0]["operation"] == "clients.add"


def test_rotate_and_remove_are_acts() -> None:
    client = json.loads(run("add", "Lab", "--proof", "secret", *BACK, "--json").stdout)
    again = json.loads(run("rotate", client["client_id"], "--json").stdout)
    assert again["client_secret"] != client["client_secret"]
    assert run("rotate", "portal").exit_code == 0, "the secret of a client that the contract registers"
    assert run("remove", client["client_id"]).exit_code == 0
    assert run("remove", client["client_id"]).exit_code == 1
    assert run("rotate", client["client_id"]).exit_code == 1
    assert [act["operation"] for act in acts()] == ["clients.add", "clients.rotate", "clients.rotate", "clients.remove"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "App"),
        ("add", "App", "--redirect-uri", "http://app.example/cb"),
        ("add", "App", "--redirect-uri", "https://app.example/cb#x"),
        ("add", "App", "--redirect-uri", "https://*.example/cb"),
        ("add", "App", "--grant", "client_credentials"),
        ("add", "App", "--introspects", *BACK),
        ("add", "App", "--proof", "key", *BACK),
        ("add", "App", "--resource", "x", *BACK),
        ("add", "App", "--role", "nurse", *BACK),
    ],
)
def test_a_client_that_could_not_be_safe_is_not_made(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.exit_code == 1, done.output
    assert done.stderr.splitlines()[-1].startswith("ringwall: ")
    assert not Path("data/state.db").exists()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"keys": []}', json.dumps(OctKey.import_key("k" * 32).as_dict())])
def test_keys_that_prove_nothing_are_refused(content: str) -> None:
    Path("keys.json").write_text(content)
    assert run("add", "App", "--proof", "key", "--keys", "keys.json", *BACK).exit_code == 2
    Path("keys.json").write_text(json.dumps(ECKey.generate_key("P-256").as_dict(private=False)))
    assert run("add", "App", "--proof", "key", "--keys", "keys.json", *BACK).exit_code == 0


def test_a_public_client_has_no_secret_to_rotate() -> None:
    client = run("add", "App", *BACK).stdout.strip()
    assert client.startswith("client-")
    assert "none" in run("rotate", client).stderr
    assert run("add", "a\x1b[31m", *BACK).exit_code == 2


def test_signing_keys_are_listed_rotated_and_withdrawn_and_never_shown() -> None:
    assert run("list", module=signing).exit_code == 2
    from ringwall.build.runtime import open_runtime

    open_runtime(Path("data")).close()
    assert run("rotate", module=signing).exit_code == 0
    states = [key["state"] for key in json.loads(run("list", "--json", module=signing).stdout)]
    assert states == ["replaced", "published"]
    assert CliRunner().invoke(signing.command, ["withdraw", "--data", "data"], input="n\n").exit_code == 1
    assert run("withdraw", "--yes", module=signing).exit_code == 0
    told = run("list", "--json", module=signing).stdout + run("list", module=signing).stdout
    assert [key["state"] for key in json.loads(run("list", "--json", module=signing).stdout)] == ["signs"]
    private = json.loads(Path("data/keys/tokens.jwk").read_text())["keys"][0]["jwk"]["d"]
    assert private not in told + json.dumps(acts())
    assert [act["operation"] for act in acts()] == ["signing.rotate", "signing.withdraw"]
