"""Signs as twins: each holds where the harm is and not beside it. Forged tokens against another library."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import errors, jws, jwt
from joserfc.jwk import OctKey

from ringwall.attacks import Grounds, Open, Received, Reply, corpus, forge, play, strike
from ringwall.attacks.fill import fill, misfits
from ringwall.attacks.signs import shown, shown_on_wire, sign

HTML = ("Content-Type", "text/html; charset=utf-8")
RUN = b"<p><script>x()</script>"


def reply(status: int = 200, *headers: tuple[str, str], body: bytes = b"") -> Reply:
    return Reply(status, headers, body)


@pytest.mark.parametrize(
    ("text", "hurt", "well"),
    [
        ("status 2xx", reply(204), reply(302)),
        ("status 404", reply(404), reply(403)),
        ("body contains abc", reply(body=b"xabcx"), reply(body=b"ab c")),
        ("json /a/1/b equals x", reply(body=b'{"a":[0,{"b":"x"}]}'), reply(body=b'{"a":[{"b":"x"}]}')),
        ("json /0 equals 12", reply(body=b"[12]"), reply(body=b"[13]")),
        ("json /a equals true", reply(body=b'{"a":true}'), reply(body=b'{"a"')),
        ("json /a exists", reply(body=b'{"a":0}'), reply(body=b'{"a":null}')),
        ("json /a exists", reply(body=b'{"a":"s"}'), reply(body=b'{"b":""}')),
        ("header Location contains evil", reply(302, ("location", "//evil")), reply(302, ("location", "/"))),
        ("header split by X-A", reply(200, ("x", "1\r\nX-A: 2")), reply(200, ("x", "1 X-A: 2"))),
        ("header split by X-A", reply(200, ("x-a", "2")), reply(200, ("x", "X-A:"))),
        ("script <script> runs", reply(200, HTML, body=RUN), reply(200, HTML, body=b"&lt;script>")),
        (
            "script <script> runs",
            reply(200, HTML, ("Content-Security-Policy", "img-src *"), body=RUN),
            reply(200, HTML, ("content-security-policy", "default-src 'none'"), body=RUN),
        ),
        (
            "script <script> runs",
            reply(200, HTML, ("Content-Security-Policy", "script-src 'unsafe-inline'"), body=RUN),
            reply(200, ("Content-Type", "application/json"), body=RUN),
        ),
        ("answered 1", reply(201), reply(429)),
    ],
)
def test_a_sign_in_replies(text: str, hurt: Reply, well: Reply, tmp_path: Path) -> None:
    found = sign(text)
    assert found is not None
    with Grounds(tmp_path) as here:
        assert shown((found,), (hurt,), here)
        assert shown((found,), (well, hurt), here)
        assert not shown((found,), (well,), here)
        assert not shown((found,), (), here)


def test_signs_of_a_reply_must_be_on_one_reply(tmp_path: Path) -> None:
    both = (sign("status 200"), sign("body contains x"))
    with Grounds(tmp_path) as here:
        assert shown(both, (reply(500), reply(200, body=b"x")), here)
        assert not shown(both, (reply(500, body=b"x"), reply(200)), here)


def test_signs_in_the_world(tmp_path: Path) -> None:
    with Grounds(tmp_path) as here:
        with closing(sqlite3.connect(here.database)) as database, database:
            database.execute("CREATE TABLE t (a)")
        signs = {
            "marker written": lambda: here.marker.write_text("x"),
            "listener hit": lambda: urlopen(here.listener + "/in").close(),
            "row SELECT a FROM t => 7": lambda: _insert(here.database),
            "stolen {{mark}}": lambda: (here.directory / "a.log").write_text(f"card {here.mark}."),
        }
        for text, harm in signs.items():
            assert not shown((sign(text),), (), here), text
            harm()
            assert shown((sign(text),), (), here), text
        assert here.hits() == ("/in",)
        here.lift = lambda holder: [b"its own"] if holder == "subject:a" else []
        assert shown((sign("stolen its own with the key of subject:a"),), (), here)
        assert not shown((sign("stolen its own with the key of subject:b"),), (), here)


def _insert(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO t VALUES (7)")


OK = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize(
    ("text", "hurt", "well"),
    [
        ("wire accepts", Received(OK, True), Received(b"HTTP/1.1 400 Bad\r\n\r\nHTTP/1.1 200 ", True)),
        ("wire contains abc", Received(OK + b"abc", True), Received(OK, True)),
        ("wire waits", Received(b"", False), Received(b"HTTP/1.1 408 Late", True)),
    ],
)
def test_a_sign_on_the_wire(text: str, hurt: Received, well: Received, tmp_path: Path) -> None:
    with Grounds(tmp_path) as here:
        assert shown_on_wire((sign(text),), hurt, here)
        assert not shown_on_wire((sign(text),), well, here)


WIRE = [case for case in corpus() if case.wire]


@pytest.mark.parametrize("case", WIRE, ids=[case.name for case in WIRE])
def test_a_strike_tells_a_lax_target_from_a_strict_one(case, tmp_path: Path) -> None:
    with Grounds(tmp_path) as here:
        lax = strike(case, lambda _: reply(201), lambda raw: Received(OK + here.mark.encode(), False), here)
        strict = strike(case, lambda _: reply(200), lambda _: Received(b"HTTP/1.1 400 Bad\r\n\r\n", True), here)
        with pytest.raises(ValueError, match="strike it"):
            play(case, lambda _: reply(), here)
    assert lax.hurt
    assert not strict.hurt


def test_setup_that_fails_is_an_honest_failure(tmp_path: Path) -> None:
    case = next(case for case in corpus() if case.name == "idor-read-patient")
    with Grounds(tmp_path) as here:
        refused = play(case, lambda sent: reply(403 if sent.method == "PATCH" else 200), here)
        served = play(replace(case, setup=()), lambda _: reply(200), here)
    assert (refused.honest_ok, served.honest_ok) == (False, True)


SECRET = OctKey.import_key("a shared secret that is long enough to be one")
TOKEN = jwt.encode({"alg": "HS256"}, {"sub": "acc-ana", "aud": "clinic"}, SECRET)


def test_an_unsigned_token_says_so_and_names_the_victim() -> None:
    token = forge.unsigned(TOKEN, "acc-dara")
    with pytest.warns(errors.SecurityWarning):
        seen = jws.deserialize_compact(token, SECRET, algorithms=["none"])
    assert seen.headers() == {"alg": "none", "typ": "JWT"}
    assert json.loads(seen.payload) == {"sub": "acc-dara", "aud": "clinic"}


def test_a_tampered_token_keeps_its_signature_which_no_longer_fits() -> None:
    token = forge.tampered(TOKEN, "acc-dara")
    assert token.rpartition(".")[2] == TOKEN.rpartition(".")[2]
    assert jwt.decode(forge.tampered(TOKEN, "acc-ana"), SECRET).claims["sub"] == "acc-ana"
    with pytest.raises(errors.BadSignatureError):
        jwt.decode(token, SECRET)


def test_a_confused_token_fits_the_public_key_taken_for_a_secret() -> None:
    public = b"a public key in PEM, which is long enough"
    token = forge.confused(TOKEN, "acc-dara", public)
    assert jwt.decode(token, OctKey.import_key(public)).claims["sub"] == "acc-dara"
    with pytest.raises(errors.BadSignatureError):
        jwt.decode(token, SECRET)


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "e30.W10.x", "é.é.é", "..", "a." + "A" * 9 + ".c"])
def test_any_token_can_be_forged_from(token: str) -> None:
    for forged in (forge.unsigned(token, "v"), forge.tampered(token, "v"), forge.confused(token, "v", b"k")):
        assert forged.count(".") == 2


@given(st.text(alphabet=st.characters(exclude_characters="{}\n\r", exclude_categories=["Cs"]), min_size=1))
def test_url_comes_back_when_decoded(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    written = f"a={{{{url:{text}}}}}&b"
    assert misfits(written) == ()
    with Grounds(tmp_path_factory.mktemp("grounds")) as here:
        filled = fill(written, here)
    assert filled.isascii()
    assert unquote(filled[2:-2]) == text


def test_braces_that_are_no_placeholder_stay(tmp_path: Path) -> None:
    text = '{{ 7*7 }} {% if x %} ${IFS} {"a": {"b": {}}} {{7}} {{Mark}}'
    with Grounds(tmp_path) as here:
        assert fill(text, here) == text
        assert fill('{{url:{"a":{"b":1}}}}|{{mark}}', here) == f"%7B%22a%22%3A%7B%22b%22%3A1%7D%7D|{here.mark}"
        assert fill("{{counter}}{{repeat:3:[}}{{bytes:0d0a}}", here, 7) == "0007[[[\r\n"


def test_open_credentials_prove_nothing_but_are_well_formed() -> None:
    assert Open().headers("none") == ()
    assert Open().headers("key:lab") == (("Authorization", "Bearer e30.e30.key-lab"),)
