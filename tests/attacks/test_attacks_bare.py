"""Every attack hurts the bare clinic, and its honest twin is served: or it would prove nothing behind a wall."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ringwall.attacks import Case, Draft, Grounds, Reply, Sent, corpus, play
from ringwall.examples.clinic import create_app

BARE = [case for case in corpus() if not case.wire]


def _scope(sent: Sent) -> dict[str, object]:
    path, _, query = sent.target.partition("?")
    from urllib.parse import unquote

    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
    }


async def _call(app: Callable[..., object], sent: Sent) -> Reply:
    messages: list[dict[str, object]] = []
    body = [{"type": "http.request", "body": sent.body, "more_body": False}]

    async def receive() -> dict[str, object]:
        if body:
            return body.pop()
        await asyncio.sleep(60)
        raise AssertionError("the application waits for more than there is")

    async def send(message: dict[str, object]) -> None:
        messages.append(message)

    await app(_scope(sent), receive, send)
    start, *rest = messages
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    return Reply(start["status"], headers, b"".join(m.get("body", b"") for m in rest))


@contextmanager
def bare(root: Path) -> Iterator[tuple[Grounds, Callable[[Sent], Reply]]]:
    """A fresh clinic and a way to ask it."""
    with asyncio.Runner() as runner, Grounds(root) as here:
        app = create_app(here.directory)
        yield here, lambda sent: runner.run(_call(app, sent))


def names(cases: list[Case]) -> list[str]:
    return [case.name for case in cases]


@pytest.mark.parametrize("case", BARE, ids=names(BARE))
def test_hurts_the_bare_clinic(case: Case, tmp_path: Path) -> None:
    with bare(tmp_path) as (here, send):
        outcome = play(case, send, here)
    assert outcome.honest_ok, [reply.body[-300:] for reply in outcome.honest]
    assert outcome.hurt, [(reply.status, reply.body[-300:]) for reply in outcome.hostile]


def _requests(drafts: tuple[Draft, ...]) -> list[tuple[str, str]]:
    return [(draft.caller, draft.text) for draft in drafts]


PEACEFUL = [case for case in BARE if case.hostile and _requests(case.hostile) != _requests(case.honest)]


@pytest.mark.parametrize("case", PEACEFUL, ids=names(PEACEFUL))
def test_the_honest_twin_alone_bears_no_sign_of_success(case: Case, tmp_path: Path) -> None:
    with bare(tmp_path) as (here, send):
        outcome = play(replace(case, hostile=case.honest), send, here)
    assert not outcome.hurt
