"""What the document declares of a reply: undeclared properties never leave; undeclared replies are counted."""

from __future__ import annotations

from ringwall.contract.model import Operation
from ringwall.core.known import Known
from ringwall.core.message import Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.verdict import PASS, Refuse, Rewritten, Verdict
from ringwall.engines.schema import Pruner, pruner
from ringwall.layers.disclosure.reasons import UNDECLARED
from ringwall.layers.disclosure.settings import Settings, declared


def schema_guard(operation: Operation, settings: Settings) -> ReplyCheck:
    """Leave out the properties that the declared reply does not have. A status or media type that is not declared
    passes (after the search for leaks and foreign objects), unless replies are strict."""
    pruners = _pruners(operation, settings)
    strict = (operation.rule.replies if operation.rule and operation.rule.replies else settings.replies) == "strict"

    def check(response: Response, known: Known) -> Verdict:
        reply = declared(operation, response.status)
        prune = pruners.get(response.status)
        if prune is None:
            loose = reply is None or not reply.content
            return Refuse(UNDECLARED) if strict and loose and response.body not in (b"", None) else PASS
        if not response.parsed:
            return Refuse(UNDECLARED) if strict else PASS
        data, removed = prune(response.data)
        if not removed:
            return PASS
        return Rewritten(response.with_data(data), f"{len(removed)} undeclared properties left out")

    return check


def _pruners(operation: Operation, settings: Settings) -> dict[int, Pruner]:
    """One pruner for each status that could come and has a JSON schema; equal schemas share theirs."""
    by_reply: dict[int, Pruner] = {}
    found: dict[int, Pruner] = {}
    for status in range(200, 600):
        reply = declared(operation, status)
        if reply is None:
            continue
        if id(reply) not in by_reply:
            schemas = [c.schema for media, c in reply.content.items() if media.endswith("json")]
            if len(schemas) != 1 or schemas[0] is None:
                continue
            by_reply[id(reply)] = pruner(schemas[0], settings.components)
        found[status] = by_reply[id(reply)]
    return found
