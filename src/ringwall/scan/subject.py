"""What is scanned: the document's operations with the kinds of object that they act on, and who may do what.

Kinds come from the contract's resources; where it names none, from paths (`/books/{title}`: `/books` has books).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ringwall.contract.api import JSON, Api, ApiOperation
from ringwall.contract.guess import is_sign_in, spoken
from ringwall.contract.model import Contract, Field, Operation
from ringwall.contract.survey import applied, media_schemas, properties
from ringwall.scan.forms import Form, form_of
from ringwall.scan.login import Login
from ringwall.scan.model import Account

HELD = frozenset({"reset", "wipe", "drop", "purge", "createdb", "truncate", "shutdown", "restart", "reboot", "logout",
                   "signout", "logoff", "revoke", "seed", "populate", "flush", "clear", "initdb", "migrate", "restore",
                   "terminate", "deactivate", "init"})  # fmt: skip
_SIGN_UP = frozenset({"register", "signup", "registration", "createuser", "createaccount", "newuser",
                      "newaccount", "adduser"})  # fmt: skip
_PEOPLE = frozenset({"users", "accounts", "customers", "members", "people", "persons"})
_PRIVILEGED = frozenset({"admin", "administrator", "root", "superuser", "staff", "manager", "operator", "owner",
                         "moderator", "support", "employee", "internal", "system"})  # fmt: skip
_ONESELF = frozenset({"me", "self", "profile", "myself", "whoami", "my profile", "my account", "user"})
_ACCOUNT = frozenset({"account", "settings", "details", "info"})
USER_NAMES = ("username", "user name", "login", "email", "e mail", "mail", "email address", "user email", "user",
              "user id", "userid", "identifier", "account", "handle", "nickname", "name", "phone", "phone number",
              "mobile", "number")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object. `ids` are the properties that may name one, likeliest first."""

    name: str
    ids: tuple[str, ...]
    owner: str | None = None
    tenant: str | None = None
    fields: Mapping[str, Field] | None = None

    @property
    def person(self) -> bool:
        """Whether its objects are the accounts themselves: what names one is what owns it."""
        return self.owner is not None and self.owner == self.ids[0]


@dataclass(frozen=True, slots=True)
class Aim:
    """An operation to test. `slots` are the path parameters that name objects, with their kinds, outermost first;
    `public` whether it needs no credential (None: nothing says); `held` whether its name speaks of harm to all."""

    op: Operation
    kind: str | None
    slots: tuple[tuple[str, str], ...]
    public: bool | None
    held: bool

    @property
    def key(self) -> str:
        """As the contract names it."""
        return self.op.key

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.op.api.method

    @property
    def path(self) -> str:
        """The whole template."""
        return self.op.base_path + self.op.api.path

    @property
    def item(self) -> bool:
        """Whether its path ends with the one object that it acts on."""
        return bool(self.slots) and self.path.endswith(f"{{{self.slots[-1][0]}}}") and self.slots[-1][1] == self.kind

    @property
    def asked(self) -> bool:
        """Whether a query parameter names the one object that it acts on."""
        return bool(self.slots) and f"{{{self.slots[-1][0]}}}" not in self.path

    @property
    def stated(self) -> tuple[str, ...] | None:
        """Who is allowed, in the contract's words; None where no contract says."""
        return self.op.rule.allow if self.op.rule else None


@dataclass(frozen=True, slots=True)
class Subject:
    """A whole API to scan. `login` and `token_url` are what the user says of signing in where the document does not."""

    api: Api
    contract: Contract | None
    kinds: Mapping[str, Kind]
    aims: tuple[Aim, ...]
    login: Login | None = None
    token_url: str | None = None

    def sign_in(self) -> Aim | None:
        """The operation where a name and a password are shown."""
        return next((a for a in self.aims if is_sign_in(a.op.api) and login_names(self, a)), None)

    def sign_up(self) -> Aim | None:
        """The operation where anybody makes an account."""
        posts = [a for a in self.aims if a.method == "POST" and not a.slots and login_names(self, a)]
        said = (a for a in posts if _words(a.op.api) & _SIGN_UP)
        into = (a for a in posts if spoken(a.path.rsplit("/", 1)[-1]) in _PEOPLE and not is_sign_in(a.op.api)
                and a.public is not False)  # fmt: skip
        return next(iter((*said, *into)), None)

    def signs_in_by(self, aim: Aim) -> str | None:
        """The property of a sign-up's body that one signs in with later."""
        into = self.sign_in()
        names, own = (login_names(self, into) if into else None), login_names(self, aim)
        asked = self.asked(aim)
        return names[0] if names and names[0] in asked else own[0] if own else None

    def asked(self, aim: Aim) -> dict[str, JSON]:
        """The declared properties of the body, by name."""
        return dict(properties(self.form(aim).schema, self.api.schemas))

    def form(self, aim: Aim) -> Form:
        """The form of its body."""
        return form_of(aim.op.api, self.api.schemas)

    def may(self, account: Account, aim: Aim, owner: str | None, tenant: str | None) -> bool | None:
        """Whether the contract lets the account do it to an object of that owner and tenant; None: not decidable."""
        if aim.stated is None or self.contract is None:
            return None
        answers = [self._granted(word, account, owner, tenant, aim) for word in aim.stated]
        return True if True in answers else None if None in answers else False

    def _granted(self, word: str, account: Account, owner: str | None, tenant: str | None, aim: Aim) -> bool | None:
        if word == "anyone":
            return True
        if not account.headers and account.username is None:
            return False
        if word == "owner":
            return None if owner is None or account.subject is None else owner == account.subject
        if word == "member":
            return None if tenant is None or account.tenant is None else tenant == account.tenant
        if word.startswith("scope:"):
            return None
        held = self._has(word, account)
        if held and tenant is not None and account.tenant is not None and tenant != account.tenant:
            return False
        return held

    def _has(self, role: str, account: Account) -> bool | None:
        """Whether the account has the role. An account of which nothing is known is an ordinary one: it is taken not
        to have a role that includes others or whose name speaks of privilege."""
        known = self.contract.roles if self.contract else {}
        if account.roles is None:
            more = role in known and (known[role].includes or known[role].mfa)
            return False if more or set(spoken(role).split()) & _PRIVILEGED else None
        return any(role == r or (r in known and role in known[r].includes) for r in account.roles)


def subject(api: Api, contract: Contract | None, secured: Mapping[str, bool]) -> Subject:
    """The subject of a scan. `secured` says of operations, by key, whether the document asks for a credential."""
    bound = contract.operations if contract else tuple(_unbound(api))
    usable = [op for op in bound if op.api.flaw is None and not op.api.websocket]
    kinds: dict[str, Kind] = {}
    places: dict[str, str] = {}
    for op in sorted(usable, key=lambda op: op.resource is None):  # what says its resource also speaks for the others
        for before, name in _parameters(op):
            resource = next((r for p, r in op.objects if p == name), None) or _shown_at(op, name)
            places.setdefault(before, resource or before)
            kinds.setdefault(places[before], _kind(places[before], name, contract))
    for name in contract.resources if contract else ():
        kinds.setdefault(name, _kind(name, contract.resources[name].id if contract else name, contract))
    made = Subject(api, contract, kinds, tuple(_aim(op, places, secured) for op in usable))
    return _signing_up(made if contract else replace(made, kinds=_with_people(made)))


def _shown_at(op: Operation, parameter: str) -> str | None:
    """The resource of an operation whose path ends with this parameter: that is what it names."""
    return op.resource.name if op.resource and op.api.path.endswith(f"{{{parameter}}}") else None


def _signing_up(made: Subject) -> Subject:
    """What signs somebody up makes an account, whatever its path is named; where no path names accounts, they are a
    kind all the same."""
    up = made.sign_up()
    names = login_names(made, up) if up else None
    if up is None or names is None:
        return made
    person = next((k.name for k in made.kinds.values() if k.person), None)
    if person is None:
        person = "account" if "account" not in made.kinds else "(account)"
        known = Kind(person, (names[0],), names[0])
        made = replace(made, kinds={**made.kinds, person: known})
    shows = {a.key for a in made.aims if a.kind is None and not a.slots and _of_oneself(made, a, names[0])}
    return replace(made, aims=tuple(replace(a, kind=person) if a is up or a.key in shows else a for a in made.aims))


def _of_oneself(made: Subject, aim: Aim, name: str) -> bool:
    """Whether an operation without an object is about the caller's own account: it shows one name that signs in, or its
    path says so."""
    last = spoken(aim.path.rstrip("/").rsplit("/", 1)[-1])
    return not is_sign_in(aim.op.api) and (last in _ONESELF or (name in declared(made, aim) and last in _ACCOUNT))


def _with_people(made: Subject) -> dict[str, Kind]:
    """Where no contract says so: objects that are named as one signs in are accounts."""
    aim = made.sign_up() or made.sign_in()
    names = login_names(made, aim) if aim else None
    return {n: replace(k, owner=k.ids[0]) if names and k.ids[0] == names[0] else k for n, k in made.kinds.items()}


def _unbound(api: Api) -> Iterator[Operation]:
    for operation in api.operations:
        yield Operation(operation, api.base_path, None, None, (), lists=False, creates=False)


def _parameters(op: Operation) -> Iterator[tuple[str, str]]:
    """Each whole segment that is a parameter, with the path before it."""
    parts = op.api.path.split("/")
    for index, part in enumerate(parts):
        if re.fullmatch(r"\{[^{}+]+\}", part):
            yield re.sub(r"\{[^{}]*\}", "{}", "/".join(parts[:index])) or "/", part[1:-1]


def _kind(name: str, parameter: str, contract: Contract | None) -> Kind:
    resource = contract.resources.get(name) if contract else None
    if resource is not None:
        # where no schema shows its properties, a reply may call the id otherwise than the path does
        other = () if resource.schema else ("id", "_id", "uuid", f"{name}_id", f"{name}Id")
        ids = tuple(dict.fromkeys((resource.id, *other)))
        return Kind(name, ids, resource.owner, resource.tenant, resource.fields)
    bare = re.sub(r"_?id$", "", parameter, flags=re.IGNORECASE)
    words = (parameter, "id", "_id", "uuid", f"{bare}_id", f"{bare}Id", bare, "slug", "name", "title")
    return Kind(name, tuple(dict.fromkeys(w for w in words if w)))


def _aim(op: Operation, places: Mapping[str, str], secured: Mapping[str, bool]) -> Aim:
    slots = tuple((name, places[before]) for before, name in _parameters(op))
    kind = op.resource.name if op.resource else None
    if kind is None:
        kind = places.get(re.sub(r"\{[^{}]*\}", "{}", op.api.path.rstrip("/"))) or (slots[-1][1] if slots else None)
    if kind is None and op.api.method == "GET":
        kind = _listed_below(op.api.path, places)
    slots = slots or _asked_for(op)
    public = None
    if op.rule is not None:
        public = "anyone" in op.rule.allow
    elif op.api.key in secured:
        public = not secured[op.api.key]
    one = op.api.path.endswith("}")  # tried on an object of the scan's own alone
    held = not one and bool(_words(op.api) & HELD)
    return Aim(op, kind, slots, public, held)


def _listed_below(path: str, places: Mapping[str, str]) -> str | None:
    """The kind that a list is of: `/orders/all` beside `/orders/{id}`."""
    parts = path.rstrip("/").split("/")
    return next((places[p] for n in range(len(parts) - 1, 1, -1) if (p := "/".join(parts[:n])) in places), None)


def _asked_for(op: Operation) -> tuple[tuple[str, str], ...]:
    """The query parameter that names the one object that an operation is about (`?report_id=7`)."""
    resource = op.resource
    if resource is None:
        return ()
    named = (p for p in op.api.parameters if p.where == "query" and p.required and p.name == resource.id)
    return tuple((p.name, resource.name) for p in named)


def _words(operation: ApiOperation) -> set[str]:
    said = f"{operation.path} {operation.operation_id or ''}" if operation.method != "GET" else operation.path
    words = spoken(re.sub(r"\{[^{}]*\}", "", said)).split()
    return {*words, *("".join(pair) for pair in itertools.pairwise(words))}


def references(subject: Subject, aim: Aim) -> Iterator[tuple[str, Kind]]:
    """The properties of an operation's body that name an object, with its kind."""
    for name in subject.asked(aim):
        for kind in subject.kinds.values():
            said = (f"{kind.name}_id", f"{kind.name}Id", *((kind.ids[0],) if kind.ids[0] not in ("id", "name") else ()))
            if name in said:
                yield name, kind
                break


def login_names(subject: Subject, aim: Aim) -> tuple[str, str] | None:
    """The body's properties for a name and for a password."""
    names = subject.asked(aim)
    secret = next((n for n in names if "pass" in n.lower() or n.lower() in ("pwd", "pin")), None)
    by_words = {spoken(n): n for n in names}
    user = next((by_words[w] for w in USER_NAMES if w in by_words), None)
    return (user, secret) if user and secret else None


def declared(subject: Subject, aim: Aim) -> dict[str, JSON]:
    """Every property that the operation's successful replies declare, at any depth, by name."""
    found: dict[str, JSON] = {}
    waiting: list[JSON] = [s for status, reply in aim.op.api.replies.items() if status[:1] == "2" or status == "default"
                           for s in media_schemas(reply.content)]  # fmt: skip
    for _ in range(200):
        if not waiting:
            break
        here = waiting.pop()
        below = properties(here, subject.api.schemas)
        fresh = {n: s for n, s in below.items() if n not in found}
        found.update(fresh)
        waiting.extend(fresh.values())
        waiting.extend(_items(here, subject))
    return found


def _items(schema: JSON, subject: Subject) -> Iterator[JSON]:
    for _, here in applied(schema, subject.api.schemas):
        for keyword in ("items", "additionalProperties"):
            if isinstance(here.get(keyword), dict):
                yield here[keyword]


def secured(document: Mapping[str, JSON], base: str = "") -> dict[str, bool]:
    """Whether each operation of an OpenAPI document asks for a credential; empty where the document never says."""
    overall, paths = document.get("security"), document.get("paths")
    found: dict[str, bool] = {}
    stated = "security" in document
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for method, operation in item.items() if isinstance(item, dict) else ():
            if not isinstance(operation, dict) or method not in ("get", "put", "post", "delete", "patch"):
                continue
            stated = stated or "security" in operation
            asked = operation.get("security", overall)
            found[f"{method.upper()} {base}{path}"] = isinstance(asked, list) and bool(asked) and {} not in asked
    return found if stated else {}
