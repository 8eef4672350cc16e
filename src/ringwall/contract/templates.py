"""Path templates of the wild in one form: `{name}`, and `{name+}` for a parameter that spans slashes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ringwall.contract.api import JSON

_BRACED = re.compile(r"\{([^{}]*)\}")
_SPANNING = re.compile(r"\+(?P<a>.+)|(?P<b>.+)(?:\+|\*|:path)")
_NAME = re.compile(r"[^/?#+*:]+")
_VARIABLE = re.compile(r"\{([^{}]+)\}")
_AUTHORITY = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*")
_BASE = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,=:@%-]+)+")


class BadTemplate(ValueError):
    """A path that no request can be matched with; the message says what was found."""


def canonical(path: str) -> str:
    """The template in one form. Raises BadTemplate."""
    if not path.startswith("/"):
        raise BadTemplate(f"the path {path[:80]!r}, which does not start with a slash")
    made = _BRACED.sub(lambda match: f"{{{_name(match.group(1))}}}", path)
    rest = _BRACED.sub("", made)
    if "{" in rest or "}" in rest:
        raise BadTemplate("a brace without its partner in the path")
    if "?" in rest or "#" in rest:
        raise BadTemplate("a query or fragment in the path")
    if "}{" in made:
        raise BadTemplate("two parameters with nothing between them")
    names = parameters(made)
    if len(set(names)) != len(names):
        raise BadTemplate("the same parameter twice in the path")
    if "+}" in made and (made.count("+}") > 1 or not re.search(r"/\{[^{}]+\+\}(?:/|$)", made)):
        raise BadTemplate("two parameters that span slashes, or one that is not a whole segment")
    if any(part in ("", ".", "..") for part in made[1:].split("/")[:-1]) or made.endswith(("/.", "/..")):
        raise BadTemplate("an empty or dotted segment in the path")
    return made


def _name(inside: str) -> str:
    spanning = _SPANNING.fullmatch(inside)
    name = (spanning.group("a") or spanning.group("b")) if spanning else inside.partition(":")[0]
    if not _NAME.fullmatch(name):
        raise BadTemplate(f"a path parameter named {inside[:60]!r}")
    return name + ("+" if spanning else "")


def parameters(template: str) -> tuple[str, ...]:
    """The names of its parameters, in order."""
    return tuple(name.rstrip("+") for name in _BRACED.findall(template))


def outline(template: str) -> str:
    """What two templates share if no request could tell them apart."""
    return _BRACED.sub(lambda match: "{+}" if match.group(1).endswith("+") else "{}", template)


def base_path(url: JSON, variables: JSON) -> str | None:
    """The path of a server URL, its variables at their defaults: "" or "/api/v1"; None where it has none to use."""
    if not isinstance(url, str):
        return None
    known: Mapping[str, JSON] = variables if isinstance(variables, dict) else {}

    def default(match: re.Match[str]) -> str:
        entry = known.get(match.group(1))
        value = entry.get("default") if isinstance(entry, dict) else None
        return str(value) if isinstance(value, (str, int, float)) else match.group(0)

    path = _AUTHORITY.sub("", _VARIABLE.sub(default, url.strip())).split("?")[0].split("#")[0]
    path = "/" + path.strip("/")
    return "" if path == "/" else path if is_base(path) else None


def is_base(path: str) -> bool:
    """Whether operations can stand below this path."""
    return bool(_BASE.fullmatch(path)) and not {".", ".."} & set(path.split("/"))
