"""From what a line rests on to its status, for this contract and these runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ringwall.contract.model import Contract
from ringwall.report.facts import Fact
from ringwall.report.frameworks import Evidence, Stated, evidence
from ringwall.report.model import Line, Proof, Run

_UNMET = {"missing": "Not here. It would be so: ", "flaws": "A run found flaws. Without them: "}
"""Before the sentence of a line that does not hold as it stands: it must not read as if it did."""


def weighed(stated: Stated, contract: Contract, facts: Mapping[str, Fact], runs: Mapping[str, Run]) -> Line:
    """A line as it stands. It is less than it could be where a fact does not hold, a layer only observes, or a run was
    not done; where a run found something, it is `reported`."""
    proofs: list[Proof] = []
    missing: list[str] = []
    flaws: list[str] = []
    for key in stated.by:
        of = evidence()[key]
        for need in of.needs:
            fact = facts[need]
            (proofs.append(Proof("setting", fact.what)) if fact.holds else missing.append(fact.what))
        missing.extend(_watched(of, contract, facts))
        if of.run is not None:
            run = runs[of.run]
            (missing.append(run.what) if run.holds is None else proofs.append(Proof("run", run.what, run.at)))
            flaws.extend(run.flaws)
        proofs.extend(Proof("test", name) for name in of.tests)
    status = "not covered" if missing else "reported" if flaws else stated.status
    says = _UNMET.get("missing" if missing else "flaws" if flaws else "", "") + stated.says
    once = tuple(dict.fromkeys(proofs))
    return Line(stated.id, stated.section, status, says, once, tuple(dict.fromkeys([*missing, *flaws])))


def _watched(of: Evidence, contract: Contract, facts: Mapping[str, Fact]) -> Iterator[str]:
    """Why layers that this rests on may let pass what they find."""
    if of.layers and not facts["enforcing"].holds:
        yield facts["enforcing"].what
    for layer in of.layers:
        if layer in contract.observe:
            yield f"the layer {layer} only observes"
    if "detection" in of.layers:
        for resource in contract.resources.values():
            for field in resource.fields.values():
                if field.observe:
                    yield f"what detection finds in {resource.name}.{field.name} is only recorded"
