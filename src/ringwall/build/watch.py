"""The monitor of a deployment: opened from its contract and data directory, and run beside the workers."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from ringwall.build.outlets import deliveries, watchers
from ringwall.contract.model import Contract
from ringwall.core.event import Event
from ringwall.core.ports import Unavailable
from ringwall.engines.crypto.pseudonyms import is_pseudonym
from ringwall.monitoring.baseline import Baselines
from ringwall.monitoring.honey import honey_rules
from ringwall.monitoring.monitor import BATCH, LOG, Monitor, Told
from ringwall.monitoring.response.responder import Responder
from ringwall.monitoring.rules import Detector, load_rules
from ringwall.state.alert_persons import Persons
from ringwall.state.alerts import Alerts
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.journal import Journal
from ringwall.state.journal_files import hold, segment_name, write_whole
from ringwall.state.journal_keys import load_or_create_signer
from ringwall.state.journal_persons import JournalPersons
from ringwall.state.journal_tail import Line, Places, Tail, line_of
from ringwall.state.revoker import StoreRevoker
from ringwall.state.rootkeys import root_keys
from ringwall.state.spool import Spool
from ringwall.state.sqlite import Store

LOOK_S: Final = 0.1
KEEP_S: Final = 30.0
WARM_BYTES: Final = 32 << 20


def detector_of(contract: Contract, more: Iterable[Path] = ()) -> Detector:
    """The rules of a contract: shipped, its own, and its honey; and those of more directories."""
    stated = contract.monitoring
    loaded = load_rules((*map(Path, stated.rules), *more), honey_rules(stated.honey))
    return Detector(loaded.rules, stated.off, list(loaded.wrong))


class Acts:
    """The monitor's own log in the journal, opened with its first record: a deployment without alerts has none."""

    def __init__(self, data: Path, persons: JournalPersons) -> None:
        self._data, self._persons = data, persons
        self._journal: Journal | None = None

    def record(self, event: Event) -> None:
        """Write an event. Raises Unavailable."""
        if self._journal is None:
            signer = load_or_create_signer(self._data / "keys")
            self._journal = Journal.open(self._data / "journal", signer=signer, log=LOG)
        self._journal.append(orjson.dumps(self._persons.sealed(event), option=orjson.OPT_SORT_KEYS))

    def close(self) -> None:
        """Close the log, with a signed checkpoint."""
        if self._journal is not None:
            self._journal.close()


@contextmanager
def monitor_of(
    contract: Contract, data: Path, certificates: tuple[Path, ...] = (), since: Places | None = None
) -> Iterator[Monitor]:
    """The one monitor of a data directory. `since` is where the first one starts: else at the journal's end.

    Raises Unavailable where another has it, or a part cannot be opened."""
    place = data / "monitor"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.callback(os.close, hold(place / "lock"))
        store = Store(data / "state.db")
        stack.callback(store.close)
        spool = Spool(place / "spool.db")
        stack.callback(spool.close)
        persons = JournalPersons(FieldKeys(store, root_keys(data / "keys")))
        acts = Acts(data, persons)
        stack.callback(acts.close)
        alerts = Alerts(store, persons)
        told = deliveries(contract.monitoring.notify, spool, persons)
        for outlet, _ in told:
            outlet.start()
            stack.callback(outlet.stop)
        seeing = watchers(contract.monitoring.notify)
        for one in seeing:
            stack.callback(one.stop)
        monitor = Monitor(
            contract=contract,
            tail=Tail(data / "journal", skip=LOG),
            detector=detector_of(contract),
            baselines=Baselines(contract.monitoring.off),
            alerts=alerts,
            responder=Responder(
                contract.monitoring.respond, alerts, StoreRevoker(store), spared=contract.trusted_proxies
            ),
            record=acts.record,
            opened=persons.opened,
            outlets=tuple(Told(outlet, least) for outlet, least in told),
            watchers=tuple(seeing),
            certificates=certificates,
            waiting=spool.waiting,
            lost=lambda: {**spool.lost(), **{one.name: one.lost for one in seeing if one.lost}},
        )
        _resume(monitor, place / "state.json", data / "journal", since)
        try:
            yield monitor
        finally:
            keep(monitor, place / "state.json")


def run(monitor: Monitor, state: Path, stop: threading.Event) -> None:
    """Watch until told to stop; what the store cannot take is tried again, and its failure told once."""
    kept, failed = time.monotonic(), False
    while not stop.is_set():
        before = dict(monitor.tail.places)
        try:
            busy = monitor.step() >= BATCH
            failed = False
        except (Unavailable, OSError) as failure:
            monitor.tail.places, busy = before, False
            if not failed:
                _alarm(monitor, failure)
            failed = True
            stop.wait(1.0)
        if time.monotonic() - kept >= KEEP_S:
            keep(monitor, state)
            kept = time.monotonic()
        if not busy:
            stop.wait(LOOK_S)


def _alarm(monitor: Monitor, failure: Exception) -> None:
    sys.stderr.write(f"ringwall: monitor: {failure}\n")
    sys.stderr.flush()
    try:
        monitor.store_failed()
    except (Unavailable, OSError) as worse:
        sys.stderr.write(f"ringwall: monitor: nor can it be told: {worse}\n")
        sys.stderr.flush()


def keep(monitor: Monitor, state: Path) -> None:
    """Write down how far the monitor came and what is usual; and let go of alerts that are too old to keep."""
    days = monitor.contract.monitoring.keep_days
    persons = monitor.alerts.persons
    try:
        monitor.baselines.forget(persons.erased())
        baselines = monitor.baselines.document(lambda who: persons.seal(who, "principal", who))
        document = {"places": monitor.tail.places, "baselines": baselines}
        write_whole(state, orjson.dumps(document))
        monitor.alerts.forget_before(monitor.now() - days * 86_400.0)
    except (OSError, Unavailable) as failure:
        sys.stderr.write(f"ringwall: monitor: {failure}\n")


def _resume(monitor: Monitor, state: Path, journal: Path, since: Places | None) -> None:
    """Go on where the last monitor stopped, windows filled with what came before; the first starts at the end."""
    document = _read(state)
    try:
        monitor.baselines.restore(document["baselines"], lambda text: _known(monitor.alerts.persons, text))
        monitor.tail.places = {str(log): (int(a), int(b)) for log, (a, b) in document["places"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        if since is None:
            monitor.tail.to_end()
        else:
            monitor.tail.places = dict(since)
    lines = [line for log, place in monitor.tail.places.items() for line in _before(journal, log, *place)]
    monitor.warm(lines)


def _known(persons: Persons, text: str) -> str | None:
    """A principal that was written down; None where its key is gone."""
    opened = persons.open("principal", text)
    return None if is_pseudonym(opened) else opened


def _read(state: Path) -> dict[str, Any]:
    try:
        found = orjson.loads(state.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _before(journal: Path, log: str, segment: int, offset: int) -> list[Line]:
    """The whole lines just before a place, at most so many bytes of them."""
    try:
        with (journal / log / segment_name(segment)).open("rb") as file:
            start = max(0, offset - WARM_BYTES)
            file.seek(start)
            lines = file.read(offset - start).split(b"\n")[:-1]
    except OSError:
        return []
    return [line_of(log, line) for line in lines[1 if start else 0 :]]


def watch_in_child(serve: Callable[[threading.Event], None]) -> Callable[[], None]:
    """Run `serve` in a process of its own, again and again should it end, until this one does or the returned function
    is called."""
    life, alive = os.pipe()
    child = os.fork()
    if child:
        os.close(life)
        return lambda: _end(child, alive)
    os.close(alive)
    os._exit(_kept_alive(serve, life))


def _kept_alive(serve: Callable[[threading.Event], None], life: int) -> int:
    """In the child, which has one thread: a grandchild watches, and is replaced where it fails."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)  # the parent's end is what ends us: a terminal's Ctrl-C reaches us, too
    while True:
        grandchild = os.fork()
        if not grandchild:
            os._exit(_watched(serve, life))
        if os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1]) == 0:
            return 0
        time.sleep(1.0)


def _watched(serve: Callable[[threading.Event], None], life: int) -> int:
    stop = threading.Event()

    def outlive() -> None:
        os.read(life, 1)  # nobody ever writes there
        stop.set()

    threading.Thread(target=outlive, daemon=True).start()
    try:
        serve(stop)
    except Exception as failure:  # noqa: BLE001 - the process ends here: what it says is all that is left of it
        sys.stderr.write(f"ringwall: monitor: {failure or type(failure).__name__}\n")
        sys.stderr.flush()
        return 1
    return 0


def _end(child: int, alive: int) -> None:
    os.close(alive)
    try:
        os.waitpid(child, 0)
    except ChildProcessError:
        return
