"""How soon ten thousand revoked tokens are refused by every worker that remembers them: two processes on one store.

Each worker verifies every token once, so that all are remembered, and goes on asking while the tokens are revoked one
by one by a third process. The bound is the contract's `staleness`.

Run: python bench/revocations.py [--tokens N] [--staleness SECONDS] [--json]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from ringwall.build.runtime import Runtime, open_runtime
from ringwall.core.known import Known
from ringwall.core.ports import Account
from ringwall.core.verdict import Ask, Learned
from ringwall.engines.policy import Roles
from ringwall.layers.authentication.credential import Credential
from ringwall.layers.authentication.settings import Own, Settings
from ringwall.layers.authentication.tokens import token_verdict

WORKERS = 2


def asker(runtime: Runtime, staleness: float) -> Callable[[Credential], bool]:
    """Whether a worker takes a token now, by its own memory and the shared store."""
    own = Own(runtime.tokens.key_set, runtime.tokens.expectation())
    settings = Settings(own, {}, api_keys=True, basic=False, roles=Roles({}, frozenset()), staleness_s=staleness)

    def ask(token: Credential) -> bool:
        known = Known("GET /x", time.time(), {}, "127.0.0.1", "r")
        verdict = token_verdict(token, known, settings)
        while isinstance(verdict, Ask):
            question = verdict.question
            verdict = verdict.then(
                runtime.store.stands(question.subject, question.token_id, question.issued)  # type: ignore[attr-defined]
            )
        return isinstance(verdict, Learned)

    return ask


def worker(data: Path, tokens: list[str], staleness: float, talk: Connection) -> None:
    """Remember all, say so, and then tell when each was first refused."""
    runtime = open_runtime(data, log=f"bench-{multiprocessing.current_process().pid}")
    ask, left = asker(runtime, staleness), {t: Credential("token", t, "authorization") for t in tokens}
    if not all(ask(found) for found in left.values()):
        raise SystemExit("a good token was refused")
    talk.send("remembered")
    refused: dict[str, float] = {}
    while left:
        for token, found in list(left.items()):
            if not ask(found):
                refused[token] = time.time()
                del left[token]
    talk.send([refused[token] for token in tokens])
    runtime.close()


def measure(count: int, staleness: float) -> dict[str, float]:
    """Seconds from each revocation until the last worker refused the token."""
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "data"
        runtime = open_runtime(data)
        who = Account("acc-bench", "bench", frozenset(), None)
        tokens = [runtime.tokens.issue(who) for _ in range(count)]
        ends, processes = [], []
        for _ in range(WORKERS):
            here, there = multiprocessing.Pipe()
            process = multiprocessing.Process(target=worker, args=(data, tokens, staleness, there))
            process.start()
            ends.append(here)
            processes.append(process)
        for end in ends:
            end.recv()
        begun, revoked = time.time(), []
        for token in tokens:
            runtime.tokens.revoke(token)
            revoked.append(time.time())
        spent = time.time() - begun
        refused = [end.recv() for end in ends]
        for process in processes:
            process.join()
        runtime.close()
    delays = [max(times) - at for at, *times in zip(revoked, *refused, strict=True)]
    return {
        "tokens": count,
        "staleness_s": staleness,
        "revoking_s": round(spent, 2),
        "worst_s": round(max(delays), 3),
        "median_s": round(statistics.median(delays), 3),
    }


def main() -> None:
    """Print the figures; exit status 1 where a worker took a token for longer than the bound and a quarter second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=10_000)
    parser.add_argument("--staleness", type=float, default=5.0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measure(given.tokens, given.staleness)
    if given.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.write(
            f"{found['tokens']:,.0f} revoked in {found['revoking_s']} s; refused by all {WORKERS} workers after "
            f"{found['worst_s']} s at worst, {found['median_s']} s in the median (bound {found['staleness_s']} s)\n"
        )
    sys.exit(found["worst_s"] > given.staleness + 0.25)


if __name__ == "__main__":
    main()
