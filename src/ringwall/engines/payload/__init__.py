"""Detection of injections in free text: values in, findings out.

Pure, synchronous and deterministic; linear in the length of a value; never raises on any text. It knows no layer, no
request and no I/O, and what it finds is a structure, never a known payload. `docs/detection.md` says what cannot be
told from text alone.
"""

from __future__ import annotations

from ringwall.engines.payload.engine import inspect_value
from ringwall.engines.payload.finding import Finding, Format
from ringwall.engines.payload.formats import parsed
from ringwall.engines.payload.tree import JSON, inspect_tree

__all__ = ["JSON", "Finding", "Format", "inspect", "inspect_tree"]


def inspect(value: str, format: Format = "text") -> Finding | None:  # noqa: A002 - the word of the contract and of `ringwall inspect`
    """The first injection found in `value`, or None.

    format: what the value is declared to be; `text` is unannotated and excuses code that a document quotes, `plain`
    excuses nothing, `json` is parsed and every key and string inspected.
    """
    if format != "json":
        return inspect_value(value, format)
    try:
        tree = parsed(value)
    except ValueError:
        return inspect_value(value, "plain")
    return next((finding for _, finding in inspect_tree(tree)), None)  # type: ignore[arg-type]
