"""`ringwall up`: protect an application in process, an API behind the gateway, or the bundled clinic."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ringwall.build.deploy import Deployment, deploy
from ringwall.build.transit import Transit
from ringwall.cli._problems import fail, refused_contract
from ringwall.console import declare
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
@click.option(
    "--tls",
    default="auto",
    show_default=True,
    help="auto: by the contract's `tls`, else made here; off; or CHAIN.pem,KEY.pem.",
)
@click.option("--client-ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="PEM",
              help="Callers show a certificate of this authority, or are not spoken to.")  # fmt: skip
@click.option("--upstream-ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="PEM",
              help="Trusted for the upstream in place of the system's authorities.")  # fmt: skip
@click.option("--upstream-cert", metavar="CHAIN,KEY", help="Shown to an upstream that asks for a certificate.")
@click.option("--redirect-http", metavar="HOST:PORT", help="Also listen there in clear, and send to https.")
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
    client_ca: Path | None,
    upstream_ca: Path | None,
    upstream_cert: str | None,
    redirect_http: str | None,
    workers: int,
    ready_file: Path | None,
) -> None:
    """Protect TARGET and serve it.

    TARGET is `module:app` (ASGI or WSGI, in process), `http://host:port` (gateway), or nothing: the bundled clinic.
    """
    host, port = _address("--listen", listen)
    transit = Transit(
        client_ca,
        upstream_ca,
        _pair(upstream_cert) if upstream_cert else None,
        _address("--redirect-http", redirect_http) if redirect_http else None,
    )
    if target and contract is None:
        raise click.UsageError("--contract says how TARGET is to be protected; `ringwall init TARGET` drafts one")
    wanted = Deployment(
        target, contract, openapi, host, port, data, mode, tls, workers, ready_file, transit, (declare,)
    )
    try:
        deploy(wanted, say=click.echo)
    except Misconfigured as mistakes:
        refused_contract(mistakes)
    except (Unavailable, OSError, ImportError, ValueError) as failure:
        fail(str(failure))
    sys.exit(0)


def _address(option: str, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise click.UsageError(f"{option} is HOST:PORT, not {text!r}")
    return host.strip("[]"), int(port)


def _pair(text: str) -> tuple[Path, Path]:
    chain, comma, key = text.partition(",")
    if not comma:
        raise click.UsageError("--upstream-cert is CHAIN.pem,KEY.pem")
    return Path(chain), Path(key)
