"""Spellings that hide an injection from a reader of plain text: each trick on each class it can carry."""

import base64
from urllib.parse import quote

import pytest

from ringwall.engines.payload import inspect

PLAIN = {
    "sqli": "x' or 1=1-- ",
    "xss": "<img src=x onerror=alert(1)>",
    "cmdi": "x; cat /srv/list",
    "lfi": "../../srv/list",
    "ssti": "{{ 6*7 }}",
    "ssrf": "http://127.0.0.1/x",
    "xxe": '<!DOCTYPE a [<!ENTITY b SYSTEM "x">]>',
    "rce": "<?php probe('x'); ?>",
    "ldap": "*)(uid=*",
    "nosqli": '{"a": {"$ne": 1}}',
    "deserialization": 'O:4:"Note":1:{s:1:"a";i:1;}',
    "proto": "a[__proto__][x]=1",
    "ssi": '<!--#echo var="DATE_LOCAL" -->',
    "xslt": '<xsl:value-of select="system-property(1)"/>',
    "xpath": "x' or count(//user)=3 or 'a'='b",
    "crlf": "x\r\nSet-Cookie: a=b",
}


def percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def twice(text: str) -> str:
    return quote(percent(text), safe="")


def wide_percent(text: str) -> str:
    return "".join(f"%u{ord(c):04x}" for c in text)


def references(text: str) -> str:
    return "".join(f"&#x{ord(c):x};" for c in text)


def decimal_references(text: str) -> str:
    return "".join(f"&#{ord(c):07d};" for c in text)


def hexadecimal(text: str) -> str:
    return "".join(f"\\x{ord(c):02x}" for c in text)


def unicode_escapes(text: str) -> str:
    return "".join(f"\\u{ord(c):04x}" for c in text)


def fullwidth(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def in_xml(text: str) -> str:
    leaf = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return f'<?xml version="1.0"?><note to="{leaf}"></note>'


TRICKS = (percent, twice, wide_percent, references, decimal_references, hexadecimal, unicode_escapes, fullwidth, in_xml)


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick.__name__)
@pytest.mark.parametrize("kind", PLAIN)
def test_every_trick_on_every_class(kind, trick):
    finding = inspect(trick(PLAIN[kind]))
    assert finding is not None
    assert finding.kind == kind
    assert finding.decoded or trick is in_xml  # its quotes may close the string before the leaf is cut out


@pytest.mark.parametrize("kind", sorted(set(PLAIN) - {"ldap", "lfi"}))  # runs too short to be plausible base64
def test_base64(kind):
    finding = inspect(in_base64(PLAIN[kind]))
    assert finding is not None
    assert finding.decoded == ("base64",)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("1/**/or/**/1=1", "sqli"),
        ("x'/*!50000union*//*!50000select*/1,2", "sqli"),
        ("1\x0bor\xa01=1", "sqli"),
        ("x'+or+'1'='1", "sqli"),
        ("x\u2019 or 1=1--", "sqli"),
        ("x'oR(1)=(1)--", "sqli"),
        ("<scr\x00ipt>probe()</scr\x00ipt>", "xss"),
        ("<svg\x0conload\n=\nprobe(1)>", "xss"),
        ("<a href='java&#9;script&colon;probe(1)'>", "xss"),
        ("+ADw-script+AD4-probe(1)+ADw-/script+AD4-", "xss"),
        ("<div style='width:ex/**/pression(probe(1))'>", "xss"),
        ("<div style='width:\\65xpression(probe(1))'>", "xss"),
        ("x;c\\at /srv/list", "cmdi"),
        ("x;c''at /srv/list", "cmdi"),
        ("x;{cat,/srv/list}", "cmdi"),
        ("x;cat$IFS$9/srv/list", "cmdi"),
        ("x%0acat%20/srv/list", "cmdi"),
        ("..%c0%af..%c0%afsrv", "lfi"),
        ("%c0%ae%c0%ae/%c0%ae%c0%ae/srv", "lfi"),
        ("..%e0%80%af..%e0%80%afsrv", "lfi"),
        ("..;/..;/srv", "lfi"),
        ("..0x2f..0x2fsrv", "lfi"),
        ("/srv/list%00.png", "lfi"),
        ("http://①②⑦.0.0.1/", "ssrf"),
        ("http://127\u3002\u0030\u30020\u30021/", "ssrf"),
        ("http://0177.0.0.01/", "ssrf"),
        ('+ADwAIQ-DOCTYPE a SYSTEM "x"+AD4-', "xxe"),
    ],
)
def test_obfuscation(value, kind):
    finding = inspect(value)
    assert finding is not None
    assert finding.kind == kind


@pytest.mark.parametrize(
    "value",
    [
        "caf%C3%A9%20%26%20bar",
        "caf&eacute; &amp; bar &copy; 2024",
        "caf\\u00e9 \\n bar",
        "ｃａｆé — “bar” ‘baz’",
        "SGVsbG8gdGhlcmUsIGhvdyBhcmUgeW91Pw==",
        "%E4%BD%A0%E5%A5%BD",
        "50%25 off",
        "a+b+c",
        "+ADk-ish",
        "color: #0x2e",
    ],
)
def test_honest_text_in_the_same_spellings(value):
    assert inspect(value) is None


ORDINARY = "this is some ordinary text, and it goes on for a while; then it stops. "


@pytest.mark.parametrize(
    "padding", [ORDINARY * 50, "a; b | c & d\n" * 300, "<b>x</b> " * 300, "{{a}} " * 200, "(x) " * 500]
)
@pytest.mark.parametrize(
    "attack",
    [
        "' or 1=1-- ",
        "<img src=x onerror=probe(1)>",
        "; cat /srv/list ",
        "{{ 6*7 }}",
        "1 union select null,version() ",
        "${6*7}",
    ],
)
def test_padding_on_both_sides_hides_nothing(padding, attack):
    assert inspect(padding + attack + padding) is not None
