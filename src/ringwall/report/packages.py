"""Known vulnerabilities of what lock files pin, by pip-audit and the service that is named: OSV, PyPI, or one that
speaks OSV's protocol (https://google.github.io/osv.dev/post-v1-query/). Without one nothing is sent, and nothing known.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from ringwall.report.held import moment
from ringwall.report.model import Run

OWN, THEIRS = "own packages", "packages"
SECONDS = 600
_LONGEST = 300
_UNNAMED = "no service of known vulnerabilities was named (--vulnerabilities)"


def packages(locks: Iterable[Path], service: str | None) -> tuple[Run, Run]:
    """Two runs: ringwall's own packages as they are installed here, and what the application's lock files pin."""
    with tempfile.TemporaryDirectory(prefix="ringwall-packages-") as scratch:
        own = Path(scratch) / "ringwall.txt"
        own.write_text("".join(f"{name}=={version}\n" for name, version in sorted(installed().items())), "utf-8")
        given = tuple(locks)
        theirs = Run(THEIRS, None, "no lock file of the application was given (--lock)")
        if service is None:
            return Run(OWN, None, _UNNAMED), Run(THEIRS, None, _UNNAMED) if given else theirs
        return looked_up(OWN, (own,), service), looked_up(THEIRS, given, service) if given else theirs


def installed(name: str = "ringwall") -> dict[str, str]:
    """The versions installed here of a distribution's dependencies and theirs, extras left out: name -> version."""
    found: dict[str, str] = {}
    waiting = [name]
    while waiting:
        for stated in metadata.requires(waiting.pop()) or ():
            need = Requirement(stated)
            known = re.sub(r"[-_.]+", "-", need.name).lower()
            if known in found or (need.marker is not None and not need.marker.evaluate({"extra": ""})):
                continue
            try:
                found[known] = metadata.version(known)
            except metadata.PackageNotFoundError:
                continue
            waiting.append(known)
    return found


def looked_up(name: str, locks: tuple[Path, ...], service: str) -> Run:
    """What lock files pin, looked up at a service: a run that was not done where it could not be asked."""
    if importlib.util.find_spec("pip_audit") is None:
        return Run(name, None, "pip-audit is not installed: pip install 'ringwall[audit]'")
    which = ["-s", service] if service in ("osv", "pypi") else ["-s", "osv", "--osv-url", service]
    files = [part for lock in locks for part in ("-r", str(lock))]
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner", "off",
               "-f", "json", "--desc", "off", *which, *files]  # fmt: skip
    try:
        with tempfile.TemporaryDirectory(prefix="ringwall-packages-") as cache:
            command += ["--cache-dir", cache]
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
        document = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return Run(name, None, f"{service} did not answer within {SECONDS} s")
    except ValueError:
        return Run(name, None, f"{service} could not be asked: {_last(done.stderr)}")
    return _told(name, document, service, locks)


def _told(name: str, document: Any, service: str, locks: tuple[Path, ...]) -> Run:
    every = document["dependencies"]
    flaws = [*_vulnerable(every), *(f"{d['name']}: not looked up: {d['skip_reason']}" for d in every
                                    if "skip_reason" in d)]  # fmt: skip
    of = "ringwall itself" if name == OWN else ", ".join(lock.name for lock in locks)
    what = f"{len(every)} packages of {of} looked up at {service}: {len(flaws)} findings"
    if not every:
        flaws = ["it pins nothing"]
    return Run(name, not flaws, what, moment(), tuple(flaws))


def _vulnerable(every: list[Any]) -> Iterator[str]:
    for each in every:
        for flaw in each.get("vulns", ()):
            names = " ".join([flaw["id"], *flaw["aliases"]])
            mended = ", ".join(flaw["fix_versions"]) or "no version yet"
            yield f"{each['name']} {each['version']}: {names}, mended in {mended}"


def _last(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if any("ConnectionError" in line for line in lines):
        return "no connection"
    return lines[-1][:_LONGEST] if lines else "it said nothing"
