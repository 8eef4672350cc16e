"""Serialized objects: text whose first bytes are a format that builds objects of the sender's choice when read.

Formats: Java (JOSS 6.4), .NET BinaryFormatter and type-tagged JSON, PHP `serialize`, Python pickle, YAML tags, Ruby
Marshal, node-serialize, Java's XMLEncoder and XStream. Each is recognized by its own grammar, not by a class name.
"""

from __future__ import annotations

import re

from ringwall.engines.payload.finding import View

KIND = "deserialization"
HINTS = (
    r"ro0ab|aced0005|aaeaaad|h4siaaaaaaaa|\boc?:\+?\d+:\"|[;{^]?[oc]:\+?\d+:|!!\w+[/.]|!!python|!ruby/|\"\$type\"\s*:"
    r"|nd_func|<java\b|<object\s+class|objectdataprovider|<(?:sorted-set|tree-map|dynamic-proxy)|c(?:os|posix"
    r"|builtins|__builtin__|subprocess|nt|commands)\s|^ga[rs]|^[(\x80]|@type\"",
)

_FORMATS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("java stream", re.compile(r"(?:^|[\s=:\"',])(?:rO0AB[XQ-Z]|aced0005[0-9a-fA-F]{2}|H4sIAAAAAAAA[\w+/]{8})")),
    (".net stream", re.compile(r"(?:^|[\s=:\"',])AAEAAAD/////[\w+/]{4}")),
    ("php object", re.compile(r"(?:^|[;{}\s=:\"'|])[OC]:\+?\d{1,6}:\"[^\"]{0,200}\":\d+:\{")),
    ("yaml tag", re.compile(r"!!(?:python/|ruby/|java|javax|com|org|sun)[\w./:]*|!!\w+(?:\.\w+){2,}|!ruby/\w+")),
    ("typed json", re.compile(r"[\"'](?:\$type|@type|@class)[\"']\s*:\s*[\"'](?:\w+\.)+\w+")),
    ("node function", re.compile(r"_\$\$ND_FUNC\$\$_")),
    (
        "java xml",
        re.compile(
            r"<java\b[^>]{0,200}>?[\s\S]{0,200}<(?:object|void)\b|<void\s+(?:class|method"
            r"|property)\s*=|<object\s+class\s*=\s*[\"'](?:\w+\.)+\w+|<(?:sorted-set|tree-map|dynamic-proxy"
            r"|java\.util\.[\w.]+)>"
        ),
    ),
    (
        "pickle",
        re.compile(
            r"(?:^|[\n(])c\w+(?:\.\w+)*\n\w+\n[(\x80-\x9f]|^\(?[cil][a-z_]+\n\w+\n"
            r"|\x80[\x02-\x05](?:\x95|c)"
        ),
    ),
    (
        "pickle base64",
        re.compile(
            r"(?:^|[\s=:\"',])gA[I-X][\w+/]{16,}={0,2}$|(?:^|[\s=:\"',])(?:Y29z|Y3Bvc2l4"
            r"|Y19f)[\w+/]{12,}={0,2}$"
        ),
    ),
)


TYPE_KEYS = frozenset({"$type", "@type", "@class", "__type", "py/object", "!class"})
_TYPE = re.compile(r"\[?(?:\w+[.\\:/])+\w+.*", re.DOTALL)


def names_type(value: str) -> bool:
    """Whether `value` reads as a qualified type name, which a polymorphic reader would build."""
    return len(value) < 1000 and _TYPE.fullmatch(value) is not None


def detect(view: View) -> str | None:
    """The evidence that `view` is a serialized object, or None."""
    for name, pattern in _FORMATS:
        if pattern.search(view.text):
            return f"object: {name}"
    return None
