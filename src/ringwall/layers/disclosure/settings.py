"""What this layer is told at start, and how it finds objects in a reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from ringwall.contract.api import Schema
from ringwall.contract.model import Operation, Resource
from ringwall.core.message import Response
from ringwall.engines.policy import Sight, Sighting

Places = Callable[[Response], list[Sighting]]


@dataclass(frozen=True, slots=True)
class Settings:
    """All resources and what finds their objects, the API's component schemas, and whether undeclared replies are
    withheld ("strict")."""

    resources: Mapping[str, Resource]
    sight: Sight
    components: Mapping[str, Schema]
    replies: Literal["strict", "lenient"]


def reader(operation: Operation, settings: Settings) -> Places:
    """How to find the objects in a reply of this operation."""
    replies = {
        status: {media: described.schema for media, described in reply.content.items()}
        for status, reply in operation.api.replies.items()
    }
    return settings.sight.in_replies(replies, operation.resource.name if operation.resource else None)
