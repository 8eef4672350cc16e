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
from ringwall.scan.catalogue import WEAKNESSES
from ringwall.scan.client import Client, curl
from ringwall.scan.compose import Composer, Draft
from ringwall.scan.listener import Listener
from ringwall.scan.model import ANONYMOUS, Account, Call, Finding, Reply, State, Verdict
from ringwall.scan.pool import Pool, Thing, id_of, objects
from ringwall.scan.signing import Unusable, signed_in
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
        self.people = people
        self._verdicts: dict[tuple[str, str], Verdict] = {}
        self._made: list[tuple[Thing, Account]] = []
        self._causes: dict[tuple[str, str], str] = {}
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
            return self._came_with(kind, owner)
        for account in (owner, *(a for a in self.accounts if a is not owner)):
            for aim in self.makers(kind):
                thing = self._make(aim, account, owner)
                if thing is not None and self._belongs(thing, owner):
                    return thing
        self._spoiled.add((kind, owner.name))
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
        return aim.op.creates if self.subject.contract and aim.op.resource else aim.kind is not None

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
        self._made = [(t, a) for t, a in self._made if t is not thing and (t.kind, t.id) != (thing.kind, thing.id)]

    def clean(self) -> None:
        """Remove what was made, newest first and accounts last; what cannot be removed is told."""
        newest_first = self._made[::-1]
        for thing, account in sorted(newest_first, key=lambda made: self.subject.kinds[made[0].kind].person):
            aim = next((a for a in self.subject.aims if a.method == "DELETE" and a.item and a.kind == thing.kind), None)
            itself = self._itself(thing)
            order = dict.fromkeys(a for a in (itself, self.owner(thing), account, *self.accounts) if a)
            done = aim is not None and any(self._removed(aim, a, thing) for a in order)
            if not done and not self._absent(thing, itself):
                self.left.append(f"{thing.kind} {thing.id}")

    def _removed(self, aim: Aim, account: Account, thing: Thing) -> bool:
        draft = self.composer.draft(aim, account, thing=thing)
        return draft is not None and self.client.send(draft.call()).fine

    def _absent(self, thing: Thing, itself: Account | None) -> bool:
        """Whether it is gone already: an account that signs in no more, an object that is not there for its owner."""
        if self.subject.kinds[thing.kind].person:
            return itself is None and self._password(thing) is not None
        owner = self.owner(thing)
        seen = self.look(thing, owner) if owner else None
        return seen is not None and seen[0].reply.status in (404, 410)

    @staticmethod
    def _password(thing: Thing) -> str | None:
        return next((v for n, v in thing.values.items() if "password" in n.lower() and isinstance(v, str)), None)

    def _itself(self, thing: Thing) -> Account | None:
        """An account that a probe of the sign-up made, signed in to remove itself."""
        password = self._password(thing)
        if not self.subject.kinds[thing.kind].person or password is None:
            return None
        try:
            made = Account("made", username=thing.id, password=password, subject=thing.id, own=True)
            return signed_in((made,), self.subject, self.client, self.dice)[0]
        except Unusable:
            return None

    # --- verdicts

    def proved(
        self, kind: str, aim: Aim | str, where: str, evidence: str, control: str, call: Call, change: str = ""
    ) -> None:
        """Keep a finding. Secrets of any account are cut out of what it shows."""
        key = aim if isinstance(aim, str) else aim.key
        line = curl(call, self.client.url)
        change = change or WEAKNESSES[kind].change
        finding = Finding(kind, key, where, self.hidden(evidence), self.hidden(control), self.hidden(line), change)
        with self._lock:
            self.findings.setdefault(finding.id, finding)
        self._judge(key, kind, "proved", finding.evidence)

    def known(self, kind: str, cause: str) -> str | None:
        """Where a cause that holds for the whole target was proved first: it is one finding, not one an operation."""
        return self._causes.get((kind, cause))

    def cause(self, kind: str, cause: str, aim: Aim) -> None:
        """Remember where a cause is being proved."""
        self._causes[kind, cause] = aim.key

    def follows(self, kind: str, aim: Aim, why: str) -> None:
        """It holds here too, by a cause that is told elsewhere."""
        self._judge(aim.key, kind, "proved", self.hidden(why))

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
