"""The one JSON decoder: every bytes are an answer, and it agrees with an exact reader by pairs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwall.engines.schema.decode import Bounds, Decoded, Malformed, decode

BOUNDS = Bounds(depth=8, items=200)

HOSTILE = [
    (b"", "syntax"),
    (b"\xef\xbb\xbf{}", "syntax"),
    (b'"\xff"', "syntax"),
    (b'"\xed\xa0\x80"', "syntax"),
    (b'"\\ud800"', "syntax"),
    (b'"\\udc00\\ud800"', "syntax"),
    (b"NaN", "syntax"),
    (b"[Infinity]", "syntax"),
    (b"1e400", "syntax"),
    (b"01", "syntax"),
    (b"1 2", "syntax"),
    (b"{'a':1}", "syntax"),
    (b'{"a":1,}', "syntax"),
    (b'"\x01"', "syntax"),
    (b'{"a":1}\x00', "syntax"),
    (b"/**/1", "syntax"),
    (b'{"a":1,"a":2}', "duplicate"),
    (b'{"a":1,"\\u0061":2}', "duplicate"),
    (b'{"a:":1,"a:":"::"}', "duplicate"),
    (b'{"a":1,"a":"\\u003a"}', "duplicate"),
    (b'{"a":1,"a":"\\u003A"}', "duplicate"),
    (b'{"a":1,"b":{"c":[{"d":":","d":1}]}}', "duplicate"),
    (b'{"":1,"":2}', "duplicate"),
    (b"9223372036854775808", "number"),
    (b"-9223372036854775809", "number"),
    (b"[1,18446744073709551616]", "number"),
    (b"1" * 5000, "syntax"),
    (b"[" * 9 + b"]" * 9, "depth"),
    (b"[" * 3000 + b"]" * 3000, "depth"),
    (b'{"a":' * 2000 + b"1" + b"}" * 2000, "depth"),
    (b"[" + b",".join([b"1"] * 201) + b"]", "items"),
]
HONEST = [
    b"{}",
    b" [1] \n",
    b'{"a":"x:y","b:c":":"}',
    b'{"a":"\\u003a","b":1}',
    b'{"a":"\\\\u003a","b":1}',
    b'"\\ud83d\\ude00"',
    b"9223372036854775807",
    b"-9223372036854775808",
    b"1e300",
    b"-0.0",
    b"[" * 8 + b"]" * 8,
    b'{"a":{"a":{"a":1}}}',
]


@pytest.mark.parametrize(("content", "what"), HOSTILE)
def test_refuses_what_two_parsers_could_read_differently(content: bytes, what: str) -> None:
    assert decode(content, BOUNDS) == Malformed(what)


@pytest.mark.parametrize("content", HONEST)
def test_reads_what_is_plain(content: bytes) -> None:
    found = decode(content, BOUNDS)
    assert isinstance(found, Decoded)
    assert found.value == json.loads(content)


def test_wide_takes_integers_exactly() -> None:
    found = decode(b"[18446744073709551615, -99999999999999999999]", Bounds(wide=True))
    assert isinstance(found, Decoded)
    assert found.value == [18446744073709551615, -99999999999999999999]


class _Twice(Exception):
    pass


def _exact(content: bytes) -> object:
    def pairs(given: list[tuple[str, object]]) -> dict[str, object]:
        if len(dict(given)) != len(given):
            raise _Twice
        return dict(given)

    return json.loads(content, object_pairs_hook=pairs)


names = st.sampled_from(["a", "b", ":", 'a":', "\\", "é"])
leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.sampled_from('ab:"\\{},é😀'))


def _objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    quoted = st.builds(lambda s, ascii_: json.dumps(s, ensure_ascii=ascii_), names, st.booleans())
    member = st.builds(lambda k, v, gap: f"{k}{gap}:{gap}{v}", quoted, inner, st.sampled_from(["", " ", "\n"]))
    escaped = st.builds(lambda text: text.replace(":", ":"), member)
    return st.lists(member | escaped, max_size=4).map(lambda m: "{" + ",".join(m) + "}")


def _spelled(value: object, spell: bool) -> str:
    text = json.dumps(value)
    return text.replace(":", "\\u003a") if spell and isinstance(value, str) else text


documents = st.recursive(
    st.builds(_spelled, leaves, st.booleans()),
    lambda inner: _objects(inner) | st.lists(inner, max_size=3).map(lambda e: "[" + ",".join(e) + "]"),
    max_leaves=12,
)


@given(documents)
def test_agrees_with_an_exact_reader_on_duplicates(text: str) -> None:
    content = text.encode()
    found = decode(content, Bounds(depth=100, items=10_000))
    try:
        expected = _exact(content)
    except _Twice:
        assert found == Malformed("duplicate")
    else:
        assert isinstance(found, Decoded)
        assert found.value == expected


@given(st.binary(max_size=60) | st.text(st.sampled_from('{}[]":,\\u0a1e-+.tfn '), max_size=40).map(str.encode))
def test_never_raises_on_any_bytes(content: bytes) -> None:
    assert isinstance(decode(content, BOUNDS), (Decoded, Malformed))
