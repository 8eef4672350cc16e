"""Schemas as mechanisms: decode, close, compile, describe, prune. Knows no layer, no request, no contract."""

from ringwall.engines.schema.compiled import CODES, Compiler, Flaw, Unusable, Validator, token
from ringwall.engines.schema.decode import Bounds, Decoded, Malformed, decode
from ringwall.engines.schema.document import Components, Schema, in_place, members, types
from ringwall.engines.schema.nulls import valid_without_nulls
from ringwall.engines.schema.patches import MERGE_PATCH, patch_of
from ringwall.engines.schema.prune import Pruner, pruner
from ringwall.engines.schema.shape import ANYTHING, LANGUAGE, Node, Note, Shapes

__all__ = [
    "ANYTHING",
    "CODES",
    "LANGUAGE",
    "MERGE_PATCH",
    "Bounds",
    "Compiler",
    "Components",
    "Decoded",
    "Flaw",
    "Malformed",
    "Node",
    "Note",
    "Pruner",
    "Schema",
    "Shapes",
    "Unusable",
    "Validator",
    "decode",
    "in_place",
    "members",
    "patch_of",
    "pruner",
    "token",
    "types",
    "valid_without_nulls",
]
