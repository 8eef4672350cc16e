"""What goes to the application is ciphertext: each value bound to all that is certain of the object it belongs to."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from ringwall.contract.model import Field, Operation
from ringwall.core.known import Known
from ringwall.core.message import Request
from ringwall.core.plan import BodyCheck
from ringwall.core.ports import Place, Seal
from ringwall.core.verdict import PASS, Ask, Refuse, Rewritten, Verdict
from ringwall.layers.encryption.handover import handing_over
from ringwall.layers.encryption.places import placed, with_owners
from ringwall.layers.encryption.reasons import CONTENT
from ringwall.layers.encryption.settings import Settings
from ringwall.layers.encryption.slots import Body, copied, reader


def sealing(operation: Operation, settings: Settings, fields: Mapping[str, list[Field]]) -> BodyCheck | None:
    """Encrypt the stated fields of a JSON body; None where no body of the operation can hold one."""
    read, handed = reader(operation, settings, fields), handing_over(operation, settings, fields)
    if read is None:
        return None

    def check(request: Request, known: Known) -> Verdict:
        given = known.input
        if given is None or not isinstance(given.body, (dict, list)):
            return PASS
        body = read(given.media_type, copied(given.body))
        if body is None or isinstance(body, Refuse):
            return body or PASS
        if body.slots and not request.head.media_type.endswith(("/json", "+json")):
            return Refuse(CONTENT)
        return handed(body, known, lambda: seal(body, request, known))

    def seal(body: Body, request: Request, known: Known) -> Verdict:
        if not body.slots:
            return PASS

        def sealed(answer: object) -> Verdict:
            texts = answer if isinstance(answer, tuple) else ()
            for slot, text in zip(body.slots, texts, strict=True):
                slot.holder[slot.key] = text
            return Rewritten(request.with_body(orjson.dumps(body.document)), f"{len(texts)} fields encrypted")

        def owned(places: list[Place]) -> Verdict:
            values = (slot.holder[slot.key] for slot in body.slots)
            return Ask(Seal(tuple(zip(values, places, strict=True))), sealed)

        places = [
            placed(slot.seen, slot.field, settings.resources[slot.seen.resource], operation, known)
            for slot in body.slots
        ]
        return with_owners(places, settings, known, owned)

    return check
