"""Directives that a server or a proxy between runs while it sends a page: SSI, ESI, and XSLT stylesheets."""

from __future__ import annotations

import re

from ringwall.engines.payload.finding import View

SSI = "ssi"
XSLT = "xslt"
SSI_HINTS = (r"<!--\s*#\s*\w+|<\s*/?esi:\w+|<!--esi",)
XSLT_HINTS = (
    r"<\w{1,12}:(?:stylesheet|transform|value-of|template|script|include|import|copy-of|variable)\b"
    r"|1999/xsl/transform|xmlns:\w{1,12}\s*=\s*.(?:http://(?:php\.net|xml\.apache|exslt|icl\.com|saxon)|urn:schemas-m)",
)

# Apache mod_include's elements, with the attribute each needs; ESI 1.0's elements.
_SSI = re.compile(
    r"<!--\s*#\s*(?:config|echo|exec|fsize|flastmod|include|printenv|set|if|elif|else"
    r"|endif)\b[^>]{0,200}(?:=|-->|$)|<!--\s*#\s*\w+\s+\w+\s*=",
    re.IGNORECASE,
)
_ESI = re.compile(
    r"<\s*esi:(?:include|inline|vars|assign|choose|try|remove|eval|comment|function|debug|invalidate"
    r"|foreach)\b|<!--esi\b",
    re.IGNORECASE,
)
_XSLT = re.compile(
    r"xmlns:\w{1,12}\s*=\s*[\"']http://www\.w3\.org/1999/XSL/Transform|<\w{1,12}:(?:stylesheet|transform"
    r"|value-of|script|copy-of|include|import|variable|template|apply-templates|message)\s[^>]{0,400}"
    r"(?:select|language|version|href|match)\s*=|xmlns:\w{1,12}\s*=\s*[\"'](?:http://(?:php\.net/xsl|xml\.apache\.org"
    r"/x(?:alan|slt)|exslt\.org|(?:icl\.com/)?saxon)|urn:schemas-microsoft-com:xslt)",
    re.IGNORECASE,
)


def detect_ssi(view: View) -> str | None:
    """The evidence of a server-side or edge-side include, or None."""
    if _SSI.search(view.text):
        return "ssi: <!--#element attribute"
    return "esi: <esi:element" if _ESI.search(view.text) else None


def detect_xslt(view: View) -> str | None:
    """The evidence of a stylesheet that a transformer would run, or None."""
    return "xslt: stylesheet element" if _XSLT.search(view.text) else None
