"""A value that is one statement of a program and nothing else: what in a sentence would be a mention.

Shapes for a whole, short value of one line, over the objects through which each language reaches its platform (library
references of Python, Node, Java, .NET, Ruby, Perl and PHP).
"""

from __future__ import annotations

from ringwall.engines.payload.grammar import Grammar

HINTS = (
    r"^\W{0,4}(?:\$[a-z_]\w*\s*(?:=|->|::|\()|new\s+[\w.\\]+\(|__\w+__\b|(?:import|from|use|require|exec|system|spawn|echo|print)\s"
    r"|(?:exit|die)\(|[a-z_]\w*(?:\.\w+){1,6}\s*[(\[]|env\[|os\.environ|globalthis\.)",
    r"\)\s*;\s*(?:#|//)\W*$",
)
_LONGEST = 300

_PYTHON = (
    r"os|sys|subprocess|shutil|pickle|cpickle|dill|marshal|shelve|yaml|importlib|imp|pty|platform|ctypes|builtins|socket|timeit"
    r"|codecs|tempfile|pathlib|glob|pkgutil|runpy|signal|resource|code|inspect|types|commands|posix|nt"
)
_NODE = (
    r"vm|fs|child_process|process|module|globalthis|global|reflect|arguments|buffer|deno|bun|worker_threads|v8|cluster|http|https"
    r"|net|dns"
)
_JAVA = r"system|runtime|class|thread|classloader|eval|scriptengine|unsafe|introspector|methodhandles"
_OTHER = (
    r"assembly|activator|appdomain|environment|type|marshal|objectspace|object|dir|io|file|fileutils|kernel|open3|pathname|erb"
    r"|binding|tempfile|debug|package|ioutil|exec"
)
_PLATFORM = rf"(?:{_PYTHON}|{_NODE}|{_JAVA}|{_OTHER})"
_END = r"[\s;)}'\"/#]*$"

_ALONE = Grammar(
    {
        "code: platform.call()": rf"^\W{{0,4}}{_PLATFORM}(?:\.\w+)+\s*\((?:.*\)|)(?:\.\w+(?:\(.*\))?)*{_END}",
        "code: platform[index]": (
            rf"^\W{{0,4}}(?:env|(?:{_PYTHON}|{_NODE})(?:\.\w+)*)\[['\"\w].*\]{_END}|^\W{{0,4}}(?:os\.environ|globalthis\.\w+){_END}"
        ),
        "php: $name = value;": r"^\W{0,3}\$[a-z_]\w*\s*=\s*[^=\s>~].*;\s*$",
        "php: echo string;": r"^\W{0,3}(?:echo|print)\s+['\"$].*;\s*$",
        "php: $name->call();": r"^\W{0,3}\$[a-z_]\w*(?:\s*(?:->|::)\s*\$?\w+)*\s*\(.*\)\s*;\s*$",
        "code: new Class(argument)": rf"^\W{{0,4}}new\s+[\w.\\]+\(['\"$].*\).{{0,40}}{_END}",
        "code: __name__.": rf"^\W{{0,4}}__[a-z]\w*__\s*[.\[(].*{_END}",
        "python: import": rf"^\W{{0,3}}(?:import\s+(?:{_PYTHON})(?:\s+as\s+\w+)?"
        rf"|from\s+(?:{_PYTHON})\s+import\s+[\w*]+){_END}",
        "js: import from platform": rf"^\W{{0,3}}import\s+[^;]{{1,60}}\s+from\s*['\"](?:node:)?(?:{_NODE})['\"]{_END}",
        "ruby: statement 'string'": r"^\W{0,3}(?:exec|system|spawn|eval)\s*['\"](?:[^\s'\"]+|[^'\"]*[/"
        r"|;$<>-][^'\"]*)['\"]\s*;?$",
        "perl: use Module;": r"^\W{0,3}use\s+(?-i:[A-Z])\w+(?:::\w+)*\s*;$",
        "code: ; call(string); comment": r"^[\w.-]{0,12}['\"]?\)?\s*;\s*@?[a-z_]\w*\(.*['\"(].*\)\s*;\s*(?:#|//)\W*$",
        "code: exit()": r"^\W{0,4}(?:exit|die)\((?:['\"].*['\"]|\w+\(.*\))\)\W*$",
    },
    fold=True,
)


def detect(text: str) -> str | None:
    """The evidence that the whole of `text` is one statement that acts, or None."""
    if len(text) > _LONGEST or "\n" in text.strip():
        return None
    return _ALONE.match(text.strip())
