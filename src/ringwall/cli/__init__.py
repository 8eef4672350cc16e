"""The command line: one module a command, found by its file's name and imported only when it is called."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys

import click

from ringwall.state.dumps import forbid_dumps


class Commands(click.Group):
    """Lists the modules of this package as commands; importing one costs nothing until it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every public module beside this file, as a dashed name, in order."""
        names = (m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
        return sorted(name.replace("_", "-") for name in names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of one module, or None where there is no such module."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 fine, 1 findings or refused, 2 wrong usage or a contract that cannot be used.",
)
@click.version_option(package_name="ringwall")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Defence in depth for HTTP APIs: one contract, five layers, and a drill that shows they hold."""
    if os.environ.get("NO_COLOR"):  # https://no-color.org; every command inherits it
        ctx.color = False


def main() -> None:
    """The console script; an interrupted command exits as a shell expects."""
    forbid_dumps()  # commands open keys
    try:
        cli(prog_name="ringwall")
    except BrokenPipeError:
        sys.exit(0)
