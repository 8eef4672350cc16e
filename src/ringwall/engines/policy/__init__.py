"""Who stands in what relation to which object, and where objects stand in a document. Knows no request."""

from ringwall.engines.policy.relation import EVERYWHERE, Relation, relate
from ringwall.engines.policy.roles import Roles
from ringwall.engines.policy.shape import Shape, Sighting, shape_of, sightings

__all__ = ["EVERYWHERE", "Relation", "Roles", "Shape", "Sighting", "relate", "shape_of", "sightings"]
