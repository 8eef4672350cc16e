"""Who stands in what relation to which object, and where objects stand in a document. Knows no request."""

from ringwall.engines.policy.eyes import Eyes, Kind, masked
from ringwall.engines.policy.named import object_named
from ringwall.engines.policy.relation import EVERYWHERE, Relation, relate
from ringwall.engines.policy.roles import Held, Roles
from ringwall.engines.policy.said import name_of, said, speaks
from ringwall.engines.policy.shape import Shape, Sighting, along, escape, shape_of, sightings
from ringwall.engines.policy.sight import LINES, Sight, at_status, declares, is_json
from ringwall.engines.policy.when import Condition, claim_at

__all__ = [
    "EVERYWHERE",
    "LINES",
    "Condition",
    "Eyes",
    "Held",
    "Kind",
    "Relation",
    "Roles",
    "Shape",
    "Sight",
    "Sighting",
    "along",
    "at_status",
    "claim_at",
    "declares",
    "escape",
    "is_json",
    "masked",
    "name_of",
    "object_named",
    "relate",
    "said",
    "shape_of",
    "sightings",
    "speaks",
]
