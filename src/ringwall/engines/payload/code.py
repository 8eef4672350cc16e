"""Code injection: text that is a piece of a PHP, JavaScript, Python, Ruby or Java program, where data is expected.

What counts is code in action: a script tag, a call through a variable or a string, a call of a function that runs,
loads or reads something, a fully qualified platform class. Mentions in sentences are text.
"""

from __future__ import annotations

import re

import re2

from ringwall.engines.payload import code_alone
from ringwall.engines.payload.code_words import CALLS, FAMILIES, FAMILY, JAVA
from ringwall.engines.payload.effort import MATCH, Effort
from ringwall.engines.payload.finding import View
from ringwall.engines.payload.grammar import Grammar

KIND = "rce"
HINTS = (
    r"<\?(?:php|=|xml|\s|$)|\[/?php\]|\{/?php\}",
    r"\$+[a-z_{\[(]|\$\s*\{",
    r"[\w'\")\]`}][\s\x00]*(?:/\*[^*]*\*/|\?\.)?\s*\([^)]*\)|\)\s*\(|\w\s*\([\w\"']",
    r"\b(?:java|javax|com\.sun|org\.(?:apache|omg|springframework|codehaus|mozilla)|sun\.\w+|scala|groovy"
    r"|ognl|packages)\b[.\w]|processbuilder|getruntime|java\.|@java",
    r"require\s*[(\[]|process\s*[.\[]|child_process|__import__|\bimport\s+os\b|%x[({\[]|io\.popen|open3|\.execute\("
    r"|constructor|while\s*\(|global\s*[.\[]|\\u00|\beval\b|\bexec\b|nd_func|jndi:|\bclass\.|__\w+__|->|@grab|@ast"
    r"|\bfor\s*\(\s*;|=>|function",
    r"\bsystem\.\w+\.\w|\bnew\s+system\.|process\.start|<cf\w|\bqx\s*[({\[/|!]|\bsend\s*\(\s*:|^\W{0,3}#\w+\.\w",
    r"<jsp:\w|\bvm\.run|arguments\.callee|\bopen\(|\]\.__|\}\.__",
    *code_alone.HINTS,
    r"%\{|\$\{jndi|#_?memberaccess|#(?:a|_|context|rt)\s*=|\$\{[^}]*:",
)

_WS = r"(?:[\s\x00]|/\*[^*]*\*/|(?://|#)[^\n]*\n)*"
_INDEX = rf"(?:\[[^\]]+\]|\{{[^}}]*\}}){_WS}"
_NAME = r"(?:[a-z_]\w*|\{[^}]*\})"
# What PHP calls besides a name: one in parentheses, braces or an index; short words are an enumeration's.
_CALLABLE = (
    r"(?:\(\s*['\"]?[\w\\]{4,}\s*['\"]?\s*\)|\[\s*['\"]?\w+['\"]?\s*\]\s*\[\s*\d+\s*\]"
    r"|\{\s*\[?['\"]?\w+['\"]?\]?\s*(?:\[\d+\])?\s*\}"
    r"|\{\[[\w'\"]+\]\[\d+\]\}|['\"][\w\\]{4,}\s*['\"])"
)
_PHP = {
    "php: <? code": r"<\?(?:php\b|=|\s+(?:\$|\w+\s*[('\"$;=])|xml\s*:)|^\s*<\?\s*$|\[/?php\]|\{/?php\}"
    r"|<script\s+language\s*=\s*[\"']?php",
    "php: $name(argument)": rf"\$+{_NAME}{_WS}(?:{_INDEX})*\({_WS}[^)\s][^)]*\)|\$+{_NAME}{_WS}(?:{_INDEX})+\(",
    "php: ${expression}": r"\$\s*\{\s*(?:['\"$]|_?\w+\()|\$\s+\{\s*\w",
    "php: (name)(argument)": (
        rf"(?:^|[;=\s@]|\breturn|\becho|\bprint)(?:\(\s*string\s*\)\s*)?{_CALLABLE}\(\s*[\w'\"$][^)\s]*(?:['\"]?\)|\s*\)\s*;?$)"
        rf"|^\W{{0,4}}(?:\(\s*string\s*\)\s*)?{_CALLABLE}\s+\(\s*[\w'\"$][^)\s]*\s*\)\s*;?$"
    ),
    "php: 'na'.'me'(": r"['\"]\s*\.\s*['\"]\w*['\"]\s*\)?\s*;?\s*\(?\$?\w*\)?\s*\(",
    "php: string . call() . string": r"^\W{0,3}['\"]\s*\.\s*@?\w+\s*\([^()]*\)\s*\.\s*['\"]",
    "php: (name)[index](": r"\]\s*\[\s*\d+\s*\]\s*\(|\(\w+\)\s*(?:\[\w+\]\s*)+\(",
    "php: $_SUPERGLOBAL[": r"^\W{0,4}\$(?:_(?:get|post|request|server|cookie|files|env|session)|globals)\s*[\[{]",
    "jsp: tag": r"<jsp:(?:include|scriptlet|expression|declaration|usebean|forward|directive)\b",
    "cfml: tag": r"<cf(?:execute|file|http|include|invoke|module|object|query|registry|script|set)\b",
    "perl: qx": r"(?:^|[;=(,\s@{])qx\s*[({\[/|!][^\s)}\]]",
    "php: (new class)->call(": r"\bnew\s+\w+\s*\([^)]*\)\s*\)\s*->\s*\w+\s*\(",
}
_CLASS_AT = r"@(?:java|javax|org|com)\.[\w.]+@"
_JAVA = {
    "java: expression": (
        rf"{_CLASS_AT}|getruntime\s*\(\s*\)|\bnew\s+(?:java|javax)\.[\w.]+\s*\(|processbuilder\b\s*[.(]"
        rf"|\bT\(\s*\w[\w.]*\)\s*\.|\bT\(\s*\w+(?:\.\w+)+\s*\)"
        r"|\.getclass\(\)\s*\.|forname\(\s*['\"]|getdeclared(?:method|constructor|field)s?\(|java\.lang\.(?:runtime"
        r"|processbuilder|thread)\b\s*[.(@]"
        r"|\bjavax\.script\b|\bclass(?:\.module)?\.classloader\b|\['\"]?\]\s*\.execute\("
        r"|@(?:groovy\.lang\.)?grab\w*\b|@asttest\b"
    ),
    ".net: Name.Space.call(": (
        r"\bsystem\.(?:diagnostics|io|net|reflection|runtime|web|data|management|activator|environment|security)"
        r"(?:\.\w+)*\.\w+\(|\bnew\s+system(?:\.\w+)+\s*\(|\[system(?:\.\w+)+\]::|\bprocess\.start\s*\("
    ),
    "java: ${jndi:}": r"\$\{(?:[\w:-]*\$\{[^}]*\}|[\w:-])*jndi|\$\{\s*(?:jndi|lower|upper|env|sys|ctx|date"
    r"|base64)\s*:|\$\{::-|\$\{(?:\$\{[^}]*:-?[a-z]\}){2}",
    "java: ognl": r"#_?memberaccess|%\{\s*\(?[#@]|\(#\w+\s*=|xwork\.|#context\[|^\W{0,3}#\w+\.\w+\(|[%$]\{\s*\(?#\w",
}
_CONSTANT = (
    r"(?:true|false|this|null|undefined|nan|infinity|\d\w*|new\s+\w+|window|string|boolean|function|object|array"
    r"|['\"`][^'\"`]*['\"`]|\[[^\]]*\]|\{[^}]*\}|/[^/\s]+/)"
)
_SCRIPT = {
    "js: platform call": (
        r"\brequire\s*(?:\(\s*['\"](?:node:)?(?:child_process|fs|os|net|vm|https?|process|module)['\"]|\[\s*\w+[.\[])"
        r"|\bprocess\s*(?:\.(?:mainmodule|binding|dlopen|exit|kill|env\b)|\[\s*['\"\w])|\bglobal\s*(?:\.\s*process"
        r"|\[\s*['\"]process)"
        r"|child_process['\"]?\)?\s*\.\s*\w+\("
        r"|\bvm\.run\w+\(|\barguments\.callee\b|\bthis\.(?:process|constructor)\b|constructor\.constructor|_\$\$nd_func|\bconsole\.\w+\(\d|(?:^|;|\bnew)\s*function\s*\(\s*['\"]"
        r"|\.constructor\s*\(\s*['\"]|object\.(?:assign"
        r"|setprototypeof|defineproperty)\("
        r"|\bimport\s*\(\s*['\"]"
    ),
    "js: call(string)()": r"\w\s*\(\s*(?:'[^']*'|\"[^\"]*\"|`[^`]*`)\s*\)\s*\(\s*\)",
    "js: loop on a constant": rf"(?:^|[;{{}}\s])while\s*\([\s(!+-]*{_CONSTANT}\s*\)|\bfor\s*\(\s*;\s*;\s*\)",
    "js: function called where written": r"\(\s*(?:async\s+)?function\s*\w*\s*\([^)]*\)\s*\{[^`]*\}\s*\)\s*\("
    r"|\(\s*\([^)]*\)\s*=>[^`]*\)\s*\(\s*\)",
}
_PLATFORM = {
    "code: platform call": (
        r"__import__\s*\(|\b__builtins__\b|['\"]__(?:builtins|import|globals|subclasses)__['\"]"
        r"|\bgetattr\(\s*\w+\s*,\s*['\"]|\b(?:globals|vars|locals)\(\)\s*\[|\bos\s*\.\s*(?:system|popen|exec\w*"
        r"|spawn\w*)\s*\(|\bsubprocess\.\w+\(|\b(?:exec|eval"
        r"|compile)\s*\(\s*['\"](?:import|__)"
        r"|%x\s*(?:\([^)]+\)|\{[^}]+\}|\[[^\]]+\])|\bio\.(?:popen|read|sysopen)|\bprocess\.(?:spawn|exec|fork)|\bkernel\.(?:exec|exit|abort|fork|load|require|binding|trap"
        r"|system|open|spawn|eval|send)|\bopen3\.|['\"]\]?\s*\.execute\("
        r"|\bimportlib\.import_module\(|\.__(?:bases?|mro|subclasses|globals|builtins)__\b|['\"\]}]\.__\w+__|(?:^|[^\w\s])\s*\(\)\.__\w+__|(?:^|[('\"\[{=])\s*\(\)\.__|\bopen\(\s*['\"][^'\"]*['\"][^)]*\)\s*\.\s*(?:read|write)"
        r"|\bfile\.(?:read|open)\(\s*['\"]/|\bpty\.spawn"
        r"|\b(?:public_)?send\s*\(\s*:\w|^\W{0,4}\w+\(\s*['\"](?:https?|ftp)://[^'\"]*['\"]\s*\)\W*$"
        r"|\bopen\s*\(\s*['\"][/|]|\b(?:stdin|stdout)\.read\("
    ),
}
_SHAPES = Grammar({**_PHP, **_JAVA, **_SCRIPT, **_PLATFORM}, fold=True)
_NAMES = "|".join(sorted(CALLS, key=len, reverse=True))
_CALLED = re2.compile(
    (
        rf"(?i)(?:\b(?:{_NAMES})|[a-z_]*{FAMILY})"
        r"((?:[\s\x00]{1,8}|/\*[^*]{0,80}\*/|(?://|#)[^\n]{0,80}\n)*)\(((?s:.)?)"
    ).encode()
)
_NAMED = re.compile(r"\w+")
_JAVA_NAME = re.compile(rf"[^\w.]{{0,4}}(?:packages\.)?(?:{JAVA})(?:\.\w++){{1,8}}\W{{0,4}}", re.IGNORECASE)
_DECLARATION = re.compile(r"\s*<\?xml\s+version[^>]{0,200}\?>", re.IGNORECASE)
_LOADS = frozenset({"require", "compile", "copy", "header", "extract", "glob"})  # ordinary calls in other languages
_LEADING = " \t\r\n\"'`;(@|{/!-+"


def detect(view: View) -> str | None:
    """The evidence that `view` is code in action, or None."""
    text = _DECLARATION.sub("", view.text, count=1) if view.text.lstrip().startswith("<?xml") else view.text
    return _SHAPES.match(text) or _calls(text, view.effort) or _java_name(text) or code_alone.detect(text)


def _calls(text: str, effort: Effort) -> str | None:
    raw = text.encode("utf-8", "replace")
    bytewise = text if text.isascii() else raw.decode("latin-1")  # one character a byte, so that places hold
    for match in _CALLED.finditer(raw):
        effort.spend(MATCH)
        if evidence := _call(match.start(), match[1], match[2].decode("latin-1"), bytewise):
            return evidence
    return None


def _call(start: int, gap: bytes, argument: str, text: str) -> str | None:
    """A call of a known function; what stands alone as a call is code, inside a sentence it is a mention."""
    if text[start - 1 : start] in (".", "$") and start:
        return None
    word = _NAMED.match(text, start)
    name = word.group().lower() if word else ""
    alone = (start < 64 and text[:start].strip(_LEADING) == "") or text[start - 1 : start] in ("/", ";", "=", "@", "{")
    if name in CALLS:
        quoted = argument in ("'", '"', "$", "`") and not gap and name not in _LOADS
        return "code: effect(argument)" if alone or quoted else None
    if len(name) > 4 and alone and FAMILIES.match(name) and (not gap.isspace() or text[-1:] in ");"):
        return "code: function()"
    return None


def _java_name(text: str) -> str | None:
    """A value that is a platform class name and nothing else, or that continues into a member."""
    return "java: platform class" if len(text) < 300 and _JAVA_NAME.fullmatch(text) else None
