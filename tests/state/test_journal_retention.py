"""Removing records by class and age: what is left verifies, what was not removed by us does not, archives open."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import orjson
import pyrage
import pytest
from click.testing import CliRunner

from monitoring.receivers import web
from ringwall.cli import cli
from ringwall.engines.ledger.frames import gone
from ringwall.engines.ledger.proofs import extends, includes
from ringwall.state import journal as writing
from ringwall.state.journal import Journal
from ringwall.state.journal_files import JournalDamaged, read, segments
from ringwall.state.journal_index import Query, search
from ringwall.state.journal_keys import CheckpointSigner, load_or_create_signer
from ringwall.state.journal_retention import Archive, retain
from ringwall.state.journal_tail import Tail
from ringwall.state.journal_verify import verify

DAY = 86_400.0
NOW = 1_767_225_600.0 + 40 * DAY
"""40 days after 2026-01-01."""


def record(n: int) -> bytes:
    decision = "refuse" if n % 3 == 0 else "allow"
    at = f"2026-01-{n % 28 + 1:02d}T00:00:00.000Z"
    return orjson.dumps({"kind": "exchange", "id": f"r-{n}", "at": at, "decision": decision, "principal": f"p{n % 2}"})


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, CheckpointSigner]:
    monkeypatch.setattr(writing, "SEGMENT_BYTES", 4000)
    signer = load_or_create_signer(tmp_path / "keys")
    journal = Journal.open(tmp_path / "journal", signer=signer)
    for n in range(60):
        journal.append(record(n))
    journal.close()
    assert len(segments(tmp_path / "journal")) > 3
    return tmp_path / "journal", signer


def test_what_is_left_is_whole_and_found(log: tuple[Path, CheckpointSigner]) -> None:
    journal, signer = log
    before = verify(journal, signer)
    assert len(search(journal, Query(principal="p1", limit=100))) == 30
    found = retain(journal, signer, {"allow": 20 * DAY}, NOW)
    assert found.removed > 10
    for keys in (signer, signer.verifier):
        after = verify(journal, keys)
        assert after.ok
        assert (after.records, after.root, after.removed) == (before.records, before.root, found.removed)
    left = dict(read(journal))
    assert len(left) == 60 - found.removed
    full = segments(journal)[-1].first
    for n in range(full):
        old = (40 - n % 28) * DAY > 20 * DAY
        assert (n in left) is (n % 3 == 0 or not old), "refusals are kept, and what is young"
    assert set(range(full, 60)) <= set(left), "the segment that is written is let alone"
    assert len(search(journal, Query(limit=100))) == len(left)
    assert len(Tail(journal).read(1000)) == len(left)
    assert retain(journal, signer, {"allow": 20 * DAY}, NOW).removed == 0
    again = Journal.open(journal, signer=signer)
    again.append(record(60))
    again.close()
    assert verify(journal, signer).ok


@pytest.mark.parametrize("forged", ["as it was", "another tag", "another number"])
def test_nobody_else_removes_a_record_unseen(forged: str, log: tuple[Path, CheckpointSigner]) -> None:
    journal, signer = log
    path = segments(journal)[0].path
    lines = path.read_bytes().splitlines()
    ours = gone(lines[2], signer.tagger(""))
    if forged == "as it was":
        lines[2] = ours.replace(ours[-34:-2], lines[2][-34:-2])
    elif forged == "another tag":
        lines[2] = ours[:-10] + b"00000000" + ours[-2:]
    else:
        lines[2] = gone(lines[3], signer.tagger(""))
    path.write_bytes(b"\n".join(lines) + b"\n")
    result = verify(journal, signer)
    assert result.problem is not None
    assert result.problem.record == 2


def test_an_altered_segment_is_not_touched(log: tuple[Path, CheckpointSigner]) -> None:
    journal, signer = log
    path = segments(journal)[0].path
    path.write_bytes(path.read_bytes().replace(b'"allow"', b'"maybe"', 1))
    content = path.read_bytes()
    with pytest.raises(JournalDamaged):
        retain(journal, signer, {"*": DAY}, NOW)
    assert path.read_bytes() == content


def test_an_archive_is_the_whole_segment_for_its_recipient_alone(
    log: tuple[Path, CheckpointSigner], tmp_path: Path
) -> None:
    journal, signer = log
    identity, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    before = {s.path.name: s.path.read_bytes() for s in segments(journal)}
    found = retain(journal, signer, {"*": DAY}, NOW, Archive(tmp_path / "archive", str(identity.to_public())))
    assert found.archives
    for path in found.archives:
        assert pyrage.decrypt(path.read_bytes(), [identity]) == before[path.name.removesuffix(".age")]
        assert b"exchange" not in path.read_bytes()
        with pytest.raises(pyrage.DecryptError):
            pyrage.decrypt(path.read_bytes(), [other])
    with pytest.raises(ValueError, match="no age recipient"):
        Archive(tmp_path, "age1nonsense")


def run(data: Path, *words: object) -> Any:
    return CliRunner().invoke(cli, ["audit", *map(str, words), "--data", str(data)])


def test_the_command_records_what_it_removed(log: tuple[Path, CheckpointSigner]) -> None:
    data = log[0].parent
    done = run(data, "retain", "--keep", "*=1d")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("removed ")
    acts = [json.loads(r) for _, r in read(log[0] / "admin")]
    assert [(a["operation"], a["keep"]) for a in acts] == [("audit.retain", ["*=86400s"])]
    assert "removed by retention" in run(data, "verify").output
    for wrong in (
        ["retain"],
        ["retain", "--keep", "x"],
        ["retain", "--keep", "a=1y"],
        ["retain", "--keep", "a=1d", "--archive", "x"],
    ):
        assert run(data, *wrong).exit_code == 2


def test_proofs_convince_whoever_holds_a_checkpoint(log: tuple[Path, CheckpointSigner], tmp_path: Path) -> None:
    data, signer = log[0].parent, log[1]
    note = tmp_path / "note"
    assert run(data, "checkpoint", "--to", note).exit_code == 0
    journal = Journal.open(log[0], signer=signer)
    for n in range(60, 90):
        journal.append(record(n))
    journal.close()
    proof = json.loads(run(data, "prove", "17").output)
    hashes = [base64.b64decode(h) for h in proof["hashes"]]
    leaf, root = base64.b64decode(proof["leaf"]), base64.b64decode(proof["root"])
    assert includes(leaf, 17, proof["size"], hashes, root)
    assert not includes(leaf, 18, proof["size"], hashes, root)
    grown = json.loads(run(data, "prove", "--since", note).output)
    old = base64.b64decode(grown["old_root"])
    hashes = [base64.b64decode(h) for h in grown["hashes"]]
    assert extends(60, old, 90, root, hashes)
    assert not extends(60, root, 90, old, hashes)
    assert run(data, "prove", "90").exit_code == 1
    assert run(data, "prove").exit_code == 2
    assert run(data, "prove", "1", "--log", "w9").exit_code == 2


def test_a_range_is_checked_alone_and_a_checkpoint_goes_to_a_url(log: tuple[Path, CheckpointSigner]) -> None:
    data = log[0].parent
    path = segments(log[0])[0].path
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"r-3"', b'"x-3"', 1))
    assert run(data, "verify").exit_code == 1
    assert run(data, "verify", "--records", "40-50").exit_code == 0
    assert run(data, "verify", "--records", "0-10").exit_code == 1
    assert run(data, "verify", "--records", "9-1").exit_code == 2
    path.write_bytes(whole)
    with web() as receiver:
        assert run(data, "checkpoint", "--to", f"http://127.0.0.1:{receiver.port}/note").exit_code == 0
        assert receiver.got[0][2] == (log[0] / "checkpoint").read_bytes()
        receiver.statuses = [500]
        assert run(data, "checkpoint", "--to", f"http://127.0.0.1:{receiver.port}/note").exit_code == 1
    assert run(data, "checkpoint", "--to", "http://example.com/").exit_code == 1
    assert run(data, "checkpoint", "--to", "-").output == run(data, "checkpoint").output


def test_an_administrator_who_cuts_the_end_is_seen_against_a_published_checkpoint(
    log: tuple[Path, CheckpointSigner], tmp_path: Path
) -> None:
    """All is put back as it once was, checkpoint and key included: only what was published tells."""
    import shutil

    data, signer = log[0].parent, log[1]
    shutil.copytree(log[0], tmp_path / "earlier")
    journal = Journal.open(log[0], signer=signer)
    journal.append(record(60))
    journal.close()
    note = tmp_path / "published"
    assert run(data, "checkpoint", "--to", note).exit_code == 0
    shutil.rmtree(log[0])
    shutil.move(tmp_path / "earlier", log[0])
    assert run(data, "verify").exit_code == 0
    told = run(data, "verify", "--checkpoint", note, "--json")
    assert (told.exit_code, json.loads(told.output)["problem"]["kind"]) == (1, "truncated")
