"""Each thing that someone with the directory but not the key can do to a journal, and what verification says."""

import base64
import hashlib
import os
import shutil

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringwall.engines.ledger.checkpoints import Checkpoint, each_note
from ringwall.engines.ledger.frames import Frame, Tagger, encode
from ringwall.engines.ledger.notes import NoteError
from ringwall.state import journal as journal_module
from ringwall.state.journal import Journal
from ringwall.state.journal_files import segments
from ringwall.state.journal_keys import CheckpointSigner, SignerKey
from ringwall.state.journal_verify import verify

SIGNER = CheckpointSigner(SignerKey("test.example/journal", bytes(range(32))))
COUNT = 40
FORGER = Tagger(bytes(32))


def record(number):
    return b'{"kind":"exchange","id":"r-%d"}' % number


@pytest.fixture(scope="session")
def untouched(tmp_path_factory):
    """A journal of 40 records in several segments, closed."""
    place = tmp_path_factory.mktemp("journal") / "journal"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal_module, "SEGMENT_BYTES", 2000)
        journal = Journal.open(place, signer=SIGNER, fsync_interval=3600)
        for number in range(COUNT):
            journal.append(record(number))
        journal.close()
    assert len(segments(place)) > 3
    return place


@pytest.fixture
def place(untouched, tmp_path):
    return shutil.copytree(untouched, tmp_path / "journal")


def lines_of(place):
    return [line for s in segments(place) for line in s.path.read_bytes().splitlines(keepends=True)]


def rewrite(place, lines):
    """Lays lines over the same segments: as many to each as it had, the rest to the last."""
    found = segments(place)
    counts = [len(s.path.read_bytes().splitlines()) for s in found]
    for segment, count in zip(found, counts, strict=True):
        last = segment == found[-1]
        segment.path.write_bytes(b"".join(lines if last else lines[:count]))
        lines = lines[count:]


def holder(place, number):
    return next(s.path.name for s in reversed(segments(place)) if s.first <= number)


def found(place, keys=SIGNER, **options):
    problem = verify(place, keys, **options).problem
    return None if problem is None else (problem.segment, problem.record, problem.kind)


def forged(number, body):
    return encode(number, body, FORGER)[0]


def renumbered(lines):
    """The lines with running numbers and right leaf hashes, and the tags that they had."""
    frames = [Frame.parse(line[:-1]) for line in lines]
    return [encode(n, f.record, FORGER)[0].replace(FORGER.tag(n, f.leaf), f.tag) for n, f in enumerate(frames)]


def test_an_untouched_journal_holds_with_either_key(place):
    """The root is RFC 6962's, computed here from the records alone."""

    def mth(entries):
        if len(entries) == 1:
            return hashlib.sha256(b"\x00" + entries[0]).digest()
        k = 1 << (len(entries) - 1).bit_length() - 1
        return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()

    root = base64.b64encode(mth([record(n) for n in range(COUNT)])).decode()
    for keys in (SIGNER, SIGNER.verifier):
        result = verify(place, keys)
        assert result.document() == {"ok": True, "records": COUNT, "root": root, "problem": None}
        assert result.signed == COUNT


@pytest.mark.parametrize("keys", [SIGNER, SIGNER.verifier], ids=["with key", "public"])
@pytest.mark.parametrize("n", [0, 7, 23, COUNT - 1])
class TestPlainTampering:
    """What an editor does to the files; the public key is enough to name the record."""

    def test_a_record_is_edited(self, place, keys, n):
        lines = lines_of(place)
        lines[n] = lines[n].replace(b"exchange", b"exchangE")
        rewrite(place, lines)
        assert found(place, keys) == (holder(place, n), n, "altered")

    def test_a_leaf_hash_is_edited(self, place, keys, n):
        lines = lines_of(place)
        lines[n] = lines[n].replace(b'"leaf":"', b'"leaf":"0')[:-60] + lines[n][-59:]
        rewrite(place, lines)
        assert found(place, keys)[1:] in ((n, "altered"), (n, "malformed"))

    def test_a_number_is_edited(self, place, keys, n):
        lines = lines_of(place)
        lines[n] = lines[n].replace(b'{"n":%d,' % n, b'{"n":%d,' % (n + 300))
        rewrite(place, lines)
        expected = "altered" if keys is SIGNER or n < COUNT - 1 else "missing"
        assert found(place, keys) == (holder(place, n), n, expected)

    def test_a_line_becomes_noise(self, place, keys, n):
        lines = lines_of(place)
        lines[n] = b"\x00\xff noise\n"
        rewrite(place, lines)
        assert found(place, keys) == (holder(place, n), n, "malformed")

    def test_a_line_is_spelt_otherwise(self, place, keys, n):
        lines = lines_of(place)
        lines[n] = lines[n].replace(b'"n":', b'"n": ')
        rewrite(place, lines)
        assert found(place, keys) == (holder(place, n), n, "altered")

    def test_an_empty_line_is_put_in(self, place, keys, n):
        lines = lines_of(place)
        rewrite(place, [*lines[:n], b"\n", *lines[n:]])
        assert found(place, keys)[1:] == (n, "malformed")


@pytest.mark.parametrize("keys", [SIGNER, SIGNER.verifier], ids=["with key", "public"])
@pytest.mark.parametrize("n", [0, 7, 23, COUNT - 2])
class TestMovedLines:
    def test_a_line_is_deleted(self, place, keys, n):
        lines = lines_of(place)
        rewrite(place, lines[:n] + lines[n + 1 :])
        assert found(place, keys) == (holder(place, n), n, "missing")

    def test_neighbours_are_swapped(self, place, keys, n):
        lines = lines_of(place)
        lines[n], lines[n + 1] = lines[n + 1], lines[n]
        rewrite(place, lines)
        assert found(place, keys) == (holder(place, n), n, "reordered")

    def test_far_lines_are_swapped(self, place, keys, n):
        lines = lines_of(place)
        other = COUNT - 1 if n < COUNT // 2 else 3
        lines[n], lines[other] = lines[other], lines[n]
        rewrite(place, lines)
        assert found(place, keys) == (holder(place, min(n, other)), min(n, other), "reordered")

    def test_a_forged_line_is_put_in(self, place, keys, n):
        lines = lines_of(place)
        rewrite(place, [*lines[:n], forged(n, b'{"forged":true}'), *lines[n:]])
        assert found(place, keys) == (holder(place, n), n, "altered")

    def test_a_line_is_written_over_another(self, place, keys, n):
        lines = lines_of(place)
        lines[n] = lines[n + 1]
        rewrite(place, lines)
        assert found(place, keys) == (holder(place, n), n, "altered")

    def test_a_copy_is_put_in(self, place, keys, n):
        lines = lines_of(place)
        rewrite(place, [*lines[: n + 1], lines[n], *lines[n + 1 :]])
        assert found(place, keys)[1:] == (n + 1, "reordered")


@pytest.mark.parametrize("n", [0, 7, 23, COUNT - 2])
class TestCarefulTampering:
    """Numbers and hashes are mended as well, all but the signature and the tags. With the key the record is named;
    the public key names the first that no matching checkpoint covers."""

    def public(self, place):
        """What the public key alone can say: somewhere after the last checkpoint that matches."""
        return found(place, SIGNER.verifier)[1:]

    def test_record_and_hash_are_edited(self, place, n):
        lines = lines_of(place)
        lines[n] = forged(n, b'{"kind":"exchange","id":"forged"}')
        rewrite(place, lines)
        assert found(place) == (holder(place, n), n, "altered")
        assert self.public(place) == (0, "altered")

    def test_a_line_is_deleted_and_the_rest_renumbered(self, place, n):
        lines = lines_of(place)
        rewrite(place, renumbered(lines[:n] + lines[n + 1 :]))
        assert found(place) == (holder(place, n), n, "missing")
        assert self.public(place)[1] in ("altered", "truncated")

    def test_lines_are_swapped_and_renumbered(self, place, n):
        lines = lines_of(place)
        lines[n], lines[n + 1] = lines[n + 1], lines[n]
        rewrite(place, renumbered(lines))
        assert found(place) == (holder(place, n), n, "reordered")
        assert self.public(place) == (0, "altered")

    def test_a_line_is_put_in_and_the_rest_renumbered(self, place, n):
        lines = lines_of(place)
        rewrite(place, renumbered([*lines[:n], forged(n, b'{"forged":true}'), *lines[n:]]))
        assert found(place) == (holder(place, n), n, "altered")


def test_with_checkpoints_between_the_public_key_names_the_part(tmp_path):
    journal = Journal.open(tmp_path / "j", signer=SIGNER, fsync_interval=3600)
    for number in range(2500):
        journal.append(record(number))
        if number in (1099, 2299):
            journal.checkpoint()
    journal.close()
    sizes = [Checkpoint.open(n, SIGNER.verifier).size for n in each_note((tmp_path / "j/checkpoints").read_bytes())]
    assert sizes == [1100, 2300, 2500]
    lines = lines_of(tmp_path / "j")
    lines[1700] = forged(1700, record(1))
    rewrite(tmp_path / "j", lines)
    assert found(tmp_path / "j", SIGNER.verifier)[1:] == (1100, "altered")
    assert found(tmp_path / "j")[1:] == (1700, "altered")


class TestLostParts:
    @pytest.mark.parametrize("keys", [SIGNER, SIGNER.verifier], ids=["with key", "public"])
    @pytest.mark.parametrize("cut", [1, 50, 200])
    def test_the_tail_is_cut_mid_line(self, place, keys, cut):
        last = segments(place)[-1].path
        os.truncate(last, last.stat().st_size - cut)
        left = len(lines_of(place)) - (0 if lines_of(place)[-1].endswith(b"\n") else 1)
        assert found(place, keys) == (last.name, left, "truncated")

    @pytest.mark.parametrize("keys", [SIGNER, SIGNER.verifier], ids=["with key", "public"])
    def test_the_last_lines_go(self, place, keys):
        rewrite(place, lines_of(place)[:-2])
        assert found(place, keys)[1:] == (COUNT - 2, "truncated")

    @pytest.mark.parametrize("keys", [SIGNER, SIGNER.verifier], ids=["with key", "public"])
    def test_a_segment_goes(self, place, keys):
        for gone in (2, 0):
            segment = segments(place)[gone]
            segment.path.unlink()
            assert found(place, keys) == (segment.path.name, segment.first, "missing")

    def test_the_last_segment_goes(self, place):
        last = segments(place)[-1]
        last.path.unlink()
        assert found(place)[1:] == (last.first, "truncated")

    def test_all_segments_go(self, place):
        for segment in segments(place):
            segment.path.unlink()
        assert found(place) == ("0" * 20 + ".jsonl", 0, "truncated")

    def test_an_inner_segment_is_cut(self, place):
        inner = segments(place)[1]
        os.truncate(inner.path, inner.path.stat().st_size - 10)
        assert found(place) == (inner.path.name, segments(place)[2].first - 1, "truncated")

    def test_a_segment_is_renamed(self, place):
        segment = segments(place)[1]
        segment.path.rename(segment.path.with_name(f"{segment.first + 1:020d}.jsonl"))
        assert found(place) == (segment.path.name, segment.first, "altered")


class TestCheckpoints:
    def test_every_byte_of_the_checkpoint_counts(self, place):
        path = place / "checkpoint"
        note = path.read_bytes()
        for at in range(len(note)):
            path.write_bytes(note[:at] + bytes([note[at] ^ 2]) + note[at + 1 :])
            assert found(place) == ("checkpoint", COUNT, "checkpoint")
        path.write_bytes(note)
        assert found(place) is None

    def test_the_checkpoint_goes(self, place):
        (place / "checkpoint").unlink()
        assert found(place) == ("checkpoint", COUNT, "checkpoint")

    def test_a_note_of_the_history_is_forged(self, place):
        path = place / "checkpoints"
        path.write_bytes(path.read_bytes().replace(b"test.example", b"test.Example", 1))
        assert found(place) == ("checkpoints", COUNT, "checkpoint")

    def test_a_history_that_is_being_written_is_not_held_against_it(self, place):
        with (place / "checkpoints").open("ab") as history:
            history.write(b"test.example/journal\n41\nAAA")
        assert found(place) is None

    def test_another_key_signs_it_all_anew(self, place):
        other = CheckpointSigner(SignerKey("test.example/journal", bytes(32)))
        shutil.rmtree(place)
        journal = Journal.open(place, signer=other)
        journal.append(record(0))
        journal.close()
        assert found(place, other) is None
        assert found(place) == ("0" * 20 + ".jsonl", 0, "altered")
        assert found(place, SIGNER.verifier) == ("checkpoint", 0, "checkpoint")


class TestRollback:
    """Only a checkpoint that was kept elsewhere tells."""

    @pytest.fixture
    def rolled_back(self, tmp_path):
        """A journal put back to five records after ten were published."""
        place = tmp_path / "j"
        journal = Journal.open(place, signer=SIGNER)
        for number in range(5):
            journal.append(record(number))
        journal.close()
        shutil.copytree(place, tmp_path / "old")
        journal = Journal.open(place, signer=SIGNER)
        for number in range(5, 10):
            journal.append(record(number))
        published = journal.checkpoint()
        journal.close()
        assert found(place, published=published) is None
        shutil.rmtree(place)
        (tmp_path / "old").rename(place)
        return place, published

    def test_it_is_told_by_a_published_checkpoint_alone(self, rolled_back):
        place, published = rolled_back
        assert found(place) is None
        assert found(place, published=published)[1:] == (5, "truncated")
        assert found(place, SIGNER.verifier, published=published)[1:] == (5, "truncated")

    def test_it_is_told_even_after_the_journal_went_on(self, rolled_back):
        place, published = rolled_back
        journal = Journal.open(place, signer=SIGNER)
        for number in range(20):
            journal.append(record(1000 + number))
        journal.close()
        assert found(place) is None
        assert found(place, published=published)[1:] == (10, "checkpoint")

    def test_a_published_checkpoint_must_be_signed_by_the_key(self, rolled_back):
        place, published = rolled_back
        for bad in (published.replace(b"\n10\n", b"\n11\n"), b"noise", published + b"noise\n"):
            with pytest.raises(NoteError):
                verify(place, SIGNER, published=bad)


class TestSeveralLogs:
    @pytest.fixture
    def several(self, tmp_path):
        notes = b""
        for log, count in (("", 3), ("w1", 5), ("w2", 7)):
            journal = Journal.open(tmp_path / "j", signer=SIGNER, log=log)
            for number in range(count):
                journal.append(record(number))
            notes += journal.checkpoint()
            journal.close()
        return tmp_path / "j", notes

    def test_all_are_verified(self, several):
        place, notes = several
        result = verify(place, SIGNER, published=notes)
        assert (result.ok, result.records) == (True, 15)
        roots = [base64.b64decode((place / log / "checkpoint").read_text().splitlines()[2]) for log in ("", "w1", "w2")]
        leaves = [hashlib.sha256(b"\x00" + root).digest() for root in roots]
        left = hashlib.sha256(b"\x01" + leaves[0] + leaves[1]).digest()
        assert base64.b64decode(result.root) == hashlib.sha256(b"\x01" + left + leaves[2]).digest()

    def test_the_log_at_fault_is_named(self, several):
        place, _ = several
        path = segments(place / "w1")[0].path
        path.write_bytes(path.read_bytes().replace(b"r-3", b"r-X"))
        assert found(place) == ("w1/" + "0" * 20 + ".jsonl", 3, "altered")

    def test_logs_that_change_places_are_told(self, several):
        place, _ = several
        (place / "w1").rename(place / "x")
        (place / "w2").rename(place / "w1")
        (place / "x").rename(place / "w2")
        assert found(place)[1:] == (0, "altered")
        assert found(place, SIGNER.verifier)[2] == "checkpoint"

    def test_a_log_that_is_gone_is_told_by_its_published_checkpoint(self, several):
        place, notes = several
        shutil.rmtree(place / "w2")
        assert found(place) is None
        assert found(place, published=notes) == ("w2/" + "0" * 20 + ".jsonl", 0, "missing")


def unsigned_tail(place):
    """Three forged lines after the end: what a kill would leave, but for the tags."""
    with segments(place)[-1].path.open("ab") as last:
        last.write(b"".join(forged(COUNT + n, b'{"forged":true}') for n in range(3)))


def test_what_nobody_signed_counts_only_where_the_key_vouches_for_it(place):
    before = verify(place, SIGNER.verifier)
    unsigned_tail(place)
    assert found(place) == (segments(place)[-1].path.name, COUNT, "altered")
    assert verify(place, SIGNER.verifier) == before


def test_a_range_is_checked_and_the_root_all_the_same(place):
    lines = lines_of(place)
    lines[3] = lines[3].replace(b"exchange", b"exchangE")
    rewrite(place, lines)
    assert found(place, within=range(COUNT - 1, COUNT)) is None
    assert found(place, within=range(5))[1:] == (3, "altered")
    lines[3] = forged(3, record(99))
    rewrite(place, lines)
    assert found(place, SIGNER.verifier, within=range(COUNT - 1, COUNT))[2] == "altered"


def test_a_line_still_being_written_is_not_held_against_a_live_journal(place):
    """The rest of the line comes while verification waits for it."""
    last = segments(place)[-1].path
    line = encode(COUNT, record(COUNT), SIGNER.tagger(""))[0]
    with last.open("ab", buffering=0) as writer:
        writer.write(line[:50])
        assert found(place) == (last.name, COUNT, "truncated")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ringwall.state.journal_verify.time.sleep", lambda _: writer.write(line[50:]))
            assert found(place) is None


def test_an_empty_directory_holds_no_log(tmp_path):
    assert verify(tmp_path / "nothing", SIGNER).records == 0
    assert verify(tmp_path, SIGNER).ok


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_one_changed_byte_is_told_and_its_record_named(untouched, tmp_path_factory, data):
    place = tmp_path_factory.mktemp("flip") / "journal"
    shutil.copytree(untouched, place)
    segment = data.draw(st.sampled_from(segments(place)))
    body = bytearray(segment.path.read_bytes())
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 255))
    segment.path.write_bytes(bytes(body))
    number = segment.first + bytes(body[:at]).count(b"\n")
    name, record_number, kind = found(place)
    assert (name, record_number) == (segment.path.name, number)
    assert kind in ("altered", "malformed", "truncated")
    shutil.rmtree(place.parent)


def test_the_document_is_what_the_command_promises(place):
    lines = lines_of(place)
    rewrite(place, lines[:7] + lines[8:])
    document = orjson.loads(orjson.dumps(verify(place, SIGNER).document()))
    assert document.keys() == {"ok", "records", "root", "problem"}
    assert document["ok"] is False
    assert document["problem"] == {"segment": holder(place, 7), "record": 7, "kind": "missing"}
