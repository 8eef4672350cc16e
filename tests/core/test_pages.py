"""A long document comes out of its pages as it went in, however it arrives, and what is none is no page."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwall.core import split
from ringwall.core.message import JSON
from ringwall.core.pages import pages_of
from ringwall.core.split import Unreadable
from ringwall.core.table import columns


def decode(text: bytes) -> tuple[JSON, bool]:
    try:
        return orjson.loads(text), True
    except orjson.JSONDecodeError:
        return None, False


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages so short that every document has several."""
    monkeypatch.setattr(split, "PAGE", 64)
    monkeypatch.setattr("ringwall.core.pages.PAGE", 64)


def passed(text: bytes, part: int, media: bytes = b"application/json", most: int = 1 << 20) -> tuple[bytes, int]:
    """What comes out of the pages, and how many they are."""
    pages, out, count = pages_of(media, decode, orjson.dumps, most), b"", 0
    for last in (False, True):
        for begin in range(0, 1 if last else len(text), part):
            pages.feed(b"" if last else text[begin : begin + part])
            while (page := pages.page(last=last)) is not None:
                out, count = out + pages.written(page.data, page.left), count + 1
    return out, count


WORDS = st.sampled_from(["", "},{", "]", '"', "\\", '\\"', "},", "é[{", "a\nb", ","])
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS | st.text(max_size=5)
ITEMS = st.recursive(
    LEAVES, lambda below: st.lists(below, max_size=4) | st.dictionaries(WORDS, below, max_size=4), max_leaves=12
)
LISTS = st.lists(ITEMS, min_size=10, max_size=40)
DOCUMENTS = (
    LISTS
    | ITEMS
    | st.builds(lambda a, b: {"total": 3, "items": a, "after": b, "n": 1}, LISTS, ITEMS)
    | st.builds(lambda a, b: {"_embedded": {"rows": a}, "data": b}, LISTS, LISTS)
    | st.builds(lambda a: {str(i): item for i, item in enumerate(a)}, LISTS)
)


@given(DOCUMENTS, st.integers(1, 90), st.sampled_from([None, 1]), st.booleans())
def test_a_document_is_its_pages(document: JSON, part: int, indent: int | None, ascii_: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_).encode("utf-8", "surrogatepass")
    if not decode(text)[1]:
        return
    assert orjson.loads(passed(text, part)[0]) == document


@given(DOCUMENTS, st.integers(1, 90), st.data())
def test_what_is_no_json_does_not_come_out_as_json(document: JSON, part: int, data: Any) -> None:
    text = json.dumps(document).encode()
    at = data.draw(st.integers(0, len(text)))
    spoilt = text[:at] + data.draw(st.sampled_from([b"", b"]", b"}", b",", b'"', b"{", b"x"])) + text[at + 1 :]
    try:
        out, _ = passed(spoilt, part)
    except Unreadable:
        return
    if not decode(spoilt)[1]:
        assert not decode(out)[1] or out == b""


def test_pages_are_documents_of_the_same_form() -> None:
    rows = [{"id": i, "visits": [{"at": 1}, {"at": 2}]} for i in range(40)]
    text = json.dumps({"total": 40, "data": {"rows": rows}, "after": 1}).encode()
    pages = pages_of(b"application/json", decode, orjson.dumps, 1 << 20)
    met = []
    for begin in range(0, len(text), 50):
        pages.feed(text[begin : begin + 50])
        while (page := pages.page(last=begin + 50 >= len(text))) is not None:
            assert decode(page.text)[1]
            met.append(page)
    assert [p.within for p in met][:2] == [None, ("data", "rows")]
    assert met[-1].left is None
    assert all(isinstance(p.data, dict) and p.data["data"]["rows"] for p in met)


def test_an_item_that_is_too_long_is_not_taken() -> None:
    item = json.dumps([{"a": "x" * 500}, {"b": 1}] * 3).encode()
    assert passed(item, 50)[1] > 1
    with pytest.raises(Unreadable):
        passed(item, 50, most=400)
    with pytest.raises(Unreadable):
        passed(b'[{"a":1}}' + b" " * 200, 50)


@given(
    st.lists(st.lists(st.text('ab;,"\n\r x', max_size=6), min_size=3, max_size=3), min_size=1, max_size=30),
    st.integers(1, 90),
)
def test_a_table_is_its_pages(rows: list[list[str]], part: int) -> None:
    import csv
    import io

    out = io.StringIO(newline="")
    csv.writer(out).writerows([["a", "b", "c"], *rows])
    text = out.getvalue().encode()
    came, _ = passed(text, part, b"text/csv")
    assert list(csv.reader(io.StringIO(came.decode(), newline=""))) == [["a", "b", "c"], *rows]


def test_tables_of_other_manners() -> None:
    named, below = columns("\ufeffa;b\n1;2\n".encode())
    assert (named.names, named.rows(below), named.head()) == (
        ("a", "b"),
        [{"a": "1", "b": "2"}],
        "\ufeffa;b\n".encode(),
    )
    for text in (b"", b"a,a\n1,2\n", b'"a\n'):
        with pytest.raises(ValueError, match=r"."):
            columns(text)
    for text in (b"a,b\n1,2,3\n", b'a,b\n"1,2\n', b"a\n\xff\n"):
        with pytest.raises((ValueError, Unreadable)):
            passed(text, 5, b"text/csv")
