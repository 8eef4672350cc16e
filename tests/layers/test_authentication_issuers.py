"""What an outside issuer may say of its people, and what it may not: it speaks of none of ours, and above no tenant."""

from __future__ import annotations

import pytest

from ringwall.contract.model import Issuer
from ringwall.core.known import Known, Principal
from ringwall.core.ports import KeysAtHand, KeysOf
from ringwall.core.verdict import Ask, Learned, Refuse, Verdict
from ringwall.engines.policy import Roles
from ringwall.engines.tokens import KeySet, SigningKey, jwks, sign
from ringwall.layers.authentication.credential import Credential
from ringwall.layers.authentication.settings import Settings
from ringwall.layers.authentication.tokens import token_verdict

KEY = SigningKey.generate()
ISSUER = Issuer("https://login.example", "api", "realm.roles", "org", None)
ROLES = Roles({"nurse": frozenset(), "doctor": frozenset({"nurse"}), "admin": frozenset()}, frozenset({"admin"}))


def settings(issuer: Issuer = ISSUER) -> Settings:
    return Settings(None, {issuer.issuer: issuer}, api_keys=True, basic=False, roles=ROLES, staleness_s=5.0)


def ask(claims: dict[str, object], key: SigningKey = KEY, typ: str = "JWT", issuer: Issuer = ISSUER) -> Verdict | None:
    whole = {"iss": ISSUER.issuer, "aud": "api", "exp": 2000, "sub": "u-1", "realm": {"roles": ["doctor"]}, **claims}
    token = sign(whole, key, typ=typ)  # type: ignore[arg-type]
    known = Known("GET /x", 1000.0, {}, "127.0.0.1", "r")
    verdict = token_verdict(Credential("token", token, "authorization"), known, settings(issuer))
    while isinstance(verdict, Ask):
        keys = isinstance(verdict.question, KeysOf | KeysAtHand)
        verdict = verdict.then(KeySet.from_jwks(jwks([KEY])) if keys else True)
    return verdict


def principal(claims: dict[str, object]) -> Principal:
    verdict = ask(claims)
    assert isinstance(verdict, Learned), verdict
    assert verdict.known.principal is not None
    return verdict.known.principal


def test_maps_roles_and_tenant_by_the_claims_that_the_contract_names() -> None:
    who = principal({"org": "north"})
    assert (who.subject, who.roles, who.tenant, who.method) == ("u-1", {"doctor", "nurse"}, "north", "issuer")


def test_puts_nobody_above_all_tenants() -> None:
    assert principal({"org": "*"}).tenant is None


@pytest.mark.parametrize("subject", ["acc-ana", "key-abc", "", None, 7])
def test_speaks_of_nobody_of_ours_and_of_no_nobody(subject: object) -> None:
    verdict = ask({"sub": subject})
    assert isinstance(verdict, Refuse)
    assert verdict.reason.code == "authn.token.claims"


def test_grants_no_role_that_demands_a_second_factor_without_one() -> None:
    claims = {"realm": {"roles": ["admin"]}}
    assert (principal(claims).roles, principal(claims).pending) == (frozenset(), {"admin"})
    assert principal({**claims, "amr": ["pwd", "otp"]}).roles == {"admin"}


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "other"}, "authn.token.audience"),
        ({"exp": 990}, "authn.token.expired"),
        ({"exp": None}, "authn.token.exp_missing"),
    ],
)
def test_is_held_to_what_a_token_must_say(claims: dict[str, object], reason: str) -> None:
    verdict = ask(claims)
    assert isinstance(verdict, Refuse)
    assert verdict.reason.code in (reason, "authn.token.claims")


OTHER_USES = ("logout+jwt", "dpop+jwt", "secevent+jwt", "ringwall-assertion+jwt")


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "application/at+JWT", *OTHER_USES])
def test_a_token_for_another_use_is_no_access_token(typ: str) -> None:
    verdict = ask({}, typ=typ)
    assert isinstance(verdict, Refuse if typ in OTHER_USES else Learned)
    if isinstance(verdict, Refuse):
        assert verdict.reason.code == "authn.token.typ"


def test_a_claim_whose_name_is_a_url_is_found_and_words_are_mapped_by_default_to_nothing() -> None:
    issuer = Issuer(ISSUER.issuer, "api", "https://a.test/roles", "https://a.test/org", None, map={"MD": "doctor"})
    claims = {"https://a.test/roles": ["MD", "nurse", "admin"], "https://a.test/org": "north"}
    verdict = ask(claims, issuer=issuer)
    assert isinstance(verdict, Learned)
    assert verdict.known.principal is not None
    assert verdict.known.principal.roles == {"doctor", "nurse"}, "by inclusion; the word nurse itself is not mapped"
    assert ask({**claims, "https://a.test/roles": "boss"}, issuer=issuer).known.principal.roles == frozenset()  # type: ignore[union-attr]


def test_another_key_is_asked_for_once_more_and_then_refused() -> None:
    verdict = ask({}, SigningKey.generate())
    assert isinstance(verdict, Refuse)
    assert verdict.reason.code == "authn.token.key_unknown"


@pytest.mark.parametrize("text", [".{}.", "e30.{}.", "eyJhbGciOiJub25lIn0.{}.", "eyJhbGciOiJFZERTQSJ9.{}.A="])
def test_what_no_key_could_mend_is_refused_without_asking_for_one(text: str) -> None:
    payload = sign({"iss": ISSUER.issuer, "aud": "api", "exp": 2000, "sub": "u"}, KEY, typ="JWT").split(".")[1]
    known = Known("GET /x", 1000.0, {}, "127.0.0.1", "r")
    verdict = token_verdict(Credential("token", text.format(payload), "authorization"), known, settings())
    assert isinstance(verdict, Refuse)
    assert verdict.reason.status == 401
