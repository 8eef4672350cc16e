"""A long list holds what its caller may see, in every form and through every adapter; a short one the same."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from access.access_rig import Protected, protected
from access.exporting import CONTRACT, FORMS, OPEN, asgi, row, wsgi

MANY = 15_000
ACCOUNTS = {"ann": (), "sam": ("staff",)}
WAYS = {"asgi": (asgi, "in process"), "wsgi": (wsgi, "in process"), "gateway": (asgi, "gateway")}


@pytest.fixture(scope="module", params=WAYS)
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Protected]:
    make, mode = WAYS[request.param]
    with protected(make(), CONTRACT, ACCOUNTS, mode, tmp_path_factory.mktemp("exports")) as found:
        yield found


def rows_of(form: str, reply: httpx.Response) -> list[dict[str, Any]]:
    if form == "table":
        return list(csv.DictReader(io.StringIO(reply.text, newline="")))
    if form == "lines":
        return [json.loads(line) for line in reply.text.split("\n") if line]
    data = reply.json()
    if form == "keyed":
        return list(data.values())
    return list(data) if form == "array" else data["data"]["rows"] if form == "wrapped" else data["rows"]


def as_ann_sees(number: int, form: str) -> dict[str, Any]:
    one = row(number)
    shown = {**one, "card": "****" + one["card"][-4:]}
    if form != "vague":
        del shown["hidden"]
    return {**{k: str(v) for k, v in shown.items()}, "hidden": ""} if form == "table" else shown


@pytest.mark.parametrize("n", [9, MANY])
@pytest.mark.parametrize("form", FORMS)
def test_foreign_rows_go_and_of_the_others_what_may_not_be_read(api: Protected, form: str, n: int) -> None:
    reply = api.ask("ann", "GET", f"/rows/{form}?n={n}")
    assert reply.status_code == 200, reply.text
    assert rows_of(form, reply) == [as_ann_sees(i, form) for i in range(0, n, 3)]
    assert not {"x-total-count", "accept-ranges"} & reply.headers.keys()


@pytest.mark.parametrize("form", FORMS)
def test_what_is_packed_is_unpacked(api: Protected, form: str) -> None:
    reply = api.ask("ann", "GET", f"/rows/{form}?n={MANY}&zip=y", headers={"range": "bytes=0-99"})
    assert (reply.status_code, "content-encoding" in reply.headers) == (200, False)
    assert [int(r["id"]) for r in rows_of(form, reply)] == list(range(0, MANY, 3))


def test_totals_before_a_long_list_go_and_those_after_it_are_right(api: Protected) -> None:
    short = api.ask("ann", "GET", "/rows/vague?n=9").json()
    long = api.ask("ann", "GET", f"/rows/wrapped?n={MANY}").json()
    assert (short["total"], "total" in long, long["after"]) == (3, False, {"count": MANY // 3})


@pytest.mark.parametrize("form", ["array", "lines", "table"])
def test_a_stack_trace_in_the_middle_cuts_the_reply(api: Protected, form: str) -> None:
    assert api.said("ann", "GET", f"/rows/{form}?n=9&spoil=stack") == "disclosure.trace"
    assert "Traceback" not in _cut_off(api, f"/rows/{form}?n={MANY}&spoil=stack")
    record = _journal(api)[-1]
    assert (record["kind"], record["reason"]) == ("exchange.cut", "disclosure.trace")


def test_what_is_no_json_cuts_the_reply(api: Protected) -> None:
    assert "no json" not in _cut_off(api, f"/rows/array?n={MANY}&spoil=broken")
    assert _journal(api)[-1]["reason"] == "upstream.content"


def test_the_journal_tells_what_became_of_it(api: Protected) -> None:
    assert api.said("ann", "GET", f"/rows/array?n={MANY}") == "200"
    record = _journal(api)[-1]
    assert record["kind"] == "exchange.close", record
    assert f"disclosure: {MANY - MANY // 3} foreign objects left out" in record["notes"]


def test_a_long_list_that_is_not_filtered_is_all_the_callers_or_ends(tmp_path_factory: Any) -> None:
    for make, mode in WAYS.values():
        with protected(make(), OPEN, ACCOUNTS, mode, tmp_path_factory.mktemp("open")) as api:
            told = api.ask("sam", "GET", f"/rows/array?n={MANY}").json()
            assert (len(told), told[1]["card"], "pin" in told[1]) == (MANY, row(1)["card"], False)
            assert api.said("ann", "GET", f"/rows/array?n={MANY}") == "authz.object"


def _cut_off(api: Protected, path: str) -> str:
    """What comes of a reply that is cut off: a client sees that it is not whole, unless its server ends every reply by
    closing (HTTP/1.0)."""
    text = ""
    headers = {"x-api-key": api.keys["ann"]}
    with httpx.Client(base_url=api.url, timeout=20, trust_env=False) as client:
        try:
            with client.stream("GET", path, headers=headers) as reply:
                for part in reply.iter_text():
                    text += part
            assert reply.http_version == "HTTP/1.0"
        except httpx.TransportError:
            pass
    assert text
    return text


def _journal(api: Protected) -> list[dict[str, Any]]:
    file = max((api.runtime.directory / "journal").rglob("*.jsonl"))
    return [json.loads(line)["record"] for line in file.read_text().splitlines()]
