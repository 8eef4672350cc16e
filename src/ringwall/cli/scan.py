"""`ringwall scan`: find vulnerabilities in a running API from outside, and prove each."""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import click

from ringwall.cli._data import data_option, tested
from ringwall.cli._pairs import pair
from ringwall.cli._problems import fail, plainly, refused_contract, shown
from ringwall.cli._source import fetch, find
from ringwall.contract.api import Api
from ringwall.contract.document import parse
from ringwall.contract.model import Misconfigured
from ringwall.contract.openapi import load_api
from ringwall.contract.parse import load, read
from ringwall.scan.browser import Unavailable
from ringwall.scan.catalogue import WEAKNESSES
from ringwall.scan.client import Client, Ended
from ringwall.scan.crawl import Crawl
from ringwall.scan.engine import Options, scan
from ringwall.scan.login import Login, Unusable, read_login
from ringwall.scan.model import ANONYMOUS, Account, Report
from ringwall.scan.render import FORMATS
from ringwall.scan.signing import About, account
from ringwall.scan.subject import secured

EPILOG = """\b
Examples:
  ringwall scan http://127.0.0.1:8000 --as alice=login:alice:PASSWORD --as bob=login:bob:PASSWORD
  ringwall scan https://localhost:8443 --contract ringwall.yaml --openapi openapi.json \\
      --as ana=bearer:TOKEN --as ben=bearer:TOKEN --role ana=patient --subject ana=acc-ana --ca ca.pem
  ringwall scan URL --as ana=header:'Cookie: session=…' --format sarif --output scan.sarif

A credential is bearer:TOKEN, key:KEY (X-API-Key), basic:USER:PASSWORD, header:'NAME: VALUE', or
login:USER:PASSWORD, shown to the operation that signs in,
or client:ID:SECRET for an OAuth client; --login describes a sign-in. --as NAME=@VARIABLE takes it from the environment.
Scan only what you may: it makes, changes and removes objects in the accounts' names.
"""


@click.command(epilog=EPILOG)
@click.argument("url")
@click.option(
    "--openapi", help="The OpenAPI document: a path or URL.  [default: asked of URL, else found out by crawling]"
)
@click.option("--contract", type=click.Path(dir_okay=False, path_type=Path), help="The contract: who may do what.")
@click.option("--as", "stated", multiple=True, metavar="NAME=CREDENTIAL", help="An account; give two or more.")
@click.option(
    "--login",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="How one signs in, where the document does not tell: operation, body, form, token, header; YAML.",
)
@click.option("--token-url", help="Where client:ID:SECRET is given its token.  [default: as the document says]")
@click.option("--role", "roles", multiple=True, metavar="NAME=ROLE[,ROLE]", help="The roles of an account.")
@click.option("--subject", "subjects", multiple=True, metavar="NAME=SUBJECT", help="What owner properties hold for it.")
@click.option("--tenant", "tenants", multiple=True, metavar="NAME=TENANT", help="What tenant properties hold for it.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the report here.")
@click.option("--fail-on", type=click.Choice(["low", "medium", "high", "critical"]), default="low", show_default=True,
              help="Exit 1 only for findings of this severity or above.")  # fmt: skip
@click.option("--budget", type=click.FloatRange(1), default=300.0, show_default=True, help="Seconds in all.")
@click.option("--rate", type=click.FloatRange(0), default=0.0, help="Requests a second at most.  [default: no limit]")
@click.option("--in-flight", type=click.IntRange(1, 16), default=4, show_default=True, help="Requests at a time.")
@click.option("--safe/--unsafe", default=True, show_default=True, help="Touch only what the scan made itself.")
@click.option("--cost/--no-cost", "costly", default=False, help="Also try values that may take the target long.")
@click.option("--browser", is_flag=True, help="Prove script in pages in a real Chromium.")
@click.option("--seed", default="", help="Make the scan's words and numbers the same again.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep what is done in this file: a scan that was stopped goes on there.",
)
@click.option("--ca", type=click.Path(exists=True, dir_okay=False), help="A CA certificate to trust, PEM.")
@data_option
def command(
    url: str, openapi: str | None, contract: Path | None, stated: tuple[str, ...], login: Path | None,
    token_url: str | None, roles: tuple[str, ...], subjects: tuple[str, ...], tenants: tuple[str, ...], form: str,
    as_json: bool, output: Path | None, fail_on: str, budget: float, rate: float, in_flight: int, safe: bool,
    costly: bool, browser: bool, seed: str, state: Path | None, ca: str | None, data: Path,
) -> None:  # fmt: skip
    """Find vulnerabilities in the API that runs at URL: proved, each with its control, or not told."""
    people = _accounts(stated, roles, subjects, tenants)
    options = Options(
        budget,
        rate,
        in_flight,
        safe,
        costly,
        seed,
        ssl.create_default_context(cafile=ca) if ca else None,
        browser=browser,
        state=state,
        token_url=token_url,
        login=_login(login) if login else None,
    )
    try:
        api, asked = _api(url, openapi, people, options)
        told = load(contract, openapi=api, fetch=fetch) if contract else None
        report = scan(_origin(url), api, told, people, options, secured=asked, say=_progress())
    except Misconfigured as mistakes:
        refused_contract(mistakes)
    except (Unusable, Unavailable, ValueError, OSError) as failure:
        fail(shown(failure))
    _clear()
    _write(report, FORMATS["json" if as_json else form], output)
    with plainly():
        tested(data, "scan", {"findings": len(report.counted)}, _kept(report))
    least = {"low": 0.0, "medium": 4.0, "high": 7.0, "critical": 9.0}[fail_on]
    sys.exit(1 if any(WEAKNESSES[f.kind].score >= least for f in report.counted) else 0)


def _login(path: Path) -> Login:
    try:
        return read_login(read(path), str(path))
    except Misconfigured as mistakes:
        refused_contract(mistakes)
    except Unusable as failure:
        raise click.UsageError(str(failure)) from None


def _kept(report: Report) -> dict[str, object]:
    """What the console shows: no evidence and no request, which may hold credentials and data."""
    findings = [
        {"id": each.id, "class": each.kind, "operation": each.operation, "where": each.where, "change": each.change,
         "accepted": each.accepted}
        for each in report.findings
    ]  # fmt: skip
    return {"findings": findings}


def _write(report: Report, render: Callable[[Report], str], output: Path | None) -> None:
    text = render(report)
    if output is None:
        click.echo("\n".join(map(shown, text.split("\n"))) if render is FORMATS["text"] else text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as failure:
        fail(f"{output}: {failure.strerror}")


def _origin(url: str) -> str:
    """Scheme, host and port; the path of an API is its document's matter."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError(f"URL is http://host:port or https://host:port, not {url!r}")
    return f"{parts.scheme}://{parts.netloc}"


def _api(
    url: str, openapi: str | None, people: tuple[Account, ...], options: Options
) -> tuple[Api, dict[str, bool]]:  # fmt: skip
    """The API, and which of its operations the document asks a credential for. Crawled where there is no document."""
    try:
        found = find(openapi or _origin(url) + "/")
    except click.UsageError:
        if openapi:
            raise
        return _crawled(_origin(url), people, options)
    source = found.reference
    content = fetch(source) if source.startswith(("http://", "https://")) else read(Path(source))
    data = parse(content, source).data
    api = found.api if found.base_path is None else replace(found.api, base_path=found.base_path)
    return api, secured(data) if isinstance(data, dict) else {}


def _crawled(url: str, people: tuple[Account, ...], options: Options) -> tuple[Api, dict[str, bool]]:
    client = Client(url, in_flight=options.in_flight, rate=options.rate, budget_s=options.budget_s / 3,
                    tls=options.tls, timeout_s=options.timeout_s)  # fmt: skip
    crawl = Crawl(client, next((p for p in people if p.headers), ANONYMOUS))
    try:
        made = crawl.run()
    except Ended as ended:
        fail(f"the crawl ended: {ended}")
    finally:
        client.close()
    data = parse(crawl.declared, url).data if crawl.declared else made
    api, _ = load_api(crawl.declared or made, url)
    if not api.operations:
        raise click.UsageError(f"{url} serves no OpenAPI document, and names no operations; give --openapi.")
    click.echo(f"No OpenAPI document: {len(api.operations)} operations were found by crawling.", err=True)
    return api, secured(data) if isinstance(data, dict) else {}


def _accounts(
    stated: Iterable[str], roles: Iterable[str], subjects: Iterable[str], tenants: Iterable[str]
) -> tuple[Account, ...]:
    about: dict[str, About] = {}
    for name, value in map(pair, roles):
        about[name] = replace(about.get(name, About()), roles=frozenset(r for r in value.split(",") if r))
    for name, value in map(pair, subjects):
        about[name] = replace(about.get(name, About()), subject=value)
    for name, value in map(pair, tenants):
        about[name] = replace(about.get(name, About()), tenant=value)
    try:
        people = tuple(account(_from_environment(each), about) for each in stated)
    except Unusable as failure:
        raise click.UsageError(str(failure)) from None
    names = [person.name for person in people]
    if len(set(names)) < len(names):
        raise click.UsageError("--as names each account once")
    if unknown := sorted(set(about) - set(names)):
        raise click.UsageError(f"no --as names {unknown[0]!r}")
    return people


def _from_environment(stated: str) -> str:
    """`NAME=@VARIABLE` with what the variable holds, so that no credential need stand in a command line."""
    name, equals, value = stated.partition("=")
    if not value.startswith("@"):
        return stated
    held = os.environ.get(value[1:])
    if not held:
        raise click.UsageError(f"--as {name}: the environment has no {value[1:]}")
    return f"{name}{equals}{held}"


def _progress() -> Callable[[str], None]:
    if not sys.stderr.isatty():
        return lambda step: None
    return lambda step: click.echo(f"\r\033[K{shown(step)[:100]}", err=True, nl=False)


def _clear() -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)
