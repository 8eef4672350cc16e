"""What holds for every text: no exception, one answer, no finding in plain words, and bounded work."""

import importlib
import pkgutil
import re
import sys
from re import _constants, _parser  # type: ignore[attr-defined]

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringwall.engines import payload
from ringwall.engines.payload import inspect, inspect_tree, shell_words
from ringwall.engines.payload.code_words import CALLS
from ringwall.engines.payload.engine import judge
from ringwall.engines.payload.finding import View
from ringwall.engines.payload.quiet import quiet
from ringwall.engines.payload.shell_words import PLAIN
from ringwall.engines.payload.sql_tokens import LIMIT, tokens
from ringwall.engines.payload.sql_words import EFFECTS, WORDS
from ringwall.engines.payload.views import READINGS, views

FORMATS = ("text", "plain", "markdown", "html", "code", "sql", "url", "filename", "json")
ANY_TEXT = st.text(alphabet=st.characters(codec=None, categories=None), max_size=120)
SIGN_LIST = """' " ` -- # /* */ ; | & $( ${ {{ }} <% %> < > <a </ = ( ) or and union select 1 a . .. / \\ % %27 &#39;
&lt; \\x27 \\u0027 +ADw- , * { } [ ] ! ~ ^ @ ? : // http: cat id __proto__ $ne O:1: e0 é ＇"""
SIGNS = st.lists(st.sampled_from([*SIGN_LIST.split(), " ", "\n", "\r", "\t", "\x00", "\ud800"]), max_size=40).map(
    "".join
)
HEAVY = (
    *"'\"`()[]{}<>;|&%$#@!*/\\-_=+.,:? \n\x00aA0",
    *(
        "or ",
        "' or ",
        "and 1=1 ",
        "/*",
        "/**/",
        "union select ",
        "(select ",
        "; drop ",
        "<a ",
        "<a b='",
        "<!",
        "{{",
        "${",
        "$(",
        "<%",
        "{%",
    ),
    *(
        "%27",
        "%2527",
        "%c0",
        "&#39;",
        "&lt;",
        "\\x27",
        "\\",
        "+ADw-",
        "../",
        "..\\",
        "....//",
        "http://a@",
        "\r\nA:",
        ";a",
        "; cat a",
        "`a` ",
    ),
    *(
        "```\n",
        "    a\n\n",
        "[a](b)",
        "](",
        ")(",
        "(a=",
        "f(",
        "'.'",
        "data:,",
        "QUJDREVGR0hJSktM ",
        "<code>",
        "é",
        "‘",
        "\u200b",
        "<b>x</b>",
        "' onx=",
    ),
)


@given(ANY_TEXT | SIGNS, st.sampled_from(FORMATS))
@settings(max_examples=300, deadline=None)
def test_never_raises_and_always_answers_the_same(value, format_):
    first = inspect(value, format_)
    assert inspect(value, format_) == first
    assert first is None or (first.reason == f"detection.{first.kind}" and first.evidence)


@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyzABCÀÉîøß0123456789", min_size=1, max_size=12), max_size=30))
@settings(max_examples=150, deadline=None)
def test_words_alone_are_never_an_injection(words):
    # a value of words only can still be a clause ("or 1", "order by 2"), so reserved words are left out
    reserved = {"or", "and", "order", "by", "union", "select", "having", "xor", "limit"}
    assert inspect(" ".join(word for word in words if word.lower() not in reserved)) is None


@given(st.from_regex(r"[A-Z][a-z]{1,9}(?:['’-][A-Z]?[a-z]{1,9})? [A-Z]'?[A-Z]?[a-z]{2,9}", fullmatch=True))
@settings(max_examples=150, deadline=None)
def test_names_are_never_an_injection(name):
    assert inspect(name) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | ANY_TEXT,
        lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
        max_leaves=8,
    )
)
@settings(max_examples=100, deadline=None)
def test_trees_never_raise_and_pointers_lead_to_their_node(tree):
    for pointer, _ in inspect_tree(tree):
        node = tree
        for step in pointer.split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            node = node[key] if isinstance(node, dict) else node[int(key)]


VOCABULARY = sorted(
    {
        *WORDS,
        *CALLS,
        *PLAIN,
        *shell_words.WORDS,
        *EFFECTS,
        *shell_words.PAIRS,
        "import",
        "os",
        "1",
        "2",
        "a",
        "java.lang",
        "com.sun.x",
        "localhost",
        "etc",
    }
)


@given(st.lists(st.sampled_from(VOCABULARY), max_size=8), st.sampled_from([" ", ", ", ". ", "'", ".", "-", " -"]))
@settings(max_examples=400, deadline=None)
def test_what_is_quiet_has_no_finding_in_any_reading(words, joint):
    text = joint.join(words)
    if quiet(text):
        assert [judge(view, document=False) for view in views(text)] == [None]


@given(SIGNS)
@settings(max_examples=100, deadline=None)
def test_readings_are_few_and_different(value):
    read = [view.text for view in views(value)]
    assert read[0] == value
    assert len(read) == len(set(read)) <= READINGS


def test_a_lexer_stops():
    assert len(tokens("a " * 50_000)) == LIMIT


def calls(value):
    """How many calls, Python's and native, an inspection makes: its work, without a clock."""
    count = 0

    def tally(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(tally)
    try:
        inspect(value)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("unit", HEAVY)
@pytest.mark.parametrize("start", ["", "x' "])
def test_work_grows_with_length_at_most(unit, start):
    short = calls(start + (unit * 4096)[:4096])
    long = calls(start + (unit * 32768)[:32768])
    assert long <= 9 * short + 500


def patterns():
    for module in pkgutil.iter_modules(payload.__path__):
        names = vars(importlib.import_module(f"{payload.__name__}.{module.name}"))
        for name, value in names.items():
            for pattern in (
                value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
            ):
                found = [
                    part
                    for part in (pattern if isinstance(pattern, tuple) else (pattern,))
                    if isinstance(part, re.Pattern)
                ]
                yield from ((f"{module.name}.{name}", item) for item in found)


def unbounded_inside_unbounded(parsed, inside=False):
    """Whether a repetition without an end that may give back contains another: what makes `re` exponential."""
    for op, argument in parsed:
        if op is _constants.MAX_REPEAT or op is _constants.MIN_REPEAT:
            endless = argument[1] is _constants.MAXREPEAT
            if (endless and inside) or unbounded_inside_unbounded(argument[2], inside or endless):
                return True
        elif op is _constants.BRANCH:
            if any(unbounded_inside_unbounded(branch, inside) for branch in argument[1]):
                return True
        elif op is _constants.SUBPATTERN and unbounded_inside_unbounded(argument[3], inside):
            return True
    return False


@pytest.mark.parametrize(
    ("name", "pattern"), [pytest.param(n, p, id=f"{n}-{i}") for i, (n, p) in enumerate(patterns())]
)
def test_no_pattern_can_backtrack_exponentially(name, pattern):
    assert not unbounded_inside_unbounded(_parser.parse(pattern.pattern, pattern.flags)), name


def test_the_check_of_patterns_can_fail():
    assert unbounded_inside_unbounded(_parser.parse("(?:a+b?)+c"))


def test_a_view_is_a_value():
    assert View("a") == View("a", (), False)
