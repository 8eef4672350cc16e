"""`ringwall monitor`: run the monitor beside an application, replay a journal, and see what is in force."""

from __future__ import annotations

import json
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import click

from ringwall.build.watch import detector_of, monitor_of, run
from ringwall.cli._contracts import contract_option
from ringwall.cli._data import data_option, json_option, store_of
from ringwall.cli._persons import Reader, reader
from ringwall.cli._problems import fail, plainly, shown
from ringwall.cli._source import fetch, find
from ringwall.contract.model import Contract
from ringwall.contract.model_monitoring import Monitoring
from ringwall.contract.parse import load
from ringwall.monitoring.baseline import Baselines
from ringwall.monitoring.monitor import replayed
from ringwall.monitoring.rules import Detector, load_rules
from ringwall.state.alerts import Alerts
from ringwall.state.journal_files import logs, read
from ringwall.state.journal_index import Found, milliseconds

_EXAMPLES = """\b
Examples:
  ringwall monitor run --contract ringwall.yaml        beside an application that is protected in process
  ringwall monitor replay --since 2026-11-01 --rules my-rules/
  ringwall monitor rules --rules my-rules/
  ringwall monitor status --json
  ringwall monitor assets dashboard > grafana.json
"""


@click.group(epilog=_EXAMPLES)
def command() -> None:
    """Watch a journal by rules; `ringwall up` does so by itself."""


def _contract(path: Path | None, openapi: str | None) -> Contract:
    file = path or Path("ringwall.yaml")
    if openapi is None:
        return load(file, fetch=fetch)
    found = find(openapi)
    return load(file, openapi=found.source, fetch=fetch, base_path=found.base_path)


openapi_option = click.option(
    "--openapi", metavar="SOURCE", help="A file, URL or module:app in place of the contract's."
)
rules_option = click.option("--rules", "directories", multiple=True, type=click.Path(path_type=Path, file_okay=False),
                            help="Directories with Sigma rules, besides the contract's.")  # fmt: skip


@command.command("run", epilog="Examples:  ringwall monitor run --contract ringwall.yaml --data ringwall-data")
@contract_option
@openapi_option
@data_option
def run_command(contract: Path | None, openapi: str | None, data: Path) -> None:
    """Watch until interrupted. One monitor runs for a data directory."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, frame: stop.set())
    with plainly():
        stated = _contract(contract, openapi)
        if not (data / "state.db").exists():
            fail(f"{data}: there is no state.db here; --data says where the application keeps it")
        certificates = tuple(path for path in (data / "tls" / "server.pem",) if path.exists())
        with monitor_of(stated, data, certificates) as monitor:
            click.echo(f"watching {data}/journal by {len(monitor.detector.names)} rules")
            run(monitor, data / "monitor" / "state.json", stop)


def _moment(_: click.Context, __: click.Parameter, text: str | None) -> float:
    try:
        return 0.0 if text is None else milliseconds(text) / 1000
    except ValueError as error:
        raise click.BadParameter("a time is written 2026-01-31 or 2026-01-31T12:00:00Z") from error


@command.command("replay", epilog="Examples:  ringwall monitor replay --since 2026-11-01 --rules my-rules/")
@contract_option
@openapi_option
@rules_option
@data_option
@click.option("--since", callback=_moment, metavar="TIME", help="Tell what held from this time on.")
@json_option
def replay_command(
    contract: Path | None, openapi: str | None, directories: tuple[Path, ...], data: Path, since: float, as_json: bool
) -> None:
    """Say what rules would have found in a journal. Nothing is kept and nobody is told.

    The whole journal is read, so that windows and habits are as they were; --since only says from when on to tell.
    """
    place = data / "journal"
    with plainly(), reader(data) as persons:
        if not logs(place):
            fail(f"{place}: there is no journal here")
        detector, off = _detector(contract, openapi, directories)
        journal = [_records(place, log, persons) for log in logs(place)]
        count: Counter[str] = Counter()
        for hit, record, at in replayed(journal, detector, Baselines(off)):
            if at < since:
                continue
            count[hit.rule] += 1
            if as_json:
                told = {"rule": hit.rule, "level": hit.level, "at": at, "group": dict(hit.group),
                        "explanation": hit.explanation, "request": record.get("id")}  # fmt: skip
                click.echo(json.dumps(told))
            elif count[hit.rule] <= 3:
                when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
                who = ", ".join(f"{k} {v}" for k, v in hit.group.items())
                click.echo(shown(f"{when}  {hit.level}  {hit.rule}  {who}  {hit.explanation}  {record.get('id')}"))
    if not as_json:
        for rule, times in count.most_common():
            click.echo(f"{times:>8}  {rule}")
        click.echo(f"{sum(count.values()):>8}  in all")


def _records(place: Path, log: str, persons: Reader) -> Iterator[bytes]:
    return (persons.found(Found(log, index, record)).record for index, record in read(place / log))


def _detector(path: Path | None, openapi: str | None, directories: tuple[Path, ...]) -> tuple[Detector, frozenset[str]]:
    """The contract's rules where there is a contract, and those of the directories."""
    if path is None and openapi is None and not Path("ringwall.yaml").exists():
        loaded, stated = load_rules(directories), Monitoring()
        return Detector(loaded.rules, stated.off, list(loaded.wrong)), stated.off
    contract = _contract(path, openapi)
    detector = detector_of(contract, directories)
    return detector, contract.monitoring.off


@command.command("rules", epilog="Examples:  ringwall monitor rules --rules sigma/rules/web")
@contract_option
@openapi_option
@rules_option
@json_option
def rules_command(contract: Path | None, openapi: str | None, directories: tuple[Path, ...], as_json: bool) -> None:
    """List the rules in force, and those that are not, each with why. Exit status 1 where there are any."""
    with plainly():
        detector, _ = _detector(contract, openapi, directories)
    if as_json:
        wrong = [{"file": each.file, "title": each.title, "why": each.why} for each in detector.unloaded]
        click.echo(json.dumps({"rules": detector.listed(), "not_in_force": wrong}, indent=1))
    else:
        for rule in detector.listed():
            click.echo(shown(f"{rule['level']:<14} {rule['name']:<28} {rule['title']}"))
        for each in detector.unloaded:
            click.echo(shown(f"not in force   {each.title or each.file}: {each.why}"))
        click.echo(f"{len(detector.names)} in force, {len(detector.unloaded)} not")
    raise SystemExit(1 if detector.unloaded else 0)


@command.command("status", epilog="Examples:  ringwall monitor status --json")
@data_option
@json_option
def status_command(data: Path, as_json: bool) -> None:
    """How the monitor and the workers are. Exit status 1 where a control fails or none of them says anything."""
    with plainly(), store_of(data) as store:
        said = Alerts(store).said()
    if as_json:
        click.echo(json.dumps({name: {"said": value, "at": at} for name, (value, at) in said.items()}, indent=1))
    else:
        for name, (value, at) in sorted(said.items()):
            when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
            click.echo(shown(f"{name}  {when}  {json.dumps(value)}"))
    monitor = said.get("monitor")
    failing = isinstance(monitor[0], dict) and monitor[0].get("failing") if monitor else True
    raise SystemExit(1 if failing else 0)


_ASSETS = {"dashboard": "dashboard.json", "alert-rules": "alert-rules.yaml"}


@command.command("assets", epilog="Examples:  ringwall monitor assets dashboard > grafana.json")
@click.argument("name", type=click.Choice(list(_ASSETS)))
def assets_command(name: str) -> None:
    """Print what comes ready: the Grafana dashboard, or Prometheus's alert rules."""
    click.echo((files("ringwall.monitoring") / "assets" / _ASSETS[name]).read_text("utf-8"), nl=False)
