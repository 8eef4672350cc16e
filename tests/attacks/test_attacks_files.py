"""Case files: a slip is an error that says where, and the corpus leaves no row of the table out."""

import pytest
import yaml

from ringwall.attacks import CLASSES, LAYERS, ROWS, BadCase, Case, Grounds, corpus, read
from ringwall.attacks.run import raw, requests
from ringwall.attacks.signs import FORMS
from ringwall.examples.clinic import ACCOUNTS, API_KEYS, CONTRACT

GOOD = """\
# An example.
class: idor
aims: authorization disclosure
operation: GET /things/{id}
why: A sentence.
success: body contains {{mark}}

### honest as ana
GET /things/1 HTTP/1.1

### hostile as ana times 2
POST /things/2?q={{url:a b&c}} HTTP/1.1
Content-Type: text/plain

{{mark}}

{"x": {}}
"""
OUTSIDE = {"GET /docs", "GET /debug/settings"}
"""Attacked because no contract names them."""


def test_a_case_reads_as_written(tmp_path) -> None:
    case = read("thing.http", GOOD)
    assert (case.name, case.kind, case.claims) == ("thing", "idor", "ana")
    assert case.aims == ("authorization", "disclosure")
    with Grounds(tmp_path) as here:
        first, second = requests(case.hostile[0], here)
    assert first == second
    assert (first.method, first.target) == ("POST", "/things/2?q=a%20b%26c")
    assert first.body == b'sealed-9c1f27e4\n\n{"x": {}}'
    assert first.headers == (
        ("Host", "clinic.example"),
        ("Authorization", "Bearer e30.e30.ana"),
        ("Content-Type", "text/plain"),
        ("Content-Length", "26"),
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ("class: idor", "class: idro", 2, r"\(nearest: idor\)"),
        ("class: idor\n", "", 1, "a `class:` line"),
        ("class: idor", "class: idor\nclass: xss", 3, "not two"),
        ("aims: authorization", "aims: authorisation", 3, r"\(nearest: authorization\)"),
        ("aims: authorization disclosure", "aims: ", 3, "`key: value`"),
        ("operation: GET /things", "operation: things", 4, "METHOD /path"),
        ("why:", "wy:", 5, r"\(nearest: why\)"),
        ("why: A", "why:A", 5, "`key: value`"),
        ("body contains", "body contain", 6, "a sign"),
        ("{{mark}}\n\n###", "{{mrak}}\n\n###", 6, "a placeholder"),
        ("success: body contains {{mark}}\n", "", 1, "at least one `success:` line"),
        ("### honest", "### onest", 8, "`### setup|honest|hostile"),
        ("### honest as ana", "### honest", 8, "as CALLER"),
        ("### honest as ana", "### setup as ana", 1, "an `### honest` section"),
        ("GET /things/1 HTTP/1.1", "GET /things/1", 9, "`METHOD target HTTP/1.1`"),
        ("GET /things/1 HTTP/1.1", "", 8, "a request line right below"),
        ("times 2", "times 0", 11, r"\[times N\]"),
        ("{{url:a b&c}}", "{{ulr:a b&c}}", 12, "a placeholder"),
        ("{{url:a b&c}}", "{{repeat:x}}", 12, "a placeholder"),
        ("{{url:a b&c}}", "{{mark:x}}", 12, "a placeholder"),
        ("{{url:a b&c}}", "{{mark", 12, "a placeholder"),
        ("Content-Type: text/plain\n", "", 12, "a Content-Type"),
        ("Content-Type: text/plain", "Content-Type text/plain", 13, "`Name: value`"),
        ("why:", "wire: maybe\nwhy:", 5, "yes or no"),
        ("why:", "wire: yes\nwhy:", 1, "signs on the wire together"),
        ("body contains {{mark}}\n", "wire accepts\n", 1, "signs on the wire together"),
        ("### hostile as ana times 2", "### honest as ana", 1, "an `### hostile` section"),
    ],
)
def test_a_slip_is_named_with_its_line(old: str, new: str, line: int, expected: str) -> None:
    assert old in GOOD
    with pytest.raises(BadCase, match=rf"^slip\.http:{line}: found .* expected .*{expected}"):
        read("slip.http", GOOD.replace(old, new, 1))


@pytest.mark.parametrize("text", ["", "\n", "###", "\x00", "class", "### honest as ana\n", GOOD[:60]])
def test_what_is_no_case_is_an_error_too(text: str) -> None:
    with pytest.raises(BadCase, match=r"^x\.http:\d+: "):
        read("x.http", text)


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_at_least_two_cases(row: str) -> None:
    assert len([case for case in corpus() if case.kind in ROWS[row]]) >= 2


@pytest.mark.parametrize("kind", CLASSES)
def test_each_class_has_a_case(kind: str) -> None:
    assert any(case.kind == kind and case.name.startswith(kind) for case in corpus())


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_is_aimed_at(layer: str) -> None:
    assert any(layer in case.aims for case in corpus())


def test_each_form_of_sign_is_used() -> None:
    used = {sign.form for case in corpus() for sign in (*case.success, *case.expected)}
    assert used == set(FORMS)


def _callers(case: Case) -> set[str]:
    return {draft.caller for draft in (*case.setup, *case.honest, *case.hostile)} | {case.claims}


def test_callers_are_of_the_demo() -> None:
    known = {"none"} | {account.name for account in ACCOUNTS} | {f"key:{key.name}" for key in API_KEYS}
    assert {caller.removeprefix("session:") for case in corpus() for caller in _callers(case)} == known


def test_operations_are_of_the_contract() -> None:
    stated = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["operations"]
    assert {case.operation for case in corpus()} - set(stated) == OUTSIDE


def test_bytes_for_the_wire_are_as_written(tmp_path) -> None:
    case = next(case for case in corpus() if case.name == "smuggling-length-and-chunks")
    with Grounds(tmp_path) as here:
        head, _, body = raw(case.hostile[0], here).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /patients/2/discharge HTTP/1.1\r\nHost: clinic.example\r\n")
    assert b"Content-Length: 39" in head
    assert len(body) == 39
    assert body.endswith(b"\r\n\r\n")
