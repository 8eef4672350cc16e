"""What every forbidden write has in common: who tries what, who is shown the effect, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass

from ringwall.contract.api import JSON
from ringwall.scan.bench import Bench, Sent
from ringwall.scan.compose import Draft
from ringwall.scan.model import Account
from ringwall.scan.pool import Thing, scalars
from ringwall.scan.subject import Aim

_VOLATILE = ("updated", "modified", "version", "etag", "last", "seen", "count")


def changed(before: dict[str, JSON], after: dict[str, JSON]) -> list[str]:
    """The properties that differ, but those that change by themselves."""
    return [n for n in before if after.get(n) != before[n] and not any(v in n.lower() for v in _VOLATILE)]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A forbidden call: the class it proves, who tries it, whose object it is."""

    kind: str
    aim: Aim
    attacker: Account
    victim: Account
    thing: Thing | None


def seen(bench: Bench, thing: Thing) -> tuple[Account, dict[str, JSON]] | None:
    """Who is shown the object, and what they see."""
    reader = bench.seer(thing)
    seen = bench.look(thing, reader) if reader else None
    return (reader, seen[1]) if reader and seen and seen[1] is not None else None


def refused(bench: Bench, attempt: Attempt, sent: Sent) -> None:
    """Nothing came of it: on purpose, or because the request was no good?"""
    status = sent.reply.status
    if status in (401, 403, 404):
        bench.refuted(attempt.kind, attempt.aim, f"{attempt.attacker.name} is refused with {status}, nothing changed")
    elif sent.reply.refused:
        bench.untested(attempt.kind, attempt.aim, f"{status}: no request was found that the target takes")
    else:
        bench.untested(attempt.kind, attempt.aim, f"{status or 'no answer'}, and no effect was seen")


def proved(bench: Bench, attempt: Attempt, sent: Sent, what: str, reader: Account) -> None:
    control = f"read back as {reader.name}; it was not so before"
    if attempt.aim.stated is not None:
        control += "; the contract does not allow it"
    said = f"{attempt.attacker.name} gets {sent.reply.status} and {what}"
    bench.proved(attempt.kind, attempt.aim, "", said, control, sent.call)


def echoed(draft: Draft, seen: dict[str, JSON]) -> bool:
    """Whether what is read back holds the words that were sent."""
    sent = {str(v) for _, v in scalars(draft.body) if isinstance(v, str) and len(v) > 5}
    return not sent or any(str(v) in sent for _, v in scalars(seen))
