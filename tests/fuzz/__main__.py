"""`python -m fuzz [SECONDS] [TARGET ...]`: each target in a process of its own, from its kept corpus. Exit 1 if one
breaks.

What is found on the way stays in a directory of its own (`.fuzz/`); an input that broke a target is copied to the kept
corpus once the cause is mended.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FOUND = Path(".fuzz")


def child(name: str, arguments: list[str]) -> None:
    """Run one target under atheris; never returns."""
    import atheris

    with atheris.instrument_imports(include=["ringwall"]):
        from fuzz.targets import TARGETS
    atheris.Setup(["fuzz", *arguments], TARGETS[name])
    atheris.Fuzz()


def main() -> int:
    """Fuzz what was asked for, or everything."""
    given = sys.argv[1:]
    if given[:1] == ["--child"]:
        child(given[1], given[2:])
    seconds = given.pop(0) if given and given[0].isdigit() else "60"
    names = given or sorted(each.name for each in (HERE / "corpus").iterdir())
    broken = []
    for name in names:
        found = FOUND / name
        found.mkdir(parents=True, exist_ok=True)
        options = [f"-max_total_time={seconds}", "-max_len=2048", "-print_final_stats=0", f"-artifact_prefix={found}/"]
        places = [str(found), str(HERE / "corpus" / name)]
        done = subprocess.run(
            [sys.executable, "-m", "fuzz", "--child", name, *options, *places], check=False, stderr=subprocess.PIPE
        )
        print(f"{name}: {'held' if done.returncode == 0 else 'BROKEN'}", flush=True)
        if done.returncode:
            print(done.stderr.decode("utf-8", "replace")[-3000:])
            broken.append(name)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
