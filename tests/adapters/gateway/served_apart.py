"""A gateway with an open wall in a process of its own, so that its memory can be measured: prints its port."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time

from ringwall.adapters.gateway import Gateway, Upstream
from ringwall.core.admit import Admission, admit
from ringwall.core.plan import Guards, Limits, Plan, Wall
from ringwall.core.ports import Ports


def open_wall() -> Wall:
    """A wall with no guards: what remains is the gateway's own work."""
    ids, bounds = itertools.count(1), Admission()
    plan = Plan("ANY /", "/", Guards(), Limits(body=64 << 20), body="stream", reply="stream")
    ports = Ports({}, lambda event: None, time.time, time.perf_counter_ns, lambda: f"r{next(ids)}")
    return Wall(
        lambda raw, request_id: admit(raw, bounds, request_id),
        lambda head: (plan, {}),
        (plan,),
        ports,
        lambda head, response: response,
    )


async def main(url: str) -> None:
    server = await Gateway(open_wall(), Upstream(url)).serve()
    print(server.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if "--uvloop" in sys.argv:
        import uvloop

        uvloop.run(main(sys.argv[1]))
    else:
        asyncio.run(main(sys.argv[1]))
