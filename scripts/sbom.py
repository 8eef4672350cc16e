"""The software bill of materials of ringwall itself: CycloneDX 1.6 JSON, from the runtime lock file.

`python scripts/sbom.py [FILE]` writes to FILE, or to standard output. It asks no network; a test holds it against the
lock file and the standard's own schema.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT = Path(__file__).parent.parent


def canonical(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, str]:
    """Name -> version of everything that the runtime lock file pins."""
    pins = re.findall(
        r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / "locks" / "runtime.txt").read_text("utf-8"), re.MULTILINE
    )
    return {canonical(name): version for name, version in pins}


def bill() -> str:
    """The document."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    own = _component(project["name"], project["version"], ComponentType.APPLICATION)
    own.licenses.add(LicenseExpression(project["license"]))
    bom = Bom()
    bom.metadata.component = own
    parts = {name: _component(name, version, ComponentType.LIBRARY) for name, version in locked().items()}
    bom.components.update(parts.values())
    direct = (re.match(r"[A-Za-z0-9._-]+", each) for each in project["dependencies"])
    bom.register_dependency(own, [parts[n] for m in direct if m and (n := canonical(m[0])) in parts])
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def _component(name: str, version: str, kind: ComponentType) -> Component:
    url = PackageURL("pypi", name=name, version=version)
    return Component(type=kind, name=name, version=version, purl=url, bom_ref=url.to_string())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(bill(), encoding="utf-8")
    else:
        sys.stdout.write(bill())
