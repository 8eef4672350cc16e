"""Server-side request forgery: a value that is a URL to the server's own side, or that hides where it leads.

Judged on values that are a URL (or a `name=URL` pair), because prose may mention any address. Which outside hosts a
field may name is the field's policy, not detection.
"""

from __future__ import annotations

import re

from ringwall.engines.payload.finding import View
from ringwall.engines.payload.hosts import internal
from ringwall.engines.payload.vocabulary import words

KIND = "ssrf"
HINTS = (
    r"^[\s\"'<(]*(?:url:)?(?:[\w.-]{1,40}=)?[a-z][a-z0-9+.-]{1,20}:/*[\w\[@%\\.~!$&'*?#-]",
    r"^\s*(?:ip(?:v6|6)-)?localhost[:/]",
    r"^[\s\"']*[/\\]{2}[\w\[.@-]",
    r"(?:=|to/\?url=|[?&]\w+=)(?:https?|gopher|dict|ftp|file)(?::|%3a)//",
)

_URL = re.compile(
    r"[\s\"'<(]*(?:url:)?(?:[\w.-]{1,40}=)?(?P<scheme>[a-z][a-z0-9+.-]{1,20}):(?P<rest>[/\\]{0,"
    r"4}[^\s]*)[\s\S]{0,400}",
    re.IGNORECASE,
)
_NESTED = re.compile(r"[?&/][\w\[\].-]{0,40}=(?P<url>(?:https?|ftp)://[^\s&\"']+)", re.IGNORECASE)
_AT = re.compile(r"[\s&#]\S{0,40}@([\w.:\[\]-]{3,80})")
_AUTHORITY = re.compile(r"[/\\]{0,4}(?P<authority>[^/\\?#\s]*)")
_BARE_LOCAL = re.compile(r"\s*(?:ip(?:v6|6)-)?localhost(?::\d{1,5})?/\S{0,400}\s*", re.IGNORECASE)
_WEB = frozenset({"http", "https", "ws", "wss", "ftp", "ftps"})
# Schemes that server-side fetchers (libcurl, PHP, Java) act on and that no web page links to.
_ODD = words(
    """
    gopher dict tftp ldap ldaps ldapi jar netdoc sftp smb rtsp unix imap pop3 telnet expect rmi iiop dns jndi
    phar local_file
    """
)


def detect(view: View) -> str | None:
    """The evidence that `view` is a URL to the inside, or None."""
    text = view.text
    if text[:2] in ("//", "\\\\") and len(text) < 4000:
        return _web(text.partition(" ")[0])
    if _BARE_LOCAL.fullmatch(text):
        return "url: local name"
    match = _URL.fullmatch(text) if len(text) < 8000 else None
    if match is None:
        return None
    scheme, rest = match["scheme"].lower(), match["rest"]
    if scheme in _ODD and rest:
        return "url: scheme no page links to" if rest[:1] in "/\\" or ":" in rest else None
    if scheme not in _WEB:
        host = _AUTHORITY.match(rest) if rest.startswith("//") else None
        return "url: any scheme, inside" if host and internal(_hostname(host["authority"].rpartition("@")[2])) else None
    if " " in text.strip() and any(internal(_hostname(host)) for host in _AT.findall(text)[:8]):
        return "url: ambiguous authority"
    return _web(rest) or _nested(text)


def _web(rest: str) -> str | None:
    match = _AUTHORITY.match(rest)
    if match is None:
        return None
    authority = match["authority"]
    userinfo, at, host = authority.rpartition("@")
    if kind := internal(_hostname(host)):
        return f"url: {kind}"
    if at and ("." in userinfo.partition(":")[0] or "@" in userinfo):
        return "url: user looks like a host"
    if at and internal(_hostname(userinfo.partition("@")[0])):
        return "url: user is an inside address"
    tail = rest[match.end() :]
    if re.fullmatch(r"\d+(?:\.\d+){3}(?::\d+)?|\[?[0-9a-f]*(?::+[0-9a-f]+){2,}\]?", host, re.IGNORECASE) and re.match(
        r"[^\s?#]*\.(?:php\d?|phtml|txt|jspx?|aspx?|pl|cgi|sh|inc)\b", tail
    ):
        return "url: numeric host, script file"
    if tail[:1] == "\\" or re.match(r"[/\\?#&]{0,3}@[\w.]+", tail):
        return "url: ambiguous authority"
    return None


def _hostname(authority: str) -> str:
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0].rstrip("&")


def _nested(text: str) -> str | None:
    for count, match in enumerate(_NESTED.finditer(text)):
        if count >= 8:
            break
        if evidence := _web(match["url"].partition(":")[2]):
            return f"{evidence}, nested"
    return None
