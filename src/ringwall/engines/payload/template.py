"""Server-side template and expression-language injection: a template delimiter with an expression inside.

A placeholder (`{{ name }}`, `${NAME}`) is text; an operation inside the delimiters (a call, an index, arithmetic, a
filter with arguments, a private attribute) is code that a template engine would run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from ringwall.engines.payload.effort import MATCH
from ringwall.engines.payload.finding import View
from ringwall.engines.payload.grammar import Grammar

KIND = "ssti"
HINTS = (
    r"\{\{|\{%|\$\s*\{|#\s*\{|<%|<#|#(?:set|foreach|if|include|parse|macro|evaluate|define)\s*\(|\*\{|~\{|\{php\}"
    r"|\{\$|\{if|@\(|\[\[|[%@]\{|\{[#@]|\{\w+\s*[\[(.]|\{\d+\s*[*+/-]|\{[a-z_]+\s+\w+=|\[#|\$!?\{?\w+\.\w+\(",
)

# (kind, opening, closing) of the delimiters of the engines in common use.
_DELIMITERS = (
    ("mustache", "{{", "}}"),
    ("block", "{%", "%}"),
    ("erb", "<%", "%>"),
    ("thymeleaf", "[[", "]]"),
    ("razor", "@(", ")"),
    *(("el", sign + "{", "}") for sign in "$#*~%@"),
    ("smarty", "{", "}"),
)
_SMARTY = re.compile(r"\$|\d|[a-z]+\s|php$")
_PLACE = 6  # steps to come to a span at all
_SIGNS_A_STEP = 16
_LONGEST = 400
_FEW = 400
# What opens a span that holds more than words, for each opening; Thymeleaf's holds another opening.
_SPANS = {
    opening: re2.compile((re.escape(opening) + r"(?:[^{}]*?[^\w\s{}]|\s?[^A-Za-z\s])").encode())
    for _, opening, _ in _DELIMITERS
} | {"[[": re2.compile(rb"\[\[[$*#]\{")}
_STRING = re.compile(r"'[^']{0,400}'|\"[^\"]{0,400}\"|\\?[\"'][^\"']{0,200}\\?[\"']")
_OPERATION = Grammar(
    {
        "operation": (
            r"^\s*`|[\w\])'\"]\s*\(|\w\s*\[\s*[\w'\"]|[\d)]\s*[*+/%^-]\s*[\d('\"s]|__\w+|\|\s*\w+\s*\(|^\s*[\[(]\s*[s\d'\"{]"
            r"|\w\s*\?\s*new|@\w+[.\w]*@|\b(?:new|T)\s*[\s(]\s*[\w.]+\(|s\s*[|~+*]|^[^=]*=\s*s\s*$|\bimport\s+\w"
            r"|^\s*[=:]?\s*s\s*$|\d\s*(?:==|<|>|!=)\s*\d|^\s*\.\w+(?:\.\w+|\s*$|\s+[s$.])|^\s*(?:\d+|s)\s*\|\s*\w|\bif\b[^{}]{1,80}\belse\b|^\s*(?:printf|print|html|js|call|index"
            r"|template|range|define)\s+[s$.]"
        )
    }
)
# Objects that template engines and web frameworks put into every template's scope (Jinja2, Flask, Twig, Smarty, EL).
_SCOPE = re.compile(
    r"\s*[\$=]?\s*(?:self|request|config|settings|session|app|application|_self|_context|smarty|_|this|namespace"
    r"|joiner|cycler|lipsum|dump|debug|env|class|param|applicationScope|sessionScope|requestScope|pageContext|header"
    r"|cookie|initParam|root|global|process|constructor)(?:\s*[.\[(|][^{}]*)?\s*"
)
# Implicit objects of Jakarta Expression Language 5.0 (and of JSP): spelled as no environment's variable is.
_IMPLICIT = re.compile(
    r"(?:application|session|request|page|param|header)(?:Scope|Context|Values)|initParam|facesContext(?:\.\w++)*+"
)
_DIRECTIVES = Grammar(
    {
        "template: directive": (
            r"<#(?:assign|import|include|list|global|setting|function|macro|local)\b[^>]{0,300}|<#(?:if|elseif|switch)\s[^>]*[=(?*+]|#(?:else)?if\s*\([^)]*(?:[=<>]|\d\s*[*+/])[^)]*\)|#(?:set|foreach|include|parse"
            r"|evaluate|define)\s*\(\s*[\$\"'][^)]{0,300}|\{php\}|\{/?(?:literal|include_php)\}|\$\{?\w+\.(?:class|getClass"
            r"|forName|inspect)\b|#\{?(?:set|include)|\[#(?:assign|list|if|include|import|global|local|macro)\s[^\]]{1,300}\]"
        )
    },
    fold=True,
)
_SUM = re.compile(r"\s*\d+\s*[*+/-]\s*\d+\s*")
_TAG = re.compile(r"[a-z_]+(?:\s+\w+=(?:'[^']{0,80}'|\"[^\"]{0,80}\"|\$\w+|\d+)){1,6}\s*")
_TWIG_BLOCK = re.compile(
    r"\s*(?:import|include|extends|for|if|set|macro|debug|load|raw|csrf|with|call|from|do|embed"
    r"|block|filter|autoescape)\b(?P<rest>.*)",
    re.DOTALL,
)


def detect(view: View) -> str | None:
    """The evidence that `view` holds a template expression, or None."""
    raw = view.text.encode("utf-8", "replace")
    text = view.text if view.text.isascii() else raw.decode("latin-1")  # one character a byte, so that places hold
    for kind, opening, closing in _DELIMITERS:
        seen: set[str] = set()
        for start in _openings(raw, opening):
            view.effort.spend(MATCH)
            end = text.find(closing, start, start + _LONGEST)
            inside = text[start : end if end >= 0 else start + _LONGEST]
            if inside in seen:
                continue
            seen.add(inside)
            view.effort.spend(_PLACE + len(inside) // _SIGNS_A_STEP)
            if (end >= 0 or opening == "${") and (
                evidence := _judge(kind, inside, len(inside) + 6 >= len(text.strip()))
            ):
                return evidence
    return _DIRECTIVES.match(text)


def _openings(raw: bytes, opening: str) -> Iterator[int]:
    """Where the insides of the spans that `opening` opens begin; in a long text bare placeholders do not count."""
    sign = opening.encode()
    at = raw.find(sign)
    if len(raw) < _FEW:
        while at >= 0:
            yield at + len(sign)
            at = raw.find(sign, at + len(sign))
    while at >= 0 and (match := _SPANS[opening].search(raw, at)):
        yield match.start() + len(sign)
        at = max(match.end() - 1, match.start() + len(sign))


def _judge(kind: str, inside: str, alone: bool) -> str | None:
    if kind == "block":
        return _block(inside)
    if kind == "smarty":
        return _smarty(inside, alone) if _SMARTY.match(inside) else None
    if kind == "thymeleaf" and not inside.startswith(("${", "*{", "#{")):
        return None
    if kind == "erb":
        return "template: <% code %>" if inside.strip("-=@! \t\r\n") else None
    if kind == "mustache" and _SCOPE.fullmatch(inside) and (alone or "." in inside or "_" in inside):
        return "template: {{ scope object }}"
    if kind == "el" and _IMPLICIT.fullmatch(inside.strip()):
        return "template: ${ implicit object }"
    if kind == "el" and _SCOPE.fullmatch(inside) and re.search(r"\w[.\[]", inside):
        return "template: ${ scope object }"
    plain = _STRING.sub("s", inside)
    if _OPERATION.match(plain) and not (kind == "el" and plain.lstrip().startswith("/")):
        return f"template: {kind} expression"
    return None


def _block(inside: str) -> str | None:
    inside = inside.strip("-+~ ")
    statement = _TWIG_BLOCK.match(inside)
    if statement and _OPERATION.match(_STRING.sub("s", statement["rest"])):
        return "template: {% statement expression %}"
    return "template: {% import %}" if re.match(r"\s*(?:import|debug|include)\s*\S*", inside) else None


def _smarty(inside: str, alone: bool) -> str | None:
    if alone and _TAG.fullmatch(inside):
        return "template: {tag name=value}"
    if alone and _SUM.fullmatch(inside):
        return "template: {number operator number}"
    if inside == "php" or inside.startswith("$smarty."):
        return "template: {$smarty}"
    if re.match(r"(?:if|system|math|include|fetch|eval|function)\s+\S*[(=]", inside):
        return "template: {tag call()}"
    return (
        "template: {$expression}"
        if alone and inside[:1] == "$" and _OPERATION.match(_STRING.sub("s", inside))
        else None
    )
