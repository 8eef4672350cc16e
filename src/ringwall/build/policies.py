"""The Cedar policies of a contract: read by their engine, and held against the contract's operations."""

from __future__ import annotations

from ringwall.contract.model import At, Contract, Misconfigured, Problem
from ringwall.contract.shapes import nearest
from ringwall.engines.policy.cedar import Flawed, Policies


def policies_of(contract: Contract) -> Policies | None:
    """The policies, or None where the contract names none. Raises Misconfigured with what is no Cedar, and with each
    action that is no operation of the API, nor a tag or a method of one."""
    stated = contract.policies
    if stated is None:
        return None
    try:
        made = Policies(stated.text)
    except Flawed as flaw:
        at = At(stated.file, flaw.line, flaw.column)
        raise Misconfigured((Problem(at, f"what is no Cedar: {flaw.what}", "a policy"),)) from None
    problems = tuple(_unknown_actions(contract, made, stated.file))
    if problems:
        raise Misconfigured(problems)
    return made


def _unknown_actions(contract: Contract, made: Policies, file: str) -> list[Problem]:
    known = {operation.key for operation in contract.operations}
    known |= {f"tag:{tag}" for operation in contract.operations for tag in operation.api.tags}
    known |= {f"method:{operation.api.method}" for operation in contract.operations}
    return [
        Problem(
            At(file, place[0], place[1]),
            f"{kind}::{name!r} in the policy {policy!r}",
            'Action::"METHOD /path" of an operation, Action::"tag:NAME" or Action::"method:GET"',
            nearest(name, known),
        )
        for (kind, name), policy, place in made.actions()
        if kind != "Action" or name not in known
    ]
