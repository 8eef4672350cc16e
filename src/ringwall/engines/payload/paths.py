"""Path traversal and file inclusion: a path that climbs out, names a system file, or is a stream wrapper.

A relative link inside prose is text. What counts is a value that is a path and leaves its directory, in any spelling
of dot and separator, or that begins in a directory that only an operating system has.
"""

from __future__ import annotations

import re

from ringwall.engines.payload.finding import View
from ringwall.engines.payload.grammar import Grammar

KIND = "lfi"
HINTS = (
    r"\.\.?[\x00-\x20]*(?:[/\\;]|%|0x|\xc0|\xc1|[0-9a-f]{2}[a-z.])|\.\.[^\w\s.,]",
    r"^[\s\"'=@&;\\/.a]*(?:file:/*)?[/\\]+[\w.$@-]|^[\w./~\\-]*(?:web-inf|meta-inf|\.(?:git|svn|hg|ssh|env|ht\w+"
    r"|\w+_history))",
    r"^~\w*/\.|^[\s\"']*[a-z]:[\\/]|^[\s\"']*\\\\",
    r"(?:php|phar|zip|zlib|compress\.\w+|glob|data|expect|ogg|rar|ssh2\.\w+|input|file|php5):/",
    r"/etc/|/proc/|/windows/|\\windows\\|boot\.ini|win\.ini|web\.config|passwd|\.ht(?:access|passwd)|/var/",
    r"%00|\x00|0x2e|%c0|%c1|%2e",
    r"^[\w./\\-]+(?:/|%2f)(?:passwd|shadow|hosts)\b",
    r"2f\.\.2f|5c\.\.5c|::\$[adi]",
)

_SEP = r"(?:[/\\]|%(?:25)*(?:2f|5c|c0%af|c1%9c)|0x(?:2f|5c)|2f|5c)"
_UP = rf"\.\.+[;\x00]?{_SEP}+"
_BEFORE = r"(?:^|[/\\=:\"'\s@(;,?&]|%2f|%5c|[a-z0-9])"
_SHAPES = Grammar(
    {
        "path: ../ twice": rf"{_BEFORE}{_UP}(?:[\w.\x00-]*{_SEP}*)?{_UP}|{_UP}\.\.+[;\x00]?{_SEP}",
        "path: ../": rf"{_BEFORE}{_UP}",
        "path: ..? repeated": r"(?:\.\.+(?:0x[25][fc]|[25][fc]|%\w\w|/?%u\w\w\w\w|[^\w\s.]+)){2}"
        r"|(?:\.\.[^\s.]{1,10}){3}\w",
        "path: ./ repeated": r"(?:\.{1,2}[/\\]+){3}|(?:[/\\]+\.{0,2}){3}\.{0,2}\w|(?:\./\\|\\\./|\./){3}|/\.{5}\.*"
        r"|/\./\.\w",
    },
    fold=True,
)
_LONGEST = 4200
_URL = re.compile(r"\s*+\w{2,10}://[\w.-]++(?::\d++)?/(?!\.\.)(?:[\w%-]++/)*+(?!\.)", re.IGNORECASE)
_PATH = re.compile(r"[\s\"'=@&;]*+[^\s\"'<>|?]{0,4000}[\s\"']*", re.IGNORECASE)
_SYSTEM = re.compile(
    r"(?:file:/{0,3})?(?:[/\\.]|%2f)*/+\.{0,2}/*(?:etc|proc|root|var|usr|opt|boot|sys|dev|run|bin|sbin|lib|lib64"
    r"|private|windows|winnt|inetpub|program files|apache\d?|xampp|system volume information)[/\\][\w.$~@-]",
    re.IGNORECASE,
)
_SECRET_LEAF = re.compile(
    r"[/\\]\.?(?:passwd|shadow|boot\.ini|win\.ini|system\.ini|web\.config|php\.ini|my\.(?:cnf|ini)|httpd\.conf|hosts"
    r"|group|issue|motd|fstab|environ|self/\w+|cmdline|id_[rd]sa\w*|authorized_keys|known_hosts)(?:$"
    r"|[\s\x00%&?#\"'!:;.])|[/\\]\.(?:\w+_history|htaccess|htpasswd|ssh|git|svn|env|aws|bashrc|profile|xauthority"
    r"|mysql_history|netrc|dockerenv|npmrc)(?:$|[/\\\s\x00%])",
    re.IGNORECASE,
)
_FILE_LEAF = re.compile(
    r"[/\\][\w .~-]*\.(?:ini|conf|cnf|cfg|log|config|inc|asa|sam|db|pdb|sql|bak|old|err"
    r"|env)(?:\.\w{1,4})?(?:\x00|%00)?[\s\"']*$|[/\\][\w .~-]+[/\\][\w .~-]*\.(?:jsp|php\d?|aspx?|pl"
    r"|cgi)(?:\x00|%00)?[\s\"']*$|[/\\](?:\w*_ ?log|\w*logs?)(?:\x00|%00)?$",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"/\.(?!well-known|\.?/|\.?$)\w[\w.-]{2,30}(?:/|$|\s)")
_NUL_ENDED = re.compile(r"[\w /.\\:-]{4,400}(?:\x00|%00)(?:\.\w{1,5})?")
_WINDOWS = re.compile(
    r"[\s\"']*(?:[a-z]:[\\/]+"
    r"|\\\\[\w.?$-]+\\|[\\/]+(?=[\w\\]*\\))(?!users\\|documents)(?:[\w .~()$+-]++[\\/]++)*+[\w .~$%-]*+[\s\"']*",
    re.IGNORECASE,
)
_WRAPPER = re.compile(
    r"(?:^|[=\s\"'(,;:/])(?:php\d?://(?:filter|input|stdin|fd|memory|temp)|(?:phar|zip|zlib|glob|expect|ogg|rar"
    r"|compress\.(?:zlib|bzip2)|ssh2(?:\.\w+)?)://\S|(?:data|file)://\S|file:/+\w|php://\S|data:;?,?base64,)",
    re.IGNORECASE,
)
# The streams of a file on NTFS (Microsoft Learn, "File Streams"): another name for the same content.
_STREAM = re.compile(
    r"[^\s:]{1,400}::\$(?:data|index_allocation|attribute_list)\S{0,8}|[a-z]:[^:]{1,400}::\$data\S{0,8}", re.IGNORECASE
)
_RELATIVE = re.compile(
    r"[\w./\\-]*(?:web|meta)-inf[/\\]\S*|(?:~|[\w./-]*/)?\.(?:git|svn|hg|ssh)[/\\]\S*"
    r"|~\w*/\.[\w.-]+(?:/\S*)?|(?:~/)?\.(?:env(?:\.\w+)?|htaccess|htpasswd|\w+_history)|[\w./\\-]*(?:etc|proc)[/\\](?:passwd|shadow|hosts"
    r"|issue|self)\S*",
    re.IGNORECASE,
)


def detect(view: View) -> str | None:
    """The evidence that `view` climbs out of a directory or names a system's file, or None."""
    text = view.text
    if _WRAPPER.search(text[:2000]) and (len(text) < 2000 or _WRAPPER.match(text)):
        return "path: stream wrapper"
    if "::$" in text and _STREAM.fullmatch(text):
        return "path: name::$stream"
    if "\x00" in text and re.search(r"[\w)]\.?\w{0,5}\x00", text[:2000]) and _is_path(text.replace("\x00", "")):
        return "path: name NUL"
    if _climbs(text):
        return "path: ../"
    if not _is_path(text):
        return None
    return _named(text.strip(" \t\r\n\"'"))


def _is_path(text: str) -> bool:
    return len(text) < _LONGEST and (_PATH.fullmatch(text) is not None or _WINDOWS.fullmatch(text) is not None)


def _climbs(text: str) -> bool:
    """Climbing: twice in a row in a value of few words, or once, in any spelling, where the whole value is a path."""
    shape = _SHAPES.match(text)
    if shape is None:
        return False
    if shape.endswith("twice") and text.count(" ") < 4:
        return True
    return _is_path(text) and not _URL.match(text)


def _named(path: str) -> str | None:
    if _SYSTEM.match(path):
        return "path: /system/file"
    if _HIDDEN.match(path) or _NUL_ENDED.fullmatch(path):
        return "path: /.hidden"
    if path[:1] in "/\\" and (_SECRET_LEAF.search(path) or _FILE_LEAF.search(path)) and not path.startswith("//"):
        return "path: /…/configuration"
    if _WINDOWS.fullmatch(path) and (
        _SECRET_LEAF.search(path)
        or _FILE_LEAF.search(path)
        or re.match(r"(?i)[a-z]:[\\/]+win", path)
        or re.search(r"(?i)system32|\.exe|repair", path)
    ):
        return "path: drive:\\…\\configuration"
    if _RELATIVE.fullmatch(path) or (
        _SECRET_LEAF.search(path) and re.match(r"[\w.%\\/-]+$", path) and "://" not in path
    ):
        return "path: …/secret file"
    return None
