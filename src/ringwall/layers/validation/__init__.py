"""Validation: nothing reaches the application but what the contract means.

From the document, every value's type, format and bounds are decided exactly; what a schema leaves free goes on, with
where it stood, to detection. Nothing here does I/O, and no input is echoed: a refusal names pointers and codes.
"""

from __future__ import annotations

from ringwall.contract.model import Operation
from ringwall.core.plan import Guard, Guards
from ringwall.layers.validation.guard import arrival_guard, input_guard, problems, sanitize_guard
from ringwall.layers.validation.media import body_mode, unasked, unpacking
from ringwall.layers.validation.reasons import LAYER, REASONS
from ringwall.layers.validation.settings import Settings

__all__ = ["LAYER", "REASONS", "Settings", "body_mode", "forge", "problems"]


def forge(operation: Operation, settings: Settings) -> Guards:
    """The guards of one operation: what may arrive, before a byte is read; then the content, plain, clean and valid."""
    key = operation.key
    sanitize = sanitize_guard(operation, settings)
    return Guards(
        head=(Guard(LAYER, "arrival", arrival_guard(operation), key),),
        body=(
            Guard(LAYER, "coding", unpacking(settings.unpacked), key)
            if operation.api.body
            else Guard(LAYER, "unasked", unasked, key),
            *((Guard(LAYER, "sanitize", sanitize, key),) if sanitize else ()),
            Guard(LAYER, "input", input_guard(operation, settings), key),
        ),
    )
