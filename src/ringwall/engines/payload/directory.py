"""LDAP and XPath: a value that closes the filter or the predicate it stands in and opens another.

LDAP filters are RFC 4515. A whole, balanced filter without a wildcard is a filter, and content.
"""

from __future__ import annotations

import re

from ringwall.engines.payload.finding import View
from ringwall.engines.payload.grammar import Grammar

LDAP = "ldap"
XPATH = "xpath"
LDAP_HINTS = (r"\)[\s)!&|]*\(|\([&|!]|\*\)|[*()|&]{3}|\)\x00|\\2[89a]",)
XPATH_HINTS = (
    r"['\"][\s\])]*(?:or|and|\|)\W*[a-z-]{4,15}\s*\(|['\"]\s*\]\s*[/|]|\bcount\s*\(\s*/|\b(?:string-length"
    r"|substring|name|document|doc|parent|child|ancestor)\s*(?:\(\s*/|::)|\b(?:doc|document|collection|unparsed-text)\(",
)

_ATTRIBUTE = r"[\w;.:-]{1,60}\s*(?:=|>=|<=|~=|:=)"
_BREAK = re.compile(rf"[^()]{{0,200}}\)[\s)]*+[&|!]?\s*\(\s*(?:[&|!(]|{_ATTRIBUTE})")
_SHAPES = Grammar(
    {
        "ldap: (& filter with a wildcard)": (
            r"^\s*\(\s*[&|!]\s*(?:\(\s*(?:[\w;.:-]+\s*(?:=|>=|<=|~=|:=)[^()]*|[&|!])\)*\s*)+$"
        ),
        "ldap: value \\29": r"\\2[89aA][^\w]*\w+=|\\29\\28",
    }
)
_TAIL = re.compile(
    r"[^()]{0,200}\*?\)+\s*(?:\x00|%00)|\*\)\)*|\*[^()\s]{0,40}\)\([^()]*|[^()\s]{0,40}\*\)[&"
    r"|!(]\(*\S*|[^()\s]{1,40}\)\(?[&|!]\(?[&|!]?|[^()\s]{0,60}\([&|!]\([^()]{1,80}\)*|[^()\s]{0,60}\)\(\(?[&|!].*"
)
_METACHARACTERS = re.compile(r"(?=[^(]*[(])[*()|&!='\s]{4,20}")
_XPATH = Grammar(
    {
        "xpath: ' or function(/)": (
            r"['\"]\s*\]?\s*(?:or|and|\|)\s*\(?\s*(?:count|name|string-length|substring|contains|starts-with|position"
            r"|last|local-name|text|document|doc)\s*\(\s*(?:/|\.|\*|name|['\"\d)])|(?:or|and)\s+count\s*\(\s*/"
        ),
        "xpath: '] | /": r"['\"]\s*\]\s*\|\s*/|['\"]\s*\]\s*(?:/|\|)\s*[/*\w.@]",
        "xpath: document(address)": r"\b(?:doc|document|collection|unparsed-text|doc-available)\(\s*(?:['\"]|concat\()",
        "xpath: axis::node": (
            r"\b(?:parent|child|ancestor|descendant|following|preceding)(?:-\w+)*::(?:\w|\*|node\(\))"
        ),
    },
    fold=True,
)


def detect_ldap(view: View) -> str | None:
    """The evidence that `view` closes an LDAP filter and goes on, or None."""
    text = view.text
    if len(text) > 2000 or "\n" in text.strip():
        return None
    if _BREAK.match(text) and not text.lstrip().startswith("("):
        return "ldap: value ) ( attribute ="
    shape = _SHAPES.match(text)
    if shape is not None and ("*" in text or "\\" in shape):
        return shape
    if _METACHARACTERS.fullmatch(text) and "*" in text and re.search(r"[|&]", text):
        return "ldap: metacharacters"
    return "ldap: value * )" if _TAIL.fullmatch(text.strip(" ")) else None


def detect_xpath(view: View) -> str | None:
    """The evidence that `view` ends an XPath predicate and goes on, or None."""
    return _XPATH.match(view.text)
