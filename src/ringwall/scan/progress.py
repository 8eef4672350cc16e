"""What a scan has done so far, in a file: one that was killed goes on where it was, and removes what it had made.

JSON lines, each whole or not there. It holds the passwords of the throw-away accounts that the scan made, and nobody
else's: its mode is 0600.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ringwall.scan.model import Finding, Verdict
from ringwall.scan.pool import Thing

AHEAD = 1000
"""How far labels go on from the last that is known: those used since then are not known."""


class Progress:
    """The file of one scan. Raises ValueError if it is of another, OSError."""

    def __init__(self, path: Path, url: str) -> None:
        lines = list(_lines(path)) if path.exists() else []
        if lines and lines[0].get("url") != url:
            raise ValueError(f"{path} is no state of a scan of {url}")
        if any("ended" in line for line in lines):
            lines = []
        self.seed = str(lines[0]["seed"]) if lines else ""
        self.resumed = bool(lines)
        self.done = {str(line["done"]) for line in lines if "done" in line}
        self.count = max((line["count"] for line in lines if "count" in line), default=0) + AHEAD
        self.verdicts = [Verdict(**v) for v in _each(lines, "verdicts")]
        self.findings = [Finding(**{**f, "also": tuple(f["also"])}) for f in _each(lines, "findings")]
        self.raised = [tuple[str, str](line["raised"]) for line in lines if "raised" in line]
        self.made = list(_still_there(lines))
        self._lock = threading.Lock()
        kept = os.O_APPEND if lines else os.O_TRUNC
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | kept, 0o600), "a", encoding="utf-8")
        self._url = url

    def begin(self, seed: str) -> None:
        """The first line of a new one."""
        self._write({"url": self._url, "seed": seed})

    def keep(self, thing: Thing, account: str) -> None:
        """Something was made."""
        self._write({"made": {"kind": thing.kind, "id": thing.id, "values": thing.values, "maker": thing.maker},
                     "by": account})  # fmt: skip

    def gone(self, thing: Thing) -> None:
        """It was removed."""
        self._write({"gone": [thing.kind, thing.id]})

    def raise_to(self, account: str, role: str) -> None:
        """A throw-away account has a role now."""
        self._write({"raised": [account, role]})

    def finish(self, step: str, verdicts: Iterable[Verdict], findings: Iterable[Finding], count: int) -> None:
        """A step is done, with all that it told."""
        self.done.add(step)
        told = {"verdicts": [asdict(v) for v in verdicts], "findings": [asdict(f) for f in findings]}
        self._write({"done": step, **told, "count": count})

    def end(self) -> None:
        """The scan is complete: the next begins anew."""
        self._write({"ended": True})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: dict[str, object]) -> None:
        with self._lock:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines that are whole: the last may have been cut off."""
    for text in path.read_text("utf-8").split("\n"):
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            yield line


def _each(lines: Iterable[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    for line in lines:
        yield from line.get(name, ())


def _still_there(lines: list[dict[str, Any]]) -> Iterator[tuple[Thing, str]]:
    gone = [tuple(line["gone"]) for line in lines if "gone" in line]
    for line in (each for each in lines if "made" in each):
        made = line["made"]
        if (made["kind"], made["id"]) not in gone:
            yield Thing(made["kind"], made["id"], made["values"], made["maker"], fresh=True), line["by"]
