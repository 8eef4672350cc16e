"""For FastAPI handlers: `who: Annotated[Caller, Depends(caller)]` is who calls. FastAPI itself is not imported."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from ringwall.adapters.caller import Caller

__all__ = ["Caller", "caller"]


def caller(connection: HTTPConnection) -> Caller:
    """Who calls, for a request or a WebSocket. Raises RuntimeError where the app runs without its wall."""
    found: Caller | None = connection.scope.get("state", {}).get("ringwall")
    if found is None:
        raise RuntimeError("the application runs without ringwall, so nobody can say who calls")
    return found
