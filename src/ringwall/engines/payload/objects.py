"""Serialized objects: text whose first bytes are a format that builds objects of the sender's choice when read.

Formats: Java (JOSS 6.4), .NET BinaryFormatter and type-tagged JSON, PHP `serialize`, Python pickle, YAML tags, Ruby
Marshal, node-serialize, Java's XMLEncoder and XStream. Each is recognized by its own grammar, not by a class name.
"""

from __future__ import annotations

import re

from ringwall.engines.payload.finding import View
from ringwall.engines.payload.grammar import Grammar

KIND = "deserialization"
HINTS = (
    r"ro0ab|aced0005|aaeaaad|h4siaaaaaaaa|\boc?:\+?\d+:\"|[;{^]?[oc]:\+?\d+:|!!\w+[/.]|!!python|!ruby/|%tag\s|!<tag:|tag:yaml\.org,2002:(?:python|java|ruby)|\"\$type\"\s*:"
    r"|nd_func|<java\b|<object\s+class|objectdataprovider|<(?:sorted-set|tree-map|dynamic-proxy)|c(?:os|posix"
    r"|builtins|__builtin__|subprocess|nt|commands)\s|^ga[i-x]|^[(\x80]|@(?:type|class)\"|json_class|py/\w+\"|!class|__type|bah[a-z0-9]|yv66vg|cafebabe|^\s*\[\s*\"\w+\.\w+\.",
)

_START = r"(?:^|[\s=:\"',])"
_FORMATS = Grammar(
    {
        "object: java stream": rf"{_START}(?:rO0AB[XQ-Z]|aced0005[0-9a-fA-F]{{2}}|H4sIAAAAAAAA[\w+/]{{8}})",
        "object: .net stream": rf"{_START}AAEAAAD/////[\w+/]{{4}}",
        "object: php object": r"(?:^|[;{}\s=:\"'|])[OC]:\+?\d+:\"[^\"]*\":\d+:\{",
        "object: yaml tag": (
            r"!!(?:python/|ruby/|java|javax|com|org|sun)[\w./:]*|!!\w+(?:\.\w+)(?:\.\w+)|!ruby/\w+"
            r"|tag:yaml\.org,2002:(?:python/|java|javax|com\.|org\.|sun\.|ruby/)"
            r"|(?:^|\n)%TAG[ \t]+!\w*!?[ \t]+(?:tag:yaml\.org,2002:|!!?)[\w./:-]*[ \t]*(?:\r?\n|$)"
        ),
        "object: typed json": (
            r"[\"'](?:\$type|@type|@class|__type|json_class|!class|py/(?:object|reduce|function|type))[\"']\s*:"
            r"\s*[\"']?(?:\w+(?:\.|::))+\w+|^\s*\[\s*\"(?:\w+\.){2,}[A-Z]\w*\"\s*,\s*[{\[]"
        ),
        "object: ruby stream": rf"{_START}BAh[bv7JTUVuejcm][\w+/]{{6,}}=?=?$",
        "object: java class": rf"{_START}yv66vg[A-Z][\w+/]{{6}}|{_START}cafebabe0000[0-9a-f]{{4}}",
        "object: node function": r"_\$\$ND_FUNC\$\$_",
        "object: java xml": (
            r"<java\b[^<]*<(?:object|void)\b|<void\s+(?:class|method|property)\s*="
            r"|<object\s+class\s*=\s*[\"'](?:\w+\.)+\w+|<(?:sorted-set|tree-map|dynamic-proxy|java\.util\.[\w.]+)>"
        ),
        "object: pickle": (
            r"(?:^|[\n(])c\w+(?:\.\w+)*\n\w+\n[(\x80-\x9f\xc2]|^\(?[cil][a-z_]+\n\w+\n|\xc2\x80[\x02-\x05](?:\xc2\x95|c)"
        ),
        "object: pickle base64": rf"{_START}(?:gA[I-X][\w+/]{{12}}|(?:Y29z|Y3Bvc2l4|Y19f)[\w+/]{{12}})[\w+/]*=?=?$",
    }
)
TYPE_KEYS = frozenset({"$type", "@type", "@class", "__type", "py/object", "py/reduce", "json_class", "!class"})
_TYPE = re.compile(r"\[?(?:\w++[.\\:/])++\w.*", re.DOTALL)


def names_type(value: str) -> bool:
    """Whether `value` reads as a qualified type name, which a polymorphic reader would build."""
    return len(value) < 1000 and _TYPE.fullmatch(value) is not None


def detect(view: View) -> str | None:
    """The evidence that `view` is a serialized object, or None."""
    return _FORMATS.match(view.text)
