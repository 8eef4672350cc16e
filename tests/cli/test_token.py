"""`ringwall token verify`: one answer for every line, a sentence for every refusal, and the exit status to match."""

import json
import time

from click.testing import CliRunner, Result

from engines.tokens.token_forge import CLAIMS, JWK, NOW, b64, raw, token
from ringwall.cli import cli

KEYS = {"keys": [JWK["EdDSA"], JWK["ES256"]]}


def run(*arguments: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(cli, ["token", "verify", *arguments], input=stdin)


def answers(*lines: object, jws: bool = False) -> list[tuple[object, bool, str | None]]:
    text = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    result = run("--jsonl", *(["--jws"] if jws else []), stdin=text)
    assert (result.exit_code, result.exception) == (0, None)
    told = [json.loads(line) for line in result.output.splitlines()]
    assert all(list(one) == ["id", "valid", "reason"] for one in told)
    return [(one["id"], one["valid"], one["reason"]) for one in told]


def line(name: object, text: object, **more: object) -> dict[str, object]:
    return {"id": name, "token": text, "jwks": KEYS, "audience": "clinic", "now": NOW, **more}


def test_a_batch_answers_each_line_in_order() -> None:
    good = token("EdDSA")
    assert answers(
        line(1, good),
        line("b", token("ES256"), issuer="https://issuer.test"),
        line(None, good, issuer="https://other.test"),
        line(4, good, now=NOW + 60),
        line(5, good, audience=None),
        line(6, good, jwks=JWK["ES256"]),
        line(7, raw("EdDSA", b'{"alg":"EdDSA"}', b"foo")),
        line(8, good, jwks=JWK["EdDSA"]),
    ) == [
        (1, True, None),
        ("b", True, None),
        (None, False, "authn.token.issuer"),
        (4, False, "authn.token.expired"),
        (5, False, "authn.token.audience"),
        (6, False, "authn.token.key_unknown"),
        (7, False, "authn.token.json"),
        (8, True, None),
    ]


def test_a_batch_of_jws_takes_any_payload() -> None:
    text = raw("EdDSA", b'{"alg":"EdDSA"}', b"foo")
    assert answers(line(1, text), line(2, text + "="), jws=True) == [
        (1, True, None),
        (2, False, "authn.token.base64"),
    ]


def test_a_malformed_line_has_its_answer_too() -> None:
    good = token("EdDSA")
    bad = "input.malformed"
    assert answers(
        b"",
        b"junk",
        b"[]",
        b"\xff\xfe",
        b'{"id":1,"id":2,"token":"x","jwks":{}}',
        b'{"id":1,"token":"x","jwks":{"keys":' + b"[" * 100_000,
        b'{"id":1,"token":"x","jwks":{},"now":NaN}',
        {"id": 3},
        line(4, {"payload": "Zm9v"}),
        line(5, good, jwks=[JWK["EdDSA"]]),
        line(6, good, jwks=None),
        line(7, good, now=True),
        line(8, good, now="1"),
        line(9, good, now=10**400),
        line(10, good, issuer=7),
        line(11, good),
    ) == [(None, False, bad)] * 7 + [(n, False, bad) for n in range(3, 11)] + [(11, True, None)]


def test_a_batch_without_a_time_uses_the_clock() -> None:
    fresh, stale = (token("EdDSA", CLAIMS | {"iat": 1, "exp": int(time.time()) + s}) for s in (60, -60))
    assert [valid for _, valid, _ in answers(line(1, fresh, now=None), line(2, stale, now=None))] == [True, False]


def test_one_token_is_explained(tmp_path: object) -> None:
    path = f"{tmp_path}/keys.json"
    with open(path, "w") as file:
        json.dump(KEYS, file)
    good, at = token("EdDSA"), ("--jwks", path, "--audience", "clinic", "--now", str(NOW))
    accepted = run(good, *at)
    assert accepted.exit_code == 0
    assert accepted.output == 'accepted: signed with EdDSA, key "ed"; subject "u1"; until 2023-11-14T22:14:20+00:00\n'
    assert run("-", *at, stdin=good + "\n").exit_code == 0
    refused = run(good, *at[:-1], str(NOW + 61))
    assert refused.exit_code == 1
    assert "refused: authn.token.expired\n  It has expired. (exp 1700000060, now 1700000061)" in refused.output
    told = json.loads(run(good, *at, "--json").output)
    assert (told["valid"], told["claims"], told["header"]) == (True, CLAIMS, {"alg": "EdDSA", "kid": "ed"})
    assert json.loads(run(good, *at, "--issuer", "x", "--json").output)["reason"] == "authn.token.issuer"
    assert run(raw("EdDSA", b'{"alg":"EdDSA"}', b"foo"), *at, "--jws").output.endswith("3 bytes of payload\n")


def test_what_a_token_says_cannot_drive_a_terminal(tmp_path: object) -> None:
    path = f"{tmp_path}/keys.json"
    with open(path, "w") as file:
        json.dump(JWK["EdDSA"], file)
    text = token("EdDSA", CLAIMS | {"sub": "\x1b]0;owned\x07\u202e", "exp": 1e300, "iat": 1})
    output = run(text, "--jwks", path, "--audience", "clinic", "--now", "2").output
    assert output.isascii()
    assert "\x1b" not in output
    assert "until epoch second 1e+300" in output


def test_wrong_usage_is_said_and_ends_with_2(tmp_path: object) -> None:
    path = f"{tmp_path}/keys.json"
    with open(path, "w") as file:
        file.write('{"keys":[],"keys":[]}')
    for arguments in ([], ["x"], ["x", "--jwks", path], ["x", "--jwks", f"{tmp_path}/none"], ["x", "--jsonl"]):
        result = run(*arguments)
        assert result.exit_code == 2, arguments
        assert "Traceback" not in result.output
    assert run("-", "--jwks", path, stdin=b"\xff").exit_code == 2


def test_input_that_is_not_text_is_refused_without_a_traceback(tmp_path: object) -> None:
    path = f"{tmp_path}/keys.json"
    with open(path, "w") as file:
        json.dump(KEYS, file)
    result = run("-", "--jwks", path, stdin=b"\xff.\xff." + b64(b"x").encode())
    assert (result.exit_code, "authn.token.base64" in result.output) == (1, True)
