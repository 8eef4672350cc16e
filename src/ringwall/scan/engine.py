"""The order of a scan: sign in, explore, forbidden attempts, probes, the service, sign-in last, clean up."""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from ringwall.contract.api import Api
from ringwall.contract.model import Contract
from ringwall.scan.bench import Bench
from ringwall.scan.catalogue import KINDS, WEAKNESSES
from ringwall.scan.checks import (
    access,
    computed,
    cost,
    errors,
    markup,
    outbound,
    properties,
    selves,
    service,
    signin,
    sql,
    tokens,
)
from ringwall.scan.checks.points import Base, base
from ringwall.scan.client import Client, Ended
from ringwall.scan.compose import Composer, Draft
from ringwall.scan.listener import Listener
from ringwall.scan.model import SERVICE, Account, Finding, Report, Verdict
from ringwall.scan.pool import Pool, Thing
from ringwall.scan.signing import signed_in
from ringwall.scan.subject import Aim, Subject, subject
from ringwall.scan.values import Dice, Maker

OF_SERVICE = ("cors", "headers", "tls", "inventory")
COUNTED = 8
"""Numbers at which objects are looked for that no list shows."""
CLEAN_S = 15.0
_PROBES = (sql.sqli, sql.nosqli, computed.computed, computed.path, outbound.ssrf, outbound.xxe, outbound.redirect,
           markup.xss, tokens.token, cost.cost)  # fmt: skip
_BLIND = (sql.nosqli, computed.computed, computed.path, outbound.ssrf, outbound.xxe)
_NEEDED = ("token", "sqli", "nosqli", "cmdi", "ssti", "deserialization", "path", "xxe", "ssrf", "xss", "redirect",
           "errors", "cost", "rate-limit")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """How a scan is to be done. `rate` is requests per second (0: as fast as they are answered); `seed` makes it
    repeatable; `safe` keeps it from touching what it did not make; `costly` also tries values that may hold the target
    for a while."""

    budget_s: float = 300.0
    rate: float = 0.0
    in_flight: int = 4
    safe: bool = True
    costly: bool = False
    seed: str = ""
    tls: ssl.SSLContext | None = None
    timeout_s: float = 15.0


def scan(
    url: str,
    api: Api,
    contract: Contract | None,
    accounts: Iterable[Account],
    options: Options,
    *,
    secured: Mapping[str, bool] | None = None,
    say: Callable[[str], None] = lambda step: None,
) -> Report:
    """Scan the API at `url`. `secured` says which operations the document asks a credential for; `say` is told each
    step. Raises ValueError for a URL that is none, `signing.Unusable` for a credential that is not taken."""
    started = time.monotonic()
    seed = options.seed or secrets.token_hex(4)
    target, dice = subject(api, contract, secured or {}), Dice(seed)
    client = Client(url, in_flight=options.in_flight, rate=options.rate, budget_s=options.budget_s, tls=options.tls,
                    timeout_s=options.timeout_s)  # fmt: skip
    try:
        with Listener() as listener:
            people = signed_in(accounts, target, client, dice)
            bench = _bench(target, client, people, dice, listener, options, say)
            ended = _guarded(bench, lambda: _run(bench, options))
            client.grant(CLEAN_S)
            ended = _guarded(bench, bench.clean) or ended
    finally:
        client.close()
    return _report(bench, url, seed, client.requests, time.monotonic() - started, ended)


def _bench(
    target: Subject, client: Client, people: tuple[Account, ...], dice: Dice, listener: Listener,
    options: Options, say: Callable[[str], None],
) -> Bench:  # fmt: skip
    pool = Pool(target)
    maker = Maker(target.api.schemas, dice, lambda label: listener.url(dice.word(label, 12)))
    everyone = list(people)
    composer = Composer(target, maker, pool, everyone)
    bench = Bench(
        target,
        client,
        people,
        dice,
        composer,
        pool,
        listener,
        everyone,
        safe=options.safe,
        costly=options.costly,
        say=say,
    )
    bench.watchers.append(lambda aim, sent: errors.watch(bench, aim, sent))
    bench.watchers.append(lambda aim, sent: properties.watch(bench, aim, sent))
    return bench


def _guarded(bench: Bench, work: Callable[[], object]) -> str | None:
    """Do it; why it ended early, if it did."""
    try:
        work()
    except Ended as ended:
        return str(ended)
    return None


def _run(bench: Bench, options: Options) -> None:
    people = bench.accounts or (Account("anonymous"),)
    _introduce(bench)
    _explore(bench, people, options.in_flight)
    bench.pool.recognise_by_lists(bench.accounts)
    _pulse(bench)
    for aim in bench.subject.aims:
        bench.say(f"selves      {aim.key}")
        selves.check(bench, aim)
    for aim in bench.subject.aims:
        bench.say(f"access      {aim.key}")
        access.check(bench, aim)
    for aim in bench.subject.aims:
        bench.say(f"properties  {aim.key}")
        properties.assignment(bench, aim)
        properties.exposure(bench, aim)
    bases = _probe(bench)
    bench.say("service")
    if bases:
        service.cors(bench, bases[0])
    service.headers(bench, _of_each_sort(bases))
    service.inventory(bench)
    _last(bench, bases)


def _introduce(bench: Bench) -> None:
    """The accounts given are objects too, where the API has such."""
    for kind in (k for k in bench.subject.kinds.values() if k.person and k.owner):
        for account in (a for a in bench.accounts if a.subject):
            bench.pool.add(Thing(kind.name, str(account.subject), {str(kind.owner): account.subject}))


def _explore(bench: Bench, people: tuple[Account, ...], in_flight: int) -> None:
    """Read what there is: the lists as everyone, then the objects that they name as those who may be their owners."""

    def read(task: tuple[Aim, Account]) -> None:
        aim, account = task
        bench.say(f"explore     {aim.key}")
        draft = bench.composer.draft(aim, account)
        if draft is not None:
            sent = bench.send(draft)
            if sent.reply.fine:
                bench.pool.learn(aim, account, sent.reply.document)

    reads = [a for a in bench.subject.aims if a.method == "GET" and not a.held]
    with ThreadPoolExecutor(in_flight) as threads:
        list(threads.map(read, [(a, p) for a in reads if not a.slots and not _needs(a) for p in people]))
        _objects(bench, people, threads)
        list(threads.map(lambda kind: bench.count(kind, people, range(1, COUNTED + 1)), _unknown(bench)))
        list(threads.map(read, [(a, p) for a in reads if not a.slots and _needs(a) for p in people[:2]]))


def _unknown(bench: Bench) -> list[str]:
    """Kinds of which no list told an object."""
    return [kind for kind in bench.subject.kinds if not bench.pool.of(kind)]


def _needs(aim: Aim) -> bool:
    return any(p.required for p in aim.op.api.parameters)


def _objects(bench: Bench, people: tuple[Account, ...], threads: ThreadPoolExecutor) -> None:
    """What was only named is read, to learn whose it is."""

    def read(task: tuple[str, str, Account]) -> None:
        kind, identity, account = task
        thing = next((t for t in bench.pool.of(kind) if t.id == identity), None)
        seen = bench.look(thing, account) if thing and len(thing.values) < 2 else None
        if thing and seen and seen[1] is not None:
            thing.values.update(seen[1])

    kinds = [k for k in bench.subject.kinds if bench.reader(k)]
    tasks = [(k, t.id, p) for k in kinds for t in bench.pool.of(k)[:6] if len(t.values) < 2 for p in people]
    list(threads.map(read, tasks))


def _pulse(bench: Bench) -> None:
    """Something that was answered well, to ask again when all fails."""
    account = bench.accounts[0] if bench.accounts else Account("anonymous")
    for aim in bench.subject.aims:
        if aim.method != "GET" or aim.slots or aim.held:
            continue
        draft = bench.composer.draft(aim, account)
        if draft is not None and bench.client.send(draft.call()).fine:
            bench.client.pulse = partial(_alive, bench, draft)
            return


def _alive(bench: Bench, draft: Draft) -> bool:
    return bench.client.send(draft.call()).fine


def _probe(bench: Bench) -> list[Base]:
    """Every probe at every operation; without a valid request, those that need no valid twin."""
    served: list[Base] = []
    for aim in bench.subject.aims if bench.accounts else ():
        bench.say(f"probe       {aim.key}")
        found = base(bench, aim)
        if isinstance(found, Base):
            for check in _PROBES if found.served else _BLIND:
                check(bench, aim, found)
            errors.provoke(bench, aim, found)
        if isinstance(found, Base) and found.served:
            served.append(found)
            continue
        status = found.sent.reply.status if isinstance(found, Base) else 0
        why = (
            found
            if isinstance(found, str)
            else f"no valid request: the target answers {status} to {found.account.name}"
        )
        for kind in _NEEDED:
            bench.untested(kind, aim, why)
    return served


def _of_each_sort(bases: list[Base]) -> list[Base]:
    """One reply of each media type, and one that is for an account only."""
    chosen: dict[object, Base] = {}
    for each in bases:
        if each.sent.reply.body and each.draft.aim.method == "GET":
            chosen.setdefault(each.sent.reply.media, each)
            chosen.setdefault(("personal", each.draft.aim.public), each)
    return list({id(each): each for each in chosen.values()}.values())


def _last(bench: Bench, bases: list[Base]) -> None:
    """What may lock or tire the target."""
    for found in bases:
        bench.say(f"rate        {found.draft.aim.key}")
        signin.stated_rate(bench, found.draft.aim, found)
    for aim in (a for a in bench.subject.aims if signin.code_names(bench, a)):
        bench.say(f"codes       {aim.key}")
        signin.codes(bench, aim)
    for aim in (a for a in bench.subject.aims if signin.names_oneself(bench, a)):
        bench.say(f"forgotten   {aim.key}")
        signin.forgotten(bench, aim)
    for aim in filter(tokens.signs_out, bench.subject.aims):
        bench.say(f"sign-out    {aim.key}")
        tokens.signed_out(bench, aim)
    for aim in signin.sign_ins(bench):
        bench.say(f"sign-in     {aim.key}")
        signin.enumeration(bench, aim)
        signin.guesses(bench, aim)


def _report(bench: Bench, url: str, seed: str, requests: int, seconds: float, ended: str | None) -> Report:
    findings = sorted(bench.findings.values(), key=lambda f: (-WEAKNESSES[f.kind].score, f.kind, f.operation, f.where))
    today = date.today()  # noqa: DTZ011 - a contract's day is the reader's own
    stated = bench.subject.contract.accepted if bench.subject.contract else ()
    accepted = {a.id for a in stated if a.until >= today}
    marked = tuple(replace(f, accepted=f.id in accepted) for f in findings)
    return Report(url, bench.subject.api.title, seed, marked, _verdicts(bench, marked, ended), requests,
                  round(seconds, 2), tuple(bench.left), ended)  # fmt: skip


def _verdicts(bench: Bench, findings: tuple[Finding, ...], ended: str | None) -> tuple[Verdict, ...]:
    """A verdict for each operation and class; what nobody judged was not tested."""
    known = bench.verdicts()
    why = f"the scan ended before: {ended}" if ended else "it does not apply to an operation of this form"
    keys = [(aim.key, kind) for aim in bench.subject.aims for kind in KINDS if kind not in OF_SERVICE]
    unusable = [op for op in bench.subject.api.operations if op.flaw is not None]
    closed = [Verdict(op.key, kind, "not tested", f"the document leaves it undecidable: {op.flaw}")
              for op in unusable for kind in KINDS if kind not in OF_SERVICE]  # fmt: skip
    of_service = [(SERVICE, kind) for kind in OF_SERVICE]
    return tuple(known.get(key) or Verdict(*key, "not tested", why) for key in (*keys, *of_service)) + tuple(closed)
