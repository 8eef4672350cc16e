"""Export forms: nothing invented, nothing lost, nothing that a spreadsheet would run."""

import csv
import io

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringwall.engines.ledger.merkle import Tree, leaf_hash
from ringwall.engines.ledger.tiles import bundle_entries, tile_hashes
from ringwall.state.journal import Journal
from ringwall.state.journal_export import COLUMNS, header, jsonl, ocsf, row
from ringwall.state.journal_files import JournalDamaged, segments
from ringwall.state.journal_index import Found
from ringwall.state.journal_keys import CheckpointSigner, SignerKey
from ringwall.state.journal_tiles import publish
from ringwall.state.journal_verify import Checkpoint

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SIGNER = CheckpointSigner(SignerKey("test.example/journal", bytes(range(32))))
RECORD = {
    "kind": "exchange", "id": "r-1", "at": "2026-01-01T00:00:00.250Z", "operation": "GET /patients/{id}",
    "method": "GET", "path": "/patients/{id}", "client": "192.0.2.7", "decision": "refuse", "status": 404,
    "reason": "authz.object", "layer": "authz", "principal": "alice", "roles": ["nurse", "staff"],
    "objects": ["patient:17"], "us": 1499.0, "verdicts": [{"layer": "authz", "guard": "object"}],
}  # fmt: skip

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
records = st.dictionaries(st.sampled_from([*RECORD, "x"]), json_values)


def event(**changes):
    changed = {k: v for k, v in {**RECORD, **changes}.items() if v is not None}
    return orjson.loads(ocsf(Found("w1", 5, orjson.dumps(changed))))


def test_a_refusal_as_ocsf():
    mapped = event()
    assert mapped["class_uid"] == 6003
    assert (mapped["activity_id"], mapped["type_uid"]) == (2, 600302)
    assert mapped["time"] == 1767225600250
    assert (mapped["status_id"], mapped["status_code"], mapped["status_detail"]) == (2, "404", "authz.object")
    assert mapped["actor"] == {"user": {"uid": "alice", "type_id": 0, "type": "Unknown"}}
    assert mapped["src_endpoint"] == {"ip": "192.0.2.7"}
    assert mapped["api"] == {
        "operation": "GET /patients/{id}", "request": {"uid": "r-1"}, "response": {"code": 404}
    }  # fmt: skip
    assert mapped["resources"] == [{"name": "patient:17", "type": "patient", "uid": "17"}]
    assert (mapped["metadata"]["uid"], mapped["metadata"]["sequence"]) == ("w1/5", 5)
    assert mapped["duration"] == 1
    assert mapped["unmapped"]["verdicts"] == RECORD["verdicts"]
    assert mapped["unmapped"]["roles"] == ["nurse", "staff"]


def test_outcomes_are_told_apart():
    assert event(decision="allow", status=200, reason=None)["status_id"] == 1
    assert event(decision="observe", status=200)["status_id"] == 1
    assert event(decision="allow", status=500)["status_id"] == 2
    assert event(decision=None)["status_id"] == 0


@pytest.mark.parametrize(("method", "activity"), [("POST", 1), ("HEAD", 2), ("PATCH", 3), ("DELETE", 4), ("PURGE", 99)])
def test_activities(method, activity):
    assert event(method=method)["type_uid"] == 600300 + activity


def test_no_principal_is_not_a_user():
    assert "uid" not in event(principal=None)["actor"]["user"]


@unhurried
@given(records)
def test_any_record_exports_in_every_form_with_what_ocsf_requires(record):
    found = Found("", 0, orjson.dumps(record))
    mapped = orjson.loads(ocsf(found))
    assert {"activity_id", "category_uid", "class_uid", "type_uid", "severity_id", "metadata", "actor", "api",
            "src_endpoint"} <= mapped.keys()  # fmt: skip
    assert orjson.loads(jsonl(found))["record"] == orjson.loads(found.record)
    assert len(next(csv.reader(io.StringIO(row(found).decode(), newline="")))) == len(COLUMNS)


def test_a_csv_row_reads_back_under_its_header():
    lines = header() + row(Found("w1", 5, orjson.dumps(RECORD)))
    (read,) = csv.DictReader(io.StringIO(lines.decode(), newline=""))
    assert (read["log"], read["n"], read["principal"], read["roles"]) == ("w1", "5", "alice", "nurse staff")


@pytest.mark.parametrize("hostile", ['=HYPERLINK("http://x")', "+1", "-1", "@x", "\tx", "\rx"])
def test_a_formula_in_a_cell_is_text(hostile):
    (read,) = csv.reader(io.StringIO(row(Found("", 0, orjson.dumps({"principal": hostile}))).decode(), newline=""))
    assert read[COLUMNS.index("principal")] == f"'{hostile}"


def test_a_published_log_proves_itself(tmp_path):
    """A monitor's reading: entries hash to the level-0 tiles, and those to the checkpoint's root."""
    journal = Journal.open(tmp_path / "j", signer=SIGNER, fsync_interval=3600)
    entries = [b'{"n":%d}' % n for n in range(600)]
    for entry in entries:
        journal.append(entry)
    note = journal.checkpoint()
    journal.close()
    signed = Checkpoint.open(note, SIGNER.verifier)
    publish(tmp_path / "j", note, signed, tmp_path / "out")
    names = ["000", "001", "002.p/88"]
    read = [e for name in names for e in bundle_entries((tmp_path / "out/tile/entries" / name).read_bytes())]
    hashes = [h for name in names for h in tile_hashes((tmp_path / "out/tile/0" / name).read_bytes())]
    assert read == entries
    assert hashes == [leaf_hash(e) for e in entries]
    assert Tree(hashes).root(600) == signed.root
    assert (tmp_path / "out/checkpoint").read_bytes() == note


def test_what_was_not_signed_is_not_published(tmp_path):
    journal = Journal.open(tmp_path / "j", signer=SIGNER)
    journal.append(b'{"id":"r-0"}')
    note = journal.checkpoint()
    journal.close()
    path = segments(tmp_path / "j")[0].path
    path.write_bytes(path.read_bytes().replace(b"r-0", b"r-X"))
    with pytest.raises(JournalDamaged):
        publish(tmp_path / "j", note, Checkpoint.open(note, SIGNER.verifier), tmp_path / "out")
    assert not (tmp_path / "out").exists()
