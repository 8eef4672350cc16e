"""The record of processing (GDPR Art. 30), drafted from the contract's field classes, with blanks for people."""

from __future__ import annotations

from collections.abc import Iterator

from ringwall.contract.model import CREATOR, Contract, Field, Operation, Resource
from ringwall.report.facts import plain, unstated
from ringwall.report.model import Activity, FieldRecord, Processing

BLANKS = (
    ("30(1)(a)", "Name and contact details of the controller, of any joint controller, of the representative and of "
                 "the data protection officer"),
    ("30(1)(b)", "The purposes, for each resource below"),
    ("30(1)(c)", "Who the people are to you: the contract names only the property that holds whose an object is"),
    ("30(1)(d)", "Recipients outside of this API: processors, authorities, other applications on the same database"),
    ("30(1)(e)", "Transfers to third countries or international organisations, and the safeguards for them"),
    ("30(1)(f)", "For how long each class is kept, and who deletes it then"),
    ("30(1)(g)", "Measures outside of ringwall: of the host, the database, the premises, the people"),
)  # fmt: skip

_MORE = " Its properties cannot all be read off the API's document: there may be more than are listed."


def processing(contract: Contract) -> Processing:
    """The draft."""
    return Processing(tuple(_activity(contract, each) for each in contract.resources.values()), BLANKS)


def _activity(contract: Contract, resource: Resource) -> Activity:
    acting = [op for op in contract.operations if op.resource is resource and op.rule is not None and op.rule.allow]
    fields = tuple(_field(field, acting) for field in resource.fields.values() if field.data_class != "public")
    return Activity(
        resource=resource.name,
        subject=_subject(resource),
        fields=fields,
        unstated=unstated(contract, resource.name),
        operations=tuple(f"{op.key} ({', '.join(op.rule.allow)})" for op in acting if op.rule is not None),
        kept=_kept(fields) + ("" if plain(contract, resource) else _MORE),
    )


def _subject(resource: Resource) -> str:
    if resource.owner == CREATOR:
        return "whoever made it through ringwall"
    if resource.owner:
        return f"the subject in `{resource.owner}`"
    return f"the token's claim `{resource.claim}` lists them" if resource.claim else "nobody, by the contract"


def _kept(fields: tuple[FieldRecord, ...]) -> str:
    sealed = [field.name for field in fields if field.encrypted]
    where = "The application's own store, which ringwall does not see."
    if not sealed:
        return f"{where} Nothing of it is encrypted by ringwall."
    return f"{where} As ciphertext there: {', '.join(sealed)}; their keys are in ringwall's data directory."


def _field(field: Field, acting: list[Operation]) -> FieldRecord:
    readers = sorted(field.read) if field.read is not None else sorted(set(_readers(acting)))
    return FieldRecord(field.name, field.data_class, field.encrypt != "no", field.mask, tuple(readers) or ("nobody",))


def _readers(acting: list[Operation]) -> Iterator[str]:
    """Whom the operations allow: each of them may answer with the object, also after a write."""
    for operation in acting:
        if operation.rule is not None:
            yield from operation.rule.allow
