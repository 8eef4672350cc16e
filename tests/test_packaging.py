"""What is shipped: the dependencies are those that are imported, and the wheel works where there is nothing else."""

from __future__ import annotations

import ast
import itertools
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tomllib
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from readiness import until

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "ringwall"
REQUIRED = os.environ.get("RINGWALL_REQUIRE_SERVERS") == "1"
OPTIONAL = {
    "django": ("adapters/django.py", "adapters/encrypted_django.py", "adapters/hooks.py"),
    "acme": ("state/acme.py",),
    "josepy": ("state/acme.py",),
    "requests": ("state/acme.py",),
    "boto3": ("state/root_awskms.py",),
    "botocore": ("state/root_awskms.py",),
    "pkcs11": ("state/root_pkcs11.py",),
    "cyclonedx": ("report/bill.py",),
    "packageurl": ("report/bill.py",),
    "opentelemetry": ("monitoring/telemetry_pipes.py",),
    "playwright": ("scan/browser.py",),
}
"""What is imported only where the application brings it, and the modules that may."""


def canonical(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> dict[str, str]:
    """The package's dependencies: canonical name -> the whole requirement."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = {}
    for requirement in project["dependencies"]:
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        assert name is not None, requirement
        found[canonical(name[0])] = requirement
    return found


def imported() -> Iterator[tuple[str, str]]:
    """Every top-level name that the sources import from elsewhere, with the module that does."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                continue
            for name in names:
                top = name.partition(".")[0]
                if top != "ringwall" and top not in sys.stdlib_module_names:
                    yield top, path.relative_to(SOURCE).as_posix()


def pins(lock: str) -> dict[str, str]:
    """The versions of a lock file: canonical name -> version."""
    lines = (ROOT / "locks" / lock).read_text().splitlines()
    found = [re.match(r"([A-Za-z0-9._-]+)==(\S+)", line) for line in lines]
    return {canonical(m[1]): m[2] for m in found if m}


def test_every_import_is_declared_and_every_dependency_imported() -> None:
    distributions = packages_distributions()
    needed: dict[str, set[str]] = {}
    for name, where in imported():
        if name in OPTIONAL:
            assert where in OPTIONAL[name], f"{where} imports {name}, which need not be there"
            continue
        candidates = {canonical(d) for d in distributions.get(name, [name])}
        chosen = candidates & declared().keys()
        assert chosen, f"{where} imports {name}, and pyproject.toml declares none of {sorted(candidates)}"
        for distribution in chosen:
            needed.setdefault(distribution, set()).add(where)
    assert declared().keys() == needed.keys(), "declared, but imported nowhere"


def test_locks_pin_every_dependency_by_hash_and_name_no_index() -> None:
    runtime, dev = pins("runtime.txt"), pins("dev.txt")
    assert declared().keys() <= runtime.keys()
    assert {name: dev.get(name) for name in runtime} == runtime, "the lock files disagree"
    for lock in (ROOT / "locks").glob("*.txt"):
        text = lock.read_text()
        assert not re.search(r"https?://|--(?:extra-)?index-url|--find-links|file:", text), lock.name
        starts = [m.start() for m in re.finditer(r"^[A-Za-z0-9._-]+==", text, re.MULTILINE)] + [len(text)]
        for start, end in itertools.pairwise(starts):
            assert "--hash=sha256:" in text[start:end], text[start : start + 60]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources, so that nothing is left beside them."""
    place = tmp_path_factory.mktemp("wheel")
    copy = place / "source"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", place, copy]
    made = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr
    return next(place.glob("*.whl"))


def test_the_wheel_holds_whatever_the_sources_hold(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
    sources = {
        p.relative_to(SOURCE.parent).as_posix()
        for p in SOURCE.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts and not p.name.startswith(".")
    }
    assert sources - shipped == set()
    assert {name for name in shipped - sources if ".dist-info/" not in name} == set()
    assert {"ringwall/py.typed", "ringwall/examples/clinic/ringwall.yaml"} <= shipped
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in shipped)


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment with the wheel, what the lock file names, and nothing else."""
    place = tmp_path_factory.mktemp("bare")
    venv.create(place, with_pip=True, symlinks=True)
    pip = [place / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
    fetched = subprocess.run(
        [*pip, "--only-binary", ":all:", "--require-hashes", "-r", ROOT / "locks" / "runtime.txt"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    if fetched.returncode and not REQUIRED:
        pytest.skip("no package index within reach, and the wheels of locks/runtime.txt are needed")
    assert fetched.returncode == 0, fetched.stderr[-2000:]
    subprocess.run([*pip, wheel], check=True, timeout=120)
    return place / "bin"


def test_a_bare_machine_runs_up_from_an_empty_directory_and_stops_on_ctrl_c(bare: Path, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [bare / "ringwall", "up", "--listen", "127.0.0.1:0", "--ready-file", ready]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as up:
        try:
            until(ready.exists, up)
            told = json.loads(ready.read_text())
            trust = ssl.create_default_context(cafile=told["ca"])
            asked = urllib.request.Request(
                told["url"] + "/patients/1", headers={"X-API-Key": told["api_keys"][0]["key"]}
            )
            with urllib.request.urlopen(asked, timeout=20, context=trust) as reply:
                assert json.load(reply)["patient_id"] == 1
            up.send_signal(signal.SIGINT)
            printed, complained = up.communicate(timeout=20)
        finally:
            up.kill()
    assert up.returncode == 0
    assert "Ctrl-C stops it." in printed
    assert complained == ""


def test_nothing_shipped_is_missing_where_the_tests_have_more(bare: Path) -> None:
    """Every module is importable with the declared dependencies alone, but those that stand for an optional one."""
    modules = [
        ".".join(("ringwall", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).as_posix()
        not in ("adapters/django.py", "adapters/encrypted_django.py", "monitoring/telemetry_pipes.py")
    ]
    script = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    done = subprocess.run(
        [bare / "python", "-I", "-W", "error", "-c", script, *modules], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
