"""One object in a document that was asked for by its id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ringwall.engines.policy.said import name_of


def object_named(content: bytes, id_property: str, object_id: str) -> Mapping[str, Any]:
    """The object of this id in a JSON text: the document itself, or the one member of it that is (`{"data": {…}}`);
    empty where there is none, or more than one."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(data, dict):
        return {}
    wrapped = [v for v in data.values() if isinstance(v, dict)] if id_property not in data else []
    found = [v for v in (wrapped or [data]) if name_of(v.get(id_property)) == object_id]
    return found[0] if len(found) == 1 else {}
