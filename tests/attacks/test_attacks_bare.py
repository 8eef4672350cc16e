"""Every attack hurts the bare clinic, and its honest twin is served: or it would prove nothing behind a wall."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from fastapi import FastAPI

from ringwall.attacks import Case, Grounds, Reply, Sent, corpus, play
from ringwall.examples.clinic import create_app
from ringwall.examples.clinic.store import Store

Message = Mapping[str, object]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

BARE = [case for case in corpus() if not case.wire]
WHO_OR_HOW_MUCH = {
    "authentication-guessed-password",
    "authentication-made-up-session",
    "authentication-none",
    "authentication-tampered",
    "authentication-unsigned",
    "flood-header",
    "flood-parameters",
    "function-export",
}
"""Here the reply is the honest one, and the harm is who gets it or what it cost."""
PEACEFUL = [case for case in BARE if case.hostile not in ((), case.honest) and case.name not in WHO_OR_HOW_MUCH]


def names(cases: list[Case]) -> list[str]:
    return [case.name for case in cases]


def scope(sent: Sent) -> Message:
    path, _, query = sent.target.partition("?")
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


async def call(app: App, sent: Sent) -> Reply:
    messages: list[Message] = []
    body: list[Message] = [{"type": "http.request", "body": sent.body, "more_body": False}]

    async def receive() -> Message:
        if not body:
            await asyncio.Event().wait()
        return body.pop()

    async def send(message: Message) -> None:
        messages.append(message)

    await asyncio.wait_for(app(scope(sent), receive, send), 30)
    start, *rest = messages
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    return Reply(start["status"], headers, b"".join(message.get("body", b"") for message in rest))


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """A clinic whose directory is filled once and copied for each run."""
    app = create_app(tmp_path_factory.mktemp("clinic"))
    app.state.first = app.state.store.directory
    return app


def settle(clinic: FastAPI, here: Grounds) -> None:
    """A copy of the clinic's data, as it was at first, in fresh surroundings."""
    shutil.copytree(clinic.state.first, here.directory, dirs_exist_ok=True)
    clinic.state.store = Store(here.directory)


@contextmanager
def bare(clinic: FastAPI, root: Path) -> Iterator[tuple[Grounds, Callable[[Sent], Reply]]]:
    """Fresh surroundings, and a way to ask the clinic in them."""
    with asyncio.Runner() as runner, Grounds(root) as here:
        settle(clinic, here)
        yield here, lambda sent: runner.run(call(clinic, sent))


@pytest.mark.parametrize("case", BARE, ids=names(BARE))
def test_hurts_the_bare_clinic(case: Case, clinic: FastAPI, tmp_path: Path) -> None:
    with bare(clinic, tmp_path) as (here, send):
        outcome = play(case, send, here)
    assert outcome.honest_ok, [reply.body[-300:] for reply in outcome.honest]
    assert outcome.hurt, [(reply.status, reply.body[-300:]) for reply in outcome.hostile]


@pytest.mark.parametrize("case", PEACEFUL, ids=names(PEACEFUL))
def test_the_honest_twin_alone_bears_no_sign_of_success(case: Case, clinic: FastAPI, tmp_path: Path) -> None:
    with bare(clinic, tmp_path) as (here, send):
        outcome = play(replace(case, hostile=case.honest, tamper=()), send, here)
    assert outcome.honest_ok
    assert not outcome.hurt


@pytest.mark.parametrize("case", BARE, ids=names(BARE))
def test_a_target_that_refuses_everything_is_not_hurt(case: Case, clinic: FastAPI, tmp_path: Path) -> None:
    with Grounds(tmp_path) as here:
        settle(clinic, here)
        outcome = play(replace(case, tamper=()), lambda _: Reply(403, (), b"{}"), here)
    assert not outcome.hurt
    assert not outcome.honest_ok
