"""`ringwall up`: protect an application in process, an API behind the gateway, or the bundled clinic."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ringwall.build.deploy import Deployment, deploy
from ringwall.cli._problems import fail, refused_contract
from ringwall.contract.model import Misconfigured
from ringwall.core.ports import Unavailable

EPILOG = """\b
Examples:
  ringwall up                                      the bundled clinic, to look around
  ringwall up shop.main:app --contract ringwall.yaml
  ringwall up http://127.0.0.1:9000 --contract ringwall.yaml --openapi openapi.json
"""


@click.command(epilog=EPILOG)
@click.argument("target", default="")
@click.option("--contract", type=click.Path(dir_okay=False, path_type=Path), help="The contract, ringwall.yaml.")
@click.option("--openapi", help="The OpenAPI document: a path or a URL. Default: what the contract's `api` says.")
@click.option("--listen", default="127.0.0.1:8443", show_default=True, help="Address and port; port 0 picks one.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), default=Path("ringwall-data"),
              show_default=True, help="Directory for state, journal and keys.")  # fmt: skip
@click.option("--mode", type=click.Choice(["enforce", "observe"]), help="Override the contract's mode.")
@click.option("--tls", default="auto", show_default=True, help="auto: made here; off; or CHAIN.pem,KEY.pem.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@click.option("--ready-file", type=click.Path(dir_okay=False, path_type=Path), help="Written once it serves.")
def command(
    target: str,
    contract: Path | None,
    openapi: str | None,
    listen: str,
    data: Path,
    mode: str | None,
    tls: str,
    workers: int,
    ready_file: Path | None,
) -> None:
    """Protect TARGET and serve it.

    TARGET is `module:app` (ASGI or WSGI, in process), `http://host:port` (gateway), or nothing: the bundled clinic.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise click.UsageError(f"--listen is HOST:PORT, not {listen!r}")
    if target and contract is None:
        raise click.UsageError("--contract says how TARGET is to be protected; `ringwall init TARGET` drafts one")
    wanted = Deployment(target, contract, openapi, host.strip("[]"), int(port), data, mode, tls, workers, ready_file)
    try:
        deploy(wanted, say=click.echo)
    except Misconfigured as mistakes:
        refused_contract(mistakes)
    except (Unavailable, OSError, ImportError, ValueError) as failure:
        fail(str(failure))
    sys.exit(0)
