"""Property access: what is taken that only the server should set, and what is shown that the caller should not see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ringwall.contract.api import JSON
from ringwall.contract.survey import applied
from ringwall.scan.bench import Bench, Sent, secretly, short
from ringwall.scan.checks.points import able
from ringwall.scan.compose import Draft
from ringwall.scan.model import Account
from ringwall.scan.pool import Thing, objects, scalars
from ringwall.scan.strangers import stand_in, stranger
from ringwall.scan.subject import Aim, declared
from ringwall.scan.values import resolved

_HASH = re.compile(
    r"\$2[abxy]?\$\d\d\$|\$argon2(id|i|d)\$|\$[156]\$[./\w]+\$|pbkdf2_sha\d+\$|scrypt:\d|\$scrypt\$|\{SSHA\}"
)
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\b(sk|rk)_[a-z]{3,8}_\w{8,}|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,}"
                  r"|\bxox[abprs]-[\w-]{10,}")  # fmt: skip
_HEX = re.compile(r"^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$", re.IGNORECASE)
MOST = 8
_RAISING = re.compile(r"admin|role|staff|super|privilege|permission|verified|approved|balance|credit|price|owner",
                      re.IGNORECASE)  # fmt: skip
"""What raises whoever sets it: no body that takes any property means these."""
_SERVER_SET = re.compile(r"password|hash|token|secret|created|updated|^_|at$|href|link|url", re.IGNORECASE)


# --- written


def assignment(bench: Bench, aim: Aim) -> None:
    """A body with one property too many, read back later."""
    if aim.method not in ("POST", "PUT", "PATCH") or not bench.subject.form(aim).media or aim.kind is None:
        bench.untested("mass-assignment", aim, "it takes no object")
        return
    creates = bench.creates(aim)
    if (not creates and not aim.item) or (aim.held and bench.safe):
        bench.untested("mass-assignment", aim, "it sets no object's properties")
        return
    why = "no request was found that the target takes"
    if creates and bench.subject.kinds[aim.kind].person:
        _of_people(bench, aim)
        return
    for account in _writers(bench, aim):
        thing = bench.fresh(aim.kind, account) if not creates else None
        if not creates and thing is None:
            why = "--safe: the scan could make no object of its own to try it on"
            continue
        plain = _plain(bench, aim, account, thing)
        if plain is None:
            continue
        more = list(extra(bench, aim, account, plain[1]))
        if not more:
            why = "no property is known that only the server sets"
            continue
        taken = [_taken(bench, aim, account, thing, name, value, plain[1]) for name, value in more[:MOST]]
        if not any(taken):
            bench.refuted("mass-assignment", aim, f"not taken: {', '.join(name for name, _ in more)}")
        return
    bench.untested("mass-assignment", aim, why)


def _of_people(bench: Bench, aim: Aim) -> None:
    """Signing up with one property too many."""
    plain = stranger(bench)
    if plain is None:
        bench.untested("mass-assignment", aim, "no account could be signed up")
        return
    seen = views(bench, plain.account, plain.thing)
    more = list(extra(bench, aim, plain.account, seen))[:MOST]
    taken = []
    for name, value in more:
        made = stranger(bench, {name: value})
        if made is not None and views(bench, made.account, made.thing).get(name) == value:
            taken.append(name)
            what = f"{made.account.name} signs up with {name} = {short(value)!r}, read back later"
            bench.proved(
                "mass-assignment", aim, name, what, f"without it {name} is {short(seen[name])!r}", made.sent.call
            )
    if not taken:
        said = ", ".join(name for name, _ in more)
        bench.refuted("mass-assignment", aim, f"not taken: {said or 'no property is shown that the server sets'}")


def views(bench: Bench, account: Account, thing: Thing) -> dict[str, JSON]:
    """All that any reading operation shows of an account, to itself."""
    kind = bench.subject.kinds[thing.kind]
    found: dict[str, JSON] = {}
    for aim in (a for a in bench.subject.aims if a.method == "GET" and not a.held):
        if aim.kind != kind.name and aim.slots:
            continue
        draft = bench.composer.draft(aim, account, thing=thing if aim.slots else None)
        sent = bench.send(draft) if draft else None
        for entry in objects(sent.reply.document) if sent and sent.reply.fine else ():
            if str(entry.get(kind.ids[0])) == thing.id:
                found.update({n: v for n, v in entry.items() if n not in found})
    return found


def _writers(bench: Bench, aim: Aim) -> list[Account]:
    """Accounts that may call it; where none is known to, any; first one whose object may be spoiled."""
    instead = stand_in(bench, aim)
    return [*([instead] if instead else []), *sorted(bench.accounts, key=lambda a: able(bench, aim, a))]


def _plain(bench: Bench, aim: Aim, account: Account, thing: Thing | None) -> tuple[Thing, dict[str, JSON]] | None:
    """The control: the same without the extra property, and the object as it is then."""
    made = thing or bench.fresh(aim.kind or "", account)
    reader = bench.seer(made) if made else None
    seen = bench.look(made, reader) if made and reader else None
    return (made, seen[1]) if made and seen and seen[1] is not None else None


def extra(bench: Bench, aim: Aim, account: Account, shown: dict[str, JSON]) -> Iterator[tuple[str, JSON]]:
    """Properties that the object has and this account must not set, each with a legal value that it has not."""
    kind = bench.subject.kinds[aim.kind or ""]
    asked, media = bench.subject.asked(aim), bench.subject.form(aim).schema
    parts = [here for _, here in applied(media, bench.subject.api.schemas)]
    takes_any = any(here.get("additionalProperties") not in (None, False) for here in parts)
    said = declared(bench.subject, aim)
    for name, current in shown.items():
        field = (kind.fields or {}).get(name)
        closed = field is not None and field.write is not None and not _may_write(bench, account, field.write)
        open_to_all = name in asked or (takes_any and not _RAISING.search(name))
        if (open_to_all and not closed) or name in (*kind.ids, "id") or _SERVER_SET.search(name):
            continue
        if field is not None and field.write is not None and not closed:
            continue
        value = _other(bench, name, current, said.get(name), kind.owner, kind.tenant, account)
        if value is not None and value != current:
            yield name, value


def _may_write(bench: Bench, account: Account, words: frozenset[str]) -> bool:
    roles = account.roles or frozenset()
    known = bench.subject.contract.roles if bench.subject.contract else {}
    held = {*roles, *(r for role in roles if role in known for r in known[role].includes)}
    return bool(words & {"owner", "anyone", *held})


def _other(
    bench: Bench, name: str, current: JSON, schema: JSON, owner: str | None, tenant: str | None, account: Account
) -> JSON:  # fmt: skip
    """A legal value of the same kind that is not the current one."""
    others = [a for a in bench.accounts if a is not account]
    if name == owner:
        return next((a.subject for a in others if a.subject), None)
    if name == tenant:
        return next((a.tenant for a in others if a.tenant not in (None, account.tenant)), None)
    flat = resolved(schema, bench.subject.api.schemas) if schema is not None else {}
    choices = flat.get("enum")
    if isinstance(choices, list):
        return next((c for c in choices if c not in (current, None)), None)
    if isinstance(current, bool):
        return not current
    if isinstance(current, int):
        return current + 7
    stated = "pattern" in flat or "format" in flat
    label = f"extra{bench.label()}"
    return bench.composer.maker.text(flat if stated else {}, name, label) if isinstance(current, str) else None


def _taken(
    bench: Bench, aim: Aim, account: Account, thing: Thing | None, name: str, value: JSON, before: dict[str, JSON]
) -> bool:  # fmt: skip
    draft = bench.composer.draft(aim, account, thing=_whole(thing, before), label=bench.label(),
                                 full=thing is None or aim.method == "PUT", new=thing is None)  # fmt: skip
    if draft is None:
        return False
    sent = bench.send(draft.put("body", name, value))
    if not sent.reply.fine:
        return False
    target = thing or bench.made(aim, draft, sent.reply, account, account)
    reader = bench.seer(target) if target else None
    seen = bench.look(target, reader) if target and reader else None
    if target is None or seen is None or seen[1] is None or seen[1].get(name) != value:
        return False
    what = f"{account.name} sets {name} = {short(value)!r}, read back from {target.kind} {target.id}"
    bench.proved("mass-assignment", aim, name, what, f"without it {name} is {short(before.get(name))!r}", sent.call)
    return True


def _whole(thing: Thing | None, before: dict[str, JSON]) -> Thing | None:
    return replace(thing, values={**thing.values, **before}) if thing else None


# --- shown


def watch(bench: Bench, aim: Aim, sent: Sent) -> None:
    """Looks at every success for undeclared secrets and other accounts' known ones. A name alone is never enough."""
    if not sent.reply.fine or not sent.reply.media.endswith("json"):
        return
    document = sent.reply.document
    known = declared(bench.subject, aim)
    bench.refuted("data-exposure", aim, "its replies hold no undeclared secret and no other account's")
    for path, value in scalars(document):
        name = path.rpartition("/")[2]
        what = _secret(name, value) if known and name not in known else None
        if what:
            bench.proved(
                "data-exposure",
                aim,
                name,
                f"undeclared {path} is {what}: {secretly(value)}",
                "judged by the value's form; the document's reply does not declare it",
                sent.call,
            )
        others = [a for a in bench.accounts if a.password and a.name != sent.call.account.name]
        owner = next((a for a in others if a.password == value), None)
        if owner and str(value) not in sent.call.body.decode("utf-8", "replace"):
            bench.proved(
                "data-exposure",
                aim,
                name,
                f"{path} is the password of {owner.name}",
                "the value is the very one that the account signs in with",
                sent.call,
            )


def _secret(name: str, value: object) -> str | None:
    """What a value is by its form: a password's hash, a key, a payment card's number."""
    text = str(value)
    if _HASH.search(text) or (_HEX.match(text) and re.search(r"pass|hash|digest", name, re.IGNORECASE)):
        return "a password's hash"
    if _KEY.search(text):
        return "a key"
    if isinstance(value, str) and re.fullmatch(r"[3-6]\d{12,18}", text) and _luhn(text) and "card" in name.lower():
        return "a payment card's number"
    return None


def _luhn(number: str) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B."""
    digits = [int(c) for c in reversed(number)]
    return sum(digits[0::2]) % 10 == -sum(sum(divmod(2 * d, 10)) for d in digits[1::2]) % 10


def exposure(bench: Bench, aim: Aim) -> None:
    """Fields that the contract keeps from an account: is another's value shown whole?"""
    kind = bench.subject.kinds.get(aim.kind or "")
    kept = {n: f.read for n, f in (kind.fields or {}).items() if f.read is not None} if kind else {}
    if aim.method != "GET" or not kept or kind is None:
        return
    for account in bench.accounts:
        for thing in [t for t in bench.pool.of(kind.name) if bench.owner(t) is not account][:2]:
            names = [n for n, words in kept.items() if not _may_write(bench, account, words - {"owner"})]
            draft = bench.composer.draft(aim, account, thing=thing) if names else None
            if draft is None or bench.subject.may(account, aim, None, account.tenant) is False:
                continue
            _shown(bench, aim, account, thing, names, draft)


def _shown(bench: Bench, aim: Aim, account: Account, thing: Thing, names: list[str], draft: Draft) -> None:
    sent = bench.send(draft)
    kind = bench.subject.kinds[thing.kind]
    found = next((o for o in objects(sent.reply.document) if str(o.get(kind.ids[0])) == thing.id), None)
    owner = bench.owner(thing)
    theirs = bench.look(thing, owner) if owner else None
    if not sent.reply.fine or found is None or theirs is None or theirs[1] is None:
        return
    for name in names:
        value = theirs[1].get(name)
        if value not in (None, "", 0, False) and found.get(name) == value and len(str(value)) > 3:
            bench.proved(
                "data-exposure",
                aim,
                name,
                f"{account.name} is shown {name} of another: {secretly(value)}",
                "equal to what its owner is shown; the contract's `read:` leaves this account out",
                sent.call,
            )
