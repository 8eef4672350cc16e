"""`@wall.owner_of("patient")`: the application's own way to tell whose an object is, asked before it is read for it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ringwall.adapters import current
from ringwall.core.plan import Wall
from ringwall.core.ports import Ownership, Question, ResolverOf, Unavailable

SECONDS = 5.0
Resolver = TypeVar("Resolver", bound=Callable[[str], Any])


class Resolvers:
    """The resolvers of one wall, by resource; answers `ResolverOf`."""

    def __init__(self, resources: Iterable[str]) -> None:
        self._resources = frozenset(resources)
        self._found: dict[str, Callable[[str], Ownership]] = {}

    def __call__(self, question: Question) -> Callable[[str], Ownership] | None:
        """The resolver of a resource, or None."""
        return self._found.get(question.resource) if isinstance(question, ResolverOf) else None

    def check(self, resource: str) -> None:
        """Raise LookupError for a resource that the contract does not have or that has a resolver."""
        if resource not in self._resources:
            known = ", ".join(sorted(self._resources)) or "none"
            raise LookupError(f"the contract has no resource {resource!r}; it has {known}")
        if resource in self._found:
            raise LookupError(f"{resource!r} has a resolver already")

    def add(self, resource: str, resolver: Callable[[str], Any]) -> None:
        """Take a resolver. Raises LookupError as `check` does."""
        self.check(resource)
        self._found[resource] = lambda object_id: _ownership(_waited(resolver(object_id)))


def owner_of(wall: Wall, resource: str) -> Callable[[Resolver], Resolver]:
    """The decorator of an adapter: registers a resolver of `resource` in the wall."""
    resolvers = wall.ports.answers.get(ResolverOf)
    if not isinstance(resolvers, Resolvers):
        raise LookupError("this wall takes no resolvers")  # noqa: TRY004 - not the caller's type

    resolvers.check(resource)

    def taken(resolver: Resolver) -> Resolver:
        resolvers.add(resource, resolver)
        return resolver

    return taken


def _waited(answer: Any) -> Any:
    """A coroutine's result, from the event loop that serves the application; anything else as it is."""
    if not inspect.isawaitable(answer):
        return answer
    loop = current.loop.get()
    if loop is None:
        return asyncio.run(_result(answer))
    future = asyncio.run_coroutine_threadsafe(_result(answer), loop)
    try:
        return future.result(SECONDS)
    except TimeoutError:
        future.cancel()
        raise Unavailable("a resolver that does not answer") from None


async def _result(answer: Any) -> Any:
    current.exchange.set(None)  # what it does is no effect of a request's
    return await answer


def _ownership(answer: Any) -> Ownership:
    """The owner alone (text or a whole number), an `Ownership`, or None: nobody can tell. Raises TypeError."""
    if isinstance(answer, Ownership):
        return answer
    if answer is None or isinstance(answer, str):
        return Ownership(answer, None)
    if isinstance(answer, int) and not isinstance(answer, bool):
        return Ownership(str(answer), None)
    raise TypeError(f"a resolver answers with a subject, an Ownership or None, not {type(answer).__name__}")
