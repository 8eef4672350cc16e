"""`ringwall token`: says, offline, why a token is accepted or refused. It fetches nothing and keeps nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import BinaryIO

import click

from ringwall.engines.tokens import Claims, Expectation, Json, KeySet, Payload, Refused, verify, verify_jws
from ringwall.engines.tokens.encoding import parse

MALFORMED = "input.malformed"
_KEY_SETS = 256  # as many as a batch is likely to alternate between


@click.group("token")
def command() -> None:
    """Say offline why a token is accepted or refused."""


@command.command(
    "verify",
    epilog="""\b
Examples:
  ringwall token verify eyJ... --jwks keys.json --issuer https://login.example.com --audience clinic-api
  pbpaste | ringwall token verify - --jwks keys.json --json
  ringwall token verify --jsonl < tokens.jsonl
A line of a batch is {"id", "token", "jwks", "issuer"?, "audience"?, "now"?}; its answer {"id", "valid", "reason"}.
Exit status: 0 accepted, or a batch that was answered; 1 refused; 2 wrong usage.""",
)
@click.argument("token", required=False)
@click.option("--jwks", "jwks_file", type=click.File("rb"), help="JWK Set, or one JWK, to verify with.")
@click.option("--issuer", help="The issuer to expect; without it, any.")
@click.option("--audience", help="The audience to expect; without it, the token may name none.")
@click.option("--now", type=float, help="The time to verify at, in epoch seconds; the clock's if not given.")
@click.option("--jws", is_flag=True, help="Signature and header alone, whatever the payload.")
@click.option("--jsonl", is_flag=True, help="A batch: one JSON object a line on standard input.")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
def verify_command(
    token: str | None,
    jwks_file: BinaryIO | None,
    issuer: str | None,
    audience: str | None,
    now: float | None,
    jws: bool,
    jsonl: bool,
    as_json: bool,
) -> None:
    """Verify one TOKEN (`-` reads it from standard input, where no process list shows it), or a batch."""
    if jsonl:
        if token or jwks_file or issuer or audience or now is not None:
            raise click.UsageError("With --jsonl everything but --jws is stated on each line.")
        for answer in batch(sys.stdin.buffer, jws):
            click.echo(answer)
        return
    if token is None or jwks_file is None:
        raise click.UsageError("Give a TOKEN and --jwks FILE, or --jsonl.")
    text = sys.stdin.buffer.read().decode("utf-8", "replace").strip() if token == "-" else token  # noqa: S105
    keys = _read_keys(jwks_file.read())
    at = time.time() if now is None else now
    outcome = _judge(text, keys, Expectation(issuer, audience), at, jws)
    click.echo(_as_json(outcome) if as_json else _as_text(outcome, keys))
    sys.exit(1 if isinstance(outcome, Refused) else 0)


def batch(lines: Iterable[bytes], jws: bool) -> Iterator[str]:
    """One answer a line, in order, whatever a line holds."""
    for line in lines:
        name, reason = _answer(line, jws)
        yield json.dumps({"id": name, "valid": reason is None, "reason": reason})


def _answer(line: bytes, jws: bool) -> tuple[Json, str | None]:
    try:
        query = parse(line)
    except ValueError:
        return None, MALFORMED
    if not isinstance(query, dict):
        return None, MALFORMED
    return query.get("id"), _reason(query, jws)


def _reason(query: dict[str, Json], jws: bool) -> str | None:
    token, jwks, now = query.get("token"), query.get("jwks"), query.get("now")
    issuer, audience = query.get("issuer"), query.get("audience")
    if not isinstance(token, str) or not isinstance(jwks, dict) or isinstance(now, bool):
        return MALFORMED
    if not (isinstance(issuer, str | None) and isinstance(audience, str | None)):
        return MALFORMED
    if not isinstance(now, int | float | None):
        return MALFORMED
    try:
        at = time.time() if now is None else float(now)
    except OverflowError:
        return MALFORMED
    outcome = _judge(token, _key_set(json.dumps(jwks)), Expectation(issuer, audience), at, jws)
    return outcome.reason if isinstance(outcome, Refused) else None


@lru_cache(maxsize=_KEY_SETS)
def _key_set(text: str) -> KeySet:
    jwks = json.loads(text)
    return KeySet.from_jwks(jwks)


def _judge(token: str, keys: KeySet, expect: Expectation, now: float, jws: bool) -> Claims | Payload | Refused:
    return verify_jws(token, keys) if jws else verify(token, keys, expect, now)


def _read_keys(data: bytes) -> KeySet:
    try:
        jwks = parse(data)
    except ValueError as error:
        raise click.UsageError("The file of --jwks is not strict JSON.") from error
    if not isinstance(jwks, dict):
        raise click.UsageError("The file of --jwks is neither a JWK Set nor a JWK.")
    return KeySet.from_jwks(jwks)


def _as_json(outcome: Claims | Payload | Refused) -> str:
    if isinstance(outcome, Refused):
        return json.dumps({"valid": False, "reason": outcome.reason, "sentence": outcome.sentence})
    told: dict[str, Json] = {"valid": True, "reason": None, "header": dict(outcome.header.members)}
    if isinstance(outcome, Claims):
        told["claims"] = dict(outcome.values)
    return json.dumps(told)


def _as_text(outcome: Claims | Payload | Refused, keys: KeySet) -> str:
    """The outcome in sentences. What the token says is quoted in ASCII: it may hold a terminal's control codes."""
    if isinstance(outcome, Refused):
        told = [f"refused: {outcome.reason}", f"  {outcome.sentence}"]
        unused = [f"  Key {json.dumps(s.kid)} of the set is not used: {s.why.sentence}" for s in keys.skipped]
        return "\n".join([*told, *unused])
    signer = f"signed with {outcome.header.alg}, key {json.dumps(outcome.header.kid)}"
    if isinstance(outcome, Payload):
        return f"accepted: {signer}; {len(outcome.data)} bytes of payload"
    return f"accepted: {signer}; subject {json.dumps(outcome.subject)}; until {_moment(outcome.expires)}"


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return f"epoch second {seconds}"
