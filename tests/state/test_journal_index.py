"""Searching: what is found is what the records say, whatever state the index is in."""

import sqlite3

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringwall.state.journal import Journal
from ringwall.state.journal_files import JournalDamaged, segments
from ringwall.state.journal_index import Query, milliseconds, moment, search, tally
from ringwall.state.journal_keys import CheckpointSigner, SignerKey

SIGNER = CheckpointSigner(SignerKey("test.example/journal", bytes(range(32))))
T0 = milliseconds("2026-01-01T00:00:00Z")

EVENTS = [
    {
        "kind": "exchange",
        "id": f"r-{n}",
        "at": f"2026-01-01T00:00:{n:02d}.000Z",
        "operation": ("GET /a", "GET /b", "POST /a")[n % 3],
        "objects": [f"patient:{n % 4}", f"visit:{n % 2}"],
        **({"principal": ("alice", "bob")[n % 2]} if n % 5 else {}),
        **({"reason": "authz.object"} if n % 7 == 0 else {}),
    }
    for n in range(60)
]


def write(place, events, log=""):
    journal = Journal.open(place, signer=SIGNER, log=log, fsync_interval=3600)
    for event in events:
        journal.append(orjson.dumps(event))
    journal.close()


@pytest.fixture
def place(tmp_path):
    write(tmp_path / "journal", EVENTS)
    return tmp_path / "journal"


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    place = tmp_path_factory.mktemp("search") / "journal"
    write(place, EVENTS[::2])
    write(place, EVENTS[1::2], log="w1")
    return place


def ids(place, **query):
    return [orjson.loads(found.record)["id"] for found in search(place, Query(**query))]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    principal=st.sampled_from([None, "alice", "bob", "eve"]),
    operation=st.sampled_from([None, "GET /a", "POST /a", "GET"]),
    reason=st.sampled_from([None, "authz.object", "authz"]),
    request_id=st.sampled_from([None, None, None, "r-7", "r-77"]),
    object=st.sampled_from([None, "patient:1", "visit:0", "patient"]),
    since=st.one_of(st.none(), st.integers(0, 60).map(lambda s: T0 + s * 1000)),
    until=st.one_of(st.none(), st.integers(0, 60).map(lambda s: T0 + s * 1000)),
    limit=st.integers(1, 100),
)
def test_it_finds_what_a_plain_filter_finds(shared, **query):
    """The oracle reads the events themselves, one by one."""

    def wanted(event):
        at = moment(event["at"])
        return (
            all(query[k] in (None, event.get(k)) for k in ("principal", "operation", "reason"))
            and query["request_id"] in (None, event["id"])
            and (query["object"] is None or query["object"] in event["objects"])
            and (query["since"] is None or at >= query["since"])
            and (query["until"] is None or at < query["until"])
        )

    assert ids(shared, **query) == [e["id"] for e in EVENTS if wanted(e)][-query["limit"] :]


def test_new_records_are_found_without_indexing_the_old_again(place):
    assert ids(place, request_id="r-60") == []
    with sqlite3.connect(place / "index.db") as database:
        database.execute("UPDATE events SET principal = 'marked' WHERE n = 3")
    database.close()
    write(place, [{**EVENTS[0], "id": "r-60"}])
    assert ids(place, request_id="r-60") == ["r-60"]
    assert ids(place, principal="marked") == ["r-3"]


@pytest.mark.parametrize("harm", ["deleted", "noise", "emptied", "other version", "cut", "other journal"])
def test_an_index_in_any_state_is_made_good(place, harm):
    assert len(ids(place)) == 60
    index = place / "index.db"
    if harm == "deleted":
        index.unlink()
    elif harm == "noise":
        index.write_bytes(b"noise" * 1000)
    elif harm == "emptied":
        index.write_bytes(b"")
    elif harm == "cut":
        index.write_bytes(index.read_bytes()[:9000])
    elif harm == "other version":
        with sqlite3.connect(index) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
    else:
        for segment in segments(place):
            segment.path.unlink()
        (place / "checkpoint").unlink()
        (place / "frontier").unlink()
        (place / "checkpoints").unlink()
        write(place, [{**e, "principal": "carol"} for e in EVENTS])
        assert len(ids(place, principal="carol")) == 60
    assert len(ids(place)) == 60
    assert ids(place, reason="authz.object", limit=2) == ["r-49", "r-56"]


def test_an_altered_record_is_not_handed_out(place):
    assert len(ids(place)) == 60
    path = segments(place)[0].path
    path.write_bytes(path.read_bytes().replace(b'"r-7"', b'"r-X"'))
    assert ids(place, request_id="r-8") == ["r-8"]
    with pytest.raises(JournalDamaged, match="record 7"):
        search(place, Query(request_id="r-7"))


def test_records_of_any_shape_are_taken(place):
    odd = [{}, {"at": "soon", "principal": 7, "objects": "x", "id": None}, {"at": "9" * 400}, {"objects": [1, "o:1"]}]
    write(place, odd)
    assert len(search(place, Query())) == 64
    assert [f.index for f in search(place, Query(object="o:1"))] == [63]


def test_values_are_values_and_never_sql(place):
    assert ids(place, principal="' OR 1=1 --") == []


def test_the_index_is_private(place):
    ids(place)
    assert (place / "index.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2026-01-01", T0), ("2026-01-01T01:00:00+01:00", T0), ("2026-01-01T00:00:00.250Z", T0 + 250)],
)
def test_times(text, expected):
    assert milliseconds(text) == expected


def test_a_tally_counts_exchanges_by_time_and_reason(shared):
    found = tally(shared, T0, T0 + 60_000, 30_000)
    refused = [n for n in range(60) if n % 7 == 0]
    assert found == [
        (T0, None, 30 - sum(n < 30 for n in refused)),
        (T0, "authz.object", sum(n < 30 for n in refused)),
        (T0 + 30_000, None, 30 - sum(n >= 30 for n in refused)),
        (T0 + 30_000, "authz.object", sum(n >= 30 for n in refused)),
    ]
    assert tally(shared, T0 + 60_000, T0 + 90_000, 1000) == []


def test_clients_and_kinds_are_found(place):
    write(place, [{"kind": "alert", "id": "a-1", "client": "192.0.2.9"}], log="monitor")
    assert ids(place, kind="alert") == ["a-1"]
    assert ids(place, client="192.0.2.9") == ["a-1"]
    assert ids(place, client="192.0.2.1") == []
    assert len(ids(place, kind="exchange", limit=100)) == 60
