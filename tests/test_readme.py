"""What a newcomer reads: the tour prints what README says, the commands and options exist, the links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from readiness import until
from ringwall.build import demo
from ringwall.build.load import load_contract
from ringwall.cli import cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
SOURCES = sorted((ROOT / "src" / "ringwall").rglob("*.py"))
CONTEXT = click.Context(cli)

VARYING = (
    (r"https://localhost:\d+", "URL"),
    (r'"request_id": "[0-9a-f]{24}"', '"request_id": ID'),
    (r"\brw1\.[\w-]{12}\.[\w-]{40,}", "CIPHERTEXT"),
    (r"\d+ of them signed", "N of them signed"),
    (r"root [A-Za-z0-9+/]{43}=", "root ROOT"),
)
"""What differs from run to run, and nothing else does."""


def normal(text: str) -> str:
    """A printed text with what varies replaced by its name."""
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    return text.strip()


def tour() -> list[tuple[str, str]]:
    """The commands of the tour, each with what it is said to print."""
    part = README.split("<!-- tour", 1)[1].split("\n## ", 1)[0]
    found = []
    for block in re.findall(r"```console\n(.*?)```", part, re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = step.partition("\n")
            found.append((command, printed))
    return found


def test_the_tour_prints_what_it_says(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        assert os.environ.get("RINGWALL_REQUIRE_SERVERS") != "1", "the tour needs curl"
        pytest.skip("the tour's commands call curl")
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    ready = tmp_path / "ready.json"
    up = [programs / "ringwall", "up", "--listen", "127.0.0.1:0", "--ready-file", ready]
    with subprocess.Popen(
        up, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            until(ready.exists, server)
            told = json.loads(ready.read_text())
            script = ["shopt -s expand_aliases", f"KEY={told['api_keys'][0]['key']}"]
            for command, _ in tour():
                script += [command.replace("https://localhost:8443", told["url"]), "echo '<<end>>'"]
            done = subprocess.run(
                ["bash", "--norc", "-c", 'exec 2>&1; source "$0"', _written(tmp_path / "tour.sh", script)],
                cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60,
            )  # fmt: skip
            server.terminate()
            banner, complained = server.communicate(timeout=20)
        finally:
            server.kill()
    printed = done.stdout.split("<<end>>\n")
    assert len(printed) == len(tour()) + 1, done.stdout
    for (command, said), got in zip(tour(), printed, strict=False):
        assert normal(got) == normal(said), command
    assert all(account in banner for account in ("ana", "nora", "dara", told["api_keys"][0]["key"]))
    assert banner.count("  curl ") == 3
    assert "ringwall why" in banner
    assert complained == ""


def _written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def test_what_to_try_names_the_program_as_it_can_be_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `make demo` no `ringwall` is on the path, and what is printed is to be copied and pasted."""
    contract = load_contract(demo.CONTRACT, app=demo.clinic(tmp_path))
    monkeypatch.setattr(sys, "argv", [".venv/bin/ringwall"])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert any("(.venv/bin/ringwall audit" in line for line in demo.banner("https://x", None, tmp_path, contract, None))
    (tmp_path / "ringwall").touch(mode=0o755)
    assert any("(ringwall audit" in line for line in demo.banner("https://x", None, tmp_path, contract, None))


def test_the_table_of_commands_is_the_programs_own() -> None:
    told = {}
    for name in cli.list_commands(CONTEXT):
        command = cli.get_command(CONTEXT, name)
        assert command is not None, name
        assert command.help, name
        told[name] = " ".join(command.help.split("\n\n")[0].split())
    part = README.split("<!-- commands", 1)[1].split("\n## ", 1)[0]
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", part, re.MULTILINE)) == told


def spoken(text: str) -> Iterator[list[str]]:
    """Every call of `ringwall` in a text's code spans and blocks, as words up to a pipe, a redirection or a comment."""
    text = text.replace("\\\n", " ")
    prose = re.sub(r"```\w*\n.*?```", "", text, flags=re.DOTALL)
    blocks = re.findall(r"```(?:\w*)\n(.*?)```", text, re.DOTALL)
    calls = re.findall(r"`(ringwall [a-z][^`\n\\]*)`", prose)
    calls += [m for block in blocks for m in re.findall(r"^[ $]*(ringwall [a-z-]+.*)$", block, re.MULTILINE)]
    for call in calls:
        words = shlex.split(re.split(r" [|#;]|[<>]| && |\$\(|\)\"", call)[0].replace("…", ""), comments=True)
        yield words[1:]


def resolved(words: list[str]) -> str | None:
    """What is wrong with a call: a command or an option that does not exist; None where both do."""
    command: click.Command | None = cli
    rest, path = list(words), "ringwall"
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        path = f"{path} {rest[0]}"
        found = [
            command.get_command(CONTEXT, name) for name in rest.pop(0).split("|")
        ]  # `ringwall audit verify|search`
        if None in found:
            return f"no command {path!r}"
        command = found[0]
    assert command is not None
    options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help", "-h", "--version"}
    unknown = [word for word in rest if word.startswith("-") and word != "-" and word.split("=")[0] not in options]
    return f"no option {unknown[0]} of {path!r}" if unknown else None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_command_that_a_document_names_exists(document: Path) -> None:
    wrong = {" ".join(words): resolved(words) for words in spoken(document.read_text("utf-8"))}
    assert {call: why for call, why in wrong.items() if why} == {}


def test_every_command_that_the_program_speaks_of_exists() -> None:
    """In messages, reasons, docstrings and banners: the words right behind `ringwall`."""
    names, wrong = set(cli.list_commands(CONTEXT)), set()
    for path in SOURCES:
        for name in re.findall(r"[`\"' ]ringwall ([a-z][a-z-]*)[`\" ]", path.read_text("utf-8")):
            if name not in names and f"`ringwall {name}" in path.read_text("utf-8"):
                wrong.add((path.name, name))
    assert wrong == set()


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert resolved(["up", "--tls", "off"]) is None
    assert resolved(["audit", "verify|search", "--json"]) is None
    assert resolved(["fly"]) == "no command 'ringwall fly'"
    assert resolved(["audit", "burn"]) == "no command 'ringwall audit burn'"
    assert resolved(["up", "--wings"]) == "no option --wings of 'ringwall up'"
    assert [*spoken("Say `ringwall up x --tls off` or\n```\n$ ringwall fly --now | less\n```\n")] == [
        ["up", "x", "--tls", "off"],
        ["fly", "--now"],
    ]


def slug(heading: str) -> str:
    """The anchor that a heading gets where these pages are shown."""
    plain = unicodedata.normalize("NFC", re.sub(r"[`*_]|\[([^\]]*)\]\([^)]*\)", r"\1", heading)).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    prose = re.sub(r"```.*?```", "", document.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (document.parent / path).resolve() if path else document
        assert there.exists(), target
        assert there.is_relative_to(ROOT), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), target
