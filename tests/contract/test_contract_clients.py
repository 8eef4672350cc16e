"""OAuth clients and step-up in the contract: what may be stated, and where a mistake in it is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwall.contract.model import Contract, Misconfigured
from ringwall.contract.parse import load
from ringwall.contract.redirects import LOOPBACK, flaw
from ringwall.identity.oauth.redirects import matching, source

REPLIES = {"responses": {"200": {"description": "ok"}}}
API = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/x": {"get": REPLIES}}}
BASE = """
ringwall: 1
api: openapi.yaml
authentication: {accounts: true, clients: {app: {%s}}}
roles: {reader: {}}
operations:
  "GET /x": {allow: [reader, "scope:x.read"]%s}
"""
GOOD = "redirect_uris: [https://a.example/cb]"


def contract(client: str = GOOD, rule: str = "") -> Contract:
    return load(BASE % (client, rule), openapi=API)


def test_a_client_is_stated_with_what_it_may() -> None:
    (client,) = contract(f"{GOOD}, scopes: [x.read], first_party: true, name: The app").authentication.clients
    assert (client.client_id, client.name, client.proof) == ("app", "The app", "none")
    assert client.grants == {"authorization_code"}


@pytest.mark.parametrize(
    ("client", "said"),
    [
        ("redirect_uris: [http://a.example/cb]", "https"),
        ("redirect_uris: ['https://*.a.example/cb']", "pattern"),
        ("redirect_uris: ['https://a.example/cb#x']", "fragment"),
        ("name: x", "redirect_uris"),
        (f"{GOOD}, scopes: [nothing]", "nothing"),
        (f"{GOOD}, roles: [nobody]", "nobody"),
        ("grants: [client_credentials]", "proves nothing"),
        (f"{GOOD}, introspects: true", "introspects"),
        (f"{GOOD}, proof: key", "keys"),
        (f"{GOOD}, proof: certificate", "thumbprint"),
        ("grants: [refresh_token]", "refresh"),
        (f"{GOOD}, resources: [x]", "resource"),
        (f"{GOOD}, grants: [implicit]", "implicit"),
        (f"{GOOD}, grants: [password]", "password"),
    ],
)
def test_a_mistake_is_told(client: str, said: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        contract(client)
    assert said in str(caught.value)


def test_clients_need_accounts() -> None:
    with pytest.raises(Misconfigured, match="without accounts"):
        load((BASE % (GOOD, "")).replace("accounts: true", "accounts: false"), openapi=API)


RIGHT = [", requires: mfa", ", requires: {mfa: true, max_age: 60}", ", requires: {max_age: 1}"]
WRONG = [", requires: otp", ", requires: {age: 1}", ", requires: {max_age: 0}", ", requires: true"]


@pytest.mark.parametrize("rule", RIGHT)
def test_a_requirement_is_stated(rule: str) -> None:
    found = contract(rule=rule).operations[0].rule.requires
    assert found.mfa is ("mfa" in rule)


@pytest.mark.parametrize("rule", WRONG)
def test_a_wrong_requirement_is_told(rule: str) -> None:
    with pytest.raises(Misconfigured):
        contract(rule=rule)


def test_a_requirement_of_anyone_is_a_mistake() -> None:
    with pytest.raises(Misconfigured, match="anyone"):
        load((BASE % (GOOD, ", requires: mfa")).replace('[reader, "scope:x.read"]', "anyone"), openapi=API)


@pytest.mark.parametrize(
    "uri",
    [
        "https://a.example/cb",
        "https://a.example",
        "https://a.example:8443/cb?x=1&y=%20",
        "https://[2001:db8::1]/cb",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:8080/cb?x=1",
        "http://[::1]:1/",
        "com.example.app:/cb",
    ],
)
def test_a_redirect_uri_that_may_be_registered(uri: str) -> None:
    assert flaw(uri) is None
    assert matching(uri, (uri,))


@pytest.mark.parametrize(
    "uri",
    [
        "", "x", "/cb", "//a.example/cb", "https:///cb", "https://", "http://localhost/cb", "http://127.0.0.1.evil.example/",
        "http://127.0.0.1:1@evil.example/", "https://u@a.example/", "https://u:p@a.example/", "https://A.example/",
        "HTTPS://a.example/", "https://a.example:99999/", "https://a.example/../x", "https://a.example/%2e%2E/x",
        "https://a.example/#", "https://a.example/x y", "https://a.example/x;y", "https://a.example\\@b", "https://a,b/",
        "https://a'b/", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "app:/cb", "com.example.app://x",
        "com.example.app:cb", "https://a.example/\x00", "https://ä.example/", "blob:https://a.example/x", "ftp://a.example/",
    ],
)  # fmt: skip
def test_one_that_may_not(uri: str) -> None:
    assert flaw(uri) is not None


@given(st.text(max_size=80), st.sampled_from(["https://a.example/cb", "http://127.0.0.1/cb", "com.example.app:/cb"]))
def test_only_the_registered_itself_matches_whatever_comes(tail: str, known: str) -> None:
    for uri in (tail, known + tail, tail + known):
        if uri != known and matching(uri, (known,)):
            assert LOOPBACK.fullmatch(uri)
            assert known.startswith("http://127.0.0.1")


@given(st.from_regex(r"https://[a-z0-9.:@',;*\[\]-]{1,20}/x", fullmatch=True))
def test_what_is_registered_can_break_out_of_no_header(uri: str) -> None:
    if flaw(uri) is None:
        assert not set(source(uri)) & set(" ;,'\"\r\n")
