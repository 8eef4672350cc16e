"""DPoP proofs: the standard's own examples, and that no bytes make the verifier fail or let anything through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwall.engines.tokens.dpop import (
    FUTURE_S,
    PAST_S,
    Nonces,
    Proof,
    ProofFlaw,
    Target,
    normal_url,
    thumbprint,
    token_hash,
    verify_proof,
)

# RFC 9449, figures 2 and 8: a proof for the token endpoint, and its key's thumbprint.
FIGURE_2 = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscE"
    "JoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19."
    "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaW"
    "F0IjoxNTYyMjYyNjE2fQ."
    "2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
KEY = {"kty": "EC", "crv": "P-256", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
       "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}  # fmt: skip
ISSUED = 1562262616.0
HERE = Target("POST", "https://server.example.com/token")


def test_the_standard_s_example_holds_at_its_time_and_place() -> None:
    found = verify_proof(FIGURE_2, HERE, ISSUED)
    assert isinstance(found, Proof)
    assert (found.jkt, found.nonce) == (JKT, None)
    assert thumbprint(KEY) == JKT


@pytest.mark.parametrize(
    ("target", "now", "flaw"),
    [
        (Target("GET", HERE.url), ISSUED, ProofFlaw.METHOD),
        (Target("POST", "https://server.example.com/other"), ISSUED, ProofFlaw.URL),
        (Target("POST", "http://server.example.com/token"), ISSUED, ProofFlaw.URL),
        (Target("POST", "https://u@server.example.com/token"), ISSUED, ProofFlaw.URL),
        (Target("POST", "nonsense"), ISSUED, ProofFlaw.URL),
        (HERE, ISSUED + PAST_S + 1, ProofFlaw.TIME),
        (HERE, ISSUED - FUTURE_S - 1, ProofFlaw.TIME),
        (HERE, float("nan"), ProofFlaw.TIME),
        (Target("POST", HERE.url, "a token"), ISSUED, ProofFlaw.TOKEN),
    ],
)
def test_and_at_no_other(target: Target, now: float, flaw: ProofFlaw) -> None:
    assert verify_proof(FIGURE_2, target, now) is flaw


@given(st.integers(0, len(FIGURE_2) - 1), st.characters(codec="utf-8"))
def test_a_changed_letter_is_no_proof(place: int, letter: str) -> None:
    changed = FIGURE_2[:place] + letter + FIGURE_2[place + 1 :]
    found = verify_proof(changed, HERE, ISSUED)
    assert isinstance(found, ProofFlaw) or changed == FIGURE_2


@given(st.text(max_size=200) | st.lists(st.text(max_size=40), min_size=3, max_size=3).map(".".join))
def test_no_text_makes_it_fail(text: str) -> None:
    assert isinstance(verify_proof(text, HERE, ISSUED), ProofFlaw)


@given(st.text(max_size=60), st.sampled_from(["", "https://", "http://a", "https://a:"]))
def test_no_text_is_an_address_that_makes_it_fail(text: str, before: str) -> None:
    found = normal_url(before + text)
    assert found is None or normal_url(found) == found, "normalizing is not done once"


def test_the_standard_s_example_of_a_token_s_hash() -> None:
    """RFC 9449, figure 13."""
    token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
    assert token_hash(token) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


def test_a_nonce_is_good_for_five_to_ten_minutes_and_of_one_secret() -> None:
    ours, theirs = Nonces(b"a" * 32), Nonces(b"b" * 32)
    given_ = ours.now(3000.0)
    assert [ours.good(given_, at) for at in (3000.0, 3299.0, 3599.0, 3600.0, 2999.0)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert not theirs.good(given_, 3000.0)
    assert Nonces(b"a" * 32).good(given_, 3000.0), "another worker's"
    assert not any(ours.good(odd, 3000.0) for odd in (None, "", "x", given_ + "x", given_[:-1], "\ud800"))
