"""What encryption costs here: `python bench/encryption.py`. One figure a line, with its goal where there is one.

Figures are the quietest of several batches: company on the machine only ever slows one down. Read the ratios.
"""

from __future__ import annotations

import sqlite3
import ssl
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import orjson
import sqlalchemy as sa

from ringwall.build.load import load_contract
from ringwall.build.settings import stated
from ringwall.core.event import Event
from ringwall.core.known import Known, Principal
from ringwall.core.message import Response
from ringwall.core.ports import Place, Seal, Unseal
from ringwall.core.verdict import Ask
from ringwall.engines.crypto import FieldContext, decrypt_value, encrypt_value
from ringwall.engines.crypto.fields import encrypt_equal
from ringwall.examples.clinic import CONTRACT, create_app
from ringwall.layers import encryption
from ringwall.layers.encryption.opening import finder
from ringwall.state.columns import Columns, Mapped
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.journal_persons import JournalPersons
from ringwall.state.keyuse import KeyUse
from ringwall.state.migrating import Pass, migrate
from ringwall.state.rootkeys import root_keys
from ringwall.state.sqlite import Store
from ringwall.state.tls import local_certificate, server_context

BATCHES = 7


def best(work: Callable[[], object], times: int) -> float:
    """Microseconds of the processor's time for one call, in the quietest batch."""
    found = []
    for _ in range(BATCHES):
        begun = time.thread_time()
        for _ in range(times):
            work()
        found.append((time.thread_time() - begun) / times * 1e6)
    return min(found)


def fields(keys: FieldKeys) -> None:
    """One value in and out, by the engine and by the port."""
    place = FieldContext("patient", "diagnosis", "north", "acc-1", "17")
    text = encrypt_value("hypertension, mild", place, keys.ring)
    sealing = best(lambda: encrypt_value("hypertension, mild", place, keys.ring), 5000)
    opening = best(lambda: decrypt_value(str(text), place, keys.ring), 5000)
    print(f"a field: sealed in {sealing:.1f} us, opened in {opening:.1f} us, both {sealing + opening:.1f} (goal: 15)")
    here = Place("patient", "diagnosis", "north", "acc-1", "17")
    both = best(lambda: keys.unseal(Unseal(((keys.seal(Seal((("mild", here),)))[0], here),))), 3000)
    print(f"a field, through the port, in and out: {both:.1f} us (goal: 15)")


def page(keys: FieldKeys, scratch: Path) -> None:
    """A page of 100 patients of as many persons, with three encrypted fields each, opened by the layer's own guard."""
    contract = load_contract(CONTRACT, app=create_app(scratch))
    operation = next(op for op in contract.operations if op.key == "GET /patients")
    (guard,) = encryption.forge(operation, stated(contract).encryption).reply
    caller = Principal("acc-dara", frozenset({"doctor", "nurse"}), "token", "north")
    known = Known(operation.key, 0.0, {}, "127.0.0.1", "r", caller)
    rows = []
    for n in range(100):
        row = {"patient_id": n, "account_id": f"acc-{n}", "clinic_id": "north", "full_name": "A", "city": "Leeds"}
        for name in ("diagnosis", "phone", "email"):
            own = Place("patient", name, "north", f"acc-{n}", str(n))
            place = Place("patient", name, "north", None, None, equal=True) if name == "email" else own
            (row[name],) = keys.seal(Seal((("some words", place),)))
        rows.append(row)
    body = orjson.dumps(rows)

    def once() -> object:
        response = Response(200, ((b"content-type", b"application/json"),), body, orjson.loads(body), True)
        verdict = guard.check(response, known)
        assert isinstance(verdict, Ask)
        return verdict.then(keys.unseal(verdict.question))  # type: ignore[arg-type]

    def found() -> object:
        """What any wall does with such a page: disclosure has parsed it and found its objects before."""
        return find(Response(200, ((b"content-type", b"application/json"),), body, orjson.loads(body), True))

    find = finder(operation, stated(contract).encryption)
    took, before = best(once, 20), best(found, 20)
    print(f"a page of 100 objects with three encrypted fields: {(took - before) / 1000:.2f} ms (goal: 2)")


def journal(keys: FieldKeys) -> None:
    """What sealing the personal parts adds to a record."""
    persons = JournalPersons(keys)
    event = Event("exchange", "r", 1.0, "GET /x", "GET", "/x", "192.0.2.1", "allow", 200, principal="acc-1",
                  objects=("patient:17",), owners=("acc-1",))  # fmt: skip
    bare, sealed = best(event.document, 5000), best(lambda: persons.sealed(event), 5000)
    print(f"a record's personal parts: {sealed - bare:.2f} us more than {bare:.1f} us, the person being known")


def _rotated(name: str) -> tuple[int, float]:
    """Re-encrypt a table of 10,000 rows with two fields; how many values, and seconds of the processor's time."""
    directory = Path(name)
    store = Store(directory / "state.db")
    keys = FieldKeys(store, root_keys(directory / "keys"))
    with sqlite3.connect(directory / "app.db") as db:
        db.execute("CREATE TABLE patients (id INTEGER PRIMARY KEY, owner TEXT, tenant TEXT, a TEXT, b TEXT)")
        db.executemany("INSERT INTO patients VALUES (?, ?, 'north', 'some words', 'some other words')",
                       [(n, f"acc-{n % 500}") for n in range(10_000)])  # fmt: skip
    engine = sa.create_engine(f"sqlite:///{directory / 'app.db'}")
    columns = Columns(engine, Mapped("patient", "patients", "id", "owner", "tenant", {"a": "a", "b": "b"}))
    way = Pass(columns, keys.ring, frozenset())
    migrate(way, KeyUse(store), lambda done, there: None)
    for n in range(500):
        keys.ring.rotate(f"subject:acc-{n}")
    begun = time.process_time()
    changed = migrate(way, KeyUse(store), lambda done, there: None).changed
    return changed, time.process_time() - begun


def rotation() -> None:
    """Values that are moved to new keys in a second: one process, then two on tables of their own."""
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as root, ProcessPoolExecutor(count) as pool:
            names = [str(Path(root) / str(n)) for n in range(count)]
            for each in names:
                Path(each).mkdir()
            done = list(pool.map(_rotated, names))
        rate = sum(changed for changed, _ in done) / max(seconds for _, seconds in done)
        print(f"re-encrypted: {rate:,.0f} fields/s on {count} core{'s' if count > 1 else ''} (goal: 20,000 on two)")


def search(keys: FieldKeys, scratch: Path) -> None:
    """Finding one of 50,000 rows by an indexed column: in clear, and by its record."""
    place = FieldContext("patient", "email", "north")
    db = sqlite3.connect(scratch / "search.db")
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, plain TEXT, sealed TEXT)")
    rows = [(n, f"p{n}@mail.example", encrypt_equal(f"p{n}@mail.example", place, keys.ring)) for n in range(50_000)]
    db.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    for column in ("plain", "sealed"):
        db.execute(f"CREATE INDEX {column} ON t ({column})")
    db.commit()
    engine = sa.create_engine("sqlite://", creator=lambda: db, poolclass=sa.StaticPool)
    table = sa.Table("t", sa.MetaData(), autoload_with=engine)
    asked = "p4711@mail.example"

    def find(column: str, value: object) -> object:
        with engine.connect() as connection:
            return connection.execute(sa.select(table).where(table.c[column] == value)).one()

    plain = best(lambda: find("plain", asked), 300)
    sealed = best(lambda: find("sealed", encrypt_equal(asked, place, keys.ring)), 300)
    print(f"search by equality: {sealed:.0f} us, in clear {plain:.0f} us: {sealed / plain:.2f} times (goal: 2)")


def transit(scratch: Path) -> None:
    """A handshake and 100 kB, with our settings and with the library's own."""
    made = local_certificate(scratch / "tls", ("localhost",))
    client = ssl.create_default_context(cafile=str(made.ca))
    default = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    default.load_cert_chain(made.chain, made.key)

    def once(server: ssl.SSLContext) -> None:
        to, fro = ssl.MemoryBIO(), ssl.MemoryBIO()
        a = client.wrap_bio(fro, to, server_hostname="localhost")
        b = server.wrap_bio(to, fro, server_side=True)
        for _ in range(3):
            for side in (a, b):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
        b.write(bytes(100_000))
        while fro.pending:
            try:
                a.read(65536)
            except ssl.SSLWantReadError:
                break

    live = server_context(made.chain, made.key)
    ours, theirs = best(lambda: once(live), 30), best(lambda: once(default), 30)
    print(
        f"TLS, a handshake and 100 kB: {ours:.0f} us, the library's defaults {theirs:.0f} us: {ours / theirs:.2f} times"
    )


def main() -> None:
    """All of it."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        store = Store(scratch / "state.db")
        keys = FieldKeys(store, root_keys(scratch / "keys"))
        fields(keys)
        page(keys, scratch)
        journal(keys)
        rotation()
        search(keys, scratch)
        transit(scratch)
        store.close()


if __name__ == "__main__":
    main()
