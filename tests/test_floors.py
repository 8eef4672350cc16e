"""The floors hold: imports go down only, layers and engines know nothing of each other, danger stays in its rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import ringwall

ROOT = Path(ringwall.__file__).parent
FLOORS = (
    {"core", "contract", "engines", "examples"},
    {"layers", "attacks"},
    {"state", "identity", "monitoring"},
    {"adapters"},
    {"build"},
    {"scan", "drill", "report", "console", "cli"},
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
SERVING = {room for room, floor in FLOOR.items() if floor < FLOOR["build"]} - {"attacks"}
DANGER = {"attacks", "drill", "scan"}


def imports(path: Path) -> Iterator[str]:
    """Every module of ours that a file imports, as `room.module…`, also where only types are imported."""
    here = ("ringwall", *path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(here[: len(here) + 1 - node.level]) if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            found = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix("ringwall.") for name in found if name.startswith("ringwall."))


def wrongs(module: str, imported: str) -> str | None:
    """What is wrong with one import, if anything."""
    room, *inner = module.split(".")
    other, *deeper = imported.split(".")
    if other not in FLOOR or room not in FLOOR:
        return None
    if FLOOR[other] > FLOOR[room]:
        return "imports go down only"
    if room in FLOORS[0] and other != room:
        return "the lowest rooms import nothing of ours"
    if room == other and room in ("layers", "engines") and inner and deeper and inner[0] != deeper[0]:
        return "rooms of one floor know nothing of each other" if deeper[0] != "ORDER" else None
    if other == "drill" and room not in ("cli", "build", "drill"):
        return "only cli and build import drill"
    if other in DANGER and room in SERVING:
        return "what attacks is never importable from what serves"
    return None


FILES = sorted(path for path in ROOT.rglob("*.py") if "__pycache__" not in path.parts)


@pytest.mark.parametrize("path", FILES, ids=[str(p.relative_to(ROOT)) for p in FILES])
def test_floors(path: Path) -> None:
    parts = path.relative_to(ROOT).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    assert [(name, wrong) for name in imports(path) if (wrong := wrongs(module, name))] == []


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported_by(modules: Mapping[str, Path]) -> dict[str, set[str]]:
    """The modules that each module imports, also where only types are imported."""
    found: dict[str, set[str]] = {module: set() for module in modules}
    for module, path in modules.items():
        for name in imports(path):
            target = name if name in modules else name.rpartition(".")[0]
            if target in modules and target != module:
                found[module].add(target)
    return found


def test_no_module_imports_itself_by_way_of_others() -> None:
    TopologicalSorter(imported_by({module_of(path): path for path in FILES})).prepare()


def test_a_circle_is_seen() -> None:
    here = {"core.known": ROOT / "core" / "known.py", "core.verdict": ROOT / "core" / "verdict.py"}
    graph = imported_by(here)
    assert graph["core.verdict"] == {"core.known"}  # for its types alone
    with pytest.raises(CycleError):
        TopologicalSorter({**graph, "core.known": {"core.verdict"}}).prepare()


def test_every_room_stands_on_a_floor() -> None:
    assert {p.name for p in ROOT.iterdir() if (p / "__init__.py").exists()} <= set(FLOOR)


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("core.admit", "contract.api"),
        ("contract.bind", "engines.http"),
        ("engines.policy.sight", "core.known"),
        ("engines.policy.sight", "engines.schema.prune"),
        ("layers.quota", "layers.transport.ORIGIN"),
        ("layers.authorization.fields", "layers.disclosure"),
        ("layers.quota", "state.sqlite"),
        ("adapters.asgi", "build.assemble"),
        ("adapters.asgi", "attacks.case"),
        ("build.assemble", "cli.up"),
        ("scan.run", "drill.fool"),
    ],
)
def test_a_wrong_import_is_seen(module: str, imported: str) -> None:
    assert wrongs(module, imported)


def test_relative_and_conditional_imports_are_seen(tmp_path: Path) -> None:
    inside = ROOT / "layers" / "authorization" / "settle.py"
    assert "core.known.Known" in set(imports(inside))
    assert wrongs("layers.authorization.settle", "layers.authorization.reasons.OBJECT") is None
    assert wrongs("cli.drill", "drill.matrix") is None
    assert wrongs("drill.matrix", "attacks.case") is None
