"""Imports go down only: the sources are read, and each import is held to the floor that its room stands on."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "ringwall"
FLOORS = (
    {"core"}, {"contract"}, {"engines"}, {"layers", "attacks"}, {"state", "identity", "monitoring"}, {"adapters"},
    {"build"}, {"scan", "drill", "report", "console"}, {"cli"},
)  # fmt: skip
HEIGHT = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
APART = {"contract": {"core"}, "engines": {"core", "contract"}, "attacks": {"layers"}, "layers": {"attacks"}}
"""Rooms that may not import others, though those lie lower or beside them."""
ATTACKING = {"attacks", "drill", "scan"}
SERVING = HEIGHT.keys() - ATTACKING - {"cli", "report", "console"}


def imports(path: Path) -> Iterator[str]:
    """The full names of what a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import hides which room it goes to"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def flaw(importer: str, imported: str) -> str | None:
    """What is wrong with one import, both as names below the package; None where nothing is."""
    (room, *inner), (other, *others) = importer.split("."), imported.split(".")
    if room == "examples":
        return None if other == "examples" else "the example knows nothing of the product"
    if room not in HEIGHT or other not in HEIGHT:
        return None
    if other in APART.get(room, set()) or HEIGHT[other] > HEIGHT[room]:
        return f"{room} may not import {other}"
    if room in SERVING and other in ATTACKING:
        return f"{room} serves requests and may not import {other}"
    if room == other == "layers" and inner and others and inner[0] != others[0]:
        return f"the layer {inner[0]} may not import the layer {others[0]}"
    if room != other and HEIGHT[room] == HEIGHT[other]:
        return f"{room} and {other} stand beside each other"
    return None


def test_imports_go_down_only() -> None:
    wrong = []
    for path in sorted(SOURCE.rglob("*.py")):
        importer = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for name in imports(path):
            package, _, imported = name.partition(".")
            if package == "ringwall" and imported and (why := flaw(importer, imported)):
                wrong.append(f"{path.relative_to(SOURCE)}: {why}")
            if importer.startswith("core.") and package not in {"ringwall", "__future__", *sys.stdlib_module_names}:
                wrong.append(f"{path.relative_to(SOURCE)}: core takes the standard library only, not {package}")
    assert wrong == []


def test_every_room_stands_on_a_floor() -> None:
    rooms = {path.name for path in SOURCE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert rooms - {"examples"} <= HEIGHT.keys()


def test_what_goes_up_or_sideways_is_noticed() -> None:
    assert flaw("core.exchange", "layers.quota")
    assert flaw("contract.model", "core.message")
    assert flaw("engines.policy.sight", "contract.model")
    assert flaw("layers.quota", "layers.transport")
    assert flaw("identity.tokens", "state.sqlite")
    assert flaw("adapters.asgi", "drill.fool")
    assert flaw("build.assemble", "attacks.case")
    assert flaw("examples.clinic.main", "core.message")
    assert flaw("layers.authorization.objects", "layers.authorization.reasons") is None
    assert flaw("build.assemble", "layers.quota") is None
    assert flaw("cli.drill", "drill.matrix") is None
