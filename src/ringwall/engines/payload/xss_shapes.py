"""Shapes of script outside any tag: calls of a browser's objects, script addresses, handlers, active styles.

A value may land inside an attribute, a style or a script, where no tag is needed. Patterns only; `xss` reads tags.
"""

from __future__ import annotations

from ringwall.engines.payload.grammar import Grammar

_BROWSER = r"(?:alert|confirm|prompt|eval|setTimeout|setInterval|execScript|importScripts|fromCharCode)"
_WINDOW = r"(?:window|self|top|this|parent|frames|globalThis)"

EXACT = Grammar(
    {
        "js: browser call()": (
            rf"(?:^|[^\w.$])(?:{_WINDOW}\s*[.\[]\s*['\"]?)?{_BROWSER}['\"\])]*"
            r"(?:\(\s*[^)\s$]|\s+\(\s*['\"`\d/]|\(\)\W*$|`|\?\.\(|\.call|\.apply)|String\.fromCharCode|new\s+ActiveXObject|\.\s*(?:call|apply)\s*`"
        ),
        "js: window[name]()": r"(?:window|self|top|parent|frames|globalThis)\s*\[[^\]]*\]\s*(?:\(|=)",
        "js: document.member": (
            r"document\s*\[|document\s*(?:/\*[^*]*\*/)?\s*\??\.\s*"
            r"(?:cookie|write|location|domain|body|createElement|getElement|URL|documentURI)"
        ),
        "js: location =": (
            r"(?:window|document|top|self|parent)\s*[.\[]\s*['\"]?location['\"]?\]?\s*=[^=]|\.innerHTML\s*\+?="
        ),
        "js: browser object alone": (
            r"^[^\w\n{}$#]{0,4}(?:window|document|location|navigator|top|parent|self|frames|globalThis|localStorage"
            r"|sessionStorage|history)(?:\.\w+)+\s*(?:=[^=]|\()[^\n]*$|^[^\w\n]{0,4}fetch\(\s*['\"`][^\n]*$"
            r"|\bnew\s+Image\(\)\.src\s*="
        ),
        "js: constructor()": r"\bconstructor\s*[(\[.]\s*['\"`(]?\s*(?:constructor|alert)",
    }
)
_SCRIPT = r"s\s*c\s*r\s*i\s*p\s*t\s*:"
ANYCASE = Grammar(
    {
        "url: script scheme": rf"(?:^|[\s\"'=(,;>/?&])(?:j\s*a\s*v\s*a|v\s*b|l\s*i\s*v\s*e|j)\s*{_SCRIPT}\S*[(`=%\\.]",
        "url: data: active type": r"(?:^|[\s\"'=(,;>])data:[^,\s]*(?:text/html|script|xml|svg)[^,\s]*,",
        "html: attribute on*=script": (
            r"(?:^|[\"'`\s/\x00-\x20+>;,?&])on[a-z]{3,24}[\s\x00]*=[\s\x00]*[\"'`+(]*[^\s\"'`=;&]*[(`:=\[]"
            r"|(?:^|[\"'`\s/;])on[a-z]{3,24}\s*=\s*(?:alert|eval|prompt|confirm|import|fetch)\b"
        ),
        "html: quote attribute on*=": r"[\"'`][\s/]*(?:[\w-]+=[\"']?[\w#.:-]*[\"']?[\s/]*)*on[a-z]{3,24}\s*=",
        "css: active": (
            r"\bexpression\s*\(\s*\w+[.(]|:\s*url\(\s*['\"]?(?:java|vb)script|style\s*=[^<>]*expression\s*\("
            r"|-moz-binding\s*:\s*url|behaviou?r\s*:\s*url|@import\s*(?:url\s*\(|['\"])\s*['\"]?(?:https?:|//|data:|java)"
        ),
    },
    fold=True,
)
