"""The bill of materials: valid by the standard's own schema, and exactly what the runtime lock file pins."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("cyclonedx", reason="cyclonedx-python-lib is of locks/dev.in and not installed here")
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parent.parent


def test_it_is_valid_and_lists_the_lock_file(tmp_path: Path) -> None:
    file = tmp_path / "sbom.json"
    subprocess.run([sys.executable, ROOT / "scripts" / "sbom.py", file], check=True, timeout=60)
    text = file.read_text("utf-8")
    valid = JsonStrictValidator(SchemaVersion.V1_6)
    assert valid.validate_str(text) is None
    assert valid.validate_str(text.replace('"library"', '"thing"')) is not None
    bill = json.loads(text)
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / "locks/runtime.txt").read_text(), re.MULTILINE)
    assert {(c["name"], c["version"]) for c in bill["components"]} == set(pinned)
    assert len(bill["components"]) == len(pinned)
    assert (bill["metadata"]["component"]["name"], bill["specVersion"]) == ("ringwall", "1.6")
    (own,) = [d for d in bill["dependencies"] if d["ref"] == bill["metadata"]["component"]["bom-ref"]]
    assert any(ref.startswith("pkg:pypi/cryptography@") for ref in own["dependsOn"])
