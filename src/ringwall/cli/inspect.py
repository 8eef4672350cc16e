"""`ringwall inspect`: detection in batch, JSON Lines in, JSON Lines out, in order, in bounded memory.

The stream is generic (`_stream`): lines go through one pure function, in this process while they are few and in one
process a core once there are enough to pay for starting them.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from itertools import chain, islice
from typing import BinaryIO, get_args

import click

from ringwall.engines.payload import JSON, Finding, Format, inspect, inspect_tree
from ringwall.engines.sinks.batch import MALFORMED, sql_line

BATCH = 256  # lines a task
SMALL = 2_000  # lines that are not worth another process
LONGEST = 8 * 1024 * 1024  # bytes of one line
FORMATS: tuple[Format, ...] = get_args(Format)

Answer = tuple[bytes, bool]  # the line out, and whether the line in was well formed
Answerer = Callable[[bytes], Answer]
_MALFORMED: Answer = (b'{"id": null, "flagged": false, "class": null, "reason": "input.malformed"}\n', False)


@click.command(
    epilog="""\b
Examples:
  echo '{"id": 1, "value": "O'"'"'Brien"}' | ringwall inspect
  ringwall inspect values.jsonl --format markdown --jobs 2
  ringwall inspect --sink sql statements.jsonl

A line is {"id", "value"[, "format"]}; a value that is no string has its strings and keys inspected. Out, in the same
order: {"id", "flagged", "class", "reason"}. With `--sink sql` a line is {"id", "statement", "input", "dialect"}, and
out comes {"id", "refused", "reason"}: whether the input became code of the statement. Exit status 2 when a line could
not be read."""
)
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--format",
    "default",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Of values that name none.",
)
@click.option("--jobs", type=click.IntRange(1, 64), default=None, help="Processes to use.  [default: one a core]")
@click.option("--sink", type=click.Choice(["sql"]), help="Judge statements by the input that they were made with.")
@click.pass_context
def command(ctx: click.Context, file: BinaryIO, default: Format, jobs: int | None, sink: str | None) -> None:
    """Look for injections in a batch of values."""
    out = sys.stdout.buffer
    well_formed = True
    answerer = sink_answer if sink else partial(answer, default)
    for line, fine in _stream(_lines(file), answerer, jobs or os.cpu_count() or 1):
        out.write(line)
        well_formed = well_formed and fine
    out.flush()
    ctx.exit(0 if well_formed else 2)


def answer(default: Format, line: bytes) -> Answer:
    """The answer to one line of input."""
    try:
        item = json.loads(line, parse_constant=_refuse)
        value, format_ = item["value"], item.get("format") or default
        identity = item.get("id")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _MALFORMED
    if format_ not in FORMATS:
        return _MALFORMED
    finding = _first(value, format_)
    reply = {
        "id": identity,
        "flagged": finding is not None,
        "class": finding.kind if finding else None,
        "reason": finding.reason if finding else None,
    }
    return json.dumps(reply).encode("ascii") + b"\n", True


def sink_answer(line: bytes) -> Answer:
    """The answer to one line of `--sink sql`."""
    told = sql_line(line)
    return told.encode("ascii") + b"\n", told is not MALFORMED


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _first(value: JSON, format_: Format) -> Finding | None:
    if isinstance(value, str):
        return inspect(value, format_)
    return next((finding for _, finding in inspect_tree(value, format_)), None)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines that are not blank; what is longer than `LONGEST` comes out cut, and so malformed."""
    while line := file.readline(LONGEST):
        if len(line) == LONGEST and not line.endswith(b"\n"):
            _skip_line(file)
        if line.strip():
            yield line


def _skip_line(file: BinaryIO) -> None:
    while (rest := file.readline(LONGEST)) and not rest.endswith(b"\n"):
        pass


def _stream(lines: Iterator[bytes], answerer: Answerer, jobs: int) -> Iterator[Answer]:
    """The answers to `lines`, in order."""
    yield from map(answerer, islice(lines, SMALL))
    following = next(lines, None)
    if following is None:
        return
    rest = chain([following], lines)
    yield from map(answerer, rest) if jobs == 1 else _spread(rest, answerer, jobs)


def _spread(lines: Iterator[bytes], answerer: Answerer, jobs: int) -> Iterator[Answer]:
    """As `_stream`, over `jobs` processes, with at most three batches a process on their way."""
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    waiting: deque[Future[list[Answer]]] = deque()
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        while batch := list(islice(lines, BATCH)):
            waiting.append(pool.submit(_answers, answerer, batch))
            if len(waiting) >= 3 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _answers(answerer: Answerer, batch: list[bytes]) -> list[Answer]:
    return [answerer(line) for line in batch]
