"""The ring of signing keys: a rotation is seen by nobody, a withdrawal by everybody, in every process."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import orjson
import pytest

from ringwall.core.ports import Unavailable
from ringwall.engines.tokens import Claims, Expectation, KeySet, SigningKey, jwks, sign, verify
from ringwall.engines.tokens.signing import RS256
from ringwall.state.signing import LEAD_S, SigningKeys

TAIL_S = 960.0
EXPECT = Expectation(issuer="us", audience="api", typ=frozenset({"at+jwt"}))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.jwk"


def token(ring: SigningKeys, clock: Clock) -> str:
    return sign({"iss": "us", "aud": "api", "exp": clock.now + 900, "iat": clock.now}, ring.signer())


def test_a_rotation_is_seen_by_nobody_who_verifies(path: Path, clock: Clock) -> None:
    """Whoever holds the published set for five minutes verifies every token, at any time around a rotation."""
    ours, theirs = SigningKeys(path, clock), SigningKeys(path, clock)
    published = KeySet.from_jwks(jwks(ours.published()))
    fetched = clock.now
    issued: list[str] = []
    for step in range(60):
        clock.now += 60
        if step == 5:
            ours.rotate(TAIL_S)
        if clock.now - fetched > 300:
            published, fetched = KeySet.from_jwks(jwks(theirs.published())), clock.now
        issued.append(token(theirs if step % 2 else ours, clock))
        for each in issued[-14:]:
            assert isinstance(verify(each, published, EXPECT, clock.now), Claims), step
            assert isinstance(verify(each, theirs.access_keys(), EXPECT, clock.now), Claims), step
    assert len(ours.published()) == 1, "the old key is gone in the end"


def test_a_new_key_is_published_before_it_signs(path: Path, clock: Clock) -> None:
    ring = SigningKeys(path, clock)
    old = ring.signer().kid
    (new,) = ring.rotate(TAIL_S)
    assert [k.kid for k in ring.published()] == [old, new.kid]
    assert ring.signer().kid == old
    clock.now += LEAD_S
    assert ring.signer().kid == new.kid


def test_two_rotations_at_once_leave_no_gap(path: Path, clock: Clock) -> None:
    ring = SigningKeys(path, clock)
    ring.rotate(TAIL_S)
    clock.now += 10
    ring.rotate(TAIL_S)
    for _ in range(100):
        clock.now += 60
        assert isinstance(verify(token(ring, clock), ring.access_keys(), EXPECT, clock.now), Claims)


def test_a_withdrawn_key_verifies_nothing_and_what_it_signed_stands_no_more(path: Path, clock: Clock) -> None:
    ours, theirs = SigningKeys(path, clock), SigningKeys(path, clock)
    before, issued = token(ours, clock), clock.now
    clock.now += 5
    ours.withdraw()
    assert not isinstance(verify(before, theirs.access_keys(), EXPECT, clock.now), Claims)
    assert not theirs.trusts(issued)
    assert theirs.trusts(clock.now)
    assert isinstance(verify(token(theirs, clock), ours.access_keys(), EXPECT, clock.now), Claims)


def test_keys_of_another_algorithm_are_made_when_needed_and_rotate_along(path: Path, clock: Clock) -> None:
    ours, theirs = SigningKeys(path, clock), SigningKeys(path, clock)
    first = ours.signer(RS256)
    assert theirs.signer(RS256).kid == first.kid
    assert first.kid not in theirs.access_keys().named, "an id_token's key verifies no access token"
    assert len(ours.rotate(TAIL_S)) == 2


def test_the_form_of_earlier_versions_is_read(path: Path, clock: Clock) -> None:
    key = SigningKey.generate()
    path.write_bytes(orjson.dumps(key.private_jwk()))
    path.chmod(0o600)
    ring = SigningKeys(path, clock)
    assert ring.signer().kid == key.kid
    ring.rotate(TAIL_S)
    assert next(k.kid for k in SigningKeys(path, clock).published()) == key.kid
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"keys": []}', b'{"keys": [{}]}', b"\xff", b'{"kty": "OKP"}'])
def test_what_is_no_ring_does_not_start(path: Path, clock: Clock, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(Unavailable, match="not private keys"):
        SigningKeys(path, clock)


def test_a_ring_that_others_may_read_does_not_start(path: Path, clock: Clock) -> None:
    SigningKeys(path, clock)
    path.chmod(0o644)
    with pytest.raises(Unavailable, match="readable by others"):
        SigningKeys(path, clock)


def _signer(path: str, out: int) -> None:
    os.write(out, SigningKeys(Path(path), lambda: 5.0).signer(RS256).kid.encode() + b"\n")


def test_many_processes_that_start_at_once_make_one_key(path: Path) -> None:
    read, write = os.pipe()
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=_signer, args=(str(path), write)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
    os.close(write)
    with os.fdopen(read) as said:
        assert len(set(said.read().split())) == 1
