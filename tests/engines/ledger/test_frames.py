"""The line of one record: every byte of it counts."""

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringwall.engines.ledger.frames import Frame, Tagger, encode

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

TAGGER = Tagger(bytes(range(32)))
RECORD = b'{"kind":"exchange","id":"r-1"}'


def test_a_line_is_to_the_byte_as_documented():
    line, leaf = encode(7, RECORD, TAGGER)
    tag = hashlib.blake2b((7).to_bytes(8, "big") + leaf, key=bytes(range(32)), digest_size=16).hexdigest()
    assert leaf == hashlib.sha256(b"\x00" + RECORD).digest()
    assert line.decode() == f'{{"n":7,"record":{RECORD.decode()},"leaf":"{leaf.hex()}","tag":"{tag}"}}\n'


def test_every_changed_byte_is_seen():
    line = encode(7, RECORD, TAGGER)[0][:-1]
    frame = Frame.parse(line)
    assert frame is not None
    assert frame.authentic(TAGGER, 7)
    for at in range(len(line)):
        changed = Frame.parse(line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :])
        assert changed is None or changed.index != 7 or not changed.authentic(TAGGER, 7)


def test_a_record_is_bound_to_its_place_and_its_key():
    frame = Frame.parse(encode(7, RECORD, TAGGER)[0][:-1])
    assert frame is not None
    assert not frame.authentic(TAGGER, 8)
    assert not frame.authentic(Tagger(bytes(32)), 7)
    assert frame.authentic(None, 7)
    assert not frame.authentic(None, 8)


def test_a_record_cannot_pass_its_own_text_for_the_frame():
    hostile = b'{"a":{},"leaf":"' + b"0" * 64 + b'","tag":"' + b"0" * 32 + b'"}'
    frame = Frame.parse(encode(3, hostile, TAGGER)[0][:-1])
    assert frame is not None
    assert frame.record == hostile
    assert frame.authentic(TAGGER, 3)


@pytest.mark.parametrize("record", [b"", b"[]", b'{"a":1}\n', b'{"a":\n1}', b"{", b'{"a":"' + b"x" * 65536 + b'"}'])
def test_what_is_no_record_is_refused(record):
    with pytest.raises(ValueError):
        encode(0, record, TAGGER)


@unhurried
@given(st.binary(max_size=300))
def test_noise_is_no_frame(noise):
    assert Frame.parse(noise) is None


def test_the_key_is_not_shown():
    assert "01020304" not in repr(TAGGER)
    assert not hasattr(TAGGER, "__dict__")
