"""The bench that every check works at: it sends, makes fresh objects, looks at them, and keeps the verdicts.

What it makes it writes down, and removes at the end. Checks hold no state of their own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from ringwall.contract.api import JSON
from ringwall.contract.guess import is_sign_in
from ringwall.scan.browser import Browser
from ringwall.scan.catalogue import WEAKNESSES
from ringwall.scan.client import Client, curl
from ringwall.scan.compose import Composer, Draft
from ringwall.scan.forms import text_of
from ringwall.scan.listener import Listener
from ringwall.scan.model import ANONYMOUS, Account, Call, Finding, Reply, State, Verdict
from ringwall.scan.pool import Pool, Thing, id_of, objects
from ringwall.scan.progress import Progress
from ringwall.scan.subject import Aim, Subject
from ringwall.scan.values import Dice, kind_of, resolved

NEXT = 6
"""Numbers after the highest known one at which an account's own object is looked for."""
_RANK: Mapping[State, int] = {"proved": 2, "refuted": 1, "not tested": 0}


@dataclass(frozen=True, slots=True)
class Sent:
    """A request and its reply."""

    call: Call
    reply: Reply


class Bench:
    """Everything that a check needs. `accounts` are those that the user named, signed in; `people` these and the
    throw-away ones that the scan made."""

    def __init__(
        self,
        subject: Subject,
        client: Client,
        accounts: tuple[Account, ...],
        dice: Dice,
        composer: Composer,
        pool: Pool,
        listener: Listener,
        people: list[Account],
        *,
        safe: bool,
        costly: bool,
        say: Callable[[str], None],
    ) -> None:
        self.subject, self.client, self.accounts, self.dice = subject, client, accounts, dice
        self.composer, self.pool, self.listener, self.safe, self.costly, self.say = (
            composer,
            pool,
            listener,
            safe,
            costly,
            say,
        )
        self.watchers: list[Callable[[Aim, Sent], None]] = []
        self.findings: dict[str, Finding] = {}
        self.left: list[str] = []
        self.state: Progress | None = None
        self.browser: Browser | None = None
        self.sprinkled: list[tuple[str, Aim, str, Sent]] = []
        self.people = people
        self._verdicts: dict[tuple[str, str], Verdict] = {}
        self._made: list[tuple[Thing, Account]] = []
        self._spoiled: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._count = 0

    # --- sending

    def send(self, draft: Draft, *, wait: bool = True) -> Sent:
        """Send a draft; every reply is shown to the watchers."""
        call = draft.call()
        sent = Sent(call, self.client.send(call, wait=wait))
        for watcher in self.watchers:
            watcher(draft.aim, sent)
        return sent

    def ask(self, aim: Aim, account: Account, thing: Thing | None = None, owner: Account | None = None) -> Sent | None:
        """Send a valid request, with all its optional properties, else with the required alone."""
        sent = None
        for full in (True, False):
            draft = self.composer.draft(aim, account, thing=thing, owner=owner, label=self.label(), full=full)
            if draft is None:
                return None
            sent = self.send(draft)
            if sent.reply.fine or not draft.media:
                break
        return sent

    def label(self) -> str:
        """A label that was not used before."""
        with self._lock:
            self._count += 1
            return f"#{self._count}"

    # --- objects

    def fresh(self, kind: str, owner: Account) -> Thing | None:
        """A new object of the kind, in the owner's name: made by the owner, else by another who can."""
        if self.subject.kinds[kind].person:
            return next((t for t, a in self._made if a is owner and t.kind == kind), None)
        if (kind, owner.name) in self._spoiled:
            return None
        if owner.own and not self.makers(kind):
            return self._came_with(kind, owner) or self._put(kind, owner)
        for account in (owner, *(a for a in self.accounts if a is not owner)):
            for aim in self.makers(kind):
                thing = self._make(aim, account, owner)
                if thing is not None and self._belongs(thing, owner):
                    return thing
        made = self._put(kind, owner)
        if made is not None:
            return made
        self._spoiled.add((kind, owner.name))
        return None

    def _put(self, kind: str, owner: Account) -> Thing | None:
        """A new object under a name of the scan's own, where a PUT makes what is not there (RFC 9110, 9.3.4)."""
        for aim in (a for a in self.subject.aims if a.method == "PUT" and a.item and a.kind == kind):
            flat = next((p.schema for p in aim.op.api.parameters if p.name == aim.slots[-1][0]), {})
            name = self.composer.maker.make(flat, aim.slots[-1][0], f"new{self.label()}", lambda name, flat: None)
            thing = Thing(kind, text_of(name), {}, owner.name, fresh=True)
            before = self.look(thing, owner)
            draft = self.composer.draft(aim, owner, thing=thing, label=self.label(), new=True)
            if before is None or before[0].reply.status not in (404, 410) or draft is None:
                continue
            if not self.send(draft).reply.fine:
                continue
            seen = self.look(thing, owner)
            if seen and seen[1] is not None:
                thing.values.update(seen[1])
                self.keep(thing, owner)
                return thing
        return None

    def _came_with(self, kind: str, owner: Account) -> Thing | None:
        """An object that came with a throw-away account: it may be spoiled like one that was made."""
        held = next((t for t in self.pool.of(kind) if t.fresh and self.owner(t) is owner), None)
        if held is not None:
            return held
        self.relist(kind, owner)
        known = [int(t.id) for t in self.pool.of(kind) if t.id.isdecimal()]
        self.count(kind, (owner,), range(max(known, default=0) + 1, max(known, default=0) + NEXT + 1))
        found = next((t for t in self.pool.of(kind) if not t.fresh and self.owner(t) is owner), None)
        if found is not None:
            found.maker, found.fresh = owner.name, True
        return found

    def relist(self, kind: str, account: Account) -> None:
        """Read the lists of a kind again, as an account sees them now."""
        for aim in (a for a in self.subject.aims if a.method == "GET" and a.kind == kind and not a.slots):
            draft = self.composer.draft(aim, account)
            sent = self.send(draft) if draft else None
            if sent is not None and sent.reply.fine:
                self.pool.learn(aim, account, sent.reply.document)

    def count(self, kind: str, accounts: Iterable[Account], numbers: Iterable[int]) -> None:
        """Ask for the objects of a kind by number, where that is what names them."""
        aim = self.reader(kind)
        if aim is None or not aim.slots or not self._numbered(aim):
            return
        for number in numbers:
            for account in accounts:
                draft = self.composer.draft(aim, account, thing=Thing(kind, str(number), {}))
                sent = self.send(draft) if draft else None
                if sent is not None:
                    self.pool.show(kind, str(number), account, sent.reply.document if sent.reply.fine else None)

    def _numbered(self, aim: Aim) -> bool:
        own = next((p for p in aim.op.api.parameters if p.name == aim.slots[-1][0]), None)
        return own is not None and kind_of(resolved(own.schema, self.subject.api.schemas)) == "integer"

    def makers(self, kind: str) -> list[Aim]:
        """The operations that make objects of a kind."""
        return [a for a in self.subject.aims if a.kind == kind and self.creates(a) and not a.held]

    def creates(self, aim: Aim) -> bool:
        """Whether the operation makes an object of its kind: a POST, or a PUT beside the path of one object."""
        if aim.method == "PUT" and not aim.slots and aim.kind is not None:
            return any(a.item and a.kind == aim.kind and a.path.startswith(f"{aim.path}/{{") for a in self.subject.aims)
        if aim.method != "POST" or is_sign_in(aim.op.api) or any(k == aim.kind for _, k in aim.slots):
            return False
        if aim is self.subject.sign_up():
            return True
        if self.subject.contract and aim.op.resource:
            return aim.op.creates or self._collection(aim)
        return aim.kind is not None

    def _collection(self, aim: Aim) -> bool:
        """Whether the path is that of objects of its kind, each under its own name below it."""
        below = (a.path for a in self.subject.aims if a.item and a.kind == aim.kind)
        return any(path.rpartition("/")[0] == aim.path.rstrip("/") for path in below)

    def _belongs(self, thing: Thing, owner: Account) -> bool:
        """Whether a new object is the one's for whom it was made; where it names another owner it is not."""
        stated = self.subject.kinds[thing.kind].owner
        named = thing.values.get(stated) if stated else None
        kind = self.subject.kinds[thing.kind]
        return named is None or owner.subject is None or self.pool.stands_for(kind, owner, named)

    def _make(self, aim: Aim, account: Account, owner: Account) -> Thing | None:
        for full in (True, False):
            draft = self.composer.draft(aim, account, owner=owner, label=self.label(), full=full, new=True)
            if draft is None:
                return None
            thing = self.made(aim, draft, self.send(draft).reply, account, owner)
            if thing is not None:
                return thing
        return None

    def made(self, aim: Aim, draft: Draft, reply: Reply, account: Account, owner: Account) -> Thing | None:
        """The object that a request made, by what the reply or else the request says; written down for removal."""
        kind = self.subject.kinds.get(aim.kind or "")
        if not reply.fine or kind is None:
            return None
        shown = next((o for o in objects(reply.document) if id_of(kind, o)), None)
        body = draft.body if isinstance(draft.body, dict) else {}
        identity = id_of(kind, shown) if shown else id_of(kind, body)
        if identity is None:
            return None
        if shown and kind.owner in shown and kind.owner not in body and account.headers:
            self.pool.recognise(kind, account, shown[kind.owner])
        parents = dict(draft.path.items())
        thing = Thing(kind.name, identity, {**parents, **body, **(shown or {})}, owner.name, fresh=True)
        self.keep(thing, account)
        return thing

    def keep(self, thing: Thing, account: Account) -> None:
        """Write down what an account made, for its removal."""
        self.restore_thing(thing, account)
        if self.state is not None:
            self.state.keep(thing, account.name)

    def restore_thing(self, thing: Thing, account: Account) -> None:
        """Take in what was made, now or before the scan was taken up again."""
        self.pool.add(thing)
        with self._lock:
            self._made.append((thing, account))

    def look(self, thing: Thing, account: Account) -> tuple[Sent, dict[str, JSON] | None] | None:
        """The object as an account sees it now: the exchange, and its properties if it was shown."""
        aim = self.reader(thing.kind)
        draft = self.composer.draft(aim, account, thing=thing) if aim else None
        if aim is None or draft is None:
            return None
        sent = self.send(draft)
        kind = self.subject.kinds[thing.kind]
        found = next((o for o in objects(sent.reply.document) if id_of(kind, o) == thing.id), None)
        if aim.item and found is None:
            document = sent.reply.document
            found = document if isinstance(document, dict) and sent.reply.fine else None
        return sent, found if sent.reply.fine else None

    def reader(self, kind: str) -> Aim | None:
        """The operation that shows one object of a kind, else one that lists them."""
        own = [a for a in self.subject.aims if a.method == "GET" and a.kind == kind]
        single = sorted((a for a in own if a.item or a.asked), key=lambda a: len(a.slots))
        return next(iter(single), None) or next((a for a in own if a.op.lists), None)

    def seer(self, thing: Thing) -> Account | None:
        """An account that is shown the object: its owner's first."""
        owner = self.owner(thing)
        for account in (*([owner] if owner else []), *(a for a in self.accounts if a is not owner)):
            seen = self.look(thing, account)
            if seen and seen[1] is not None:
                return account
        return None

    def owner(self, thing: Thing) -> Account | None:
        """Whose an object is, of all accounts that the scan knows."""
        return self.pool.owner(thing, self.people)

    def gone(self, thing: Thing) -> None:
        """Note that an object has been removed."""
        self.pool.drop(thing)
        if self.state is not None:
            self.state.gone(thing)
        self._made = [(t, a) for t, a in self._made if t is not thing and (t.kind, t.id) != (thing.kind, thing.id)]

    def made_things(self) -> list[tuple[Thing, Account]]:
        """What the scan made and is still there, newest first, with the account that made it."""
        return self._made[::-1]

    # --- verdicts

    def proved(
        self, kind: str, aim: Aim | str, where: str, evidence: str, control: str, call: Call, change: str = "",
        *, cause: str = "",
    ) -> None:  # fmt: skip
        """Keep a finding; one of the same cause is kept once, with every operation where it shows. Secrets of any
        account are cut out of what it shows."""
        key = aim if isinstance(aim, str) else aim.key
        line = curl(call, self.client.url)
        change = change or WEAKNESSES[kind].change
        finding = Finding(kind, key, where, self.hidden(evidence), self.hidden(control), self.hidden(line), change,
                          cause=cause)  # fmt: skip
        with self._lock:
            known = self.findings.setdefault(finding.id, finding)
            if known.operation != key and key not in known.also:
                self.findings[finding.id] = replace(known, also=(*known.also, key))
        self._judge(key, kind, "proved", finding.evidence)

    def refuted(self, kind: str, aim: Aim | str, why: str) -> None:
        """It was tried properly and does not hold."""
        self._judge(aim if isinstance(aim, str) else aim.key, kind, "refuted", self.hidden(why))

    def untested(self, kind: str, aim: Aim | str, why: str) -> None:
        """It could not be tried, or nothing could be told from it."""
        self._judge(aim if isinstance(aim, str) else aim.key, kind, "not tested", self.hidden(why))

    def _judge(self, key: str, kind: str, state: State, why: str) -> None:
        with self._lock:
            known = self._verdicts.get((key, kind))
            if known is None or _RANK[state] > _RANK[known.state]:
                self._verdicts[key, kind] = Verdict(key, kind, state, why)

    def restore(self, verdicts: Iterable[Verdict], findings: Iterable[Finding], count: int) -> None:
        """Take in what was told before the scan was taken up again; labels go on from `count`."""
        for finding in findings:
            self.findings[finding.id] = finding
        for verdict in verdicts:
            self._judge(verdict.operation, verdict.kind, verdict.state, verdict.why)
        self._count = count

    def step(self, phase: str, key: str, work: Callable[[], object]) -> bool:
        """Do one step of the scan, unless it was done before it was taken up again; whether it was done now."""
        name = f"{phase:<11} {key}"
        if self.state is not None and name in self.state.done:
            return False
        before, told = self.verdicts(), dict(self.findings)
        self.say(name)
        work()
        if self.state is not None:
            fresh = [v for k, v in self.verdicts().items() if before.get(k) != v]
            found = [f for k, f in self.findings.items() if told.get(k) != f]
            self.state.finish(name, fresh, found, self._count)
        return True

    def verdicts(self) -> dict[tuple[str, str], Verdict]:
        """Every verdict so far by operation and class."""
        return dict(self._verdicts)

    def hidden(self, text: str) -> str:
        """The text without any account's credential."""
        for account in self.people:
            for secret in account.secrets:
                text = text.replace(secret, f"${account.name.upper()}")
        return re.sub(r"eyJ[\w-]{8,}\.[\w-]*\.[\w-]*", "(a token)", text)


def anonymous(owner: Account) -> Account:
    """Nobody, who asks for what would be the owner's: values are made in the owner's name, no credential is sent."""
    return replace(ANONYMOUS, subject=owner.subject, tenant=owner.tenant)


def short(value: object, most: int = 80) -> str:
    """A value as evidence shows it: cut, and secrets only by their first characters."""
    text = str(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def secretly(value: object) -> str:
    """A sensitive value: its first four characters."""
    text = str(value)
    return f"{text[:4]}… ({len(text)} characters)"
