"""What the encryption layer is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ringwall.contract.model import Field, Resource
from ringwall.core.ports import Fetch
from ringwall.engines.policy import Sight

Probe = Callable[[str, Mapping[str, str]], Fetch | None]
"""How to ask the application for one object of a resource by its path parameters."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All resources, what finds their objects in bodies and replies, and how to ask whose one is."""

    resources: Mapping[str, Resource]
    sight: Sight
    probe: Probe = lambda resource, params: None

    def encrypted(self) -> dict[str, list[Field]]:
        """The fields to encrypt, by resource."""
        return {
            r.name: [field for field in r.fields.values() if field.encrypt != "no"] for r in self.resources.values()
        }
