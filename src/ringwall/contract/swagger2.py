"""Swagger 2.0 as OpenAPI 3.0, operation by operation, so that one reader serves both. Decides nothing.

Operations keep their place in the document; what Swagger says once for all (consumes, produces) is said in each.
"""

from __future__ import annotations

from collections.abc import Mapping

from ringwall.contract.api import JSON

_MOVED = (
    ("#/definitions/", "#/components/schemas/"),
    ("#/parameters/", "#/components/parameters/"),
    ("#/responses/", "#/components/responses/"),
)
_NEW = {"x-nullable": "nullable"}
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
_ABOUT = frozenset({"name", "in", "description", "required", "allowEmptyValue", "collectionFormat", "x-example"})
_STYLES: Mapping[str, tuple[str, bool]] = {
    "csv": ("form", False),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
    "multi": ("form", True),
}


def upgrade(data: Mapping[str, JSON]) -> dict[str, JSON]:
    """The same API as an OpenAPI 3.0 document; parts of the wrong type stay as they are for the reader to tell."""
    kept: dict[str, JSON] = {k: data[k] for k in ("info", "tags") if k in data}
    shared = {k: _dict(data.get(k)) for k in ("definitions", "parameters", "responses")}
    consumes, produces = _types(data.get("consumes")), _types(data.get("produces"))
    bodies = {k: v for k, v in shared["parameters"].items() if _dict(v).get("in") in ("body", "formData")}
    components: dict[str, JSON] = {
        "schemas": _moved(shared["definitions"]),
        "parameters": {k: _parameter(v) for k, v in shared["parameters"].items() if k not in bodies},
        "responses": {k: _reply(v, produces) for k, v in shared["responses"].items()},
        "securitySchemes": data.get("securityDefinitions", {}),
    }
    paths: dict[str, JSON] = {
        path: _item(item, consumes, produces, bodies) for path, item in _dict(data.get("paths")).items()
    }
    return {**kept, "openapi": "3.0.3", "servers": _servers(data), "components": components, "paths": paths}


def _servers(data: Mapping[str, JSON]) -> JSON:
    base = data.get("basePath", "/")
    return [{"url": base if isinstance(base, str) and base else "/"}]


def _dict(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}


def _types(value: JSON) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _moved(value: JSON) -> JSON:
    """The same value with every local reference to where the definitions are now, and in 3.0's words."""
    if isinstance(value, dict):
        return {_NEW.get(k, k): _reference(v) if k == "$ref" else _moved(v) for k, v in value.items()}
    return [_moved(v) for v in value] if isinstance(value, list) else value


def _reference(value: JSON) -> JSON:
    if isinstance(value, str):
        for old, new in _MOVED:
            if value.startswith(old):
                return new + value.removeprefix(old)
        return value
    return _moved(value)


def _item(item: JSON, consumes: list[str], produces: list[str], bodies: dict[str, JSON]) -> JSON:
    if not isinstance(item, dict):
        return item
    own = item.get("parameters")
    shared = own if isinstance(own, list) else []
    made: dict[str, JSON] = {}
    for name, value in item.items():
        if name == "parameters":
            plain = [p for p in shared if not _is_body(p, bodies)]
            made[name] = [_parameter(p) for p in plain] if isinstance(own, list) else own
        elif name in _METHODS and isinstance(value, dict):
            made[name] = _operation(value, shared, (consumes, produces), bodies)
        else:
            made[name] = _reference(value) if name == "$ref" else value
    return made


def _operation(
    value: dict[str, JSON], shared: list[JSON], types: tuple[list[str], list[str]], bodies: dict[str, JSON]
) -> JSON:
    given = value.get("parameters")
    own = given if isinstance(given, list) else []
    consumes, produces = _types(value.get("consumes")) or types[0], _types(value.get("produces")) or types[1]
    made = {k: v for k, v in value.items() if k not in ("parameters", "responses", "consumes", "produces")}
    made["parameters"] = [_parameter(p) for p in own if not _is_body(p, bodies)]
    if given is not None and not isinstance(given, list):
        made["parameters"] = given
    content = [_named(p, bodies) for p in (*own, *shared) if _is_body(p, bodies)]
    if content:
        made["requestBody"] = _body(content, consumes)
    replies = value.get("responses")
    made["responses"] = {k: _reply(v, produces) for k, v in replies.items()} if isinstance(replies, dict) else replies
    return made


def _named(parameter: JSON, bodies: dict[str, JSON]) -> dict[str, JSON]:
    reference = _dict(parameter).get("$ref")
    if isinstance(reference, str) and reference.startswith("#/parameters/"):
        return _dict(bodies.get(reference.removeprefix("#/parameters/")))
    return _dict(parameter)


def _is_body(parameter: JSON, bodies: dict[str, JSON]) -> bool:
    return _named(parameter, bodies).get("in") in ("body", "formData")


def _parameter(parameter: JSON) -> JSON:
    """One that is neither body nor form: its keywords move into `schema`, its collectionFormat becomes a style."""
    if not isinstance(parameter, dict):
        return parameter
    if "$ref" in parameter:
        return {"$ref": _reference(parameter["$ref"])}
    made: dict[str, JSON] = {k: parameter[k] for k in parameter if k in ("name", "in", "required")}
    made["schema"] = _inline(parameter)
    if parameter.get("type") == "array":
        layout = parameter.get("collectionFormat", "csv")
        style, explode = _STYLES.get(layout, (f"{layout}", False)) if isinstance(layout, str) else ("?", False)
        in_query = parameter.get("in") == "query"
        made["style"] = style if in_query or style != "form" else "simple"
        made["explode"] = explode
    return made


def _inline(parameter: Mapping[str, JSON]) -> JSON:
    return _moved({k: v for k, v in parameter.items() if k not in _ABOUT})


def _body(content: list[dict[str, JSON]], consumes: list[str]) -> JSON:
    whole = next((p for p in content if p.get("in") == "body"), None)
    if whole is not None:
        entry: JSON = {"schema": _moved(whole["schema"])} if "schema" in whole else {}
        return {
            "required": whole.get("required", False),
            "content": dict.fromkeys(consumes or ["application/json"], entry),
        }
    fields = {str(p.get("name")): p for p in reversed(content)}
    required: list[JSON] = [name for name, p in fields.items() if p.get("required") is True]
    form: JSON = {
        "type": "object",
        "properties": {name: _inline(p) for name, p in fields.items()},
        **({"required": required} if required else {}),
    }
    forms = [t for t in consumes if "form" in t]
    file = any(p.get("type") == "file" for p in content)
    media = forms or ["multipart/form-data" if file else "application/x-www-form-urlencoded"]
    lists: dict[str, JSON] = {n: _written(p) for n, p in fields.items() if p.get("type") == "array"}
    return {
        "required": bool(required),
        "content": {t: {"schema": form, **({"encoding": lists} if lists else {})} for t in media},
    }


def _written(field: Mapping[str, JSON]) -> JSON:
    style, explode = _STYLES.get(str(field.get("collectionFormat", "csv")), ("form", False))
    return {"style": style, "explode": explode}


def _reply(reply: JSON, produces: list[str]) -> JSON:
    if not isinstance(reply, dict):
        return reply
    if "$ref" in reply:
        return {"$ref": _reference(reply["$ref"])}
    if "schema" not in reply:
        return {"description": "", "content": {}}
    entry: JSON = {"schema": _moved(reply["schema"])}
    return {"description": "", "content": dict.fromkeys(produces or ["application/json"], entry)}
