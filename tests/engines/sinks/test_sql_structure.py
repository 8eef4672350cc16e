"""A request's value in a statement: one literal or code? Against sqlite itself, sqlglot and a placeholder oracle."""

from __future__ import annotations

import json
import sqlite3
from itertools import pairwise

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from ringwall.engines.sinks.batch import sql_lines
from ringwall.engines.sinks.sql import prepare, sql_refusal, sql_structure
from ringwall.engines.sinks.sql_lexer import DIALECTS, Kind, named, tokens

LIKE = "SELECT * FROM patients WHERE full_name LIKE '%{}%' ORDER BY patient_id"
EQUAL = "SELECT id FROM users WHERE name = '{}' AND status = 'active'"
BARE = "SELECT id, name FROM users WHERE id = {} AND deleted IS NULL"
ORDER = "SELECT id, name FROM users ORDER BY {} LIMIT 10"
AMONG = "SELECT id FROM users WHERE id IN (7, {})"

HOSTILE = [
    (LIKE, "x%' UNION SELECT password FROM users --"),
    (EQUAL, "' OR '1'='1"),
    (EQUAL, "x' --"),
    (EQUAL, "x';DROP TABLE users"),
    (EQUAL, "'"),
    (EQUAL, "x'/**/OR/**/1=1#"),
    (BARE, "1 OR 1=1"),
    (BARE, "1;drop table users"),
    (BARE, "5-3"),
    (BARE, "sleep(5)"),
    (BARE, "1--"),
    (BARE, "1/*"),
    (BARE, "id or id"),
    (BARE, "(select 1)"),
    (BARE, "1,2"),
    (ORDER, "name desc"),
    (ORDER, "name, password"),
    (ORDER, "case when 1 then name end"),
    (AMONG, "1) OR (1=1"),
    (AMONG, "1, sleep(5)"),
]
HONEST = [
    (LIKE, "100%"), (LIKE, "select * from users"), (LIKE, "--"), (LIKE, "a;b"), (LIKE, "(x)"),
    (EQUAL, "Ana Marsh"), (EQUAL, "a@mail.example"), (EQUAL, "name = 1 or 2"), (EQUAL, "active"),
    (BARE, "5"), (BARE, "-5"), (BARE, "1.5e-3"), (BARE, "true"), (BARE, " 7 "),
    (ORDER, "name"), (ORDER, "users.name"), (ORDER, '"users"."name"'), (ORDER, "-name"), (ORDER, "2"),
    (AMONG, "1,2, -3"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "value"), HOSTILE)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_value_that_became_code_is_refused(template: str, value: str, dialect: str) -> None:
    assert sql_structure(template.format(value), value, dialect) == "sinks.sql"


@pytest.mark.parametrize("change", [str.strip, str.lower, str.upper, str.title])
def test_a_value_that_the_app_changed_on_the_way_is_still_found(change: object) -> None:
    value = "  x' Or '1'='1  "
    assert sql_structure(EQUAL.format(change(value)), value) == "sinks.sql"  # type: ignore[operator]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("x\uff07 OR 1=1 --", "x' OR 1=1 --"),  # a full-width apostrophe, after NFKC
        ("\u0130' OR 1=1 --", "\u0130' OR 1=1 --".lower()),  # one letter becomes two
        ("\u00df' OR 1=1 --", "SS' OR 1=1 --"),
        ("x'\tOR\n1=1 --", "x' OR 1=1 --"),
        ("x' OR 1=1 --", "x\\' OR 1=1 --"),  # an escape that sqlite does not know
    ],
)
def test_what_unicode_or_a_wrong_escape_made_of_a_value_is_still_found(value: str, written: str) -> None:
    assert sql_structure(EQUAL.format(written), value, "sqlite") == "sinks.sql"


@pytest.mark.parametrize(("template", "value"), HONEST)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_value_that_stayed_one_value_passes(template: str, value: str, dialect: str) -> None:
    if dialect == "mysql" and '"' in value:
        pytest.skip("a string there, not a name")
    assert sql_structure(template.format(value), value, dialect) is None


@pytest.mark.parametrize(
    "value", ["select", "ORDER BY", "order by", "is null", "'", "=", "*", "", " ", ",", "users", "LIMIT", "10"]
)
def test_what_a_bound_value_shares_with_the_statement_by_chance_is_no_attack(value: str) -> None:
    statement = "SELECT * FROM users WHERE name = ? AND kind = 'x' AND gone IS NULL ORDER BY name LIMIT 10"
    assert sql_structure(statement, value, "sqlite") is None


def test_words_that_stand_where_no_value_could_are_there_by_chance() -> None:
    statement = "SELECT name FROM users u LEFT JOIN visits v ON u.id = v.user WHERE name = ? ORDER BY name"
    assert sql_structure(statement, "where name", "sqlite") is None
    assert sql_structure(ORDER.format("name collate binary"), "name collate binary", "sqlite") == "sinks.sql"


@pytest.mark.parametrize(
    ("dialect", "value", "hostile"),
    [
        ("mysql", "\\' OR 1=1 -- ", True),  # doubling the quote does not help where a backslash escapes
        ("sqlite", "\\' OR 1=1 -- ", False),
        ("postgresql", "\\' OR 1=1 -- ", False),
    ],
)
def test_an_escape_that_the_dialect_reads_otherwise(dialect: str, value: str, hostile: bool) -> None:
    statement = EQUAL.format(value.replace("'", "''"))
    assert (sql_structure(statement, value, dialect) is not None) is hostile


def test_two_values_that_close_upon_the_code_between_them_are_refused() -> None:
    template = "SELECT * FROM users WHERE name != '{}' AND role = '{}'"
    values = [prepared for prepared in map(prepare, ("x'", "'y")) if prepared]
    assert sql_refusal(template.format("x'", "'y"), values, "sqlite")[0] == "sinks.sql"
    assert sql_refusal(template.format("x''", "''y"), values, "sqlite")[0] is None


def test_a_statement_with_too_much_to_compare_is_refused_and_a_long_honest_one_is_not() -> None:
    values = [prepared for n in range(30_000) if (prepared := prepare(f"a {n} b"))]
    assert sql_refusal("SELECT " + "1," * 5000, values, "sqlite")[0] == "sinks.sql"
    assert sql_refusal("SELECT 1", values, "sqlite") == (None, False)


@pytest.mark.parametrize(
    ("dialect", "text", "kinds"),
    [
        ("postgresql", "$a$ ' $b$ $a$", [Kind.STRING]),
        ("postgresql", "/* a /* b */ c */ 1", [Kind.COMMENT, Kind.NUMBER]),
        ("sqlite", "/* a /* b */ c", [Kind.COMMENT, Kind.WORD]),
        ("mysql", "'a\\'b' # c", [Kind.STRING, Kind.COMMENT]),
        ("mysql", "1--1", [Kind.NUMBER, Kind.OPERATOR, Kind.OPERATOR, Kind.NUMBER]),
        ("mysql", "/*!50000 OR*/", [Kind.OPERATOR] * 3 + [Kind.NUMBER, Kind.WORD] + [Kind.OPERATOR] * 2),
        ("oracle", "q'[it's]'", [Kind.STRING]),
        ("mssql", "[a]]b] N'x'", [Kind.NAME, Kind.STRING]),
        ("sqlite", "'a''b", [Kind.BROKEN]),
        ("postgresql", "$x$ a", [Kind.BROKEN]),
        ("mssql", "/* /* */", [Kind.BROKEN]),
    ],
)
def test_each_dialect_is_read_as_its_database_reads_it(dialect: str, text: str, kinds: list[Kind]) -> None:
    assert list(tokens(text, DIALECTS[dialect]).kinds) == kinds


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
@pytest.mark.parametrize(("template", "value"), [(t, v) for t, v in HONEST if t is not ORDER])
def test_sqlglot_sees_the_same_tokens_in_honest_statements(dialect: str, template: str, value: str) -> None:
    statement = template.format(value)
    theirs = sqlglot.tokenize(statement, dialect="postgres" if dialect == "postgresql" else dialect)
    ours = tokens(statement, DIALECTS[dialect])
    texts = [statement[a:b] for a, b in zip(ours.starts, ours.ends, strict=True)]
    said = [word for t in theirs for word in (t.text.split(" ") if t.text.isupper() else [t.text])]
    assert said == [text[1:-1] if text[0] == "'" else text for text in texts]


@given(st.text(max_size=60), st.sampled_from([LIKE, EQUAL]), st.sampled_from(sorted(DIALECTS)))
def test_no_escaped_and_no_bound_value_is_ever_refused(value: str, template: str, dialect: str) -> None:
    escaped = value.replace("'", "''")
    if DIALECTS[dialect].backslash:
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    assert sql_structure(template.replace("{}", escaped), value, dialect) is None


@given(st.text(alphabet=" '\"x1-=/*;(),\\#[`$", max_size=12), st.sampled_from([LIKE, EQUAL, BARE]),
       st.sampled_from(sorted(DIALECTS)))  # fmt: skip
def test_whatever_changes_the_tokens_is_refused(value: str, template: str, dialect: str) -> None:
    reader = DIALECTS[dialect]
    plain, given_ = tokens(template.replace("{}", "5"), reader), tokens(template.replace("{}", value), reader)
    signed = value.strip().startswith(("-", "+")) and prepare(value) is None
    changed = plain.kinds != given_.kinds
    one = template is BARE and (signed or len(given_.kinds) <= len(plain.kinds))
    if changed and not one and len(value.strip()) > 1:
        assert sql_structure(template.replace("{}", value), value, dialect) == "sinks.sql"


@given(st.text(alphabet="'\"-x =1/*;", max_size=10))
def test_what_sqlite_runs_and_answers_otherwise_was_refused(value: str) -> None:
    """The database is the oracle: no row has this name, so an answer with rows is an injection that worked."""
    base = sqlite3.connect(":memory:")
    base.executescript("CREATE TABLE users(id, name, status); INSERT INTO users VALUES (1, 'qq', 'active')")
    statement = EQUAL.replace("{}", value)
    try:
        rows = base.execute(statement).fetchall()
    except sqlite3.Error:
        rows = []
    finally:
        base.close()
    if rows:
        assert sql_structure(statement, value, "sqlite") == "sinks.sql"


@given(st.text(), st.text(), st.sampled_from([*DIALECTS, "Postgres", "unheard-of"]))
def test_nothing_raises_whatever_it_reads(statement: str, value: str, dialect: str) -> None:
    assert sql_structure(statement, value, dialect) in (None, "sinks.sql")
    read = tokens(statement, DIALECTS[named(dialect)])
    pairs = list(zip(read.starts, read.ends, strict=True))
    assert all(start < end for start, end in pairs)
    between = [statement[a:b] for (_, a), (b, _) in pairwise([(0, 0), *pairs, (len(statement), 0)])]
    assert not "".join(between).strip()


def test_batch_answers_each_line_in_order() -> None:
    asked = [
        {"id": 1, "statement": EQUAL.format("x' --"), "input": "x' --", "dialect": "sqlite"},
        {"id": "b", "statement": EQUAL.format("x"), "input": "x"},
        {"id": 3, "statement": "SELECT 1 LIMIT 5", "input": 5, "dialect": "mysql"},
        {"id": 4, "statement": "SELECT 1", "input": None},
    ]
    lines = [json.dumps(line) for line in asked] + ["", "{", "[]", '{"id":1}', '{"id":5,"statement":1,"input":""}']
    told = [json.loads(line) for line in sql_lines(lines)]
    assert told[0] == {"id": 1, "refused": True, "reason": "sinks.sql"}
    assert [t["refused"] for t in told[1:4]] == [False] * 3
    assert told[4:] == [{"id": None, "refused": True, "reason": "input.malformed"}] * 5
