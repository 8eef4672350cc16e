"""Directives that a server or a proxy between runs while it sends a page: SSI, ESI, and XSLT stylesheets."""

from __future__ import annotations

from ringwall.engines.payload.finding import View
from ringwall.engines.payload.grammar import Grammar

SSI = "ssi"
XSLT = "xslt"
SSI_HINTS = (r"<!--\s*#\s*\w+|<\s*/?esi:\w+|<!--esi",)
XSLT_HINTS = (
    r"<\w+:(?:stylesheet|transform|value-of|template|script|include|import|copy-of|variable)\b"
    r"|1999/xsl/transform|xmlns:\w+\s*=\s*.(?:http://(?:php\.net|xml\.apache|exslt|icl\.com|saxon)|urn:schemas-m)",
)

# Apache mod_include's elements, with the attribute each needs; ESI 1.0's elements.
_INCLUDES = Grammar(
    {
        "ssi: <!--#element attribute": (
            r"<!--\s*#\s*(?:config|echo|exec|fsize|flastmod|include|printenv|set|if|elif|else"
            r"|endif)\b[^>]*(?:=|-->|$)|<!--\s*#\s*\w+\s+\w+\s*="
        ),
        "esi: <esi:element": (
            r"<\s*esi:(?:include|inline|vars|assign|choose|try|remove|eval|comment|function|debug|invalidate"
            r"|foreach)\b|<!--esi\b"
        ),
    },
    fold=True,
)
_SHEETS = Grammar(
    {
        "xslt: stylesheet element": (
            r"xmlns:\w{1,12}\s*=\s*[\"']http://www\.w3\.org/1999/XSL/Transform|<\w{1,12}:(?:stylesheet|transform"
            r"|value-of|script|copy-of|include|import|variable|template|apply-templates|message)\s[^>]*"
            r"(?:select|language|version|href|match)\s*=|xmlns:\w{1,12}\s*=\s*[\"'](?:http://(?:php\.net/xsl|xml\.apache\.org"
            r"/x(?:alan|slt)|exslt\.org|(?:icl\.com/)?saxon)|urn:schemas-microsoft-com:xslt)"
        )
    },
    fold=True,
)


def detect_ssi(view: View) -> str | None:
    """The evidence of a server-side or edge-side include, or None."""
    return _INCLUDES.match(view.text)


def detect_xslt(view: View) -> str | None:
    """The evidence of a stylesheet that a transformer would run, or None."""
    return _SHEETS.match(view.text)
