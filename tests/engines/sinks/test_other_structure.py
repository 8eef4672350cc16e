"""Commands, paths, addresses, templates and code: the hostile value beside the honest one."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwall.engines.sinks.code import code_source
from ringwall.engines.sinks.network import address_of, internal, network_target
from ringwall.engines.sinks.path import path_escape
from ringwall.engines.sinks.shell import exec_structure, shell_structure
from ringwall.engines.sinks.template import template_source


@pytest.mark.parametrize(
    ("command", "value"),
    [
        ("cksum a.txt; touch x", "a.txt; touch x"),
        ("cksum $(id)", "$(id)"),
        ("cksum `id`", "`id`"),
        ("cksum a|sh", "a|sh"),
        ("cksum a b", "a b"),
        ("cksum a\nid", "a\nid"),
        ("cksum 'a';id;'b'", "a';id;'b"),
        ('cksum "a";id;"b"', 'a";id;"b'),
        ('cksum "$(id)"', "$(id)"),
        ("cksum --files0-from=/etc/passwd", "--files0-from=/etc/passwd"),
        ("cksum a ${IFS}b", "${IFS}b"),
        ("touch /tmp/owned", "x: !!python/object/apply:os.system ['touch /tmp/owned']"),
    ],
)
def test_a_value_that_became_shell_syntax_is_refused(command: str, value: str) -> None:
    assert shell_structure(command, value) == "sinks.process"


@pytest.mark.parametrize(
    ("command", "value"),
    [
        ("cksum a.txt", "a.txt"),
        ("cksum 'a; b'", "a; b"),
        ("cksum 'it'\"'\"'s'", "it's"),
        ('cksum "a; b"', "a; b"),
        ("head -5 f", "-5"),
        ("grep -- --pattern f", "--pattern"),
        ("ls -l x", "-l"),
        ("cd a && cksum b", "b"),
        ("cksum a | sort", "sort"),
        ("cksum a", " "),
    ],
)
def test_a_value_that_is_one_word_passes_a_shell(command: str, value: str) -> None:
    assert shell_structure(command, value) is None


@given(st.text(max_size=40))
def test_what_was_quoted_for_a_shell_is_never_refused(value: str) -> None:
    quoted = shlex.quote(value)
    assert quoted == value or shell_structure(f"cksum -- {quoted} 2>&1", value) is None


@given(st.text(alphabet="ab ;|&$`'\"(){}<>*", min_size=2, max_size=8))
def test_what_a_shell_reads_as_more_than_one_word_was_refused(value: str) -> None:
    """The oracle is shlex's reader with punctuation: what changes the words of the command changed its syntax."""

    def words(text: str) -> int:
        lexer = shlex.shlex(f"cksum {text} end", posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        try:
            return len(list(lexer))
        except ValueError:
            return -1

    if words(value) != words("x") and len(value.strip()) > 1:
        assert shell_structure(f"cksum {value} end", value) == "sinks.process"


@pytest.mark.parametrize(
    ("words", "value", "refused"),
    [
        (["cksum", "a; touch x"], "a; touch x", False),  # one argument, whatever is in it
        (["tar", "--to-command=sh", "x"], "--to-command=sh", True),
        (["tar", "--", "--to-command=sh"], "--to-command=sh", False),
        (["/tmp/tool", "x"], "/tmp/tool", True),
        (["git", "log", "-3"], "-3", False),
        (["touch", "/tmp/owned"], "!!python/object/apply:subprocess.run [[touch, /tmp/owned]]", True),
    ],
)
def test_an_argument_list_is_judged_by_words(words: list[str], value: str, refused: bool) -> None:
    assert (exec_structure(shlex.join(words), value) == "sinks.process") is refused
    assert exec_structure(shlex.join(["sh", "-c", "cksum a; id"]), "a; id") == "sinks.process"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/data/forms/../clinic.db", "../clinic.db"),
        ("/data/clinic.db", "../clinic.db"),  # resolved before it was opened
        ("/data/forms/a/../../clinic.db", "a/../../clinic.db"),
        ("/data/forms/../clinic.db", "....//clinic.db"),  # after `../` was cut out once
        ("/data/forms/../clinic.db", "%2e%2e/clinic.db"),
        ("/data/forms/../clinic.db", "%252e%252e%252fclinic.db"),
        ("/data/forms/..\\clinic.db", "..\\clinic.db"),
        ("/etc/passwd", "/etc/passwd"),
        ("/etc/passwd", "//etc//passwd"),
        ("/etc/passwd.txt", "/etc/passwd"),
        ("/etc/ssl/index.html", "/etc/ssl"),
        ("/etc/passwd", "file:///etc/passwd"),
        ("/etc/passwd", '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>'),
        ("clinic.db", '<!DOCTYPE r [<!ENTITY x SYSTEM "clinic.db">]><r>&x;</r>'),
        ("C:/windows/win.ini", "C:\\windows\\win.ini"),
    ],
)
def test_a_value_that_leads_a_path_elsewhere_is_refused(path: str, value: str) -> None:
    assert path_escape(path, value) == "sinks.file"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/data/forms/consent.txt", "consent.txt"),
        ("/data/leaflets/2024/hours.txt", "2024/hours.txt"),
        ("/app/src/../templates/page.html", "page.html"),
        ("/usr/lib/python3/page.html", "/"),
        ("/usr/lib/python3/page.html", "/usr"),
        ("/app/templates/page.html", "and/or, 50% off ... see ../README"),
        ("/data/notes..txt", "notes..txt"),
        ("/data/report.xml", "<report>about /etc/passwd</report>"),
        ("/data/a.txt", "x/../a.txt"),
    ],
)
def test_a_value_that_names_a_file_in_its_place_passes(path: str, value: str) -> None:
    assert path_escape(path, value) is None


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "017700000001", "[::1]", "10.0.0.8", "169.254.169.254",
     "::ffff:10.0.0.1", "0.0.0.0", "metadata.example", "100.64.1.1"],
)  # fmt: skip
def test_an_internal_address_that_the_request_named_is_refused(host: str) -> None:
    address = str(address_of(host) or "10.1.2.3")
    assert network_target(host.strip("[]"), address, f"http://{host}:8080/x") == "sinks.network"
    assert network_target(host.strip("[]"), address, "http://partner.example/x") is None


def test_an_address_that_only_the_application_knows_passes_and_an_outside_one_too() -> None:
    assert network_target("db", "10.0.0.5", "the adb tool") is None
    assert network_target("partner.example", "93.184.215.14", "https://partner.example/x") is None
    assert network_target("", "127.0.0.1", "call me at 127.0.0.10") is None
    assert network_target("localhost", "127.0.0.1", "It runs on localhost, I think, or at 127.0.0.1 .") is None
    assert network_target("localhost", "127.0.0.1", "localhost:5432") == "sinks.network"
    xml = '<!DOCTYPE r SYSTEM "http://partner.example/x.dtd">'
    assert network_target("partner.example", "93.184.215.14", xml) == "sinks.network"


@given(st.ip_addresses(v=4))
def test_every_notation_of_an_address_is_the_same_address(address: object) -> None:
    number = int(address)  # type: ignore[call-overload]
    for text in (str(number), hex(number), f"0x{number >> 24:x}.{number & 0xFFFFFF}"):
        read = address_of(text)
        assert read == address
        assert read is not None
        assert internal(read) == (not read.is_global or read.is_multicast or str(read) == "168.63.129.16")


def test_a_template_made_of_the_request_is_refused_and_a_value_in_it_passes() -> None:
    assert template_source("Dear Ana,\n{{ 7*7 }}", "{{ 7*7 }}") == "sinks.template"
    assert template_source("Dear {{ name }},\nBest wishes", "Best wishes") is None
    assert template_source("Dear {{ name }}", "{{ other }}") is None


def test_code_made_of_the_request_is_refused_and_a_name_in_it_passes() -> None:
    assert code_source("this.age > 1 or True", "this.age > 1 or True") == "sinks.template"
    assert code_source("lambda row: row.city", "city") is None


@given(st.text(), st.text())
def test_nothing_raises_whatever_it_reads(one: str, other: str) -> None:
    for check in (shell_structure, exec_structure, path_escape, template_source, code_source):
        check(one, other)
        check(one + other, other)
    network_target(one, other, one + other)


def test_the_shell_itself_agrees_that_the_refused_one_runs_two_commands() -> None:
    ran = subprocess.run("echo a;echo b", shell=True, capture_output=True, text=True, check=True)
    assert ran.stdout == "a\nb\n"
    assert shell_structure("echo a;echo b", "a;echo b") == "sinks.process"
