"""The journal's writer: what it promises to hold after kill -9, a full disk, a second opener and a fork."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import orjson
import pytest

from ringwall.engines.ledger.checkpoints import Checkpoint, each_note
from ringwall.engines.ledger.merkle import Frontier, leaf_hash
from ringwall.state import journal as journal_module
from ringwall.state.journal import Journal
from ringwall.state.journal_files import JournalDamaged, JournalUnavailable, segments
from ringwall.state.journal_keys import (
    CheckpointSigner,
    KeyUnusable,
    SignerKey,
    load_or_create_signer,
    load_signer,
    load_verifier,
)
from ringwall.state.journal_verify import verify

SIGNER = CheckpointSigner(SignerKey("test.example/journal", bytes(range(32))))


def record(number):
    return b'{"kind":"exchange","id":"r-%d"}' % number


@pytest.fixture
def place(tmp_path):
    return tmp_path / "journal"


def opened(place, **options):
    return Journal.open(place, signer=SIGNER, **options)


def filled(place, count, **options):
    """A closed journal of `count` records."""
    journal = opened(place, **options)
    for number in range(journal.size, journal.size + count):
        journal.append(record(number))
    journal.close()


def test_records_are_numbered_kept_and_read_back(place):
    journal = opened(place)
    assert [journal.append(record(n)) for n in range(5)] == [0, 1, 2, 3, 4]
    assert list(journal.records()) == [(n, record(n)) for n in range(5)]
    assert list(journal.records(2, 4)) == [(2, record(2)), (3, record(3))]
    journal.close()


def test_the_log_goes_on_after_a_close(place):
    filled(place, 3)
    filled(place, 2)
    with_all = opened(place)
    assert list(with_all.records()) == [(n, record(n)) for n in range(5)]
    assert with_all.recovered is None
    with_all.close()


def test_a_checkpoint_signs_the_root_of_the_records(place):
    journal = opened(place)
    for number in range(1000):
        journal.append(record(number))
    note = journal.checkpoint()
    journal.close()
    tree = Frontier()
    tree.extend([leaf_hash(record(n)) for n in range(1000)])
    assert Checkpoint.open(note, SIGNER.verifier) == Checkpoint(SIGNER.key.name, 1000, tree.root())
    assert (place / "checkpoint").read_bytes() == note


def test_segments_rotate_and_each_is_signed(place, monkeypatch):
    monkeypatch.setattr(journal_module, "SEGMENT_BYTES", 2000)
    filled(place, 100)
    filled(place, 100)
    found = segments(place)
    assert len(found) > 10
    assert all(s.path.stat().st_size <= 2000 for s in found)
    assert list(opened_read(place)) == [(n, record(n)) for n in range(200)]
    assert list(opened_read(place, 90, 110)) == [(n, record(n)) for n in range(90, 110)]
    assert len(list(each_note((place / "checkpoints").read_bytes()))) >= 2


def opened_read(place, *bounds):
    journal = opened(place)
    try:
        return list(journal.records(*bounds))
    finally:
        journal.close()


@pytest.mark.parametrize("bad", [b"", b"[]", b"no", b'{"a":1}\n', b"{\n}", b'{"a":"' + b"x" * 65535 + b'"}'])
def test_what_is_no_record_is_refused_and_leaves_no_trace(place, bad):
    journal = opened(place)
    with pytest.raises(ValueError):
        journal.append(bad)
    assert journal.append(record(0)) == 0
    journal.close()
    assert verify(place, SIGNER).ok


def test_a_second_opener_is_told_who_writes(place):
    journal = opened(place)
    with pytest.raises(JournalUnavailable, match=f"process {os.getpid()} writes"):
        opened(place)
    assert journal.append(record(0)) == 0
    journal.close()
    opened(place).close()


def test_each_worker_has_a_log_of_its_own(place):
    first, second = opened(place, log="w1"), opened(place, log="w2")
    first.append(record(0))
    second.append(record(7))
    assert list(second.records()) == [(0, record(7))]
    assert first.checkpoint().startswith(b"test.example/journal/w1\n1\n")
    first.close()
    second.close()
    for bad in ("..", "a/b", ".x", "x" * 65):
        with pytest.raises(ValueError):
            opened(place, log=bad)


def test_a_closed_journal_takes_nothing_and_closes_twice(place):
    journal = opened(place)
    journal.close()
    journal.close()
    with pytest.raises(JournalUnavailable, match="closed"):
        journal.append(record(0))


def test_threads_append_without_losing_or_mixing(place):
    journal = opened(place)
    numbers = []

    def work(start):
        for n in range(start, start + 300):
            numbers.append(journal.append(record(n)))

    threads = [threading.Thread(target=work, args=(k * 300,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1200))
    assert {r for _, r in journal.records()} == {record(n) for n in range(1200)}
    journal.close()
    assert verify(place, SIGNER).ok


def test_records_are_signed_in_the_background(place, monkeypatch):
    monkeypatch.setattr(journal_module, "CHECKPOINT_SECONDS", 0.01)
    journal = opened(place, fsync_interval=0.01)
    journal.append(record(0))
    until = time.monotonic() + 10
    while b"\n1\n" not in (place / "checkpoint").read_bytes() and time.monotonic() < until:
        time.sleep(0.01)
    assert Checkpoint.open((place / "checkpoint").read_bytes(), SIGNER.verifier).size == 1
    journal.close()


def test_strict_is_synced_before_it_returns_and_the_rest_is_not(place, monkeypatch):
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(fd), real(fd))[1])
    journal = opened(place, strict=True, fsync_interval=3600)
    before = len(synced)
    journal.append(record(0))
    assert len(synced) == before + 1
    journal.close()
    lazy = opened(place, fsync_interval=3600)
    before = len(synced)
    lazy.append(record(1))
    assert len(synced) == before
    lazy.close()


def test_after_a_failed_sync_nothing_is_taken_until_reopened(place, monkeypatch):
    journal = opened(place, strict=True, fsync_interval=3600)
    journal.append(record(0))

    def fail(fd):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(JournalUnavailable, match="Input/output"):
            journal.append(record(1))
    with pytest.raises(JournalUnavailable, match="could not be synced"):
        journal.append(record(2))
    with pytest.raises(JournalUnavailable):
        journal.checkpoint()
    journal.close()
    filled(place, 1)
    assert verify(place, SIGNER).ok


WRITER = """
import sys
from pathlib import Path
from ringwall.engines.ledger.notes import SignerKey
from ringwall.state import journal as module
from ringwall.state.journal import Journal
from ringwall.state.journal_keys import CheckpointSigner
module.SEGMENT_BYTES, module.CHECKPOINT_SECONDS = 20000, 0.02
signer = CheckpointSigner(SignerKey("test.example/journal", bytes(range(32))))
journal = Journal.open(Path(sys.argv[1]), signer=signer, fsync_interval=0.005)
out = sys.stdout.buffer.raw
n = journal.size
while True:
    assert journal.append(b'{"kind":"exchange","id":"r-%d"}' % n) == n
    n += 1
    out.write(b"%d\\n" % n)
"""


def test_kill_9_loses_nothing_that_was_acknowledged(place):
    acknowledged = 0
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(place)], stdout=subprocess.PIPE) as writer:
            goal = acknowledged + random.randrange(200, 900)
            for line in writer.stdout:
                acknowledged = int(line)
                if acknowledged >= goal:
                    break
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read()
            acknowledged = int(rest.rpartition(b"\n")[0].rpartition(b"\n")[2] or acknowledged)
        journal = opened(place)
        held = list(journal.records())
        journal.close()
        assert len(held) - acknowledged in (0, 1)  # the last may be written and not yet acknowledged
        assert held == [(n, record(n)) for n in range(len(held))]
        assert verify(place, SIGNER).ok
        acknowledged = len(held)


def test_a_torn_end_is_cut_off_kept_and_told(place):
    filled(place, 5)
    whole = segments(place)[0].path.read_bytes()
    segments(place)[0].path.write_bytes(whole + b'{"n":5,"record":{"kin')
    journal = opened(place)
    assert journal.recovered is not None
    assert (journal.recovered.record, journal.recovered.bytes) == (5, 21)
    assert journal.recovered.kept.read_bytes() == b'{"n":5,"record":{"kin'
    assert journal.append(record(5)) == 5
    journal.close()
    assert verify(place, SIGNER).ok
    assert len(opened_read(place)) == 6


def test_recovery_without_the_kept_frontier_reads_all(place, monkeypatch):
    monkeypatch.setattr(journal_module, "SEGMENT_BYTES", 2000)
    filled(place, 50)
    (place / "frontier").write_bytes(b"noise\n")
    filled(place, 50)
    (place / "frontier").unlink()
    filled(place, 50)
    assert verify(place, SIGNER).records == 150


def unsigned(place, count):
    """A journal with `count` records that no checkpoint covers, as a kill leaves it."""
    filled(place, 3)
    script = f"""
import os, sys
from pathlib import Path
from ringwall.engines.ledger.notes import SignerKey
from ringwall.state.journal import Journal
from ringwall.state.journal_keys import CheckpointSigner
journal = Journal.open(Path(sys.argv[1]), fsync_interval=3600,
                       signer=CheckpointSigner(SignerKey("test.example/journal", bytes(range(32)))))
for n in range({count}):
    journal.append(b'{{"kind":"exchange","id":"r-%d"}}' % (3 + n))
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", script, str(place)], check=True)


def test_an_unsigned_end_is_taken_up(place):
    unsigned(place, 4)
    assert verify(place, SIGNER).records == 7
    assert verify(place, SIGNER).signed == 3
    assert len(opened_read(place)) == 7


def test_an_altered_unsigned_record_keeps_the_journal_shut(place):
    unsigned(place, 4)
    path = segments(place)[0].path
    path.write_bytes(path.read_bytes().replace(b"r-4", b"r-X"))
    with pytest.raises(JournalDamaged, match="record 4"):
        opened(place)


@pytest.mark.parametrize("change", [-1, -40, 1, -10_000])
def test_a_kept_offset_that_is_false_is_not_believed(place, change):
    filled(place, 5)
    states = [orjson.loads(line) for line in (place / "frontier").read_bytes().splitlines()]
    for state in states:
        state["offset"] = max(0, state["offset"] + change)
    (place / "frontier").write_bytes(b"".join(orjson.dumps(state) + b"\n" for state in states))
    before = segments(place)[0].path.read_bytes()
    journal = opened(place)
    assert (journal.size, journal.recovered) == (5, None)
    journal.close()
    assert segments(place)[0].path.read_bytes() == before


@pytest.mark.parametrize("harm", ["cut", "gone", "checkpoint", "forged", "empty"])
def test_damage_to_what_was_signed_keeps_the_journal_shut(place, harm):
    filled(place, 5)
    path = segments(place)[0].path
    if harm == "cut":
        os.truncate(path, path.stat().st_size - 100)
    elif harm == "gone":
        path.unlink()
    elif harm == "empty":
        os.truncate(path, 0)
    elif harm == "checkpoint":
        (place / "checkpoint").unlink()
    else:
        other = CheckpointSigner(SignerKey("test.example/journal", bytes(32)))
        (place / "checkpoint").write_bytes(other.key.sign("test.example/journal\n5\n" + "A" * 43 + "=\n"))
    with pytest.raises(JournalDamaged):
        opened(place)
    if harm == "cut":
        (place / "frontier").unlink()
        with pytest.raises(JournalDamaged):
            opened(place)


FILLER = """
import resource, signal, sys
from pathlib import Path
from ringwall.engines.ledger.notes import SignerKey
from ringwall.state.journal import Journal
from ringwall.state.journal_files import JournalUnavailable, segments
from ringwall.state.journal_keys import CheckpointSigner
place = Path(sys.argv[1])
record = lambda n: b'{"kind":"exchange","id":"r-%d"}' % n
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal.open(place, fsync_interval=3600,
                       signer=CheckpointSigner(SignerKey("test.example/journal", bytes(range(32)))))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
taken = 0
for _ in range(60):
    try:
        journal.append(record(taken))
        taken += 1
    except JournalUnavailable:
        pass
on_disk = segments(place)[0].path.read_bytes()
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
after = journal.append(record(taken))
journal.close()
print(taken, on_disk.count(b"\\n"), on_disk[-1:] == b"\\n", after)
"""


def test_a_full_disk_refuses_and_leaves_whole_lines(place):
    """RLIMIT_FSIZE stands in for the disk: the write that meets it is a short one, the next fails."""
    done = subprocess.run([sys.executable, "-c", FILLER, str(place)], stdout=subprocess.PIPE, text=True, check=True)
    taken, lines, whole, after = done.stdout.split()
    assert int(taken) == int(lines) == int(after)
    assert 10 < int(taken) < 50
    assert whole == "True"
    assert verify(place, SIGNER).ok
    assert verify(place, SIGNER).records == int(taken) + 1


def test_a_signal_in_the_midst_of_an_append_stops_the_log_and_loses_nothing(place, monkeypatch):
    journal = opened(place, fsync_interval=3600)
    journal.append(record(0))

    def interrupt(self, leaf):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Frontier, "append", interrupt)
        with pytest.raises(KeyboardInterrupt):
            journal.append(record(1))
    with pytest.raises(JournalUnavailable, match="interrupted"):
        journal.append(record(2))
    journal.close()
    filled(place, 1)
    assert verify(place, SIGNER).records == 3


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_cannot_write_and_does_not_keep_the_lock(place):
    journal = opened(place)
    journal.append(record(0))
    child = os.fork()
    if child == 0:
        try:
            journal.append(record(1))
        except JournalUnavailable:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert journal.append(record(1)) == 1
    journal.close()
    assert verify(place, SIGNER).records == 2


def test_the_key_is_made_once_private_and_named(tmp_path):
    keys = tmp_path / "keys"
    signer = load_or_create_signer(keys)
    assert load_or_create_signer(keys) == signer == load_signer(keys)
    assert load_verifier(keys / "journal.pub") == signer.verifier
    assert (keys / "journal.key").stat().st_mode & 0o777 == 0o600
    assert keys.stat().st_mode & 0o777 == 0o700
    assert sorted(p.name for p in keys.iterdir()) == ["journal.key", "journal.pub"]
    assert (keys / "journal.key").read_text().split("+")[-1][:20] not in repr(signer)
    assert load_or_create_signer(tmp_path / "other").key.name != signer.key.name


def test_processes_that_race_for_a_new_key_get_the_same(tmp_path):
    start, got = threading.Barrier(8), []

    def race():
        start.wait()
        got.append(load_or_create_signer(tmp_path / "keys"))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len({signer.key.seed for signer in got}) == 1
    assert load_verifier(tmp_path / "keys" / "journal.pub") == got[0].verifier


@pytest.mark.parametrize("harm", ["open", "noise", "empty", "absent"])
def test_an_unusable_key_is_refused_and_never_replaced(tmp_path, harm):
    keys = tmp_path / "keys"
    load_or_create_signer(keys)
    path = keys / "journal.key"
    if harm == "open":
        path.chmod(0o640)
    elif harm == "absent":
        path.unlink()
    else:
        path.write_text("PRIVATE+KEY+x+00000000+AAAA\n" if harm == "noise" else "")
    with pytest.raises(KeyUnusable):
        load_signer(keys)
    if harm != "absent":
        with pytest.raises(KeyUnusable):
            load_or_create_signer(keys)
