"""Controls that fail are alerts of their own (PCI DSS 10.7.2): each check says what is wrong, or nothing.

They look at the situation that the monitor hands them, and at nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from ringwall.contract.model import Contract
from ringwall.monitoring.rules.engine import Hit

LATELY_S: Final = 3600.0
DAY_S: Final = 86_400.0
BEHIND_S, BEHIND_BYTES = 10.0, 64 << 20
SILENT_S: Final = 30.0
CLOCK_S: Final = 2.0
CERTIFICATE_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Situation:
    """What is looked at: the contract; now, and how far the clock jumped since the last look (s); how much of the
    journal is unread and since when (s); what workers and commands left in the store; and what the monitor lost."""

    contract: Contract
    now: float
    jumped_s: float
    behind_bytes: int
    behind_s: float
    said: Mapping[str, tuple[object, float]]
    evicted: int
    lost: Mapping[str, int]
    damaged: str
    latest: float
    unloaded: tuple[str, ...]
    certificates: tuple[Path, ...]
    over_limit: bool


Check = Callable[[Situation], Iterator[Hit]]


def failures(situation: Situation) -> list[Hit]:
    """Every control that fails now."""
    return [hit for check in CHECKS for hit in check(situation)]


def _failed(name: str, title: str, told: str, level: str = "high") -> Hit:
    return Hit(f"control-{name}", title, level, {"control": name}, told, DAY_S)


def _journal(here: Situation) -> Iterator[Hit]:
    if here.damaged:
        yield _failed("journal-damaged", "The journal was altered", here.damaged, "critical")
    if here.behind_s > BEHIND_S or here.behind_bytes > BEHIND_BYTES:
        told = f"{here.behind_bytes:,} bytes of the journal are unread, for {here.behind_s:.0f} s"
        yield _failed("journal-behind", "Detection is behind the journal", told)


def _workers(here: Situation) -> Iterator[Hit]:
    for name, (value, at) in here.said.items():
        if not name.startswith("worker") or not isinstance(value, Mapping) or here.now - at > DAY_S:
            continue
        if here.now - at > SILENT_S and value.get("stopped") is None:
            yield _failed("worker-silent", "A worker says nothing", f"{name}: for {here.now - at:.0f} s", "medium")
        if value.get("journal"):
            yield _failed("journal", "A worker's journal is not written", f"{name}: {value['journal']}", "critical")
        if value.get("acme"):
            told = f"{name}: {value['acme']}"
            yield _failed("certificate-renewal", "No certificate is issued by ACME", told)
        standing = value.get("certificate")
        if isinstance(standing, (list, tuple)) and len(standing) == 2:
            level = {"revoked": "critical", "unknown": "high"}.get(str(standing[0]), "medium")
            title = f"The certificate's standing is {standing[0]}"
            yield _failed("certificate-standing", title, f"{name}: {standing[1]}", level)
        stale = value.get("keysets")
        if isinstance(stale, list) and stale:
            told = f"{name}: no fresh keys of {', '.join(map(str, stale))}"
            yield _failed("keyset-stale", "An issuer's key set is stale", told)


def _clock(here: Situation) -> Iterator[Hit]:
    if abs(here.jumped_s) > CLOCK_S:
        yield _failed("clock", "The clock is wrong", f"it jumped by {here.jumped_s:+.1f} s")
    elif here.latest > here.now + CLOCK_S:
        yield _failed("clock", "The clock is wrong", f"records are {here.latest - here.now:.1f} s ahead of it")


def _certificate(here: Situation) -> Iterator[Hit]:
    for path in here.certificates:
        try:
            found = x509.load_pem_x509_certificate(path.read_bytes())
        except (OSError, ValueError) as flaw:
            yield _failed("certificate", "A certificate cannot be read", f"{path.name}: {type(flaw).__name__}")
            continue
        ends, life = found.not_valid_after_utc, found.not_valid_after_utc - found.not_valid_before_utc
        left = (ends - datetime.fromtimestamp(here.now, UTC)).total_seconds() / DAY_S
        if left < min(CERTIFICATE_DAYS, life.total_seconds() / DAY_S / 4):
            told = f"{path.name}: {'it ended' if left < 0 else f'{left:.1f} days left'} ({ends:%Y-%m-%d})"
            yield _failed("certificate", "A certificate is near its end", told, "critical" if left < 1 else "high")


def _observing(here: Situation) -> Iterator[Hit]:
    contract = here.contract
    if contract.mode == "observe":
        yield _failed("observe", "Nothing is refused", "the whole contract is in observe mode")
        return
    rules = [rule.key for rule in contract.rules if rule.observe]
    fields = [f"{r.name}.{f.name}" for r in contract.resources.values() for f in r.fields.values() if f.observe]
    watched = [*(f"layer {name}" for name in sorted(contract.observe)), *rules, *fields]
    if watched:
        yield _failed("observe", "Something is only observed", f"not refused: {', '.join(watched[:20])}", "low")


def _budget(here: Situation) -> Iterator[Hit]:
    if here.evicted:
        told = f"{here.evicted} groups were let go before their windows ended: more callers than rules can follow"
        yield _failed("detection-budget", "The budget of detection is exhausted", told)
    if here.over_limit:
        told = f"more than {here.contract.monitoring.respond.most} in an hour: nothing more is done by itself"
        yield _failed("response-limit", "Automation reached its limit", told)
    for name, count in here.lost.items():
        if count:
            yield _failed("outlet-lost", "Alerts were not delivered", f"{name}: {count} were let go")
    if here.unloaded:
        told = f"{len(here.unloaded)} not in force: {'; '.join(here.unloaded[:5])}"
        yield _failed("rules", "Rules are not in force", told, "medium")


def _tested(here: Situation) -> Iterator[Hit]:
    within = here.contract.monitoring.tested_within
    if not within:
        return
    for name in ("drill", "scan"):
        last = here.said.get(name) or here.said.get("started")
        if last is not None and here.now - last[1] > within * DAY_S:
            told = f"no {name} for {(here.now - last[1]) / DAY_S:.0f} days; {within} is the most"
            yield _failed(name, f"No {name} was run", told, "low")


class Lately:
    """What grew not long ago, of totals that never shrink: so that a loss is an alert for a while, and not for ever."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, float]] = {}

    def grew(self, totals: Mapping[str, int], ticks: float) -> dict[str, int]:
        """The totals that grew within the last hour; `ticks` are monotonic seconds."""
        for name, total in totals.items():
            if total > self._seen.get(name, (0, 0.0))[0]:
                self._seen[name] = (total, ticks)
        return {name: total for name, (total, at) in self._seen.items() if ticks - at < LATELY_S}


CHECKS: Final[tuple[Check, ...]] = (_journal, _workers, _clock, _certificate, _observing, _budget, _tested)
