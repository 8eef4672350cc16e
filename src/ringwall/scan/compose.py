"""Requests that the target should accept: path from known objects, values by schema, body in the declared form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode

from ringwall.contract.api import JSON, Parameter
from ringwall.contract.guess import is_sign_in, spoken
from ringwall.scan.forms import NONE, Form, text_of
from ringwall.scan.model import AGENT, Account, Call
from ringwall.scan.pool import Pool, Thing
from ringwall.scan.subject import Aim, Subject, login_names
from ringwall.scan.values import Hint, Maker, kind_of, resolved

_SEARCHES = ("q", "query", "search", "term", "text", "keyword", "s")


@dataclass(frozen=True, slots=True)
class Draft:
    """A request before it is written: values by name, so that a probe may replace any of them."""

    aim: Aim
    account: Account
    path: Mapping[str, JSON]
    query: Mapping[str, JSON]
    headers: Mapping[str, str]
    form: Form = NONE
    body: JSON = None
    raw: bytes | None = None
    more: tuple[tuple[str, str], ...] = field(default=())

    @property
    def media(self) -> str:
        """The body's media type, empty where there is none."""
        return self.form.media

    def put(self, where: str, name: str, value: JSON) -> Draft:
        """The same with one value replaced; `where` is path, query, or body."""
        if where == "path":
            return replace(self, path={**self.path, name: value})
        if where == "query":
            return replace(self, query={**self.query, name: value})
        held = self.body if isinstance(self.body, dict) else {}
        return replace(self, body={**held, name: value})

    def call(self) -> Call:
        """As it goes on the wire."""
        target = self.aim.path
        for name, value in self.path.items():
            target = target.replace(f"{{{name}}}", quote(text_of(value), safe=""))
            target = target.replace(f"{{{name}+}}", quote(text_of(value), safe="/"))
        pairs = [
            (n, text_of(v)) for n, value in self.query.items() for v in (value if isinstance(value, list) else [value])
        ]
        query = urlencode(pairs, quote_via=quote)
        body = self.raw if self.raw is not None else self.form.write(self.body)
        headers = [AGENT, ("Accept", "*/*"), *self.headers.items(), *self.more]
        if body:
            headers.append(("Content-Type", self.form.content_type))
        return Call(self.aim.method, target + (f"?{query}" if query else ""), tuple(headers), body, self.account)


class Composer:
    """Makes drafts from what is known."""

    def __init__(self, subject: Subject, maker: Maker, pool: Pool, accounts: Sequence[Account]) -> None:
        self.subject = subject
        self.maker = maker
        self._pool = pool
        self.accounts = accounts

    def draft(
        self,
        aim: Aim,
        account: Account,
        *,
        thing: Thing | None = None,
        owner: Account | None = None,
        label: str = "",
        full: bool = True,
        new: bool = False,
    ) -> Draft | None:
        """A valid request, about `thing` where the path names one, in `owner`'s name (the account's, if not given).
        `new` says that it is to make something, so that no known value is used again. None: no value for the path."""
        owner = owner or account
        hint = self._hint(aim, owner, thing, new=new)
        path: dict[str, JSON] = {}
        slots = dict(aim.slots)
        for parameter in aim.op.api.parameters:
            if parameter.where == "path":
                value = (
                    self._named(parameter.name, slots[parameter.name], owner, thing)
                    if parameter.name in slots
                    else None
                )
                path[parameter.name] = value if value is not None else self._made(parameter, label, hint)
                if path[parameter.name] is None:
                    return None
        rest = [p for p in aim.op.api.parameters if p.required and p.where in ("query", "header")]
        query = {p.name: self._query(p, slots, owner, thing, label, hint) for p in rest if p.where == "query"}
        headers = {p.name: text_of(self._made(p, label, hint)) for p in rest if p.where == "header"
                   and p.name.lower() not in ("authorization", "cookie", "content-type", "accept")}  # fmt: skip
        form = self.subject.form(aim)
        body = self.maker.make(form.schema, "body", f"{aim.key}{label}", hint, full=full) if form.media else None
        return Draft(aim, account, path, query, headers, form, body)

    def _query(
        self,
        parameter: Parameter,
        slots: Mapping[str, str],
        owner: Account,
        thing: Thing | None,
        label: str,
        hint: Hint,
    ) -> JSON:
        named = self._named(parameter.name, slots[parameter.name], owner, thing) if parameter.name in slots else None
        return named if named is not None else self._made(parameter, label, hint)

    def parameter(self, aim: Aim, parameter: Parameter, account: Account) -> JSON:
        """A legal value for one parameter, required or not."""
        return self._made(parameter, "", self._hint(aim, account, None, new=False))

    def _named(self, parameter: str, kind: str, owner: Account, thing: Thing | None) -> str | None:
        if thing is not None:
            if thing.kind == kind:
                return thing.id
            for name in (parameter, *self.subject.kinds[kind].ids):
                if name in thing.values and thing.values[name] is not None:
                    return text_of(thing.values[name])
        known = self._pool.of(kind)
        mine = [t for t in known if self._pool.owner(t, self.accounts) is owner]
        return next((t.id for t in (*mine, *known)), None)

    def _made(self, parameter: Parameter, label: str, hint: Hint) -> JSON:
        flat = resolved(parameter.schema, self.subject.api.schemas)
        if kind_of(flat) == "string" and "{" not in str(flat.get("pattern", "")) and _wants_json(parameter):
            return "{}"
        if kind_of(flat) == "string" and spoken(parameter.name) in _SEARCHES and not {"pattern", "format"} & set(flat):
            return "a"  # found in most texts: a search that finds something shows more than one that does not
        return self.maker.make(parameter.schema, parameter.name, f"{parameter.name}{label}", hint, depth=1)

    def _hint(self, aim: Aim, owner: Account, thing: Thing | None, *, new: bool) -> Hint:
        kind = self.subject.kinds.get(aim.kind or "")
        names = login_names(self.subject, aim) if is_sign_in(aim.op.api) else None

        def hint(name: str, flat: dict[str, JSON]) -> JSON:
            if names and name in names:
                return owner.username if name == names[0] else owner.password
            found = self._known(
                name, aim, kind.owner if kind else None, kind.tenant if kind else None, owner, thing, new
            )
            return _as(found, kind_of(flat))

        return hint

    def _is_person(self, aim: Aim) -> bool:
        """Whether a new object is an account, which needs a name of its own."""
        return aim.kind in self.subject.kinds and self.subject.kinds[aim.kind or ""].person

    def _known(
        self, name: str, aim: Aim, owner_name: str | None, tenant: str | None,
        owner: Account, thing: Thing | None, new: bool,
    ) -> JSON:  # fmt: skip
        if name == owner_name and owner.subject and not (new and self._is_person(aim)):
            return self._pool.self_of(self.subject.kinds[aim.kind or ""], owner)
        if name == tenant:
            return owner.tenant or next(iter(self._pool.values(aim, name)), None)
        if thing is not None and not new and name in thing.values:
            return thing.values[name]
        for kind in self.subject.kinds.values():
            signs_up = kind.person and new and aim is self.subject.sign_up()
            if (
                name == kind.ids[0]
                and kind.name != aim.kind
                and not signs_up
                and (kind.owner or name.lower() not in ("id", "name"))
            ):
                return self._named(name, kind.name, owner, thing)
        if new:
            return None
        mine = self._pool.own(owner, self.accounts, name)
        return mine if mine is not None else next(iter(self._pool.values(aim, name)), None)


def _wants_json(parameter: Parameter) -> bool:
    return spoken(parameter.name) in ("where", "filter", "filters") and parameter.where == "query"


def _as(value: JSON, kind: str) -> JSON:
    """A known value in the type that the schema asks for."""
    if kind == "integer" and isinstance(value, str) and value.isdecimal():
        return int(value)
    if kind == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return text_of(value)
    return value
