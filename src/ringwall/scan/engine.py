"""The order of a scan: sign in, explore, forbidden attempts, probes, the service, sign-in last, clean up."""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from ringwall.contract.api import Api
from ringwall.contract.model import Contract
from ringwall.scan.bench import Bench
from ringwall.scan.browser import Browser
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
from ringwall.scan.cleaning import clean
from ringwall.scan.client import Client, Ended
from ringwall.scan.compose import Composer, Draft
from ringwall.scan.keeping import Keeper
from ringwall.scan.listener import Listener
from ringwall.scan.login import Login
from ringwall.scan.model import SERVICE, Account, Finding, Report, Verdict
from ringwall.scan.pool import Pool, Thing
from ringwall.scan.progress import Progress
from ringwall.scan.resuming import resume
from ringwall.scan.signing import signed_in
from ringwall.scan.subject import Aim, Subject, subject
from ringwall.scan.values import Dice, Maker

OF_SERVICE = ("cors", "headers", "tls", "inventory")
COUNTED = 8
"""Numbers at which objects are looked for that no list shows."""
CLEAN_S = 15.0
_PROBES = (sql.sqli, sql.nosqli, computed.computed, computed.path, outbound.ssrf, outbound.sprinkle, outbound.xxe,
           outbound.redirect, markup.xss, tokens.token, cost.cost)  # fmt: skip
_BLIND = (sql.nosqli, computed.computed, computed.path, outbound.ssrf, outbound.xxe)
_NEEDED = ("token", "sqli", "nosqli", "cmdi", "ssti", "deserialization", "path", "xxe", "ssrf", "xss", "redirect",
           "errors", "cost", "rate-limit")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """How a scan is to be done. `rate` is requests per second (0: as fast as they are answered); `seed` makes it
    repeatable; `safe` keeps it from touching what it did not make; `costly` also tries values that may hold the target
    for a while; `browser` proves script in pages by a real browser; `login`
    and `token_url` say how one signs in where the document does not; `state` is a file
    by which a scan that was killed goes on."""

    budget_s: float = 300.0
    rate: float = 0.0
    in_flight: int = 4
    safe: bool = True
    costly: bool = False
    seed: str = ""
    tls: ssl.SSLContext | None = None
    timeout_s: float = 15.0
    browser: bool = False
    login: Login | None = None
    token_url: str | None = None
    state: Path | None = None


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
    step. Raises ValueError for a URL that is none, `signing.Unusable` for a credential that is not taken,
    `browser.Unavailable`."""
    started = time.monotonic()
    state = Progress(options.state, url) if options.state else None
    seed = (state.seed if state else "") or options.seed or secrets.token_hex(4)
    target, dice = subject(api, contract, secured or {}), Dice(seed)
    target = replace(target, login=options.login, token_url=options.token_url)
    client = Client(url, in_flight=options.in_flight, rate=options.rate, budget_s=options.budget_s, tls=options.tls,
                    timeout_s=options.timeout_s)  # fmt: skip
    try:
        with Listener() as listener, ExitStack() as stack:
            people = signed_in(accounts, target, client, dice)
            client.renew = Keeper(people, target, client, dice).renew
            bench = _bench(target, client, people, dice, listener, options, say)
            if options.browser:
                bench.browser = stack.enter_context(Browser(client.url))
            if state and not state.resumed:
                state.begin(seed)
            bench.state = state
            resume(bench)
            ended = _guarded(lambda: _run(bench, options))
            client.grant(CLEAN_S)
            ended = _guarded(lambda: clean(bench)) or ended
        if state and ended is None:
            state.end()
    finally:
        client.close()
        if state:
            state.close()
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


def _guarded(work: Callable[[], object]) -> str | None:
    """Do it; why it ended early, if it did."""
    try:
        work()
    except Ended as ended:
        return str(ended)
    except KeyboardInterrupt:
        return "it was interrupted"
    return None


def _run(bench: Bench, options: Options) -> None:
    people = bench.accounts or (Account("anonymous"),)
    _introduce(bench)
    _explore(bench, people, options.in_flight)
    bench.pool.recognise_by_lists(bench.accounts)
    _pulse(bench)
    for aim in bench.subject.aims:
        bench.step("selves", aim.key, partial(selves.check, bench, aim))
    for aim in bench.subject.aims:
        bench.step("access", aim.key, partial(access.check, bench, aim))
    for aim in bench.subject.aims:
        bench.step("properties", aim.key, partial(properties.assignment, bench, aim))
        bench.step("exposure", aim.key, partial(properties.exposure, bench, aim))
    bases = _probe(bench)
    if bases:
        bench.step("cors", SERVICE, partial(service.cors, bench, bases[0]))
    bench.step("headers", SERVICE, partial(service.headers, bench, _of_each_sort(bases)))
    bench.step("inventory", SERVICE, partial(service.inventory, bench))
    outbound.late(bench)
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
    """Every probe at every operation."""
    served: list[Base] = []
    for aim in bench.subject.aims:
        now = bench.step("probe", aim.key, partial(_probe_one, bench, aim, served))
        again = base(bench, aim) if not now and aim.method == "GET" else None
        if isinstance(again, Base) and again.served:
            served.append(again)
    return served


def _probe_one(bench: Bench, aim: Aim, served: list[Base]) -> None:
    """Every probe at one operation; without a valid request, those that need no valid twin."""
    found = base(bench, aim)
    if isinstance(found, Base):
        for check in _PROBES if found.served else _BLIND:
            check(bench, aim, found)
        errors.provoke(bench, aim, found)
    if isinstance(found, Base) and found.served:
        served.append(found)
        return
    why = found if isinstance(found, str) else (
        f"no valid request: the target answers {found.sent.reply.status} to {found.account.name}")  # fmt: skip
    for kind in _NEEDED:
        bench.untested(kind, aim, why)


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
        bench.step("rate", found.draft.aim.key, partial(signin.stated_rate, bench, found.draft.aim, found))
    for aim in (a for a in bench.subject.aims if signin.code_names(bench, a)):
        bench.step("codes", aim.key, partial(signin.codes, bench, aim))
    for aim in (a for a in bench.subject.aims if signin.names_oneself(bench, a)):
        bench.step("forgotten", aim.key, partial(signin.forgotten, bench, aim))
    for aim in filter(tokens.signs_out, bench.subject.aims):
        bench.step("sign-out", aim.key, partial(tokens.signed_out, bench, aim))
    for aim in signin.sign_ins(bench):
        bench.step("enumeration", aim.key, partial(signin.enumeration, bench, aim))
        bench.step("guesses", aim.key, partial(signin.guesses, bench, aim))


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
