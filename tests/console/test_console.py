"""The console of a real `ringwall up`, asked over HTTP: who gets in, what each rank may do, that nothing is live."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from accounts.people import Browser, account
from console.office import ALERT, APP, CONSOLE, CONTRACT, HOSTILE, NEAR, THERE, Person, office
from e2e.e2e_process import Running, serving
from ringwall.build.identity import accounts_on
from ringwall.monitoring.response.responder import by_hand
from ringwall.state.alerts import Alerts
from ringwall.state.journal_files import INDEX
from ringwall.state.sessions import SessionTable
from ringwall.state.sqlite import Store

PAGES = ("", "tests", "alerts", "alerts?all=1", f"alert?id={ALERT}", "journal", "principals", "request?id=" + "0" * 24)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with office(tmp_path_factory.mktemp("office")) as running:
        yield running


@pytest.fixture(scope="module")
def people(up: Running) -> dict[str, Person]:
    made = {name: Person(up, name) for name in ("vera", "rita", "ada", "nora")}
    for person in made.values():
        person.enter()
    return made


class Markup(HTMLParser):
    """Every tag and attribute of a page, and what its text says."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.wrong: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            ours = (value or "").startswith(("/.ringwall/", "#main"))
            if name.startswith("on") or name == "style" or (name in ("href", "action", "src") and not ours):
                self.wrong.append(f"{tag} {name}={value}")

        if tag == "script" and dict(attrs) != {"src": f"{CONSOLE}console.js", "defer": None}:
            self.wrong.append(f"script {attrs}")

    def handle_data(self, data: str) -> None:
        self.text += data


KNOWN = {
    "html", "head", "meta", "title", "link", "body", "a", "header", "p", "strong", "nav", "ul", "li", "form", "span",
    "button", "main", "h1", "h2", "dl", "div", "dt", "dd", "section", "figure", "svg", "rect", "figcaption", "table",
    "script", "thead", "tr", "th", "td", "tbody", "code", "details", "summary", "input", "label", "select", "option",
}  # fmt: skip


def dead(reply: httpx.Response) -> Markup:
    """The page, which holds nothing but our own markup."""
    found = Markup(reply.text)
    assert found.tags <= KNOWN, found.tags - KNOWN
    assert found.wrong == []
    return found


def test_it_says_where_it_is(up: Running) -> None:
    assert up.ready["console"] == f"{up.url}{CONSOLE}"
    assert f"console  {up.url}{CONSOLE}" in up.output()


def test_the_clinic_has_one(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        assert running.ready["console"] == f"{running.url}{CONSOLE}"
        assert f"adam   admin    password {running.password('adam')}" in running.output()
        adam = Browser(running)
        adam.sign_in("adam", running.password("adam"))
        assert adam.get(CONSOLE).status_code == 303
        adam.enrol()
        assert "Traffic of the last hour" in adam.get(CONSOLE).text


def test_where_the_contract_has_none_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "plain_app.py").write_text(APP)
    (tmp_path / "ringwall.yaml").write_text("\n".join(x for x in CONTRACT.splitlines() if not x.startswith("console")))
    with serving(tmp_path, "plain_app:app", "--contract", "ringwall.yaml") as running:
        assert running.ready["console"] is None
        assert "console" not in running.output()
        assert Browser(running).get(CONSOLE).status_code == 404


def events(reply: httpx.Response) -> list[str]:
    """The data of each event, as the HTML Standard (section 9.2.6) has a browser take a stream apart."""
    found, data = [], []
    for line in re.split(r"\r\n|\n|\r", reply.text):
        if not line and data:
            found.append("\n".join(data))
            data = []
        name, colon, value = line.partition(":")
        if name == "data" and colon:
            data.append(value.removeprefix(" "))
    return found


def test_the_overview_renews_itself_for_as_long_as_one_may_look(up: Running, people: dict[str, Person]) -> None:
    reply = people["vera"].get(f"{CONSOLE}live")
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.headers["cache-control"] == "no-store"
    assert re.match(r"retry: \d+\nevent: overview\n", reply.text)
    (part,) = events(reply)
    whole = people["vera"].get(CONSOLE).text
    for heading in ("Traffic of the last hour", "Layers", "Open alerts", "Controls"):
        assert heading in part
        assert heading in whole
    found = Markup(part)
    assert (found.tags - KNOWN, found.wrong) == (set(), [])
    for stranger in (Browser(up), people["nora"]):
        refused = stranger.get(f"{CONSOLE}live")
        assert (refused.status_code, refused.text) == (204, ""), "a browser asks no more"
    account(up, "otto", "auditor")
    there = Person(up, "otto")
    there.enter()
    assert there.get(f"{CONSOLE}live").status_code == 200
    there.post("/.ringwall/account/signout", {})
    assert there.get(f"{CONSOLE}live").status_code == 204, "it ends with the session"


def test_renewing_is_no_use_of_the_session_and_no_traffic(up: Running) -> None:
    account(up, "nina", "auditor")
    nina = Person(up, "nina")
    nina.enter()
    store = Store(up.data / "state.db")
    try:
        long_ago = time.time() - 1800.0
        store.rows("UPDATE session SET seen = ?", (long_ago,))

        def seen() -> float:
            whose = accounts_on(store).named("nina")
            assert whose is not None
            return max(each.seen for each in SessionTable(store).sessions_of(whose.subject))

        for _ in range(3):
            assert nina.get(f"{CONSOLE}live").status_code == 200
        assert seen() == long_ago
        count = Markup(nina.get(CONSOLE).text).text.partition("Requests in the last hour")[2].split()[0]
        assert seen() > long_ago, "looking at a page is"
        assert Markup(nina.get(CONSOLE).text).text.partition("Requests in the last hour")[2].split()[0] == count
    finally:
        store.close()


def test_what_tests_found_is_shown(people: dict[str, Person]) -> None:
    page = dead(people["vera"].get(f"{CONSOLE}tests"))
    for part in ("The last drill", "30 findings", "31 attacks", "Single points of failure", "ringwall check"):
        assert part in " ".join(page.text.split()), part
    assert HOSTILE[0] in page.text


@pytest.mark.parametrize("page", PAGES)
def test_nobody_gets_in_without_signing_in(up: Running, page: str) -> None:
    reply = Browser(up).get(CONSOLE + page)
    assert reply.status_code == 303
    assert reply.headers["location"].startswith("/.ringwall/account/signin?next=%2F.ringwall%2Fconsole%2F")
    assert "acr=mfa" in reply.headers["location"]


def test_one_factor_is_not_enough(up: Running, people: dict[str, Person]) -> None:
    thief = Browser(up)
    assert thief.sign_in("vera").status_code == 303
    assert thief.get(CONSOLE).status_code == 303
    assert people["vera"].get(CONSOLE).status_code == 200


def test_an_account_without_a_second_factor_is_asked_for_one(up: Running) -> None:
    olga = Browser(up)
    account(up, "olga", "chief")
    assert olga.sign_in("olga").status_code == 303
    assert olga.signed_in()
    reply = olga.get(CONSOLE)
    assert "acr=mfa" in reply.headers["location"]
    assert "A second factor is needed" in olga.get(reply.headers["location"]).text
    assert olga.post(f"{CONSOLE}alert/close", {"id": ALERT}).status_code == 403


def test_an_account_without_a_rank_sees_nothing(people: dict[str, Person]) -> None:
    reply = people["nora"].get(CONSOLE)
    assert reply.status_code == 403
    assert "Traffic" not in reply.text


def test_nothing_is_live(people: dict[str, Person]) -> None:
    ada = people["ada"]
    for page in PAGES:
        reply = ada.get(CONSOLE + page)
        assert reply.status_code == 200, page
        dead(reply)
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src 'self';" in policy
        assert reply.headers["cache-control"] == "no-store"


def test_every_hostile_value_is_text(people: dict[str, Person]) -> None:
    ada = people["ada"]
    for number in range(0, len(HOSTILE), max(1, len(HOSTILE) // 60)):
        reply = ada.get(f"{CONSOLE}request?id={number:024x}")
        assert reply.status_code == 200, HOSTILE[number]
        shown = " ".join(dead(reply).text.split())
        assert " ".join(HOSTILE[number].split()) in shown
    for number in range(30):
        dead(ada.get(f"{CONSOLE}alert?id=a-h{number}"))
    for value in HOSTILE[:40]:
        asked = httpx.QueryParams({"operation": value, "principal": value, "kind": value})
        dead(ada.get(f"{CONSOLE}journal?{asked}"))


def test_the_whole_journal_is_paged_through(people: dict[str, Person]) -> None:
    ada, at, pages = people["ada"], f"{CONSOLE}journal?kind=exchange&reason=validation.schema", 0
    seen: set[str] = set()
    while at:
        reply = ada.get(at)
        ids = {part.partition('"')[0] for part in reply.text.split("request?id=")[1:]}
        assert ids - seen, at
        seen |= ids
        pages += 1
        at = reply.text.rpartition('class="button" href="')[2].partition('">Older')[0].replace("&amp;", "&")
        at = at if 'class="button"' in reply.text else ""
    assert len(seen) == sum(1 for number in range(len(HOSTILE)) if number % 3)
    assert pages > 3


def test_a_search_finds_a_person_under_their_key(people: dict[str, Person]) -> None:
    subject = next(
        part.partition("<")[0] for part in people["ada"].get(f"{CONSOLE}principals?name=vera").text.split("<code>")[1:]
    )
    found = people["ada"].get(f"{CONSOLE}journal?principal={subject}&kind=identity")
    assert "signin" in dead(found).text
    assert subject in found.text


def response_on(page: httpx.Response) -> str:
    """The response that a page offers to undo."""
    found = page.text.partition('name="id" value="r-')[2].partition('"')[0]
    assert found, page.text
    return f"r-{found}"


@pytest.mark.parametrize(("path", "form"), [
    ("alert/close", {"id": ALERT}), ("respond", {"id": ALERT, "do": "block address", "for": "15m"}),
    ("undo", {"id": "r-0"}),
])  # fmt: skip
def test_only_a_responder_acts(up: Running, people: dict[str, Person], path: str, form: dict[str, str]) -> None:
    vera, rita = people["vera"], people["rita"]
    assert '<h2 id="act">' not in vera.get(f"{CONSOLE}alert?id={ALERT}").text
    assert '<h2 id="act">' in rita.get(f"{CONSOLE}alert?id={ALERT}").text
    assert vera.post(CONSOLE + path, form).status_code == 403
    assert Browser(up).post(CONSOLE + path, form).status_code == 403
    foreign = rita.post(CONSOLE + path, form, **{"origin": "https://evil.example", "sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    assert rita.post(CONSOLE + path, form, origin="", **{"sec-fetch-site": ""}).status_code == 403
    assert "None." in rita.get(f"{CONSOLE}alerts").text  # no response is in force


def test_a_responder_acts_and_takes_back(up: Running, people: dict[str, Person]) -> None:
    rita = people["rita"]
    form = {"id": ALERT, "do": "block address", "for": "15m"}
    assert rita.post(f"{CONSOLE}respond", {**form, "do": "revoke principal"}).status_code == 403  # an admin's
    assert rita.post(f"{CONSOLE}respond", {**form, "do": "block operation"}).status_code == 400
    assert rita.post(f"{CONSOLE}respond", {**form, "for": "1000d"}).status_code == 400
    assert rita.post(f"{CONSOLE}respond", {**form, "id": "a-none"}).status_code == 400
    done = rita.post(f"{CONSOLE}respond", form)
    assert done.status_code == 303
    page = rita.get(done.headers["location"])
    assert "203.0.113.9" in page.text
    wanted = {"id": response_on(page)}
    assert rita.post(f"{CONSOLE}undo", wanted).status_code == 303
    assert rita.post(f"{CONSOLE}undo", wanted).status_code == 404
    records = [line["record"] for line in up.journal() if "record" in line]
    acts = {str(each["operation"]): each for each in records if each["kind"] == "admin"}
    assert {"console.respond.block", "console.undo.block", "console.alert.read"} <= acts.keys()
    assert acts["console.respond.block"]["objects"] == [f"alert:{ALERT}"]
    assert acts["console.respond.block"]["principal"].startswith("rwp1.")  # sealed under the responder's own key


def from_there(up: Running) -> int:
    """How somebody at 127.0.0.2 is answered."""
    with httpx.Client(transport=httpx.HTTPTransport(verify=up.trust(), local_address=THERE)) as client:
        return client.get(up.url.replace("localhost", "127.0.0.1") + "/hello").status_code


def soon(up: Running, status: int) -> bool:
    """Whether that is how both workers answer them before long: eight times in a row."""
    until, row = time.monotonic() + 15, 0
    while row < 8 and time.monotonic() < until:
        row = row + 1 if from_there(up) == status else 0
    return row == 8


def test_a_block_holds_and_its_undoing_ends_it(up: Running, people: dict[str, Person]) -> None:
    assert from_there(up) == 401
    form = {"id": NEAR, "do": "block address", "for": "15m"}
    page = people["rita"].get(people["rita"].post(f"{CONSOLE}respond", form).headers["location"])
    assert soon(up, 403)
    assert Browser(up).get("/hello").status_code == 401
    undone = people["rita"].post(f"{CONSOLE}undo", {"id": response_on(page)})
    assert "said=undone" in undone.headers["location"]
    assert soon(up, 401)


def test_whom_the_contract_spares_is_spared(people: dict[str, Person]) -> None:
    form = {"id": NEAR, "do": "block principal", "for": "15m"}
    page = people["rita"].get(people["rita"].post(f"{CONSOLE}respond", form).headers["location"])
    assert "Not done" in page.text
    assert "block</th><td>principal" not in page.text


def test_what_an_admin_did_a_responder_does_not_undo(people: dict[str, Person]) -> None:
    form = {"id": ALERT, "do": "freeze operation", "for": "15m"}
    page = people["ada"].get(people["ada"].post(f"{CONSOLE}respond", form).headers["location"])
    frozen = {"id": response_on(page)}
    assert people["rita"].post(f"{CONSOLE}undo", frozen).status_code == 403
    assert people["ada"].post(f"{CONSOLE}undo", frozen).status_code == 303


def test_a_closed_alert_is_closed(people: dict[str, Person]) -> None:
    rita = people["rita"]
    assert rita.post(f"{CONSOLE}alert/close", {"id": "a-h29"}).status_code == 303
    assert rita.post(f"{CONSOLE}alert/close", {"id": "a-h29"}).status_code == 404
    assert "a-h29" not in rita.get(f"{CONSOLE}alerts").text
    assert "a-h29" in rita.get(f"{CONSOLE}alerts?all=1").text


def test_what_is_held_against_a_person_holds_at_the_console(up: Running, people: dict[str, Person]) -> None:
    vera, store = people["vera"], Store(up.data / "state.db")
    try:
        alerts, whose = Alerts(store), accounts_on(store).named("vera")
        assert whose is not None
        blocked = by_hand("block", "principal", whose.subject, 600.0, "", time.time())
        alerts.respond(blocked)
        assert vera.get(CONSOLE).status_code == 403
        alerts.undo(blocked.id, time.time())
        assert vera.get(CONSOLE).status_code == 200
        challenged = by_hand("challenge", "principal", whose.subject, 600.0, "", time.time())
        alerts.respond(challenged)
        assert "again=1" in vera.get(CONSOLE).headers["location"]
        alerts.undo(challenged.id, time.time())
        assert vera.get(CONSOLE).status_code == 200
    finally:
        store.close()


def test_a_rank_that_was_taken_away_is_gone(up: Running, people: dict[str, Person]) -> None:
    nora = people["nora"]
    assert nora.get(CONSOLE).status_code == 403
    store = Store(up.data / "state.db")
    try:
        accounts_on(store).set_roles("nora", frozenset({"auditor"}))
        assert nora.get(CONSOLE).status_code == 200
        accounts_on(store).set_roles("nora", frozenset({"nurse"}))
        assert nora.get(CONSOLE).status_code == 403
    finally:
        store.close()


@pytest.mark.parametrize("page", ["alert", "alert?id=none", "request?id=none", "request"])
def test_what_is_not_there_is_said(people: dict[str, Person], page: str) -> None:
    assert people["vera"].get(CONSOLE + page).status_code == 404


@pytest.mark.parametrize("asked", [
    "principal=" + "a" * 5000, "principal=%27%20OR%201=1--", "object=%F0%9F%92%A9", "until=9999-12-31T23:59:59.999",
    "since=0001-01-01", "kind=1&kind=2", "reason=%22%3E%3Cscript%3E",
])  # fmt: skip
def test_an_odd_search_is_answered(people: dict[str, Person], asked: str) -> None:
    reply = people["vera"].get(f"{CONSOLE}journal?{asked}")
    assert reply.status_code == 200
    dead(reply)


def test_an_index_that_is_junk_is_made_anew(up: Running, people: dict[str, Person]) -> None:
    for page in ("", "journal"):
        (up.data / "journal" / INDEX).write_bytes(b"junk" * 3000)
        assert people["vera"].get(CONSOLE + page).status_code == 200


@pytest.mark.parametrize("since", ["yesterday", "99999999999", "0000-00-00"])
def test_a_time_that_is_none_is_said(people: dict[str, Person], since: str) -> None:
    assert people["vera"].get(f"{CONSOLE}journal?since={since}").status_code == 400
