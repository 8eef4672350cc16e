"""Secrets in configuration, looked for by detect-secrets: where they stand, never what they are. Nothing is verified
over the network: its filters are named here, and the one that asks services is not among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.core.scan import scan_file, scan_line
from detect_secrets.settings import transient_settings

from ringwall.report.held import moment
from ringwall.report.model import Hidden, Run

_KINDS: Final = (".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".conf", ".env", ".properties", ".cedar")
_SIZE: Final = 1 << 20
_UNASKED: Final = frozenset({"IPPublicDetector"})  # an address is no secret
_ENTROPY: Final = frozenset({"Base64HighEntropyString", "HexHighEntropyString"})  # of a bare line they take any word
_FILTERS: Final = tuple(
    f"detect_secrets.filters.{name}"
    for name in (
        "allowlist.is_line_allowlisted",
        "heuristic.is_indirect_reference",
        "heuristic.is_not_alphanumeric_string",
        "heuristic.is_potential_uuid",
        "heuristic.is_prefixed_with_dollar_sign",
        "heuristic.is_templated_secret",
    )
)


def configuration(contract: Path, data: Path) -> tuple[Path, ...]:
    """The files to look through: the contract, and configuration that lies in the data directory itself. What ringwall
    keeps below (`keys`, `tls`, `journal`) holds keys on purpose and is not configuration."""
    beside = sorted(data.iterdir()) if data.is_dir() else []
    found = [path for path in beside if path.suffix in _KINDS or path.name == ".env"]
    return tuple(dict.fromkeys(path for path in (contract, *found) if path.is_file() and path.stat().st_size <= _SIZE))


def looked_through(paths: Sequence[Path], found: Sequence[Hidden]) -> Run:
    """The search as a run of this report."""
    if not paths:
        return Run("secrets", None, "no configuration was found to look through")
    flaws = tuple(f"{each.file}:{each.line}: {each.kind}" for each in found)
    what = f"files looked through for secrets: {len(paths)}, places that look like one: {len(found)}"
    return Run("secrets", not found, what, moment(), flaws)


def hidden(paths: Iterable[Path]) -> tuple[Hidden, ...]:
    """What looks like a secret, file by file."""
    kinds: Iterable[type] = get_mapping_from_secret_type_to_class().values()
    names = [kind.__name__ for kind in kinds if kind.__name__ not in _UNASKED]
    told: dict[Hidden, None] = {}
    for path in paths:
        with _asking(names):
            told |= dict.fromkeys(Hidden(str(path), each.line_number, each.type) for each in scan_file(str(path)))
        with _asking([name for name in names if name not in _ENTROPY]):
            told |= dict.fromkeys(_by_line(path))
    return tuple(sorted(told, key=lambda each: (each.file, each.line, each.kind)))


def _asking(names: Iterable[str]) -> AbstractContextManager[object]:
    return transient_settings(
        {"plugins_used": [{"name": name} for name in names], "filters_used": [{"path": path} for path in _FILTERS]}
    )


def _by_line(path: Path) -> Iterator[Hidden]:
    """Line by line, since a file that is read as YAML is read without its comments."""
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        for each in scan_line(line):
            yield Hidden(str(path), number, each.type)
