"""What was stated, section by section, as values. Each mistake is told; nothing here raises."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ringwall.contract.api import JSON
from ringwall.contract.clients import clients
from ringwall.contract.document import Document
from ringwall.contract.grammar import RELATIONS
from ringwall.contract.model import Authentication, Field, Issuer, Problem, Rate, Resource, Role, Rule, SessionRules
from ringwall.contract.shapes import Path, nearest

_UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 10**3, "MB": 10**6, "GB": 10**9}
_SUGGESTED = 50  # looking for the nearest of a thousand names costs more than a reader of so many mistakes gains
_PERIODS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0}


@dataclass(slots=True)
class Desk:
    """The document at hand and the mistakes found in it."""

    document: Document
    problems: list[Problem] = field(default_factory=list)

    def report(self, path: Path, found: str, expected: str, nearest: str | None = None, *, key: bool = False) -> None:
        """Tell a mistake."""
        self.problems.append(Problem(self.document.at(path, key=key), found, expected, nearest))

    def unknown(self, path: Path, what: str, name: str, names: Iterable[str], *, key: bool = False) -> None:
        """Tell a name that stands for nothing."""
        known = sorted(names)
        listed = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
        expected = f"one of {listed}" if known else f"a {what}, but there is none"
        close = nearest(name, known) if len(self.problems) < _SUGGESTED else None
        self.report(path, f"the unknown {what} {name[:100]!r}", expected, close, key=key)


def mapping(value: JSON) -> Mapping[str, JSON]:
    """A value that was read as a mapping; empty where nothing usable stood."""
    return value if isinstance(value, dict) else {}


def listing(value: JSON) -> list[str]:
    """A value that was read as a list of texts."""
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def text(value: JSON) -> str | None:
    """A value that was read as a text."""
    return value if isinstance(value, str) else None


def words(value: JSON) -> tuple[str, ...]:
    """`allow`, `read` or `write`: the word `anyone` alone, or a list."""
    return (value,) if isinstance(value, str) else tuple(dict.fromkeys(listing(value)))


def rate(value: JSON) -> Rate | None:
    """`10/minute`."""
    if not isinstance(value, str):
        return None
    count, period = value.split("/")
    return Rate(int(count), _PERIODS[period])


def size(value: JSON) -> int | None:
    """Bytes, from a number or from `10 MiB`."""
    if isinstance(value, str):
        unit = value[-3:] if value[-3:] in _UNITS else value[-2:]
        return int(value.removesuffix(unit).strip()) * _UNITS[unit]
    return value if isinstance(value, int) else None


def seconds(value: JSON) -> float | None:
    """A time as stated."""
    return float(value) if isinstance(value, (int, float)) else None


def authentication(value: JSON, known: Mapping[str, Role], rules: Iterable[Rule], desk: Desk) -> Authentication:
    """Which credentials are taken; what is not stated is off."""
    given = mapping(value)
    if given.get("sessions") and given.get("accounts") is not True:
        desk.report(("authentication", "sessions"), "sessions without accounts", "`accounts: true` beside it", key=True)
    listed = given.get("issuers")
    issuers = [mapping(issuer) for issuer in listed] if isinstance(listed, list) else []
    if "clients" in given and given.get("accounts") is not True:
        desk.report(("authentication", "clients"), "clients without accounts", "`accounts: true` beside them", key=True)
    return Authentication(
        accounts=given.get("accounts") is True,
        api_keys=given.get("api_keys") is True,
        basic=given.get("basic") is True,
        issuers=tuple(
            Issuer(
                issuer=text(i.get("issuer")) or "",
                audience=text(i.get("audience")) or "",
                roles=text(i.get("roles")),
                tenant=text(i.get("tenant")),
                jwks=text(i.get("jwks")),
                groups=text(i.get("groups")),
                map={word: role for word, role in mapping(i.get("map")).items() if isinstance(role, str)},
            )
            for i in issuers
        ),
        sessions=_sessions(given.get("sessions")),
        url=text(given.get("url")),
        clients=clients(given.get("clients"), known, scopes_of(rules), desk.report),
    )


def mapped_roles(given: Authentication, known: Mapping[str, Role], desk: Desk) -> None:
    """Tell the roles that an issuer's words are mapped to and that are none."""
    for index, issuer in enumerate(given.issuers):
        for word, role in issuer.map.items():
            if role not in known:
                desk.unknown(("authentication", "issuers", index, "map", word), "role", role, known)


def _sessions(value: JSON) -> SessionRules | None:
    """Browser sessions as stated; `true` takes the defaults."""
    if not value:
        return SessionRules() if isinstance(value, dict) else None
    given, usual = mapping(value), SessionRules()
    return SessionRules(
        idle_s=seconds(given.get("idle")) or usual.idle_s,
        absolute_s=seconds(given.get("absolute")) or usual.absolute_s,
        revoke=given.get("concurrent") == "revoke",
    )


def scopes_of(rules: Iterable[Rule]) -> frozenset[str]:
    """The scopes that rules speak of, without `scope:`."""
    return frozenset(word[6:] for rule in rules for word in rule.allow if word.startswith("scope:"))


def roles(value: JSON, desk: Desk) -> dict[str, Role]:
    """All roles, each with everything it includes."""
    given = {name: mapping(stated) for name, stated in mapping(value).items()}
    direct = {name: listing(stated.get("includes")) for name, stated in given.items()}
    for name, included in direct.items():
        for index, other in enumerate(included):
            if other not in given:
                desk.unknown(("roles", name, "includes", index), "role", other, given)
    demanding = {name for name, stated in given.items() if stated.get("requires") == "mfa"}
    made = {}
    for name, stated in given.items():
        closure = _closure(name, direct)
        if name in closure:
            desk.report(("roles", name), f"the role {name!r}, which includes itself", "inclusion without a circle",
                        key=True)  # fmt: skip
        mfa = stated.get("requires") == "mfa"
        plain = _closure(name, direct, demanding)
        made[name] = Role(
            name, frozenset(closure - {name}), mfa, frozenset(plain - {name}), tuple(listing(stated.get("groups")))
        )
    return made


def _closure(name: str, direct: Mapping[str, list[str]], beyond: Collection[str] = ()) -> set[str]:
    """What a role includes, by way of none of those `beyond`."""
    found: set[str] = set()
    waiting = [other for other in direct[name] if other in direct]
    while waiting:
        other = waiting.pop()
        if other not in found and other not in beyond:
            found.add(other)
            waiting.extend(o for o in direct[other] if o in direct)
    return found


def never(value: JSON, known: Mapping[str, Role], desk: Desk) -> tuple[frozenset[str], ...]:
    """Sets of roles that nobody may hold together: each names two or more, and no role brings two of them."""
    nested = isinstance(value, list) and any(isinstance(item, list) for item in value)
    sets = [(("never", i), listing(item)) for i, item in enumerate(value)] if nested and isinstance(value, list) else (
        [(("never",), listing(value))] if value is not None else []
    )  # fmt: skip
    for path, names in sets:
        for index, name in enumerate(names):
            if name not in known:
                desk.unknown((*path, index), "role", name, known)
        if len(set(names)) < 2:
            desk.report(path, "fewer than two roles", "roles that nobody may hold together")
        for role in known.values():
            both = sorted({role.name, *role.includes} & set(names))
            if len(both) > 1:
                desk.report(path, f"{' and '.join(both)}, both of which the role {role.name!r} brings",
                            "roles that no role brings together")  # fmt: skip
    return tuple(frozenset(names) for _, names in sets)


def allowed(value: JSON, path: Path, known: Mapping[str, Role], desk: Desk) -> tuple[str, ...]:
    """The words of an `allow`, `read` or `write`, each of which must stand for something."""
    stated = words(value)
    for index, word in enumerate(stated):
        if word not in known and word not in RELATIONS and not word.startswith(("scope:", "group:")):
            desk.unknown((*path, index), "role", word, [*known, *RELATIONS])
    if "anyone" in stated and len(stated) > 1:
        desk.report(path, "`anyone` together with others", "`anyone` alone, or roles without it")
    return stated


def resources(value: JSON, known: Mapping[str, Role], desk: Desk) -> dict[str, Resource]:
    """All resources with their fields."""
    made: dict[str, Resource] = {}
    for name, stated in ((n, mapping(v)) for n, v in mapping(value).items()):
        path: Path = ("resources", name)
        made[name] = Resource(
            name=name,
            schema=text(stated.get("schema")),
            id=text(stated.get("id")) or "",
            owner=text(stated.get("owner")),
            tenant=text(stated.get("tenant")),
            fields={
                n: _field(n, mapping(v), (*path, "fields", n), (stated, known), desk)
                for n, v in mapping(stated.get("fields")).items()
            },
            at=desk.document.at(path, key=True),
            claim=text(stated.get("claim")),
            model=text(stated.get("model")),
        )
    return made


def _field(
    name: str, stated: Mapping[str, JSON], path: Path, around: tuple[Mapping[str, JSON], Mapping[str, Role]], desk: Desk
) -> Field:
    resource = around[0]
    access = {k: _access(k, stated, path, around, desk) for k in ("read", "write")}
    encrypt = stated.get("encrypt", False)
    kind = stated.get("class", "identifier")
    mask = stated.get("mask")
    if encrypt is not False and kind == "public":
        desk.report((*path, "encrypt"), f"`encrypt` on {name!r}, which is public", "another class, or no `encrypt`")
    if mask is not None and (access["read"] is None or "anyone" in access["read"]):
        desk.report((*path, "mask"), f"`mask` on {name!r}, which all may read whole", "`read` beside it")
    if encrypt is not False and name in (resource.get("id"), resource.get("owner"), resource.get("tenant")):
        desk.report((*path, "encrypt"), f"`encrypt` on {name!r}, which decides whose it is", "no `encrypt` here")
    urls = {key: frozenset(listing(stated.get(key, []))) for key in ("schemes", "hosts")}
    for key in (key for key, words in urls.items() if words and stated.get("format") != "url"):
        desk.report((*path, key), f"`{key}` on {name!r}, which is no URL", "`format: url` beside it")
    return Field(
        name=name,
        data_class=kind,  # type: ignore[arg-type]
        encrypt="searchable" if encrypt == "searchable" else "yes" if encrypt is True else "no",
        mask=mask,  # type: ignore[arg-type]
        read=access["read"],
        write=access["write"],
        format=text(stated.get("format")) or "text",
        sanitize=stated.get("sanitize") is True,
        at=desk.document.at(path, key=True),
        observe=stated.get("observe") is True,
        schemes=urls["schemes"],
        hosts=urls["hosts"],
    )


def _access(
    key: str, stated: Mapping[str, JSON], path: Path, around: tuple[Mapping[str, JSON], Mapping[str, Role]], desk: Desk
) -> frozenset[str] | None:
    resource, known = around
    if key not in stated:
        return None
    found = allowed(stated[key], (*path, key), known, desk)
    for word, needed in (("owner", "owner"), ("member", "tenant")):
        if word in found and needed not in resource:
            desk.report((*path, key), f"`{word}` on a resource without `{needed}`", f"`{needed}:` on the resource")
    return frozenset(found)
