"""The sinks layer by hand-made effects: each kind refused for its own reason, and the application's own let be."""

from __future__ import annotations

import pytest

from ringwall.core.effect import Effect
from ringwall.core.known import Input, Known, Text
from ringwall.core.reasons import Layer
from ringwall.core.verdict import PASS, Refuse
from ringwall.layers import sinks


def known(*values: str, request_id: str = "r1", body: str | None = None, **params: str) -> Known:
    texts = tuple(Text("/query/q", value, free=True) for value in values)
    return Known("GET /x", 0.0, params, "192.0.2.7", request_id, input=Input({}, {}, {}, {}, body, texts))


HOSTILE = [
    (Effect("sql", "SELECT 1 WHERE a = '' OR 1=1 --'", "sqlite"), "' OR 1=1 --", "sinks.sql"),
    (Effect("process", "cksum a; id", "shell"), "a; id", "sinks.process"),
    (Effect("process", "tar --to-command=sh x", "exec"), "--to-command=sh", "sinks.process"),
    (Effect("file", "/data/../etc/passwd", "read"), "../etc/passwd", "sinks.file"),
    (Effect("network", "127.0.0.1", "localhost"), "http://localhost:22/", "sinks.network"),
    (Effect("template", "Hi {{ 7*7 }}", "jinja"), "{{ 7*7 }}", "sinks.template"),
    (Effect("template", "x.__class__()", "python"), "x.__class__()", "sinks.template"),
]


@pytest.mark.parametrize(("effect", "value", "reason"), HOSTILE)
def test_an_effect_made_of_the_request_is_refused_and_the_same_without_it_passes(
    effect: Effect, value: str, reason: str
) -> None:
    check = sinks.Watch()
    verdict = check(effect, known("harmless", value))
    assert isinstance(verdict, Refuse)
    assert verdict.reason.code == reason
    assert check(effect, known("harmless", request_id="r2")) is PASS


def test_path_parameters_and_a_raw_body_count_as_input() -> None:
    effect = Effect("file", "/data/../secret", "read")
    assert isinstance(sinks.Watch()(effect, known(name="../secret")), Refuse)
    entity = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
    assert isinstance(sinks.Watch()(Effect("file", "/etc/passwd", "read"), known(body=entity)), Refuse)


def test_what_json_within_a_text_holds_counts_as_input() -> None:
    """The application parses it and uses what is inside: `{"$where": …}` in a query's parameter."""
    effect, code = (
        Effect("template", "open('x').write('y')", "python"),
        """{"a": [{"$where": "open('x').write('y')"}]}""",
    )
    assert isinstance(sinks.Watch()(effect, known(code)), Refuse)
    assert isinstance(sinks.Watch()(effect, known(body=code)), Refuse)
    assert sinks.Watch()(effect, known('{"a": [{"status": "open"}]}')) is PASS
    assert sinks.Watch()(effect, known(code[:-1])) is PASS  # no JSON: nobody takes anything out of it
    assert sinks.Watch()(effect, known("[" * 5000 + "]" * 5000)) is PASS


def test_without_any_input_nothing_is_refused() -> None:
    bare = Known("GET /x", 0.0, {}, "192.0.2.7", "r1")
    assert all(sinks.Watch()(effect, bare) is PASS for effect, _, _ in HOSTILE)


def test_a_statement_that_ran_without_the_value_is_the_applications_own() -> None:
    """Words that happen to stand in a statement are refused only while nobody knows the statement."""
    effect, words = Effect("sql", "SELECT name n FROM users", "sqlite"), "name n"
    assert isinstance(sinks.Watch()(effect, known(words)), Refuse)
    check = sinks.Watch()
    assert check(effect, known("other words", request_id="r1")) is PASS
    assert check(effect, known(words, request_id="r2")) is PASS


def test_a_statement_that_holds_a_value_of_its_request_is_not_remembered() -> None:
    check = sinks.Watch()
    effect = Effect("sql", "SELECT 1 WHERE a = 'x y' AND b = 1 OR 1=1", "sqlite")
    assert check(effect, known("x y", request_id="r1")) is PASS
    assert isinstance(check(effect, known("1 OR 1=1", request_id="r2")), Refuse)


def test_what_is_remembered_is_bounded() -> None:
    check = sinks.Watch()
    for number in range(sinks.STATEMENTS + 10):
        check(Effect("sql", f"SELECT {number}", "sqlite"), known("a b", request_id=f"r{number}"))
    assert len(check._own) <= sinks.STATEMENTS
    assert len(check._prepared) <= sinks.EXCHANGES


def test_each_reason_is_of_this_layer_and_named_once() -> None:
    codes = [reason.code for reason in sinks.REASONS]
    assert len(codes) == len(set(codes))
    assert all(code.startswith("sinks.") for code in codes)
    assert sinks.LAYER is Layer.SINKS
