"""XML external entities and active stylesheets: declarations that make an XML parser fetch, expand or run something.

It looks for the declarations only; parsing is defusedxml's, with DTDs refused.
"""

from __future__ import annotations

import re
from html.entities import html5
from itertools import islice

from ringwall.engines.payload.finding import View

KIND = "xxe"
HINTS = (
    r"<!\s*(?:doctype|entity|element|attlist|notation)|\+ADwAIQ|xinclude|:include|<!\[(?:include|%)|>\s*&[a-z_][\w.-]*;\s*</",
)

_DOCTYPE = re.compile(
    r"<!\s*+DOCTYPE\s++(?P<name>[\w:.%;&#!-]++)\s*+(?P<what>\[|(?:SYSTEM"
    r"|PUBLIC)\b(?P<external>[^>\[]{0,600}))",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"<!\s*+ENTITY\s++(?:%|&#\w{1,6};)?\s*+[\w:.-]++\s++(?:SYSTEM|PUBLIC|[\"'])", re.IGNORECASE)
_DECLARATION = re.compile(r"<!\s*+(?:ELEMENT|ATTLIST|NOTATION)\s++[\w:.-]++\s++[(\w]", re.IGNORECASE)
_XINCLUDE = re.compile(
    r"http://www\.w3\.org/2001/XInclude|<\w{1,20}:include\s[^>]{0,200}(?:href|namespace"
    r"|schemaLocation)",
    re.IGNORECASE,
)
# An entity that no HTML has, as the content of an element: a document of the sender's is to have declared it.
_OWN_ENTITY = re.compile(r">\s*+&(?P<name>[A-Za-z_][\w.-]{0,60};)\s*+</")
# The public identifiers that HTML and SVG documents carry (WHATWG HTML 13.1.1, SVG 1.1).
_HTML_PUBLIC = re.compile(r"PUBLIC\s+\\?[\"']-//(?:W3C|IETF)//DTD", re.IGNORECASE)


def detect(view: View) -> str | None:
    """The evidence that `view` declares entities or includes, or None."""
    text = view.text
    if _ENTITY.search(text):
        return "xml: <!ENTITY name external>"
    doctype = _DOCTYPE.search(text)
    if doctype and (doctype["what"] == "[" or not _HTML_PUBLIC.match(doctype["what"])):
        return "xml: <!DOCTYPE name external|[subset]>"
    if _DECLARATION.search(text):
        return "xml: <!ELEMENT name content>"
    if text.lstrip()[:1] == "<" and any(own["name"] not in html5 for own in islice(_OWN_ENTITY.finditer(text), 8)):
        return "xml: <element>&entity;</element>"
    if _XINCLUDE.search(text):
        return "xml: XInclude"
    return None
