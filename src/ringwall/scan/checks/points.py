"""Where a probe can stand: the text parameters and properties of a valid request. And replies made comparable."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from ringwall.contract.api import JSON
from ringwall.contract.guess import is_sign_in
from ringwall.scan.bench import Bench, Sent
from ringwall.scan.compose import Draft
from ringwall.scan.model import ANONYMOUS, Account, Reply
from ringwall.scan.pool import Thing
from ringwall.scan.strangers import stand_in, stranger
from ringwall.scan.subject import Aim, references
from ringwall.scan.values import kind_of, resolved

_VOLATILE = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?"
    r"|\b[0-9a-fA-F]{24,}\b|\b1[6-9]\d{8}(\d{3})?\b"
)


@dataclass(frozen=True, slots=True)
class Point:
    """A place for a value: path, query or body; its flat schema; and its value in the valid request."""

    where: str
    name: str
    schema: dict[str, JSON]
    value: JSON

    @property
    def text(self) -> bool:
        """Whether it is declared a string (a path or query carries text whatever it is declared to be)."""
        return kind_of(self.schema) == "string"


@dataclass(frozen=True, slots=True)
class Base:
    """A valid request that was served, and who sent it."""

    draft: Draft
    sent: Sent
    account: Account

    @property
    def served(self) -> bool:
        """Whether the target took it."""
        return 200 <= self.sent.reply.status < 400


def base(bench: Bench, aim: Aim) -> Base | str:
    """A request to one operation by an account that may, on an object that a probe may touch. One that was not served
    has `served` false: some probes need no valid twin. Or why there is none at all."""
    if aim.held and bench.safe:
        return "held back: its name speaks of harm to everyone's data"
    tried: Base | str = "no value is known for its path"
    for account in _callers(bench, aim):
        thing = _thing(bench, aim, account)
        if thing is None and aim.slots and aim.method != "GET" and bench.safe:
            tried = tried if isinstance(tried, Base) else "--safe: the scan could make no object of its own for it"
            continue
        for full in (True, False):
            draft = bench.composer.draft(
                aim, account, thing=thing, label=bench.label(), full=full, new=bench.creates(aim)
            )
            if draft is None:
                break
            draft = _harmless(bench, draft)
            made = Base(draft, sent_by(bench, draft), account)
            if made.served:
                return made
            tried = tried if isinstance(tried, Base) else made
    return tried


def _callers(bench: Bench, aim: Aim) -> list[Account]:
    """Those who may first; what is done to an account itself is done to a throw-away one."""
    named = aim.slots[-1][1] if aim.slots else aim.kind
    if aim.method != "GET" and named in bench.subject.kinds and bench.subject.kinds[named or ""].person:
        thrown = stranger(bench)
        return [thrown.account] if thrown else []
    instead = stand_in(bench, aim)
    return [instead] if instead else sorted(bench.accounts, key=lambda a: able(bench, aim, a)) or [ANONYMOUS]


def _harmless(bench: Bench, draft: Draft) -> Draft:
    """The draft with a throw-away account wherever its body names an account: probes may change what is named."""
    aim = draft.aim
    if aim.method == "GET" or is_sign_in(aim.op.api) or aim is bench.subject.sign_up():
        return draft
    for name, kind in references(bench.subject, aim):
        thrown = stranger(bench) if kind.person else None
        draft = draft.put("body", name, thrown.thing.id) if thrown else draft
    return draft


def able(bench: Bench, aim: Aim, account: Account) -> int:
    """For sorting: those that the contract allows first, those that it does not last."""
    return {True: 0, None: 1, False: 2}[bench.subject.may(account, aim, account.subject, account.tenant)]


def _thing(bench: Bench, aim: Aim, account: Account) -> Thing | None:
    """An object of the account's: a fresh one for a write, any for a read."""
    if not aim.slots:
        return None
    kind = aim.slots[-1][1]
    if aim.method != "GET":
        return bench.fresh(kind, account)
    return next((t for t in bench.pool.of(kind) if bench.owner(t) is account), None)


def sent_by(bench: Bench, draft: Draft) -> Sent:
    """Send; what it made is written down for removal."""
    sent = bench.send(draft)
    if bench.creates(draft.aim):
        bench.made(draft.aim, draft, sent.reply, draft.account, draft.account)
    return sent


def points(bench: Bench, base: Base) -> list[Point]:
    """Every place of a request that can carry a text; optional query parameters too."""
    aim, schemas = base.draft.aim, bench.subject.api.schemas
    found = []
    for parameter in aim.op.api.parameters:
        flat = resolved(parameter.schema, schemas)
        if parameter.where == "path":
            found.append(Point("path", parameter.name, flat, base.draft.path.get(parameter.name)))
        elif parameter.where == "query" and kind_of(flat) not in ("array", "object"):
            made = bench.composer.parameter(aim, parameter, base.account)
            found.append(Point("query", parameter.name, flat, base.draft.query.get(parameter.name, made)))
    held = base.draft.body if isinstance(base.draft.body, dict) else {}
    for name, schema in bench.subject.asked(aim).items():
        flat = resolved(schema, schemas)
        if kind_of(flat) == "string" and name in held:
            found.append(Point("body", name, flat, held[name]))
    return found


def placed(base: Base, point: Point, value: JSON) -> Draft:
    """The valid request with another value in one place."""
    return base.draft.put(point.where, point.name, value)


def shape(reply: Reply, sent: Iterable[object]) -> tuple[int, str]:
    """A reply made comparable: what was sent is blanked wherever it is echoed, and so is what changes by itself."""
    text = reply.text
    for value in sorted({str(v) for v in sent if len(str(v)) > 1}, key=len, reverse=True):
        for form in {value, json.dumps(value)[1:-1], quote(value), quote(value, safe=""), html.escape(value)}:
            text = text.replace(form, "§")
    return reply.status, _VOLATILE.sub("~", text)
