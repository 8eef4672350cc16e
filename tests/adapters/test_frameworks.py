"""Real frameworks behind the in-process wall, and one real server for each interface."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import flask
import httpx
import litestar
import pytest
import uvicorn
from django.conf import settings
from fastapi import BackgroundTasks, Depends, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Mount, Route
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from adapters.adapter_walls import Journal, wall
from adapters.adapter_walls import wall as make_wall
from ringwall.adapters.asgi import AsgiWall
from ringwall.adapters.fastapi import Caller, caller
from ringwall.adapters.wsgi import WsgiWall
from ringwall.core.plan import Limits

BIG = Limits(body=32 << 20, reply=1 << 20, seconds=20)
Ask = Callable[..., httpx.Response]


def fastapi_app() -> Any:
    app = FastAPI()

    @app.get("/who")
    def who(known: Annotated[Caller, Depends(caller)]) -> dict[str, object]:
        return {"subject": known.subject, "roles": sorted(known.roles)}

    @app.post("/echo")
    async def echo(request: Request) -> dict[str, str]:
        return {"heard": (await request.body()).decode()}

    @app.get("/broken")
    def broken() -> None:
        raise ValueError("secret detail")

    return app


def starlette_app() -> Any:
    async def who(request: Request) -> JSONResponse:
        known: Caller = request.state.ringwall
        return JSONResponse({"subject": known.subject, "roles": sorted(known.roles)})

    async def echo(request: Request) -> JSONResponse:
        return JSONResponse({"heard": (await request.body()).decode()})

    async def broken(request: Request) -> JSONResponse:
        raise ValueError("secret detail")

    return Starlette(routes=[Route("/who", who), Route("/echo", echo, methods=["POST"]), Route("/broken", broken)])


def litestar_app() -> Any:
    @litestar.get("/who")
    async def who(request: litestar.Request[Any, Any, Any]) -> dict[str, object]:
        known: Caller = request.scope["state"]["ringwall"]
        return {"subject": known.subject, "roles": sorted(known.roles)}

    @litestar.post("/echo", status_code=200)
    async def echo(request: litestar.Request[Any, Any, Any]) -> dict[str, str]:
        return {"heard": (await request.body()).decode()}

    @litestar.get("/broken", sync_to_thread=True)
    def broken() -> None:
        raise ValueError("secret detail")

    return litestar.Litestar([who, echo, broken], logging_config=None)


def _django() -> None:
    if settings.configured:
        return
    import django

    settings.configure(
        DEBUG=False, ALLOWED_HOSTS=["*"], ROOT_URLCONF="adapters.django_urls", SECRET_KEY="x" * 50, LOGGING_CONFIG=None,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}, USE_TZ=True,
    )  # fmt: skip
    django.setup()


def django_asgi() -> Any:
    _django()
    from django.core.asgi import get_asgi_application

    return get_asgi_application()


def django_wsgi() -> Any:
    _django()
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def flask_app() -> Any:
    app = flask.Flask("clinic")

    @app.get("/who")
    def who() -> dict[str, object]:
        known: Caller = flask.request.environ["ringwall.caller"]
        return {"subject": known.subject, "roles": sorted(known.roles)}

    @app.post("/echo")
    def echo() -> dict[str, str]:
        return {"heard": flask.request.get_data(as_text=True)}

    @app.get("/broken")
    def broken() -> None:
        raise ValueError("secret detail")

    return app


def asking(walled: Any) -> Ask:
    """Asks an ASGI application in process."""

    def ask(*args: Any, **kwargs: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(walled, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as client:
                return await client.request(*args, **kwargs)

        return asyncio.run(go())

    return ask


@pytest.fixture(params=[fastapi_app, starlette_app, litestar_app, django_asgi, flask_app, django_wsgi])
def ask(request: pytest.FixtureRequest) -> Iterator[Ask]:
    """Asks one framework's application behind the wall."""
    app = request.param()
    if request.param in (flask_app, django_wsgi):
        with httpx.Client(
            transport=httpx.WSGITransport(WsgiWall(app, wall())), base_url="http://api.example"
        ) as client:
            yield client.request
        return

    def ask_async(*args: Any, **kwargs: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(AsgiWall(app, wall()), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as client:
                return await client.request(*args, **kwargs)

        return asyncio.run(go())

    yield ask_async


def test_every_framework_is_told_who_calls(ask: Ask) -> None:
    assert ask("GET", "/who", headers={"x-api-key": "k"}).json() == {"subject": "alice", "roles": ["nurse"]}
    assert ask("GET", "/who").json() == {"subject": None, "roles": []}


def test_every_framework_hears_the_content_that_was_checked(ask: Ask) -> None:
    assert ask("POST", "/echo", content=b"hello").json() == {"heard": "hello"}
    assert ask("POST", "/echo", content=b"rewrite").json() == {"heard": "rewritten"}
    assert ask("POST", "/echo", content=b"x" * 1001).status_code == 413


def test_every_framework_is_refused_and_withheld_alike(ask: Ask) -> None:
    refused = ask("GET", "/closed")
    assert (refused.status_code, refused.json()["reason"]) == (403, "authz.test")
    assert ask("POST", "/echo", content=b"a LEAK").json()["reason"] == "disclosure.test"
    assert ask("GET", "/nowhere").status_code == 404


def test_no_framework_lets_its_errors_out(ask: Ask) -> None:
    broken = ask("GET", "/broken")
    assert (broken.status_code, "secret" in broken.text) == (500, False)


def test_a_mounted_wall_sees_the_whole_path_and_the_app_its_own() -> None:
    journal = Journal()
    outer = Starlette(routes=[Mount("/api", AsgiWall(fastapi_app(), wall(journal)))])
    ask = asking(outer)
    assert ask("GET", "/api/who").json() == {"subject": None, "roles": []}
    assert ask("GET", "/api/closed").status_code == 404  # what was asked is /api/closed, which is open
    assert [event.decision for event in journal.events] == ["allow", "allow"]


# --- a real server each


@pytest.fixture
def uvicorn_url() -> Iterator[Callable[[Any], str]]:
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: Any) -> str:
        config = uvicorn.Config(app, port=0, log_level="critical", ws="websockets-sansio")
        server = uvicorn.Server(config)
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            config.port = found.getsockname()[1]
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        servers.append((server, thread))
        return f"http://127.0.0.1:{config.port}"

    yield start
    for server, thread in servers:
        server.should_exit = True
        thread.join(5)


def test_uvicorn_serves_uploads_streams_and_websockets_through_the_wall(uvicorn_url: Callable[[Any], str]) -> None:
    app = FastAPI()
    gate = threading.Event()

    @app.post("/upload")
    async def upload(request: Request) -> dict[str, int]:
        return {"bytes": sum([len(part) async for part in request.stream()])}

    @app.get("/raw/events")
    async def events() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"data: 1\n\n"
            await asyncio.to_thread(gate.wait, 5)
            yield b"data: 2\n\n"

        return StreamingResponse(parts(), media_type="text/event-stream")

    @app.websocket("/talk")
    @app.websocket("/closed/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept(subprotocol="v1")
        await socket.send_text(await socket.receive_text() + "!")
        await socket.close()

    url = uvicorn_url(AsgiWall(app, make_wall(limits=BIG, uploads=BIG)))

    with httpx.Client(base_url=url) as client:
        megabytes = b"x" * (24 << 20)
        assert client.post("/upload", content=megabytes).json() == {"bytes": 24 << 20}
        chunked = client.post("/upload", content=(b"y" * 65536 for _ in range(16)))
        assert chunked.json() == {"bytes": 1 << 20}
        with client.stream("GET", "/raw/events") as stream:
            heard = stream.iter_raw()
            assert next(heard) == b"data: 1\n\n"  # before the second one exists
            gate.set()
            assert next(heard) == b"data: 2\n\n"

    async def websocket() -> None:
        ws = url.replace("http", "ws")
        async with connect(f"{ws}/talk", subprotocols=["v1"], proxy=None) as made:  # type: ignore[list-item]
            await made.send("hi")
            assert (await made.recv(), made.subprotocol) == ("hi!", "v1")
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"{ws}/closed/talk", proxy=None):
                pass
        assert refused.value.response.status_code == 403
        assert b"authz.test" in (refused.value.response.body or b"")

    asyncio.run(websocket())


def test_lifespan_state_and_background_tasks_live_on(uvicorn_url: Callable[[Any], str]) -> None:
    done: list[str] = []

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[dict[str, str]]:
        done.append("up")
        yield {"pool": "db"}

    app = FastAPI(lifespan=lifespan)

    @app.get("/later")
    def later(request: Request, tasks: BackgroundTasks) -> dict[str, str]:
        tasks.add_task(done.append, "task")
        return {"pool": request.state.pool}

    url = uvicorn_url(AsgiWall(app, wall()))
    assert [httpx.get(f"{url}/later").json() for _ in "12"] == [{"pool": "db"}] * 2
    assert done[:2] == ["up", "task"]


class Quiet(WSGIRequestHandler):
    def log_request(self, *args: Any) -> None:
        pass


def test_wsgiref_serves_through_the_wall() -> None:
    with make_server("127.0.0.1", 0, WsgiWall(flask_app(), wall()), handler_class=Quiet) as server:  # type: ignore[arg-type]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        asked = urllib.request.Request(f"{url}/echo", b"hello", {"X-Api-Key": "k"})
        with urllib.request.urlopen(asked, timeout=5) as answer:
            assert json.load(answer) == {"heard": "hello"}
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{url}/closed%20x", timeout=5)
        assert refused.value.code == 403
        refused.value.close()
        server.shutdown()
