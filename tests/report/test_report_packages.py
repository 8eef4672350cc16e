"""Known vulnerabilities of what lock files pin: pip-audit asks what speaks OSV's protocol, here on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from ringwall.cli.report import command
from ringwall.examples.clinic import CONTRACT
from ringwall.report.model import Run
from ringwall.report.packages import THEIRS, installed, looked_up, packages

KNOWN = {
    "id": "PYSEC-2099-1",
    "aliases": ["CVE-2099-0001"],
    "summary": "Made up for this test",
    "modified": "2099-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.6"}]}],
        }
    ],
}


class Service:
    """Answers as https://api.osv.dev/v1/query does, and keeps what it was asked."""

    def __init__(self, vulnerable: tuple[str, str]) -> None:
        asked = self.asked = []  # type: list[tuple[str, str]]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked.append((query["package"]["name"], query["version"]))
                answer = json.dumps({"vulns": [KNOWN]} if asked[-1] == vulnerable else {}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1/query"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    here = Service(("jinja2", "3.1.2"))
    thread = threading.Thread(target=here.server.serve_forever, args=(0.05,))
    thread.start()
    yield here
    here.server.shutdown()
    here.server.server_close()
    thread.join()


def of(lock: Path, text: str, service: str) -> Run:
    lock.write_text(text, encoding="utf-8")
    return looked_up(THEIRS, (lock,), service)


def test_a_known_vulnerability_is_told_and_another_version_is_not(tmp_path: Path, service: Service) -> None:
    bad = of(tmp_path / "requirements.txt", "jinja2==3.1.2\nclick==8.4.0\n", service.url)
    assert (bad.holds, bad.flaws) == (
        False,
        ("jinja2 3.1.2: PYSEC-2099-1 CVE-2099-0001, mended in 3.1.6",),
    )
    assert bad.at is not None
    good = of(tmp_path / "requirements.txt", "jinja2==3.1.6\nclick==8.4.0\n", service.url)
    assert (good.holds, good.flaws) == (True, ())
    assert "2 packages of requirements.txt" in good.what
    assert {("jinja2", "3.1.2"), ("click", "8.4.0")} <= {*service.asked}


def test_ringwalls_own_packages_are_looked_up_as_they_are_installed(service: Service) -> None:
    own, theirs = packages([], service.url)
    assert (own.holds, theirs.holds) == (True, None)
    assert "--lock" in theirs.what
    assert {("cryptography", metadata.version("cryptography")), ("starlette", metadata.version("starlette"))} <= {
        *service.asked
    }
    assert not {"pytest", "pip-audit", "mypy"} & installed().keys()


def test_nothing_is_sent_where_no_service_is_named_and_nothing_claimed(tmp_path: Path, service: Service) -> None:
    before = len(service.asked)
    (tmp_path / "requirements.txt").write_text("jinja2==3.1.2\n", encoding="utf-8")
    for unasked in packages([tmp_path / "requirements.txt"], None):
        assert (unasked.holds, unasked.flaws) == (None, ())
        assert "no service" in unasked.what
    assert len(service.asked) == before


@pytest.mark.parametrize(
    ("text", "at", "told"),
    [
        ("jinja2==3.1.2\n", "http://127.0.0.1:9/v1/query", "no connection"),
        ("jinja2>=3\n", "", "not pinned"),
        ("jinja2 three\n", "", "could not be asked"),
    ],
)
def test_what_was_not_looked_up_is_not_covered(tmp_path: Path, service: Service, text: str, at: str, told: str) -> None:
    run = of(tmp_path / "requirements.txt", text, at or service.url)
    assert run.holds is None
    assert told in run.what


def test_a_lock_file_that_pins_nothing_proves_nothing(tmp_path: Path, service: Service) -> None:
    assert of(tmp_path / "requirements.txt", "# nothing\n", service.url).holds is not True


def test_the_report_says_so_and_writes_the_bill(tmp_path: Path, service: Service) -> None:
    lock, bill = tmp_path / "requirements.txt", tmp_path / "sbom.json"
    lock.write_text("jinja2==3.1.2\n", encoding="utf-8")
    words = ["--framework", "asvs", "--contract", str(CONTRACT), "--app", "ringwall.examples.clinic:app", "--json"]
    words += ["--data", str(tmp_path / "data"), "--sbom", str(bill)]
    offline = json.loads(CliRunner().invoke(command, words).stdout)
    line = {line["id"]: line for line in offline["lines"]}["V15.2.1"]
    assert line["status"] == "not covered"
    parts = {part["name"]: part["version"] for part in json.loads(bill.read_text("utf-8"))["components"]}
    assert parts == installed()
    told = json.loads(
        CliRunner().invoke(command, [*words, "--lock", str(lock), "--vulnerabilities", service.url]).stdout
    )
    line = {line["id"]: line for line in told["lines"]}["V15.2.1"]
    assert line["status"] == "reported"
    assert any("jinja2 3.1.2" in each for each in line["missing"])
