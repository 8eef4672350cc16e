"""Formats, patterns, text, URLs and file names: hostile and honest values of each, side by side."""

from __future__ import annotations

import base64
import re

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from ringwall.engines.schema import Compiler, Validator
from ringwall.engines.schema.files import agrees, is_filename, safe_filename
from ringwall.engines.schema.formats import FORMATS
from ringwall.engines.schema.patterns import exact, linear, portable
from ringwall.engines.schema.text import canonical, flaw_of
from ringwall.engines.schema.urls import Policy, is_allowed

TABLE = {
    "uuid": (
        ["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"],
        [
            "123e4567e89b12d3a456426614174000",
            "{123e4567-e89b-12d3-a456-426614174000}",
            "123e4567-e89b-12d3-a456-426614174000\n",
            "",
            "x",
        ],
    ),
    "date-time": (
        [
            "2024-01-02T03:04:05Z",
            "2024-01-02T03:04:05.123456789+05:30",
            "2016-12-31T23:59:60Z",
            "2024-01-02T03:04:05.000000+0000",
        ],
        [
            "2024-01-02T03:04:05+000",
            "2024-01-02T03:04:05+2500",
            "2024-01-02T03:04:05Z+0000",
            "2024-02-30T00:00:00Z",
            "2024-01-02 03:04:05Z",
            "2024-01-02T03:04:05",
            "２024-01-02T03:04:05Z",
            "2024-01-02T24:00:00Z",
            "2024-01-02T03:04:05Z' or 1=1--",
        ],
    ),
    "date": (["2024-02-29"], ["2023-02-29", "20240101", "2024-1-1", "2024-01-01\n"]),
    "time": (["03:04:05Z", "03:04:05+01:00"], ["03:04:05", "24:00:00Z", "03:04Z"]),
    "duration": (["P1D", "PT1H", "P1W"], ["P", "PT", "P1S", "1D"]),
    "ipv4": (["1.2.3.4"], ["01.2.3.4", "127.1", "0x7f.0.0.1", "256.1.1.1", "2130706433"]),
    "ipv6": (["::1", "::ffff:1.2.3.4"], ["1::2::3", "fe80::1%eth0", "[::1]"]),
    "hostname": (["example.com", "xn--nxasmq6b"], ["-a.com", "a_b.com", "a..b", "ex ample", "a" * 64 + ".com"]),
    "uri": (["http://a.b/c", "urn:x:y"], ["//a.b", "a", "http://a b", "http://a/%zz", "http://a\\b"]),
    "email": (
        ["a@b.co", "o'brien@x.com", "a.b+c@example.com", "é@é.com", "x@clinic.test"],
        [
            "a@b",
            "a b@c.de",
            "'||'1'='1@x.co",
            "x'or'1'like'1@x.com",
            "admin'--@x.com",
            "a..b@c.co",
            "a@b.co\n",
            '"q q"@b.co',
            "a@[127.0.0.1]",
            "A <a@b.co>",
            "`id`@x.co",
            "${7*7}@x.co",
            "a|b@x.co",
            "@x.co",
            "",
        ],
    ),
    "byte": (["", "YQ==", "YWI=", "YWJj"], ["YQ", "YQ=", "YR==", "YQ==\n", "Y Q==", "_-==", "zzz!"]),
    "base64url": (["", "YQ", "_-8"], ["YR", "a+b/", "YQ=="]),
    "phone": (["+4915112345678"], ["015112345678", "+0123456789", "+49 151 1234", "+1234567890123456", "+４915112345"]),
    "iban": (
        ["DE89370400440532013000"],
        ["DE89 3704 0044 0532 0130 00", "DE88370400440532013000", "de89370400440532013000"],
    ),
    "card": (["4111111111111111"], ["4111111111111112", "4111 1111 1111 1111", "0"]),
}


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [(n, v, ok) for n, (good, bad) in TABLE.items() for ok, values in ((True, good), (False, bad)) for v in values],
)
def test_a_format_is_decided_by_its_standard(name: str, value: str, valid: bool) -> None:
    validator = Compiler({}).closed({"type": "string", "format": name})
    assert isinstance(validator, Validator)
    assert validator.is_valid(value) is valid


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("int32", [2**31 - 1, -(2**31)], [2**31, -(2**31) - 1]),
        ("int64", [2**63 - 1], [2**63]),
        ("uint64", [0, 2**64 - 1], [-1, 2**64]),
    ],
)
def test_number_formats_are_bounds(name: str, good: list[int], bad: list[int]) -> None:
    validator = Compiler({}).closed({"type": "integer", "format": name})
    assert isinstance(validator, Validator)
    assert all(validator.is_valid(v) for v in good)
    assert not any(validator.is_valid(v) for v in bad)


def test_an_unknown_format_only_annotates() -> None:
    validator = Compiler({}).closed({"type": "string", "format": "nickname"})
    assert isinstance(validator, Validator)
    assert validator.is_valid("anything")


_plain = st.from_regex(
    re.compile(r"[A-Za-z0-9]{1,5}([._+-][A-Za-z0-9]{1,5}){0,2}@([A-Za-z0-9]{1,8}\.){1,2}[A-Za-z]{2,6}"), fullmatch=True
)


@given(_plain)
def test_the_short_way_for_emails_takes_nothing_that_the_parser_refuses(text: str) -> None:
    if FORMATS["email"](text):
        try:
            validate_email(text, check_deliverability=False, test_environment=True)
        except EmailNotValidError as refused:
            raise AssertionError(text) from refused


@given(st.text(max_size=40))
def test_formats_never_raise(text: str) -> None:
    assert all(isinstance(decide(text), bool) for decide in FORMATS.values())


@given(st.binary(max_size=40))
def test_every_content_has_one_base64(content: bytes) -> None:
    assert FORMATS["byte"](base64.b64encode(content).decode())


@pytest.mark.parametrize("pattern", [r"(?=a)b", r"(a)\1", r"(?<!x)y", r"(?>a)", "["])
def test_a_pattern_without_an_automaton_is_refused(pattern: str) -> None:
    assert not linear(portable(pattern))


@pytest.mark.parametrize("pattern", [r"^[\w-.]+$", r"(?i:abc)", r"^(a+)+$", r"\d{3}", r"^\p{L}+$"])
def test_a_linear_pattern_is_taken(pattern: str) -> None:
    assert linear(portable(pattern))


@pytest.mark.parametrize(
    ("pattern", "decides"),
    [
        (r"^[A-Z]{3}-\d{4}$", True),
        (r"^[a-z0-9_-]+$", True),
        (r"^(foo|bar)$", True),
        (r"^\w+@\w+\.com$", True),
        (r"[a-z]+", False),
        (r"^[a-z]+", False),
        (r"^.*$", False),
        (r"^[^x]+$", False),
        (r"^\S+$", False),
        (r"^[A-z]+$", False),
        (r"^[ -~]+$", False),
        (r"^[a-z' ]+$", False),
        (r"^a|b$", False),
        (r"^[a-z ]+$", False),
        (r"^[+-z]+$", False),
        (r"^[!-a]+$", False),
        (r"^[\d-z]+$", True),
        (r"^?$", False),
        (r"^[,-a]$", False),
        (r"^[.-a]$", False),
        (r"^[\w-.]+$", True),
        (r"^[-a-z]$", True),
        (r"^[a-z-]$", True),
        (r"^[@-a]$", False),
        ("^[" + "a-" * 200 + "!]$", False),
        (r"^(?m)[a-z]+$", False),
        (r"^(?s)a$", False),
        (r"^*a$", False),
    ],
)
def test_only_a_narrow_anchored_pattern_decides(pattern: str, decides: bool) -> None:
    assert exact(pattern) is decides


@given(
    st.from_regex(
        re.compile(r"\^(\[([A-Za-z0-9.,:@]-[A-Za-z0-9.]|[.:,@' -])+\]|[a-z]|\\d|\\w|[.|*+?()])+\$"), fullmatch=True
    ),
    st.text(st.sampled_from("ab1_'\" ;<>(){}[]`^\\|&$"), min_size=1, max_size=8),
)
def test_a_deciding_pattern_admits_no_punctuation_of_an_attack(pattern: str, value: str) -> None:
    if exact(pattern) and linear(pattern):
        validator = Compiler({}).closed({"type": "string", "pattern": pattern})
        if isinstance(validator, Validator) and validator.is_valid(value):
            assert not set(value) & set("'\" ;<>(){}[]`^\\|&$")


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("a\x00b", "control"),
        ("a\x1bb", "control"),
        ("a\x85", "control"),
        ("\ufeffa", "control"),
        ("a\u2028", "control"),
        ("abc\u202etxt", "bidi"),
        ("\u2066x", "bidi"),
        ("e\u0301", "normal"),
        ("\u212b", "normal"),
        ("line\r\n\ttwo", None),
        ("é", None),
        ("שלום\u200f", None),
        ("👨\u200d👩\u200d👧", None),
        ("می\u200cخواهم", None),
    ],
)
def test_text_is_canonical_or_says_why_not(text: str, flaw: str | None) -> None:
    assert flaw_of(text) == flaw


@given(st.text(max_size=30))
def test_canonical_text_has_no_flaw(text: str) -> None:
    assert flaw_of(canonical(text)) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://[::1]/",
        "http://169.254.169.254/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://localhost/",
        "http://a.local/",
        "http://metadata/",
        "https://user@example.com/",
        "http://example.com\\@evil.com/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "http:///x",
        "http://exa mple.com/",
        "http://xn--/",
        "http://pаypal.com/",
        "http://example.com:99999/",
        "http://0177.0.0.1/",
        "http://①②⑦.0.0.1/",
        "http://foo.internal./",
        "",
    ],
)
def test_a_url_field_refuses(url: str) -> None:
    assert not is_allowed(url)


@pytest.mark.parametrize(
    "url",
    ["https://example.com/a?b=c#d", "http://8.8.8.8:8080/", "https://bücher.example/", "https://[2606:4700::1111]/"],
)
def test_a_url_field_takes(url: str) -> None:
    assert is_allowed(url)


def test_a_url_policy_narrows_hosts() -> None:
    policy = Policy(frozenset({"https"}), frozenset({"example.com"}))
    assert is_allowed("https://a.example.com/", policy)
    assert not is_allowed("https://badexample.com/", policy)
    assert not is_allowed("http://example.com/", policy)


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "a/b",
        "a\\b",
        "con",
        "NUL.txt",
        "a.",
        " a",
        ".htaccess",
        "a\0.png",
        "",
        "x" * 256,
        "a:b",
        "e\u0301.txt",
        "a\u202etxt.exe",
        "..",
        "a\nb",
    ],
)
def test_a_file_name_refuses(name: str) -> None:
    assert not is_filename(name)


@pytest.mark.parametrize("name", ["a.png", "Befund März 2024 (2).pdf", "x.tar.gz"])
def test_a_file_name_takes(name: str) -> None:
    assert is_filename(name)
    assert safe_filename(name) == name


@given(st.text(max_size=120))
def test_a_safe_name_is_one(name: str) -> None:
    assert is_filename(safe_filename(name))


@pytest.mark.parametrize(
    ("media", "content", "ok"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n..", True),
        ("image/png", b"<html>", False),
        ("application/pdf", b"%PDF-1.7", True),
        ("application/pdf", b"MZ\x90", False),
        ("image/webp", b"RIFF\0\0\0\0WEBP", True),
        ("text/plain", b"hi", True),
        ("text/plain", b"\x7fELF\0\0", False),
        ("application/x-own", b"anything", True),
    ],
)
def test_a_file_is_what_its_first_bytes_say(media: str, content: bytes, ok: bool) -> None:
    assert agrees(media, content) is ok
