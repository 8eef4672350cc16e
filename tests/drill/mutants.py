"""Mutants of the protected clinic: one line of its contract, or one guard, taken away at a time. Does the drill notice,
or the scan? `make mutants` tries all of them and lists the survivors; the suite tries a sample.

A mutant that closes something is none: what opens is to be noticed. An operation's line taken away closes it, and so do
a mask (nothing is shown instead of a part) and a format (`text` is meant without). One whose contract does not start
any more is stillborn, and not counted.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from ringwall.attacks import Case, corpus
from ringwall.build.assemble import Circumstances, prepare
from ringwall.build.load import load_contract
from ringwall.build.protect import protected_asgi
from ringwall.build.runtime import open_runtime
from ringwall.build.served import serving
from ringwall.contract.model import Misconfigured
from ringwall.core.message import Head
from ringwall.core.plan import Guard, Guards, Plan, Wall
from ringwall.core.reasons import Layer
from ringwall.drill.fool import FOOLABLE, Claim
from ringwall.drill.sandbox import Sandbox
from ringwall.examples.clinic import ACCOUNTS, CONTRACT, create_app
from ringwall.scan import Options, scan
from ringwall.scan.model import Account

CASES = tuple(case for case in corpus() if not case.wire)
Stated = dict[str, Any]
Keep = Callable[[Guard[Any]], bool]
EVERYBODY = ["patient", "nurse", "doctor", "admin"]


@dataclass(frozen=True)
class Mutant:
    """One thing taken away: of the contract as stated, or the guards of one layer and name."""

    name: str
    stated: Stated | None = None
    guard: tuple[str, str] | None = None
    word: str = ""

    def touches(self, case: Case) -> bool:
        """Whether a case has to do with it: aims at the guard's layer, is of the operation, or states the property."""
        if self.guard is not None:
            return self.guard[0] in case.aims
        texts = [case.operation, *(draft.text for draft in (*case.setup, *case.honest, *case.hostile)), *case.tamper]
        signs = [word for sign in (*case.success, *case.expected) for word in sign.words]
        return any(self.word in text for text in (*texts, *signs))


def contract_mutants() -> Iterator[Mutant]:
    """Each line of the clinic's contract that closes something, taken away."""
    whole: Stated = yaml.safe_load(CONTRACT.read_text("utf-8"))

    def without(name: str, change: Callable[[Stated], object], word: str = "") -> Mutant:
        stated = deepcopy(whole)
        change(stated)
        return Mutant(name, stated, word=word)

    yield without("mode: enforce", lambda s: s.update(mode="observe"))
    for kind, resource in whole["resources"].items():
        for key in ("owner", "tenant"):
            yield without(f"resources.{kind}.{key}", lambda s, k=kind, key=key: s["resources"][k].pop(key))
        for name, field in resource["fields"].items():
            for key in sorted(field.keys() - {"class", "mask", "format"}):
                yield without(f"resources.{kind}.fields.{name}.{key}",
                              lambda s, k=kind, n=name, key=key: s["resources"][k]["fields"][n].pop(key),
                              name)  # fmt: skip
    for name, rule in whole["operations"].items():
        for key in rule.keys() - {"allow"}:
            yield without(f"operations.{name}.{key}", lambda s, n=name, key=key: s["operations"][n].pop(key), name)
        if rule["allow"] != "anyone":
            yield without(
                f"operations.{name}.allow", lambda s, n=name: s["operations"][n].update(allow=EVERYBODY), name
            )


def guard_mutants(wall: Wall) -> list[Mutant]:
    """Each guard that stands in the plan of an operation of the clinic, taken out of all of them."""
    found = {(str(guard.layer.value), guard.name): None
             for plan in wall.plans for phase in _phases(plan.guards) for guard in phase}  # fmt: skip
    return [Mutant(f"guard {layer}: {name}", guard=(layer, name)) for layer, name in found]


def _phases(guards: Guards) -> tuple[tuple[Guard[Any], ...], ...]:
    return guards.head, guards.body, guards.sink, guards.reply


class MutantSandbox(Sandbox):
    """A sandbox whose contract, or whose plans, are a mutant's."""

    mutant = Mutant("none")

    def become(self, mutant: Mutant) -> None:
        """Play the next cases as this mutant."""
        self.mutant = mutant
        self._prepared = self._original if mutant.stated is None else prepare(self._read(mutant.stated))

    @cached_property
    def _original(self) -> Any:
        return prepare(self.contract)

    def _read(self, stated: Stated) -> Any:
        path = self._root / "mutant.yaml"
        path.write_text(yaml.safe_dump(stated, sort_keys=False), "utf-8")
        return load_contract(path, app=self._app)

    def raised(self, wall: Wall, layers: frozenset[Layer], claim: Claim) -> Wall:
        """The wall without the mutant's guard."""
        if self.mutant.guard is None:
            return super().raised(wall, layers, claim)
        plans: dict[int, tuple[Plan, Plan]] = {}

        def route(head: Head) -> tuple[Plan, Any]:
            plan, params = wall.route(head)
            if id(plan) not in plans:
                kept = Guards(*(tuple(filter(self._keeps, phase)) for phase in _phases(plan.guards)))
                plans[id(plan)] = plan, replace(plan, guards=kept)
            return plans[id(plan)][1], params

        return super().raised(replace(wall, route=route), layers, claim)

    def _keeps(self, guard: Guard[Any]) -> bool:
        return (guard.layer.value, guard.name) != self.mutant.guard

    def drilled(self, mutant: Mutant) -> str:
        """What of the drill changes first: an attack gets through, has a wall less, or an honest twin is refused."""
        self.become(mutant)
        for case in filter(mutant.touches, CASES):
            if fault := self._fault(case):
                return f"{case.name}: {fault}"
        return ""

    def _fault(self, case: Case) -> str:
        outcome, _ = self.protected(case)
        if outcome.hurt or not outcome.honest_ok:
            return "gets through" if outcome.hurt else "honest twin refused"
        for layer in map(Layer, case.aims):
            outcome, _ = self.protected(case, frozenset(FOOLABLE) - {layer})
            if outcome.hurt or not outcome.honest_ok:
                return f"{layer.value} does not stop it alone any more"
        return ""

    def scanned(self, mutant: Mutant, known: frozenset[tuple[str, str, str]] = frozenset()) -> str:
        """What the scan proves of the mutant, with the contract as it is meant to be, and did not prove before."""
        found = sorted(self.findings(mutant) - known)
        return " ".join(found[0][:2]) if found else ""

    def findings(self, mutant: Mutant) -> frozenset[tuple[str, str, str]]:
        """Class, operation and place of each proof."""
        self.become(mutant)
        with self.fresh() as (grounds, data):
            runtime = open_runtime(data)
            try:
                app = protected_asgi(self._settled(grounds), self._prepared, runtime, Circumstances())
                app.wall = self.raised(app.wall, frozenset(), lambda head: None)
                with serving(app) as url:
                    report = scan(url, self.contract.api, self.contract, self._people(), Options(seed="mutants"))
            finally:
                runtime.close()
        return frozenset((f.kind, f.operation, f.where) for f in report.findings)

    def _people(self) -> list[Account]:
        return [Account(a.name, self._proofs.headers(a.name), subject=a.subject, tenant=a.tenant,
                        roles=frozenset(a.roles)) for a in ACCOUNTS]  # fmt: skip


def all_mutants(sandbox: MutantSandbox) -> list[Mutant]:
    """Those of the contract, then those of the plans."""
    with sandbox.fresh() as (_, data):
        runtime = open_runtime(data)
        app = protected_asgi(create_app(Path(tempfile.mkdtemp(dir=data))), sandbox._original, runtime, Circumstances())
        runtime.close()
    return [*contract_mutants(), *guard_mutants(app.wall)]


def main(only: str = "") -> int:
    """Try every mutant whose name holds `only`; exit status 1 where fewer than 95 % are noticed."""
    logging.getLogger("ringwall").setLevel(logging.CRITICAL + 1)
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as root:
        sandbox = MutantSandbox(Path(root))
        mutants = [mutant for mutant in all_mutants(sandbox) if only in mutant.name]
        survivors, known, stillborn = [], None, 0
        for mutant in mutants:
            try:
                said = sandbox.drilled(mutant)
            except Misconfigured:
                stillborn += 1
                continue
            if not said:
                known = sandbox.findings(Mutant("none")) if known is None else known
                said = sandbox.scanned(mutant, known)
            survivors += [] if said else [mutant.name]
            print(f"{'noticed ' if said else 'SURVIVED'}  {mutant.name}  {said}", flush=True)
    living = len(mutants) - stillborn
    noticed = living - len(survivors)
    print(f"{noticed} of {living} mutants noticed ({100 * noticed / max(1, living):.1f} %), {stillborn} did not start")
    return 0 if noticed >= 0.95 * living else 1


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main(*sys.argv[1:2]))
