"""A journal's records in the forms that other systems read: JSON Lines, OCSF API Activity, CSV.

It maps what a record says and invents nothing: what OCSF has no attribute for stands under `unmapped`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from ipaddress import ip_address

import orjson

from ringwall.state.journal_index import Found, moment

Document = dict[str, object]

OCSF_VERSION = "1.3.0"
COLUMNS = (
    "log", "n", "at", "kind", "id", "operation", "method", "path", "status", "decision", "reason", "layer",
    "principal", "roles", "client", "objects", "us",
)  # fmt: skip

_ACTIVITIES = {
    "POST": (1, "Create"),
    "GET": (2, "Read"),
    "HEAD": (2, "Read"),
    "PUT": (3, "Update"),
    "PATCH": (3, "Update"),
    "DELETE": (4, "Delete"),
}
_MAPPED = {"id", "at", "operation", "principal", "client", "method", "path", "status", "reason", "objects", "us"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def jsonl(found: Found, opened: Document | None = None) -> bytes:
    """The record as it is on disk, with its log and number: what a leaf hash can be checked against. `opened` are its
    personal parts in clear, which stand beside it."""
    beside = b',"opened":%b' % orjson.dumps(opened) if opened else b""
    return b'{"log":%b,"n":%d,"record":%b%b}\n' % (orjson.dumps(found.log), found.index, found.record, beside)


def ocsf(found: Found) -> bytes:
    """The record as an OCSF 1.3 API Activity event (class 6003), one JSON line."""
    return orjson.dumps(ocsf_event(found, document(found))) + b"\n"


def row(found: Found) -> bytes:
    """The record as a CSV line (RFC 4180). Cells that a spreadsheet would run get an apostrophe in front."""
    members = {**document(found), "log": found.log, "n": found.index}
    return _csv(_cell(members.get(column)) for column in COLUMNS)


def header() -> bytes:
    """The CSV's first line."""
    return _csv(COLUMNS)


def ocsf_event(found: Found, record: Document) -> Document:
    """The OCSF attributes of a record."""
    activity, name = _ACTIVITIES.get(str(record.get("method")), (99, "Other"))
    severity, severity_name = (1, "Informational") if record.get("decision") == "allow" else (2, "Low")
    event: Document = {
        "category_uid": 6,
        "category_name": "Application Activity",
        "class_uid": 6003,
        "class_name": "API Activity",
        "activity_id": activity,
        "activity_name": name,
        "type_uid": 600300 + activity,
        "type_name": f"API Activity: {name}",
        "severity_id": severity,
        "severity": severity_name,
        **_outcome(record),
        "metadata": _metadata(found, record),
        "actor": {"user": _user(record)},
        "src_endpoint": _endpoint(record),
        "api": _api(record),
        "unmapped": {key: value for key, value in record.items() if key not in _MAPPED},
    }
    if (at := moment(record.get("at"))) is not None:
        event["time"] = at
    if isinstance(us := record.get("us"), int | float):
        event["duration"] = round(us / 1000)
    return event | _http(record) | _resources(record)


def _outcome(record: Document) -> Document:
    """Success is an allowed request that the application answered below 400."""
    status, code = record.get("decision"), record.get("status")
    if status is None:
        outcome: Document = {"status_id": 0, "status": "Unknown"}
    elif status != "refuse" and isinstance(code, int) and code < 400:
        outcome = {"status_id": 1, "status": "Success"}
    else:
        outcome = {"status_id": 2, "status": "Failure"}
    return outcome | _given(status_code=code if code is None else str(code), status_detail=record.get("reason"))


def _metadata(found: Found, record: Document) -> Document:
    product = {"name": "ringwall", "vendor_name": "ringwall", "version": _version()}
    place = f"{found.log}/{found.index}".lstrip("/")
    extra = _given(correlation_uid=record.get("id"), log_name=found.log or None)
    return {"version": OCSF_VERSION, "product": product, "uid": place, "sequence": found.index, **extra}


@cache
def _version() -> str:
    return version("ringwall")


def _user(record: Document) -> Document:
    principal = record.get("principal")
    if principal is None:
        return {"name": "unauthenticated", "type_id": 99, "type": "Unauthenticated"}
    return {"uid": principal, "type_id": 0, "type": "Unknown"}


def _endpoint(record: Document) -> Document:
    client = str(record.get("client") or "unknown")
    try:
        return {"ip": str(ip_address(client))}
    except ValueError:
        return {"name": client}


def _api(record: Document) -> Document:
    operation = record.get("operation") or record.get("kind") or "unknown"
    request, code = record.get("id"), record.get("status")
    api: Document = {"operation": operation}
    return api | _given(request={"uid": request} if request else None, response={"code": code} if code else None)


def _http(record: Document) -> Document:
    url = {"path": record["path"]} if record.get("path") else None
    return _given(http_request=_given(http_method=record.get("method") or None, url=url) or None)


def _resources(record: Document) -> Document:
    objects = record.get("objects")
    if not isinstance(objects, list) or not objects:
        return {}
    parts = [(str(each), *str(each).partition(":")) for each in objects]
    return {"resources": [{"name": name, "type": kind, "uid": uid} for name, kind, _, uid in parts]}


def _given(**attributes: object) -> Document:
    return {key: value for key, value in attributes.items() if value is not None}


def document(found: Found) -> Document:
    """The record's members; none where it is no JSON, which the leaf hash of what was written rules out."""
    try:
        members = orjson.loads(found.record)
    except orjson.JSONDecodeError:
        return {}
    return members if isinstance(members, dict) else {}


def _cell(value: object) -> str:
    if isinstance(value, list):
        value = " ".join(map(str, value))
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
