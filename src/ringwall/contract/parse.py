"""`load`: the contract and its API, read, checked and bound; or every mistake of it at once.

Reads local files; a URL is fetched by the function that the caller hands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from ringwall.contract import deployment, reading
from ringwall.contract.api import JSON, Api, ApiOperation
from ringwall.contract.bind import Binder, Pattern, amended, deciding, pattern, plain, socket
from ringwall.contract.certificates import certificates
from ringwall.contract.check import agreement
from ringwall.contract.console import console
from ringwall.contract.dialect import safe
from ringwall.contract.document import SIZE, Document, parse
from ringwall.contract.grammar import CONTRACT
from ringwall.contract.logins import UpstreamLogin
from ringwall.contract.model import At, Contract, Misconfigured, Operation, Policies, Problem, Resource, Rule
from ringwall.contract.monitoring import monitoring
from ringwall.contract.openapi import load_api
from ringwall.contract.rules import rules as read_rules
from ringwall.contract.templates import BadTemplate, is_base
from ringwall.contract.tls import acme
from ringwall.contract.upstream import opened, upstream_login

Fetch = Callable[[str], bytes]
Source = Api | Path | str | bytes | Mapping[str, JSON]


def load(
    source: Path | str,
    *,
    openapi: Source | None = None,
    fetch: Fetch | None = None,
    base_path: str | None = None,
) -> Contract:
    """The contract in a file (a Path, or a str of one line) or in a text.

    `openapi` stands in for what `api:` names: an Api, a file, a URL, a document's text or data. `fetch` gets a
    URL's content or raises OSError. Raises Misconfigured with every mistake.
    """
    written, file, directory = _written(source)
    document = parse(written, file)
    desk = reading.Desk(document, list(document.problems))
    stated = reading.mapping(CONTRACT.read(document.data, (), desk.report))
    base = _base(base_path, desk) if base_path is not None else reading.text(stated.get("base_path"))
    api, warnings = _api(stated, openapi, fetch, directory, base, desk)
    contract = _contract(stated, api or _NO_API, (file, directory), tuple(warnings), desk, known=api is not None)
    if desk.problems:
        raise Misconfigured(tuple(sorted(set(desk.problems), key=_order)))
    return contract


def read(path: Path) -> bytes:
    """A local file, bounded in size. Raises Misconfigured where there is none that can be read."""
    try:
        with path.open("rb") as file:
            return file.read(SIZE + 1)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "no such file"
        raise Misconfigured((Problem(At(str(path), 1, 1), said, "a file"),)) from None


def _written(source: Path | str) -> tuple[bytes | str, str, Path]:
    if isinstance(source, str) and ("\n" in source or not source.strip() or source.lstrip()[:1] == "{"):
        return source, "ringwall.yaml", Path()
    path = Path(source)
    return read(path), str(path), path.parent


def _order(problem: Problem) -> tuple[str, int, int]:
    return problem.at.file, problem.at.line, problem.at.column


def _base(given: str, desk: reading.Desk) -> str:
    path = "/" + given.strip("/")
    if path != "/" and not is_base(path):
        desk.report(("base_path",), repr(given[:100]), "a path such as /api/v1")
    return path


_NO_API = Api("", "", "3.1", "", "", (), {})


def _api(
    stated: Mapping[str, JSON],
    openapi: Source | None,
    fetch: Fetch | None,
    directory: Path,
    base: str | None,
    desk: reading.Desk,
) -> tuple[Api | None, tuple[Problem, ...]]:
    """The API, or None where it cannot be had: that is one more mistake."""
    base = base.rstrip("/") if base is not None else None
    if isinstance(openapi, Api):
        return (openapi if base is None else replace(openapi, base_path=base)), ()
    try:
        overlays = [
            parse(read(directory / name), str(directory / name)) for name in reading.words(stated.get("overlays"))
        ]
        if openapi is not None:
            return _given(openapi, fetch, Path(), base, overlays)
        named = reading.text(stated.get("api"))
        if named is None:
            return None, ()
        if named == "app":
            desk.report(("api",), "`app`, but no application to ask", "an application, or a document's path or URL")
            return None, ()
        return _given(named if _is_url(named) else directory / named, fetch, directory, base, overlays)
    except Misconfigured as error:
        desk.problems.extend(error.problems)
        return None, ()


def _given(
    source: Path | str | bytes | Mapping[str, JSON],
    fetch: Fetch | None,
    directory: Path,
    base: str | None,
    overlays: Sequence[Document],
) -> tuple[Api, tuple[Problem, ...]]:
    if isinstance(source, str) and _is_url(source):
        return load_api(_fetched(source, fetch), source, base=base, overlays=overlays)
    if isinstance(source, Path) or (isinstance(source, str) and "\n" not in source and source.lstrip()[:1] != "{"):
        path = Path(source)
        return load_api(read(path), str(path), directory=path.parent, base=base, overlays=overlays)
    return load_api(source, "openapi", base=base, overlays=overlays)


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _fetched(url: str, fetch: Fetch | None) -> bytes:
    if fetch is None:
        _nowhere(url, "a URL that nobody fetches here")
    try:
        return fetch(url)
    except OSError as error:
        _nowhere(url, f"no answer ({type(error).__name__})")


def _nowhere(url: str, found: str) -> NoReturn:
    raise Misconfigured((Problem(At(url, 1, 1), found, "an OpenAPI document"),))


def _contract(
    stated: Mapping[str, JSON],
    api: Api,
    where: tuple[str, Path],
    warnings: tuple[Problem, ...],
    desk: reading.Desk,
    *,
    known: bool,
) -> Contract:
    file, directory = where
    roles = reading.roles(stated.get("roles"), desk)
    resources = {
        name: replace(r, schema=safe(r.schema)) if r.schema and r.schema not in api.schemas else r
        for name, r in reading.resources(stated.get("resources"), roles, desk).items()
    }
    rules = read_rules(stated.get("operations"), roles, resources, desk)
    authentication = reading.authentication(stated.get("authentication"), roles, rules, desk)
    reading.mapped_roles(authentication, roles, desk)
    login = upstream_login(reading.mapping(stated.get("authentication")).get("upstream"), api, roles, desk, known=known)
    proxies = deployment.proxies(stated.get("trusted_proxies"), desk)
    operations = _Binding(api, resources, rules, desk, login, known=known).operations()
    if known:
        agreement(api, resources, operations, desk)
    layers = reading.listing(stated.get("observe"))
    policies = _policies(stated, file, rules, desk)
    staleness = reading.seconds(stated.get("staleness"))
    return Contract(
        file=file,
        mode="observe" if stated.get("mode") == "observe" else "enforce",
        observe=frozenset(layers),
        api=api,
        authentication=replace(
            authentication,
            upstream=login,
            certificates=certificates(
                reading.mapping(stated.get("authentication")).get("certificates"), roles, proxies, desk
            ),
        ),
        roles=roles,
        resources=resources,
        rules=rules,
        operations=operations,
        cors=deployment.cors(stated.get("cors")),
        limits=deployment.limits(stated.get("limits")),
        upstream=deployment.upstream(stated.get("upstream"), identity_headers=stated.get("identity_headers") is True),
        trusted_proxies=proxies,
        journal=deployment.journal(stated.get("journal")),
        replies="strict" if stated.get("replies") == "strict" else "lenient",
        staleness_s=5.0 if staleness is None else staleness,
        warnings=warnings,
        accepted=deployment.accepted(stated.get("accepted"), desk),
        never=reading.never(stated.get("never"), roles, desk),
        policies=policies,
        monitoring=monitoring(stated.get("monitoring"), directory, desk),
        console=console(stated.get("console"), roles, desk, accounts=authentication.accounts),
        acme=acme(stated.get("tls"), desk),
    )


def _policies(stated: Mapping[str, JSON], file: str, rules: tuple[Rule, ...], desk: reading.Desk) -> Policies | None:
    """The Cedar policies, as text: what they mean, and whether they are Cedar at all, is read by their engine."""
    named = reading.text(stated.get("policies"))
    for rule in rules:
        if rule.policy and named is None:
            desk.report(("operations", rule.key, "policy"), "`policy` without `policies`", "a file of them at the top")
    if named is None:
        return None
    path = Path(file).parent / named
    try:
        return Policies(str(path), read(path).decode("utf-8"))
    except Misconfigured as error:
        desk.report(("policies",), f"{named!r}: {error.problems[0].found}", "a file of Cedar policies")
    except UnicodeDecodeError:
        desk.report(("policies",), f"{named!r}, which is not UTF-8", "a file of Cedar policies")
    return None


@dataclass(slots=True)
class _Binding:
    """The rules on their way to the operations; `known` says that there is an API to check them against."""

    api: Api
    resources: Mapping[str, Resource]
    rules: tuple[Rule, ...]
    desk: reading.Desk
    login: UpstreamLogin | None
    known: bool

    def operations(self) -> tuple[Operation, ...]:
        """Every operation of the API, and every WebSocket of the contract, bound."""
        patterns = [p for rule in self.rules if (p := self._pattern(rule)) is not None]
        every = (*self.api.operations, *self._sockets(patterns))
        exact = {plain(p.exact): p for p in reversed(patterns) if p.exact is not None}
        open_ended = [p for p in patterns if p.exact is None]
        binder = Binder(self.api, self.resources)
        made = []
        for operation in every:
            stated = exact.get(plain(operation.key))
            rule = stated.rule if stated is not None else opened(self.login, operation.key)
            rule = rule or self._one(operation, open_ended)
            made.append(binder.bind(amended(operation, rule), rule))
        if self.known:
            self._unmatched(patterns, every)
        self._twice(patterns)
        return tuple(made)

    def _pattern(self, rule: Rule) -> Pattern | None:
        try:
            return pattern(rule)
        except BadTemplate as error:
            self.desk.report(("operations", rule.key), str(error), "a path template such as /x/{id}", key=True)
            return None

    def _sockets(self, patterns: Iterable[Pattern]) -> list[ApiOperation]:
        keys = dict.fromkeys(p.exact for p in patterns if p.exact is not None and p.exact.startswith("WS "))
        return [socket(key) for key in keys if key is not None]

    def _one(self, operation: ApiOperation, patterns: list[Pattern]) -> Rule | None:
        best = deciding(operation, patterns)
        if len(best) > 1:
            keys = " and ".join(repr(rule.key) for rule in best)
            self.desk.report(
                ("operations", best[1].key), f"{keys}, equally specific for {operation.key}",
                f"one rule that decides: state {operation.key!r}", key=True,
            )  # fmt: skip
        return best[0] if best else None

    def _unmatched(self, patterns: Iterable[Pattern], every: tuple[ApiOperation, ...]) -> None:
        keys = {plain(operation.key): operation.key for operation in every}
        tags = {tag for operation in every for tag in operation.tags}
        for found in patterns:
            path = ("operations", found.rule.key)
            if found.exact is not None:
                if plain(found.exact) not in keys:
                    self.desk.unknown(path, "operation", found.exact, keys.values(), key=True)
            elif found.tag is not None:
                if found.tag not in tags:
                    self.desk.unknown(path, "tag", found.tag, tags, key=True)
            elif found.glob is not None and not any(found.glob.fullmatch(key) for key in keys.values()):
                told = f"{found.rule.key!r}, which matches nothing"
                self.desk.report(path, told, "a glob of the API's operations", key=True)

    def _twice(self, patterns: Iterable[Pattern]) -> None:
        seen: dict[str, str] = {}
        for found in patterns:
            if found.exact is not None:
                first = seen.setdefault(plain(found.exact), found.rule.key)
                if first != found.rule.key:
                    self.desk.report(("operations", found.rule.key), f"{found.rule.key!r} and {first!r}",
                                     "one rule for one operation", key=True)  # fmt: skip
