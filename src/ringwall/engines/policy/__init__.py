"""Who stands in what relation to which object, and where objects stand in a document. Knows no request."""

from ringwall.engines.policy.relation import EVERYWHERE, Relation, relate
from ringwall.engines.policy.roles import Held, Roles
from ringwall.engines.policy.shape import Shape, Sighting, escape, shape_of, sightings
from ringwall.engines.policy.sight import Eyes, Kind, Sight, at_status, masked, name_of
from ringwall.engines.policy.when import Condition, claim_at

__all__ = [
    "EVERYWHERE",
    "Condition",
    "Eyes",
    "Held",
    "Kind",
    "Relation",
    "Roles",
    "Shape",
    "Sight",
    "Sighting",
    "at_status",
    "claim_at",
    "escape",
    "masked",
    "name_of",
    "relate",
    "shape_of",
    "sightings",
]
