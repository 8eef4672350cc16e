"""Encryption at the API's edge (vault mode): fields with `encrypt:` are ciphertext for the application, and plain only
to those who may read them. It judges who may by itself, so that it stands where disclosure has been fooled.
"""

from __future__ import annotations

from ringwall.contract.model import Operation
from ringwall.core.plan import Guard, Guards
from ringwall.layers.encryption.opening import finder, opening
from ringwall.layers.encryption.persons import persons
from ringwall.layers.encryption.reasons import LAYER, REASONS
from ringwall.layers.encryption.sealing import sealing
from ringwall.layers.encryption.seek import seek
from ringwall.layers.encryption.settings import Settings

__all__ = ["LAYER", "REASONS", "Settings", "forge"]


def forge(operation: Operation, settings: Settings) -> Guards:
    """Seal what goes to the application, open what comes back, and learn whose it is."""
    fields = settings.encrypted()
    because = operation.rule.key if operation.rule else ""
    find = finder(operation, settings)
    owned = any(settings.resources[name].owner is not None for _, name in operation.objects)
    whose = (Guard(LAYER, "persons", persons(find, settings), because),) if owned else ()
    if not any(fields.values()):
        return Guards(reply=whose)
    seal, ask = sealing(operation, settings, fields), seek(operation)
    found = f"{because}: equal values are found, and seen to be equal"
    return Guards(
        body=(
            *((Guard(LAYER, "seal", seal, because),) if seal else ()),
            *((Guard(LAYER, "seek", ask, found),) if ask else ()),
        ),
        reply=(*whose, Guard(LAYER, "open", opening(find, settings, fields), because)),
    )
