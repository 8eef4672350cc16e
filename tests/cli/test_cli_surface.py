"""Every command: listed in docs/cli.md with an example that its options take, helpful, and quiet about colours."""

import os
import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ringwall.cli import cli

DOCS = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
ROWS = re.findall(r"^\| `([a-z -]+)` \| `(.+)` \|$", DOCS, re.MULTILINE)


def commands(group=cli, path=()):
    """Every command by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from commands(found, (*path, name))
        else:
            yield (*path, name), found


ALL = dict(commands())


def test_every_command_is_documented_and_nothing_else():
    documented = [tuple(name.split()) for name, _ in ROWS]
    assert sorted(documented) == sorted(ALL)


@pytest.mark.parametrize(("name", "example"), ROWS)
def test_an_example_is_of_its_command_and_has_options_that_exist(name, example):
    words = tuple(name.split())
    line = shlex.split(re.split(r" > ", example.replace("\\|", "|").rpartition("| ")[2])[0])
    assert tuple(line[: len(words) + 1]) == ("ringwall", *words)
    ALL[words].make_parser(click.Context(ALL[words])).parse_args(line[len(words) + 1 :])


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_is_one_line_and_an_example(words):
    done = CliRunner().invoke(cli, [*words, "--help"])
    assert done.exit_code == 0
    assert ALL[words].get_short_help_str(200)
    assert "ringwall" in (ALL[words].epilog or "")


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_an_unknown_option_is_wrong_usage(words):
    done = CliRunner().invoke(cli, [*words, "--no-such-option"])
    assert (done.exit_code, "Traceback" in done.output) == (2, False)


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)]
)
def test_colours_are_for_terminals_that_want_them(environment, coloured):
    done = CliRunner(env={"NO_COLOR": None, **environment}).invoke(cli, ["reasons", "quota"], color=True)
    assert ("\x1b[" in done.output) is coloured
    assert "\x1b[" not in CliRunner(env={"NO_COLOR": None}).invoke(cli, ["reasons", "quota"]).output


def test_the_shell_completes():
    env = {**os.environ, "_RINGWALL_COMPLETE": "bash_complete", "COMP_WORDS": "ringwall who", "COMP_CWORD": "1"}
    done = CliRunner(env={**env, "COMP_WORDS": "ringwall wh"}).invoke(cli, prog_name="ringwall")
    assert done.output.split() == ["plain,who-can", "plain,why"]
