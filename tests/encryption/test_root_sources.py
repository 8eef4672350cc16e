"""Where the root key comes from: every source gives it back, moves to any other, and says plainly when it is lost."""

from __future__ import annotations

import io
import json
import logging
import os
import pickle
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ringwall.cli import cli
from ringwall.core.ports import Opened, Place, Seal, Unavailable, Unseal
from ringwall.engines.crypto.rootkey import RootKey
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.rootkeys import root_keys
from ringwall.state.sqlite import Store

PLACE = Place("patient", "diagnosis", "north", "acc-ana", "1")
SOFTHSM = next((p for p in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
                if Path(p).exists()), None)  # fmt: skip
REQUIRED = os.environ.get("RINGWALL_REQUIRE_SERVERS") == "1"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with one sealed value."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    store = Store(tmp_path / "state.db")
    (text,) = FieldKeys(store, root_keys(tmp_path / "keys")).seal(Seal((("asthma", PLACE),)))
    store.close()
    (tmp_path / "sealed").write_text(text)
    return tmp_path


def opens(here: Path) -> bool:
    store = Store(here / "state.db")
    try:
        keys = FieldKeys(store, root_keys(here / "keys"))
        return keys.unseal(Unseal((((here / "sealed").read_text(), PLACE),))) == (Opened("asthma"),)
    finally:
        store.close()


def root(here: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["keys", "root", *words, "--data", str(here)])


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A SoftHSM token with an AES key."""
    if SOFTHSM is None:
        if REQUIRED:
            pytest.fail("softhsm2 is not installed")
        pytest.skip("softhsm2 is not installed")
    pkcs11 = pytest.importorskip("pkcs11")
    where = tmp_path_factory.mktemp("softhsm")
    (where / "tokens").mkdir()
    (where / "softhsm2.conf").write_text(f"directories.tokendir = {where / 'tokens'}\n")
    os.environ["SOFTHSM2_CONF"] = str(where / "softhsm2.conf")
    words = ["--init-token", "--free", "--label", "ringwall", "--pin", "1234", "--so-pin", "4321"]
    subprocess.run(["softhsm2-util", *words], check=True, capture_output=True)
    with pkcs11.lib(SOFTHSM).get_token(token_label="ringwall").open(user_pin="1234", rw=True) as session:
        session.generate_key(pkcs11.KeyType.AES, 256, label="root", store=True)
    yield f"pkcs11:ringwall/root?module={SOFTHSM}&pin=env:HSM_PIN"
    del os.environ["SOFTHSM2_CONF"]


@pytest.fixture(scope="module")
def kms() -> Iterator[str]:
    """A stand-in that speaks AWS KMS's protocol, over HTTP on loopback."""
    moto = pytest.importorskip("moto.server")
    import boto3

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    given = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    os.environ.update(given)
    key = boto3.client("kms", region_name="eu-central-1", endpoint_url=endpoint).create_key()["KeyMetadata"]["KeyId"]
    yield f"awskms:{key}?region=eu-central-1&endpoint={endpoint}"
    server.stop()
    for name in given:
        del os.environ[name]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", ["file", "env", "passphrase", "passphrase-file", "pkcs11", "awskms"])
def test_a_root_key_from_anywhere_opens_what_was_sealed_before(
    here: Path, kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "correct horse battery staple"
    monkeypatch.setenv("HSM_PIN", "1234")
    monkeypatch.setenv("ROOT", RootKey.new(os.urandom).to_text())
    monkeypatch.setenv("PASSPHRASE", secret)
    (here / "phrase").write_text(secret + "\n")
    (here / "phrase").chmod(0o600)
    source = {
        "file": lambda: "file",
        "env": lambda: "env:ROOT",
        "passphrase": lambda: "passphrase:env:PASSPHRASE",
        "passphrase-file": lambda: f"passphrase:file:{here / 'phrase'}",
        "pkcs11": lambda: request.getfixturevalue("token"),
        "awskms": lambda: request.getfixturevalue("kms"),
    }[kind]()
    first = (here / "keys" / "root.key").read_text()
    done = root(here, "--rotate", "--source", source)
    assert done.exit_code == 0, done.output
    assert opens(here)
    assert not (here / "keys" / "root.key").exists(), "the old root key is destroyed"
    kept = b"".join(path.read_bytes() for path in (here / "keys").iterdir())
    assert first.encode() not in kept
    assert secret.encode() not in kept
    if kind != "file":
        assert not list((here / "keys").glob("*.key")) or all(
            p.name == "journal.key" for p in (here / "keys").glob("*.key")
        )
    shown = root(here).output
    assert secret not in shown
    assert "1234" not in shown
    if kind in ("file", "awskms", "pkcs11"):
        assert root(here, "--rotate").exit_code == 0, "another one from where the last came"
        assert opens(here)


@pytest.mark.parametrize("trouble", ["absent", "another", "short"])
def test_a_root_key_that_is_lost_or_wrong_is_said_at_start(here: Path, trouble: str, monkeypatch) -> None:
    monkeypatch.setenv("ROOT", RootKey.new(os.urandom).to_text())
    assert root(here, "--rotate", "--source", "env:ROOT").exit_code == 0
    other = {"absent": "", "another": RootKey.new(os.urandom).to_text(), "short": "c2hvcnQ"}[trouble]
    monkeypatch.setenv("ROOT", other)
    with pytest.raises(Unavailable) as said:
        root_keys(here / "keys")
    assert not other or other not in str(said.value)
    command = [sys.executable, "-c", "from ringwall.cli import main; main()", "up", "--data", str(here),
               "--listen", "127.0.0.1:0"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, "ROOT": other})
    assert done.returncode == 2
    assert "root key" in done.stderr or "ROOT" in done.stderr
    assert not other or other not in done.stderr
    assert "Traceback" not in done.stderr


def test_the_first_root_key_that_is_gone_is_not_made_anew(here: Path) -> None:
    (here / "keys" / "root.key").unlink()
    with pytest.raises(Unavailable, match="bring it back"):
        root_keys(here / "keys")
    assert not (here / "keys" / "root.key").exists()


def test_a_passphrase_is_of_some_length_and_sources_are_known(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSPHRASE", "short")
    for source, word in (("passphrase:env:PASSPHRASE", "16 characters"), ("vault:x", "comes from"),
                         ("passphrase:ask", "no terminal"), ("env:NOT_THERE", "NOT_THERE"),
                         ("pkcs11:a/b?module=/nowhere.so&pin=env:PASSPHRASE", "pkcs11"), ("pkcs11:x?pin", "options"),
                         ("awskms:x?region=eu-central-1&endpoint=http://127.0.0.1:9", "awskms")):  # fmt: skip
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        done = root(here, "--rotate", "--source", source)
        assert (done.exit_code, word in done.stderr) == (2, True), (source, done.stderr)
        assert "Traceback" not in done.output
        assert opens(here)


def test_an_exported_root_key_opens_with_both_custodians_and_comes_back(here: Path) -> None:
    names = []
    for name in ("alice", "bob"):
        (here / name).write_text(f"{name} has a long passphrase")
        (here / name).chmod(0o600)
        names.append(f"{name}={here / name}")

    def keys(*words: str) -> Result:
        return CliRunner().invoke(cli, ["keys", *words, "--data", str(here)])

    both = [word for name in names for word in ("--custodian", name)]
    assert keys("export", str(here / "out"), *both).exit_code == 1, "nobody is enrolled"
    for name in names:
        assert keys("custodian", "add", name).exit_code == 0
    assert keys("custodian", "add", "eve=" + str(here / "bob")).exit_code == 1, "a third needs the two"
    assert keys("export", str(here / "out"), *both[:2]).exit_code == 1
    assert keys("export", str(here / "out"), *both).exit_code == 0
    lost = (here / "keys" / "root.key").read_text()
    assert lost not in (here / "out").read_text()
    assert keys("import", str(here / "out"), *both).exit_code == 1, "there is one"
    (here / "keys" / "root.key").unlink()
    swapped = [f"alice={here / 'bob'}", f"bob={here / 'alice'}"]
    assert keys("import", str(here / "out"), "--custodian", swapped[0], "--custodian", swapped[1]).exit_code == 1
    assert keys("import", str(here / "out"), *both[:2]).exit_code == 1
    done = keys("import", str(here / "out"), *both)
    assert done.exit_code == 0, done.output
    assert opens(here)
    acts = CliRunner().invoke(cli, ["audit", "export", "--data", str(here)]).stdout
    assert [json.loads(a)["record"]["operation"] for a in acts.splitlines()][-2:] == ["keys.export", "keys.import"]
    assert lost not in acts


def test_a_root_key_is_in_no_text_pickle_or_traceback(here: Path) -> None:
    text = (here / "keys" / "root.key").read_text().strip()
    (root_key,) = root_keys(here / "keys")
    store = Store(here / "state.db")
    keys = FieldKeys(store, (root_key,))
    key = keys.ring.current("subject:acc-ana")
    shown = io.StringIO()
    try:
        raise RuntimeError(root_key, key, keys, keys.ring)
    except RuntimeError:
        traceback.print_exc(file=shown)
    raw = [root_key._secret.reveal(), key.secret.reveal()]
    for form in (repr(root_key), str(root_key), repr(key), f"{key}", repr(keys.ring), shown.getvalue()):
        assert text not in form
        assert not any(r.hex() in form or repr(r)[2:-1] in form for r in raw)
    for each in (root_key, key):
        with pytest.raises(TypeError):
            pickle.dumps(each)
    store.close()


def test_a_process_with_keys_leaves_no_core_dump() -> None:
    code = (
        "from ringwall.state.dumps import forbid_dumps; forbid_dumps(); import resource, ctypes;"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "(0, 0) 0\n"
