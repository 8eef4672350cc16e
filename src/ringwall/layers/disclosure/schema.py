"""What the document declares of a reply: undeclared properties never leave; undeclared replies are counted."""

from __future__ import annotations

from ringwall.contract.api import Reply
from ringwall.contract.model import Operation
from ringwall.core.known import Known
from ringwall.core.message import JSON, Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.verdict import PASS, Refuse, Rewritten, Verdict
from ringwall.engines.policy import LINES, at_status, is_json
from ringwall.engines.schema import Pruner, pruner, types
from ringwall.layers.disclosure.reasons import UNDECLARED
from ringwall.layers.disclosure.settings import Settings

_STRUCTURES = frozenset({"object", "array"})


def schema_guard(operation: Operation, settings: Settings) -> ReplyCheck:
    """Leave out the properties that the declared reply does not have; the parsed reply is this exchange's own, so it
    is changed in place. A status or media type that is not declared passes (after the search for leaks and foreign
    objects), unless replies are strict."""
    replies = operation.api.replies
    strict = (operation.rule.replies if operation.rule and operation.rule.replies else settings.replies) == "strict"
    pruners = {status: _pruner(reply, settings, strict=strict) for status, reply in replies.items()}
    rows = _rows(operation, settings)

    def check(response: Response, known: Known) -> Verdict:
        table = rows is not None and response.parsed and response.media == b"text/csv"
        prune = rows if table else at_status(pruners, response.status)
        if prune is None:
            reply = at_status(replies, response.status)
            loose = reply is None or not reply.content
            return Refuse(UNDECLARED) if strict and loose and response.body not in (b"", None) else PASS
        if not response.parsed:
            return Refuse(UNDECLARED) if strict else PASS
        removed = prune(response.data)
        if not removed.count:
            return PASS
        if removed.deep:
            response.found.clear()  # objects may have gone with it
        return Rewritten(response.with_data(response.data), f"{removed.count} undeclared properties left out")

    return check


def _rows(operation: Operation, settings: Settings) -> Pruner | None:
    """What prunes a table: a column is a property of the resource."""
    schema = operation.resource.schema if operation.resource is not None else None
    if schema is None:
        return None
    rows: dict[str, JSON] = {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}
    return pruner(rows, settings.components)


def _pruner(reply: Reply, settings: Settings, *, strict: bool) -> Pruner | None:
    """What prunes a declared reply; None where the document gives it no JSON schema, or one of a single value (a file
    that some documents declare so, whatever it is), which says nothing of members."""
    found = [(media, content.schema) for media, content in reply.content.items() if is_json(media)]
    if len(found) != 1:
        return None
    media, schema = found[0]
    if schema is None or not (strict or types(schema, settings.components) & _STRUCTURES):
        return None
    lines: dict[str, JSON] = {"type": "array", "items": schema}
    return pruner(lines if media in LINES else schema, settings.components)
