"""`ringwall audit` as a user and as a program meets it."""

import shutil

import orjson
import pytest
from click.testing import CliRunner

from ringwall.cli.audit import command
from ringwall.state.journal import Journal
from ringwall.state.journal_files import segments
from ringwall.state.journal_keys import load_or_create_signer


def event(n):
    return {"kind": "exchange", "id": f"r-{n}", "at": f"2026-01-01T00:00:{n:02d}.000Z", "principal": f"user-{n % 3}",
            "operation": "GET /a", "method": "GET", "decision": "allow", "status": 200}  # fmt: skip


def write(data, count, log=""):
    journal = Journal.open(data / "journal", signer=load_or_create_signer(data / "keys"), log=log)
    for n in range(count):
        journal.append(orjson.dumps(event(n)))
    journal.close()


@pytest.fixture
def data(tmp_path):
    write(tmp_path / "data", 20)
    return tmp_path / "data"


def run(data, name, *arguments):
    return CliRunner().invoke(command, [name, "--data", str(data), *map(str, arguments)])


def test_verify_says_that_it_is_whole(data):
    done = run(data, "verify")
    assert done.exit_code == 0
    assert done.output.startswith("whole: 20 records (each authenticated), 20 of them signed; root ")
    done = run(data, "verify", "--json")
    assert orjson.loads(done.output).keys() == {"ok", "records", "root", "problem"}
    assert orjson.loads(done.output)["records"] == 20


def test_verify_names_what_is_wrong_and_exits_1(data):
    path = segments(data / "journal")[0].path
    path.write_bytes(path.read_bytes().replace(b"r-7", b"r-X"))
    done = run(data, "verify", "--json")
    assert done.exit_code == 1
    assert orjson.loads(done.output)["problem"] == {"segment": path.name, "record": 7, "kind": "altered"}
    assert run(data, "verify").output == f"NOT WHOLE: {path.name}: record 7: altered\n"


def test_verify_against_a_checkpoint_kept_elsewhere(data, tmp_path):
    note = tmp_path / "note"
    shutil.copytree(data, tmp_path / "old")
    write(data, 5)
    assert run(data, "checkpoint", "--to", note).exit_code == 0
    assert run(data, "verify", "--checkpoint", note).exit_code == 0
    done = run(tmp_path / "old", "verify", "--checkpoint", note, "--json")
    assert done.exit_code == 1
    assert orjson.loads(done.output)["problem"]["kind"] == "truncated"
    assert orjson.loads(done.output)["problem"]["record"] == 20
    note.write_text("noise")
    done = run(data, "verify", "--checkpoint", note)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_verify_with_the_public_key_alone(data, tmp_path):
    shutil.move(data / "keys" / "journal.pub", tmp_path / "pub")
    shutil.rmtree(data / "keys")
    assert run(data, "verify").exit_code == 2
    done = run(data, "verify", "--key", tmp_path / "pub")
    assert done.exit_code == 0
    assert "public key alone" in done.output


def test_a_journal_signed_anew_by_whoever_took_the_directory_is_told_by_the_key_kept_elsewhere(data, tmp_path):
    shutil.copy(data / "keys" / "journal.pub", tmp_path / "pub")
    shutil.rmtree(data)
    write(data, 20)
    assert run(data, "verify").exit_code == 0
    assert run(data, "verify", "--key", tmp_path / "pub").exit_code == 1


def test_search_finds(data):
    done = run(data, "search", "--principal", "user-1", "--since", "2026-01-01T00:00:10Z", "--json")
    assert done.exit_code == 0
    assert [orjson.loads(line)["n"] for line in done.output.splitlines()] == [10, 13, 16, 19]
    assert "r-3" in run(data, "search", "--request-id", "r-3").output
    assert run(data, "search", "--reason", "none").output == ""
    assert run(data, "search", "--since", "whenever").exit_code == 2
    assert run(data, "search", "--limit", "0").exit_code == 2


def test_a_terminal_is_not_told_what_a_record_says_to_it(data):
    journal = Journal.open(data / "journal", signer=load_or_create_signer(data / "keys"))
    journal.append(orjson.dumps({"id": "r-x", "principal": "a\x1b[2Jb\u202ec\x9bd"}))
    journal.close()
    shown = run(data, "search", "--request-id", "r-x").output
    assert "a\\x1b[2Jb\\u202ec\\x9bd" in shown


@pytest.mark.parametrize("form", ["jsonl", "ocsf", "csv"])
def test_export_goes_on_where_it_ended(data, form):
    first = run(data, "export", "--format", form)
    assert first.exit_code == 0
    assert first.stderr == "next: --from 20\n"
    assert len(first.stdout.splitlines()) == 20 + (form == "csv")
    write(data, 2)
    second = run(data, "export", "--format", form, "--from", 20)
    assert len(second.stdout.splitlines()) == 2
    assert first.stdout + second.stdout == run(data, "export", "--format", form).stdout


def test_export_of_several_logs(data):
    write(data, 3, log="w1")
    done = run(data, "export")
    assert len(done.stdout.splitlines()) == 23
    assert done.stderr == "next: --from 20\nnext: --from 3 --log w1\n"
    assert len(run(data, "export", "--log", "w1", "--from", "1").stdout.splitlines()) == 2
    assert run(data, "export", "--from", "1").exit_code == 2
    assert run(data, "export", "--log", "w9").exit_code == 2
    assert orjson.loads(run(data, "verify", "--json").output)["records"] == 23


@pytest.mark.parametrize("form", ["jsonl", "csv", "ocsf"])
def test_export_resumes_in_every_log(data, tmp_path, form):
    write(data, 3, log="w1")
    at = tmp_path / "exported.json"
    first = run(data, "export", "--format", form, "--resume", at)
    assert (first.exit_code, orjson.loads(at.read_bytes())) == (0, {"next": {"": 20, "w1": 3}})
    assert run(data, "export", "--format", form, "--resume", at).stdout == "", "nothing is new"
    write(data, 2, log="w1")
    write(data, 1, log="w2")
    second = run(data, "export", "--format", form, "--resume", at)
    assert len(second.stdout.splitlines()) == 3
    whole = run(data, "export", "--format", form).stdout
    assert sorted((first.stdout + second.stdout).splitlines()) == sorted(whole.splitlines())


def test_export_resumes_after_records_were_removed_and_says_what_is_no_such_file(data, tmp_path):
    at = tmp_path / "exported.json"
    at.write_text('{"next": {"": 12}}')
    assert len(run(data, "export", "--resume", at).stdout.splitlines()) == 8
    for wrong in ("", "[]", '{"next": 5}', '{"next": {"": "x"}}'):
        at.write_text(wrong)
        done = run(data, "export", "--resume", at)
        assert (done.exit_code, at.read_text()) == (2, wrong)
    assert run(data, "export", "--resume", at, "--from", "2").exit_code == 2


def test_what_did_not_arrive_is_exported_again(data, tmp_path):
    at = tmp_path / "exported.json"
    path = segments(data / "journal")[0].path
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"r-17", b"r-XX"))
    assert run(data, "export", "--resume", at).exit_code == 1
    assert not at.exists()
    path.write_bytes(whole)
    assert len(run(data, "export", "--resume", at).stdout.splitlines()) == 20


def test_export_stops_at_an_altered_record(data):
    path = segments(data / "journal")[0].path
    path.write_bytes(path.read_bytes().replace(b"r-7", b"r-X"))
    done = run(data, "export")
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) == 7
    assert "record 7 was altered" in done.stderr


def test_checkpoint_prints_the_signed_note_of_each_log(data, tmp_path):
    write(data, 3, log="w1")
    done = run(data, "checkpoint", "--tiles", tmp_path / "tiles")
    assert done.exit_code == 0
    assert done.output == (data / "journal/checkpoint").read_text() + (data / "journal/w1/checkpoint").read_text()
    assert (tmp_path / "tiles/tile/entries/000.p/20").exists()
    assert (tmp_path / "tiles/w1/checkpoint").exists()


def test_a_forged_checkpoint_is_not_handed_out(data):
    path = data / "journal" / "checkpoint"
    path.write_text(path.read_text().replace("\n20\n", "\n21\n"))
    assert run(data, "checkpoint").exit_code == 1


@pytest.mark.parametrize("name", ["verify", "search", "export", "checkpoint"])
def test_where_there_is_no_journal_nothing_is_made(tmp_path, name):
    done = run(tmp_path / "none", name)
    assert done.exit_code == 2
    assert "there is no journal here" in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["verify", "checkpoint"])
def test_a_file_that_cannot_be_read_is_named(data, name):
    (data / "journal" / "checkpoint").unlink()
    (data / "journal" / "checkpoint").mkdir()
    done = run(data, name)
    assert done.exit_code == 2
    assert "checkpoint: Is a directory" in done.output


def test_a_live_journal_is_read_beside_its_writer(data):
    journal = Journal.open(data / "journal", signer=load_or_create_signer(data / "keys"), fsync_interval=3600)
    journal.append(orjson.dumps(event(20)))
    assert orjson.loads(run(data, "verify", "--json").output)["records"] == 21
    assert "r-20" in run(data, "search", "--request-id", "r-20").output
    assert run(data, "checkpoint").exit_code == 0
    assert journal.append(orjson.dumps(event(21))) == 21
    journal.close()
