"""`ringwall why`: what the journal says of a request is told as it is, while a server writes, and safely."""

import json
import os
import subprocess
import sys

import orjson
import pytest
from click.testing import CliRunner

from ringwall.cli.why import command
from ringwall.core.event import Event, Step
from ringwall.core.reasons import Layer
from ringwall.state.journal import Journal
from ringwall.state.journal_files import segments
from ringwall.state.journal_keys import load_or_create_signer

CONTRACT = """\
ringwall: 1
api: openapi.yaml
resources:
  patient: {id: patient_id}
operations:
  "GET /patients/{patient_id}": {allow: [owner, nurse]}
"""
GET = "GET /patients/{patient_id}"


def event(name, **changes):
    told = {
        "kind": "exchange", "id": name, "at": 1.0, "operation": GET, "method": "GET", "path": "/patients/{patient_id}",
        "client": "192.0.2.7", "decision": "allow", "status": 200, "us": 120.5, "app_us": 900.2,
        "layers": ((Layer.MONITORING, 0.3), (Layer.TRANSPORT, 20.1), (Layer.AUTHENTICATION, 4.5)),
    }  # fmt: skip
    return Event(**{**told, **changes})


REFUSED = event(
    "ab12cd34", decision="refuse", status=422, reason="detection.sqli", layer="detection", app_us=0.0,
    principal="acc-nora", roles=("nurse",), credential="key:4f", objects=("patient:1",), detail="sql: union",
    steps=(Step(Layer.DETECTION, "texts", "refuse", "detection.sqli", 81.5),), faults=("/body/notes detection.sqli",),
    layers=((Layer.MONITORING, 0.3), (Layer.TRANSPORT, 20.1), (Layer.AUTHENTICATION, 4.5), (Layer.VALIDATION, 12.0),
            (Layer.DETECTION, 81.5)),
)  # fmt: skip


@pytest.fixture
def journal(tmp_path, monkeypatch):
    """A journal that a server holds open, with a contract in the current directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ringwall.yaml").write_text(CONTRACT)
    open_one = Journal.open(tmp_path / "data" / "journal", signer=load_or_create_signer(tmp_path / "data" / "keys"))
    yield open_one
    open_one.close()


def write(journal, *events):
    for each in events:
        journal.append(orjson.dumps(each.document(), option=orjson.OPT_SORT_KEYS))


def why(*arguments, data="data"):
    return CliRunner().invoke(command, ["--data", data, *arguments])


def test_a_refusal_is_told_with_its_reason_its_line_and_what_to_change(journal):
    write(journal, event("00ff00ff"), REFUSED, event("ee00"))
    done = why("ab12cd34")
    assert done.exit_code == 0
    for told in (
        f"{GET} was refused, status 422", "acc-nora (nurse), by key:4f, from 192.0.2.7", "patient:1",
        "the application was not asked", "detection.sqli - Input not allowed", "/body/notes detection.sqli",
        'ringwall.yaml:6:3: "GET /patients/{patient_id}": {"allow": ["owner", "nurse"]}',
        "resources: {patient: {fields: {notes: {format: code}}}}",
    ):  # fmt: skip
        assert told in done.output
    assert "\x1b" not in done.output


def test_each_layer_says_its_word_in_order(journal):
    write(journal, REFUSED)
    layers = json.loads(why("ab12cd34", "--json").output)["layers"]
    assert [(each["layer"], each["said"]) for each in layers] == [
        ("transport", "pass"), ("quota", "nothing to judge"), ("authentication", "pass"),
        ("authorization", "nothing to judge"), ("validation", "pass"), ("detection", "refuse"),
        ("encryption", "not reached"), ("sinks", "not reached"), ("disclosure", "not reached"), ("monitoring", "pass"),
    ]  # fmt: skip
    assert layers[5]["us"] == 81.5


def test_an_allowed_request_has_no_reason_and_says_what_was_rewritten(journal):
    notes = ("disclosure: 2 properties withheld",)
    write(journal, event("ab", notes=notes, layers=((Layer.TRANSPORT, 20.1), (Layer.DISCLOSURE, 9.0))))
    done = why("ab")
    assert "was allowed, status 200" in done.output
    assert "the application took 900.2 us" in done.output
    assert "rewrote           (2 properties withheld)" in done.output
    assert "If that was wrong" not in done.output
    assert "not reached" not in done.output


def test_a_layer_that_only_watches_would_refuse(journal):
    step = Step(Layer.DETECTION, "texts", "observe", "detection.sqli", 5.0)
    write(journal, event("ab", decision="observe", reason="detection.sqli", layer="detection", steps=(step,)))
    assert "would refuse" in why("ab").output


def test_the_beginning_of_an_id_does_where_it_is_unique(journal):
    write(journal, event("abc1"), event("abc2"), event("abd1"))
    assert why("abd").exit_code == 0
    done = why("abc")
    assert done.exit_code == 1
    assert "abc1, abc2" in done.stderr
    assert "abc1  1970" in why("abc1").output


def test_an_id_that_begins_another_is_itself(journal):
    write(journal, event("abc"), event("abc2"))
    assert json.loads(why("abc", "--json").output)["record"]["id"] == "abc"


def test_what_became_of_the_reply_follows(journal):
    write(journal, event("ab"), event("ab", kind="exchange.cut", reason="upstream.cut"))
    done = why("ab")
    assert "Then: exchange.cut" in done.output
    assert "upstream.cut" in done.output


def test_a_request_of_this_moment_is_found_without_an_index(journal, tmp_path):
    write(journal, event("ab"), REFUSED)
    (tmp_path / "data" / "journal" / "index.db").mkdir()  # no index can be made
    done = why("ab12")
    assert (done.exit_code, "detection.sqli" in done.output) == (0, True), done.stderr
    assert why("zz").exit_code == 1


def test_what_is_not_there_is_said(journal, tmp_path):
    write(journal, event("ab"))
    assert (why("ff").exit_code, why("ff").stderr.startswith("ringwall: no request 'ff'")) == (1, True)
    for where in ("nowhere", "ringwall.yaml/x"):
        done = why("ab", data=where)
        assert (done.exit_code, "there is no journal here" in done.stderr) == (2, True)
    assert not (tmp_path / "nowhere").exists()
    for odd in ("", "a" * 300, "a\x00b", "\x1b[2J"):
        assert why(odd).exit_code == 2
    for odd in ("%", "_", "'; DROP TABLE events--", "\\", "\U0010ffff", "é"):
        assert why(odd).exit_code in (1, 2)


def test_a_record_that_was_altered_is_not_told(journal, tmp_path):
    write(journal, REFUSED)
    path = segments(tmp_path / "data" / "journal")[0].path
    path.write_bytes(path.read_bytes().replace(b"192.0.2.7", b"192.0.2.8"))
    done = why("ab12cd34")
    assert done.exit_code == 1
    assert "192.0.2.8" not in done.output


def test_a_contract_that_is_named_has_to_be_one_and_a_near_one_need_not(journal, tmp_path):
    write(journal, REFUSED)
    assert why("ab12", "--contract", "nowhere.yaml").exit_code == 2
    (tmp_path / "ringwall.yaml").write_text("a: [")
    done = why("ab12")
    assert done.exit_code == 0
    assert "The line behind it" not in done.output


def test_whatever_a_record_holds_it_is_told(journal):
    odd = {"kind": "exchange", "id": "ab", "layers": [1], "verdicts": {"a": 1}, "faults": "x", "notes": [None],
           "us": "q", "roles": {}, "objects": [3], "reason": "nothing.of.ours", "operation": 7,
           "principal": "\x1b[31mred", "decision": "refuse", "detail": "\x07bell"}  # fmt: skip
    journal.append(orjson.dumps(odd, option=orjson.OPT_SORT_KEYS))
    journal.append(b'{"id":"ac"}')
    for name in ("ab", "ac"):
        done = why(name)
        assert done.exit_code == 0, done.exception
        assert "\x1b" not in done.output
        assert "\x07" not in done.output
        assert json.loads(why(name, "--json").output)["record"]["id"] == name


def shell(line, **environment):
    """A line of shell, in which $RINGWALL is the command."""
    ringwall = f"{sys.executable} -c 'from ringwall.cli import main; main()'"
    return subprocess.run(
        ["/bin/sh", "-c", line.replace("$RINGWALL", ringwall)],
        capture_output=True, env={**os.environ, **environment}, check=False,
    )  # fmt: skip


def test_a_closed_pipe_and_a_narrow_encoding_make_no_traceback(journal):
    write(journal, event("ab", principal="Zoë"))
    done = shell("($RINGWALL why ab --data data; true) | true")
    assert b"Traceback" not in done.stderr
    done = shell("$RINGWALL why ab --data data", PYTHONIOENCODING="ascii")
    assert (done.returncode, b"Zo\\xeb" in done.stdout, done.stderr) == (0, True, b"")
