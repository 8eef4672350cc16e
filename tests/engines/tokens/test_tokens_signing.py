"""Tokens of one's own: others verify them, and they are remembered until they end and no longer."""

from threading import Thread

import jwt
import pytest

from engines.tokens.token_forge import CLAIMS, NOW
from ringwall.engines.tokens import Claims, Expectation, KeySet, Refused, Remembered, SigningKey, jwks, sign, verify

EXPECT = Expectation("https://issuer.test", "clinic", frozenset({"at+jwt"}))


def verified(text: str, keys: KeySet, now: float = NOW) -> Claims:
    outcome = verify(text, keys, EXPECT, now)
    assert isinstance(outcome, Claims)
    return outcome


def test_a_signed_token_is_verified_here_and_by_pyjwt() -> None:
    key = SigningKey.generate()
    text = sign(CLAIMS, key)
    claims = verified(text, KeySet.from_jwks(jwks([key])))
    assert (dict(claims.values), claims.subject, claims.expires) == (CLAIMS, "u1", NOW + 60)
    skip = {"verify_exp": False, "verify_aud": False}
    assert jwt.decode(text, jwt.PyJWK(key.public_jwk()), algorithms=["EdDSA"], options=skip) == CLAIMS
    assert jwt.get_unverified_header(text) == {"alg": "EdDSA", "kid": key.kid, "typ": "at+jwt"}


def test_keys_rotate_side_by_side_and_one_does_not_stand_for_another() -> None:
    old, new = SigningKey.generate(), SigningKey.generate()
    both = KeySet.from_jwks(jwks([new, old]))
    assert verified(sign(CLAIMS, old), both) == verified(sign(CLAIMS, old), KeySet.from_jwks(jwks([old])))
    assert isinstance(verify(sign(CLAIMS, old), KeySet.from_jwks(jwks([new])), EXPECT, NOW), Refused)


def test_a_key_is_stored_and_read_back_and_never_shown() -> None:
    key = SigningKey.generate()
    stored = key.private_jwk()
    again = SigningKey.from_private_jwk(stored)
    assert (again.kid, sign(CLAIMS, again)) == (key.kid, sign(CLAIMS, key))
    assert stored["d"] not in repr(key) + str(jwks([key]))
    for broken in ({}, {**stored, "crv": "X25519"}, {k: v for k, v in stored.items() if k != "d"}, key.public_jwk()):
        with pytest.raises(ValueError):
            SigningKey.from_private_jwk(broken)  # type: ignore[arg-type]


def test_a_token_is_remembered_until_it_ends() -> None:
    key = SigningKey.generate()
    text = sign(CLAIMS, key)
    claims = verified(text, KeySet.from_jwks(jwks([key])))
    memory = Remembered(2)
    assert memory.get(text, NOW) is None
    memory.put(text, claims)
    assert memory.get(text, NOW) is claims
    assert memory.get(text + "A", NOW) is None
    assert memory.get(text, NOW + 59.9) is claims
    assert memory.get(text, NOW + 60) is None
    assert len(memory) == 0
    memory.put(text, claims)
    memory.forget(text)
    assert memory.get(text, NOW) is None


def test_the_memory_is_bounded_and_the_oldest_gives_way() -> None:
    key = SigningKey.generate()
    claims = verified(sign(CLAIMS, key), KeySet.from_jwks(jwks([key])))
    memory = Remembered(3)
    for name in "abcd":
        memory.put(name, claims)
    assert [memory.get(name, NOW) is claims for name in "abcd"] == [False, True, True, True]
    memory.clear()
    assert len(memory) == 0


def test_the_memory_is_shared_among_threads() -> None:
    key = SigningKey.generate()
    claims = verified(sign(CLAIMS, key), KeySet.from_jwks(jwks([key])))
    memory, failures = Remembered(8), list[BaseException]()

    def use(start: int) -> None:
        try:
            for i in range(2000):
                memory.put(str(start + i % 20), claims)
                memory.get(str(i % 40), NOW + (60 if i % 7 == 0 else 0))
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=use, args=(start,)) for start in (0, 10, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(memory) <= 8
