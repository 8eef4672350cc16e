"""Code injection: text that is a piece of a PHP, JavaScript, Python, Ruby or Java program, where data is expected.

What counts is code in action: a script tag, a call through a variable or a string, a call of a function that runs,
loads or reads something, a fully qualified platform class. Mentions in sentences are text.
"""

from __future__ import annotations

import re

from ringwall.engines.payload.finding import View
from ringwall.engines.payload.code_words import CALLS, FAMILIES, JAVA

KIND = "rce"
HINTS = (
    r"<\?(?:php|=|xml|\s|$)|\[/?php\]|\{/?php\}",
    r"\$+[a-z_{\[(]|\$\s*\{",
    r"[\w'\")\]]\s*\([^)]*\)|\)\s*\(",
    r"\b(?:java|javax|com\.sun|org\.(?:apache|omg|springframework|codehaus|mozilla)|sun\.\w+|scala|groovy|ognl)\b[.\w]|processbuilder|getruntime|java\.|@java",
    r"require\s*[(\[]|process\s*[.\[]|child_process|__import__|\bimport\s+os\b|%x[({\[]|io\.popen|open3|\.execute\(|constructor|while\s*\(\s*!|global\.|\\u00|\beval\b|\bexec\b|nd_func|jndi:",
    r"%\{|\$\{jndi|#_?memberaccess|#(?:a|_|context|rt)\s*=",
)

_WS = r"(?:[\s\x00]|/\*[^*]{0,80}\*/|(?://|#)[^\n]{0,80}\n)*+"
_TAG = re.compile(r"<\?(?:php\b|=|\s+\S|xml\s*:|$)|\[/?php\]|\{/?php\}|<script\s+language\s*=\s*[\"']?php", re.IGNORECASE)
_VARIABLE_CALL = re.compile(
    rf"\$+(?:[a-z_]\w*+|\{{[^}}]{{0,80}}\}}){_WS}(?:(?:\[[^\]]{{1,60}}\]|\{{[^}}]{{1,40}}\}}){_WS})*+\((?:[^)]{{1,200}}\)?|(?<=[\]}}\s]\()\))|\$\s*\{{\s*(?:['\"$][^}}]{{0,80}}|_?\w+\()\}}?|\$\w+\(\d+\)",
    re.IGNORECASE,
)
_DYNAMIC_CALL = re.compile(
    rf"(?:^|[;=\s@])(?:\(\s*string\s*\)\s*)?(?:\(\s*['\"]?[\w\\]+\s*['\"]?\s*\)|\[\s*['\"]?\w+['\"]?\s*\]\s*\[\s*\d+\s*\]|\{{\s*\[?['\"]?\w+['\"]?\]?\s*(?:\[\d+\])?\s*\}}|['\"][\w\\]+\s*['\"](?=\s*\(\s*\S))\s*\(\s*[\w'\"$][^)]{{0,200}}\)"
)
_CONCAT_CALL = re.compile(r"['\"]\s*\.\s*['\"]\w*['\"]\s*;?\s*\(?\$?\w*\)?\s*\(|\(\s*['\"]\w+['\"]\s*\.\s*['\"]\w+['\"]\s*\)\s*\(")
_CALLED = re.compile(rf"(?P<before>^|[^\w])(?P<name>[a-z_]\w{{1,40}}+)(?P<gap>{_WS})\((?P<argument>.?)", re.IGNORECASE | re.DOTALL)
_JAVA_NAME = re.compile(rf"(?:^|[^\w.])(?:{JAVA})(?:\.\w+){{1,8}}", re.IGNORECASE)
_JAVA_ACT = re.compile(
    r"@(?:java|javax|org|com)\.[\w.]+@|getRuntime\s*\(\s*\)|\bnew\s+(?:java|javax)\.[\w.]+\s*\(|ProcessBuilder\b\s*[.(]|\bT\(\s*\w[\w.]*\)\s*\.|\.getClass\(\)\s*\.|forName\(\s*['\"]|\$\{(?:\w*:?-?|\$\{[^}]{0,20}\})*jndi|\$\{\s*(?:jndi|lower|upper|env|sys|ctx|::-)\S?:|getDeclared(?:Method|Constructor|Field)s?\(|java\.lang\.(?:Runtime|ProcessBuilder|Thread)\b\s*[.(@]|\bjavax\.script\b"
    r"|#_?memberAccess|%\{\s*\(?#|\(#\w+\s*=|xwork\.|#context\[",
    re.IGNORECASE,
)
_NODE = re.compile(
    r"\brequire\s*(?:\(\s*['\"](?:node:)?(?:child_process|fs|os|net|vm|http|process)['\"]|\[\s*\w+[.\[])|\bprocess\s*(?:\.(?:mainModule|binding|dlopen|exit|kill|env\b)|\[\s*['\"\w])|\bglobal\.process|child_process['\"]?\)?\s*\.\s*\w+\(|this\.constructor\.constructor|_\$\$ND_FUNC"
    r"|\bwhile\s*\(\s*(?:true|1|!+\s*(?:undefined|null|false|0|[\"'`]{2}|\[\s*\]|\{\s*\}|\w{0,10}))\s*\)\s*;?|\bconsole\.\w+\(\d|(?:^|;)\s*Function\s*\(\s*['\"]|Object\.(?:assign|setPrototypeOf|defineProperty)\("
)
_RUBY_PYTHON = re.compile(
    r"__import__\s*\(|\bos\s*\.\s*(?:system|popen|exec\w*|spawn\w*)\s*\(|\bsubprocess\.\w+\(|\b(?:exec|eval|compile)\s*\(\s*['\"](?:import|__)|%x\s*[({\[]\s*['\"]?\S|\bIO\.(?:popen|read|sysopen)|\bProcess\.(?:spawn|exec|fork)|\bKernel\.\w+|\bOpen3\.|['\"]\s*\.execute\(\)|\bimportlib\.|\bbuiltins\.|\b__builtins__\b|\bFile\.(?:read|open)\(\s*['\"]/|\bPty\.spawn"
)
_STATEMENT_BREAK = re.compile(r"['\"]\s*[);]*\s*;\s*(?:\w+\s*\(|\$\w+)[^;]{0,200};?\s*(?://|#|/\*)")
_MOST = 40


def detect(view: View) -> str | None:
    """The evidence that `view` is code in action, or None."""
    text = view.text
    if _TAG.search(text) and not _declaration_only(text):
        return "php: <? code"
    if _VARIABLE_CALL.search(text):
        return "php: $name ( argument )"
    if _DYNAMIC_CALL.search(text) or _CONCAT_CALL.search(text):
        return "php: (name)(argument)"
    if _JAVA_ACT.search(text):
        return "java: expression"
    if _NODE.search(text):
        return "js: platform call"
    if _RUBY_PYTHON.search(text):
        return "code: platform call"
    return _calls(text, view) or _java_name(text, view)


def _declaration_only(text: str) -> bool:
    """An XML declaration is not code."""
    return re.match(r"\s*<\?xml\s+version", text, re.IGNORECASE) is not None and text.count("<?") == 1


def _calls(text: str, view: View) -> str | None:
    for count, match in enumerate(_CALLED.finditer(text)):
        if count >= _MOST:
            break
        if evidence := _call(match, text):
            return evidence
    return None


def _call(match: re.Match[str], text: str) -> str | None:
    """A call of a known function; what stands alone as a call is code, inside a sentence it is a mention."""
    name = match["name"].lower()
    alone = match.start("name") <= 1 or text[: match.start("name")].strip(" \t\n\"'`;(@|{/") == "" or text[match.start("name") - 1] in "/;=@{"
    if name in CALLS:
        quoted = match["argument"] in ("'", '"', "$", "`")
        return "code: effect(argument)" if alone or (quoted and match["before"] != "." and not match["gap"]) else None
    if FAMILIES.match(name) and match.end("name") - match.start("name") > 4 and (alone and not match["gap"].isspace() or alone and text[-1:] in ");"):
        return "code: function()"
    return None


def _java_name(text: str, view: View) -> str | None:
    """A value that is a platform class name and nothing else, or that continues into a member."""
    if len(text) < 300 and (match := _JAVA_NAME.search(text)) and len(text.strip()) - (match.end() - match.start()) < 12:
        return "java: platform class"
    return None
