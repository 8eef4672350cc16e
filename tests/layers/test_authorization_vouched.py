"""A credential that authentication took for genuine still has to be in the store's record, for that very subject."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringwall.core.known import Known, Principal
from ringwall.core.ports import Account, Vouched
from ringwall.core.records import KeyRecord
from ringwall.core.verdict import PASS, Ask, Refuse, Verdict
from ringwall.identity.sessions import Sessions
from ringwall.layers.authorization.vouched import OTHERS, vouched_guard
from ringwall.state.sessions import SessionTable
from ringwall.state.sqlite import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "state.db")
    made.issue("t1", "acc-ana", 100.0, 1000.0)
    made.add_key(KeyRecord("k1", "ci", b"", "key-k1", frozenset(), frozenset(), None, 1.0, None))
    return made


def judged(store: Store, principal: Principal | None) -> Verdict:
    known = Known("GET /x", 200.0, {}, "192.0.2.1", "id", principal)
    verdict = vouched_guard()(None, known)  # type: ignore[arg-type] # it reads no head
    if isinstance(verdict, Ask):
        assert isinstance(verdict.question, Vouched)
        verdict = verdict.then(store.issued_to(verdict.question.credential, verdict.question.subject))
    return verdict


def caller(credential: str, subject: str, method: str = "token") -> Principal:
    return Principal(subject, frozenset({"admin"}), method, credential=credential)  # type: ignore[arg-type]


def test_what_was_issued_passes(store: Store) -> None:
    assert judged(store, caller("token:t1", "acc-ana")) is PASS
    assert judged(store, caller("key:k1", "key-k1", "api_key")) is PASS
    assert judged(store, None) is PASS
    sessions = Sessions(SessionTable(store), lambda: 200.0)
    sessions.open(Account("acc-ana", "ana", frozenset(), None), frozenset({"pwd"}))
    (session,) = sessions.list("acc-ana")
    assert judged(store, caller(f"session:{session.id}", "acc-ana", "session")) is PASS
    assert isinstance(judged(store, caller(f"session:{session.id}", "acc-ben", "session")), Refuse)


@pytest.mark.parametrize(
    ("credential", "subject"),
    [("token:t1", "acc-ben"), ("token:t2", "acc-ana"), ("token:", "acc-ana"), ("", "acc-ana"), ("key:t1", "acc-ana"),
     ("key:k1", "acc-ana"), ("token:t1' OR 1", "acc-ana"), ("issued:t1", "acc-ana"), ("token:T1", "acc-ana")],
)  # fmt: skip
def test_what_is_in_nobodys_record_or_anothers_is_refused(store: Store, credential: str, subject: str) -> None:
    refused = judged(store, caller(credential, subject))
    assert isinstance(refused, Refuse)
    assert (refused.reason.code, refused.reason.status) == ("authz.credential", 401)


def test_a_claim_that_is_no_credential_at_all_is_refused(store: Store) -> None:
    assert isinstance(judged(store, caller("", "acc-ana", "claimed")), Refuse)


def test_of_others_credentials_nothing_can_be_said(store: Store) -> None:
    for method in OTHERS:
        assert judged(store, caller("token:theirs", "someone", method)) is PASS


def test_a_record_goes_when_its_token_cannot_be_alive(store: Store) -> None:
    store.issue("t3", "acc-ana", 2000.0, 3000.0)
    assert not store.issued_to("token:t1", "acc-ana")
    assert store.issued_to("token:t3", "acc-ana")
