"""A family of tokens as a state machine: whatever clients and thieves do in whatever order, of one grant at most one
refresh token is good at any time, nothing survives a reuse, and no code or token works twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from ringwall.core.known import Known
from ringwall.core.oauth import Client, Grant
from ringwall.core.ports import Account
from ringwall.identity.oauth.codes import CODE_S, code_grant
from ringwall.identity.oauth.form import Form
from ringwall.identity.oauth.issue import FAMILY_S, IDLE_S
from ringwall.identity.oauth.refresh import refresh_grant
from ringwall.identity.oauth.sender import Sender
from ringwall.identity.oauth.server import Server, Told, digest, fresh
from ringwall.identity.tokens import LIFETIME_S, LONGEST_S, Tokens
from ringwall.state.oauth import OAuthStore
from ringwall.state.oauth_devices import DeviceTable
from ringwall.state.signing import SigningKeys
from ringwall.state.sqlite import Store

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CLIENTS = tuple(
    Client(name, name, redirect_uris=("https://a.example/",), grants=frozenset({"authorization_code", "refresh_token"}))
    for name in ("client-a", "client-b")
)

SELDOM = st.sampled_from([False] * 7 + [True])


class Family(RuleBasedStateMachine):
    """Two clients, one person, a store, and a clock that only goes on."""

    codes = Bundle("codes")
    refreshes = Bundle("refreshes")

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000_000.0
        self.told: list[Told] = []
        self.ends: dict[str, float] = {}
        self.access: dict[str, list[tuple[str, float]]] = {}
        self.dead: set[str] = set()
        self.used: set[str] = set()
        self.of: dict[str, tuple[str, str, float]] = {}  # a code or token: its family, its client, until when

    @initialize()
    def open(self) -> None:
        directory = PLACE / fresh()
        directory.mkdir()
        self.store = Store(directory / "state.db")
        tokens = Tokens("https://us.example", "api", SigningKeys(directory / "k", self.clock), self.store, self.clock)
        self.server = Server(
            store=OAuthStore(self.store), devices=DeviceTable(self.store), sessions=None, tokens=tokens, nonces=None,  # type: ignore[arg-type]
            secret=b"", scopes=frozenset(), stated={c.client_id: c for c in CLIENTS},
            tell=lambda told, known: self.told.append(told), network=str, guessing=None,  # type: ignore[arg-type]
            account=lambda subject: Account(subject, "ana", frozenset(), None), now=self.clock, certificates=False,
        )  # fmt: skip

    def clock(self) -> float:
        return self.now

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()

    def ask(self, grant: Callable[..., Any], client: Client, **values: str) -> Any:
        known = Known("token", self.now, {}, "127.0.0.1", "r")
        reply = grant(self.server, client, Sender({}), Form(values, ()), None, known)
        return reply.status, json.loads(reply.body)

    @rule(target=codes, client=st.sampled_from(CLIENTS))
    def sign_in(self, client: Client) -> str:
        grant = Grant(fresh(), client.client_id, "acc-1", ("x",), (), ("pwd",), self.now, self.now,
                      redirect_uri="https://a.example/", challenge=CHALLENGE)  # fmt: skip
        code = fresh()
        with self.server.store.atomic():
            self.server.store.open_family(grant, self.now + FAMILY_S)
            self.server.store.add_ticket(digest(code), "code", grant, grant.scopes, self.now + CODE_S)
        self.of[code] = (grant.family, client.client_id, self.now + CODE_S)
        self.access[grant.family] = []
        self.ends[grant.family] = self.now + FAMILY_S
        return code

    @rule(target=refreshes, code=codes, other=SELDOM, wrong=SELDOM)
    def redeem(self, code: str, other: bool, wrong: bool) -> Any:
        family, owner, until = self.of[code]
        client, right = CLIENTS[(owner == "client-b") ^ other], not wrong
        status, said = self.ask(code_grant, client, code=code, code_verifier=VERIFIER if right else "v" * 43)
        over = family in self.dead or until <= self.now
        good = code not in self.used and not over and client.client_id == owner and right
        assert (status == 200) is good, (said, over)
        if not good and not (over and code not in self.used):
            self.dead.add(family)
        if not over:
            self.used.add(code)
        return self.kept(family, owner, said) if good else multiple()

    @rule(target=refreshes, token=refreshes, other=SELDOM, wider=SELDOM)
    def refresh(self, token: str, other: bool, wider: bool) -> Any:
        family, owner, until = self.of[token]
        client = CLIENTS[(owner == "client-b") ^ other]
        more = {"scope": "x y"} if wider else {}
        status, said = self.ask(refresh_grant, client, refresh_token=token, **more)
        over = family in self.dead
        good = not over and token not in self.used and client.client_id == owner and until > self.now and not wider
        assert (status == 200) is good, said
        if over:
            return multiple()
        if token in self.used or client.client_id != owner:
            self.dead.add(family)
        if good:
            self.used.add(token)
            return self.kept(family, owner, said)
        return multiple()

    @rule(token=consumes(refreshes))
    def revoke(self, token: str) -> None:
        family = self.of[token][0]
        with self.server.store.atomic():
            self.server.end("family", family)
        self.dead.add(family)

    @rule(seconds=st.sampled_from([1.0] * 5 + [61.0, 900.0, IDLE_S]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    def kept(self, family: str, owner: str, said: Any) -> str:
        token = str(said["refresh_token"])
        self.of[token] = (family, owner, min(self.now + IDLE_S, self.ends[family]))
        self.access[family].append((said["access_token"], self.now + 900))
        return token

    @invariant()
    def nothing_stands_of_a_dead_family_and_all_of_one_that_lives(self) -> None:
        for family, issued in self.access.items():
            for token, until in issued[-3:]:
                stands = self.server.tokens.read(token, "api") is not None
                assert stands is (family not in self.dead and until > self.now)


PLACE = Path()


@pytest.fixture(autouse=True)
def place(tmp_path: Path) -> None:
    global PLACE
    PLACE = tmp_path


TestFamily = Family.TestCase
TestFamily.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def family() -> Iterator[Family]:
    made = Family()
    made.open()
    yield made
    made.teardown()


@pytest.mark.parametrize(("waited", "status"), [(CODE_S - 1, 200), (CODE_S, 400)])
def test_a_code_waits_a_minute(family: Family, waited: float, status: int) -> None:
    code = family.sign_in(CLIENTS[0])
    family.now += waited
    assert family.ask(code_grant, CLIENTS[0], code=code, code_verifier=VERIFIER)[0] == status


@pytest.mark.parametrize(("waited", "status"), [(IDLE_S - 1, 200), (IDLE_S, 400)])
def test_a_refresh_token_waits_two_weeks(family: Family, waited: float, status: int) -> None:
    code = family.sign_in(CLIENTS[0])
    token = family.ask(code_grant, CLIENTS[0], code=code, code_verifier=VERIFIER)[1]["refresh_token"]
    family.now += waited
    assert family.ask(refresh_grant, CLIENTS[0], refresh_token=token)[0] == status


def test_a_grant_lives_a_month_however_often_it_is_used(family: Family) -> None:
    code, day = family.sign_in(CLIENTS[0]), 86_400.0
    token = family.ask(code_grant, CLIENTS[0], code=code, code_verifier=VERIFIER)[1]["refresh_token"]
    for passed in range(1, 40):
        family.now += day
        status, said = family.ask(refresh_grant, CLIENTS[0], refresh_token=token)
        assert (status == 200) is (passed * day < FAMILY_S), passed
        token = said.get("refresh_token", token)


def test_the_end_of_all_is_remembered_for_longer_than_any_grant_lives() -> None:
    assert LONGEST_S > FAMILY_S + LIFETIME_S
