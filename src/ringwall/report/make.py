"""A report made: the contract, the data directory, and what runs printed."""

from __future__ import annotations

from pathlib import Path

from ringwall.contract.model import Contract
from ringwall.report.facts import facts
from ringwall.report.frameworks import framework
from ringwall.report.held import held, journal, moment
from ringwall.report.model import Report
from ringwall.report.packages import packages
from ringwall.report.processing import processing
from ringwall.report.runs import drill, scan
from ringwall.report.secrets import configuration, hidden, looked_through
from ringwall.report.weigh import weighed


def made(
    name: str, contract: Contract, data: Path, drilled: Path | None, scanned: Path | None,
    locks: tuple[Path, ...] = (), service: str | None = None,
) -> Report:  # fmt: skip
    """The report of one framework; what `locks` pin is looked up at `service`. Raises NoRun, Unavailable, OSError."""
    stated = framework(name)
    known = facts(contract, held(data))
    searched = configuration(Path(contract.file), data)
    found = hidden(searched)
    done = (journal(data), drill(drilled), scan(scanned), looked_through(searched, found),
            *packages(locks, service))  # fmt: skip
    runs = {run.name: run for run in done}
    return Report(
        framework=name,
        title=stated.title,
        api=contract.api.title,
        contract=contract.file,
        at=moment(),
        titles=stated.titles,
        lines=tuple(weighed(line, contract, known, runs) for line in stated.lines),
        runs=done,
        secrets=found,
        searched=tuple(map(str, searched)),
        record=processing(contract) if name == "gdpr" else None,
    )
