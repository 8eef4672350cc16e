"""Shapes that only a command interpreter gives a meaning to, wherever they stand (POSIX.1-2024 shell, bash, `cmd.exe`).

Patterns only; `shell` judges the rest by grammar.
"""

from __future__ import annotations

from ringwall.engines.payload.grammar import Grammar

_LEAD = r"(?:^|[|&(;\n]\s*)"
_OPERAND = r"[\"'\[(%!]?[\w%!~ ]*[\"'\])%!]?"
_BATCH_COMMAND = (
    r"\(?@?(?:echo|set|goto|call|exit|del|copy|start|cmd|type|dir|md|rd|ren|move|pause|ping|net|powershell)\b"
)
# PowerShell's approved verbs (Microsoft Learn), the ones that act.
_VERB = (
    r"(?:Get|Set|Add|New|Remove|Invoke|Start|Stop|Out|Import|Export|Write|Copy|Move|Test|ConvertTo|ConvertFrom|Select"
    r"|Where|Format|Enable|Disable|Register)"
)

ANYCASE = Grammar(
    {
        "shell: () { ; } command": r"(?:^|[^\w\s])\s*\(\s*\)\s*\{[^}]*\}?\s*;",
        "batch: for in do": rf"{_LEAD}for\s+(?:/[a-z]\s+(?:\"[^\"]*\"\s*)?)?%{{1,2}}\S*\s+in\s*\("
        rf"|{_LEAD}for\s+/[a-z]\s+[^\n]*%",
        "batch: if condition command": rf"{_LEAD}if\s+(?:/i\s+)?(?:not\s+)?(?:(?:exist|defined|errorlevel"
        rf"|cmdextversion)\s+\S+\s+{_BATCH_COMMAND}|{_OPERAND}\s*(?:==|\s(?:equ|neq|lss|leq|gtr"
        rf"|geq)\s)\s*{_OPERAND}\s*{_BATCH_COMMAND})",
        "batch: if defined (": rf"{_LEAD}if\s+(?:/i\s+)?(?:not\s+)?(?:exist|defined|errorlevel)\s+\S+\s+\(",
        "shell: ${name operator word}": r"\$\{[a-z_]\w*(?:[#%/^,@]{1,2}|:[-=?+]?)[^}\s]*\}|\$\{!\w+",
        "shell: $'word'": r"\$'[\w\\/ ]+'\s*(?:;|$)",
        "shell: $((expression))": r"\$\(\([^()\n]+\)\)|\$\[[\d\s+*/%()-]+\]",
        "shell: name=word;$name": r"(?:^|[\s;|&^])\w+=[^\s;]+;\s*\$\{?\w+",
        "shell: alias name=": r"\balias\s+\w+=['\"]?\w",
        "shell: redirect to a socket": r"[<>]&?\s*/dev/(?:tcp|udp)/",
        "shell: nested substitution": r"\$\(\s*(?:`|\$\()|<\(\s*(?:cat|echo|curl|wget|ls)\b",
        "shell: separator /bin/program": r"(?:^|[;|&\n\r`(])[\s\"'({@]*(?:/usr)?(?:/local)?/s?bin/[\w?*.\[]",
        "shell: separator program < file": r"[;|&]\s*[\w.-]+\s*[<>]\s*[\w/]*[\w]\.\w",
        "shell: leading separator word -option": r"^[\s\"')]*(?:;|\|\|?|&&?)\s*[\"'`]?[a-z][\w.-]*[\"'`]?\s+--?[a-z]",
        "shell: leading separator substitution": r"^[\s\"')]*(?:;|\|\|?|&&?)\s*(?:`\w|\$[({]|\$\w{2,}(?:\s|$))",
        "shell: system(string)": r"^[\s\"'|;&`(]*(?:system|exec|passthru|shell_exec|popen|proc_open)\s*\(\s*[\"']",
        "shell: {command,argument}": r"(?:^|[;|&`(]\s*)\{[a-z./\\$][\w./\\$-]*(?:,[\w./\\$*?-]*)+\}",
        "shell: separator c?mm[a]nd": r"[;|&`]\s*[\w/.-]*(?:\w\?+[\w/]|\[\w+\]\w)[\w/.?*\[\]-]*\s+[/~$-]",
        "shell: do … done": r"[;\n]\s*(?:do|then)\b[^\n]*;\s*(?:done|fi)\b|\bcase\s+\S+\s+in\b[^\n]*;;",
        "shell: word$()word": r"\w\$\(\)\w|[;|&`]\s*\w+\$\{\w+\}\w",
        "shell: $0": r"(?:^|[;|&]\s*)\$(?:0|shell|bash)(?:\s+-|\W*$)",
        "shell: $(<file)": r"\$\(<\s*[\w/.~]",
        "powershell: iex(": r"(?:^|[;|&\s(])iex(?:\s*[($]|\s+['\"])",
        "batch: & command": r"^\s*[\"']?&\s*(?:dir|ver|vol|tree|set|hostname|logname|nproc|driverquery|arch)\W*$",
        "batch: %program% /option": r"(?:^|[;|&(]\s*)%\w+%\s+/[a-z?]\b",
        "formula: program|argument!cell": r"^[=+@-]\s*[\w.]+\|\s*['\"][^\n]*!\s*\$?\w",
        "shell: word<<<word": r"\w<<<\s*[\w\"'$]",
    },
    fold=True,
)
EXACT = Grammar(
    {
        "shell: Verb-Noun": (
            rf"(?:^|[;|&(`'\"]\s*){_VERB}-[A-Z][a-z]+[A-Z][A-Za-z]*(?:$|[^\w/-])|(?:^|[;"
            rf"|&(`'\"]\s*)(?i:{_VERB})-[A-Za-z]+(?:\s+-[A-Za-z]"
            r"|\s*[|;&]\s*\w|\s+['\"$]|\s+(?:[A-Za-z]:\\|https?://|[\w./\\-]*\.\w{2,}|\w+:$|\w+:\s))"
        ),
        "shell: separator word": r"^\s*[\"')]*\s*(?:;|\|\|?|&&)\s*[a-z][a-z0-9.-]{2,40}\s*[\"';|&]*\s*$"
        r"|^\s*&[a-z]{4,40}\s*$",
        "shell: $( word )": r"(?:^|[\s\"';|&=])\$\(\s*[a-z]{2,12}\s*\)",
    }
)
# Only in a value of some dozens of characters: longer text may say these by chance.
SHORT = Grammar(
    {
        "shell: ;word argument": (
            r"[;|&][a-z][a-z0-9_.-]+(?:\s+(?:--?[a-z]|/\w|%\w+%|\$\w|[a-z]:\\|~/)|/[a-z]\s+\w+\.\w)"
        ),
        "shell: ; word word -option": r"[;|&]\s*[a-z][a-z0-9_.-]+(?:\s+[a-z0-9][\w.-]*){0,2}\s+(?:-[a-z](?:\s"
        r"|$)|--[a-z]{2})"
        r"|[;|]\s*[a-z][a-z0-9_.-]+\s+-[a-z]+(?:\s|$)",
        "shell: leading ;word word": r"^\s*[\"']?(?:;|\|\||&&)[a-z][a-z0-9.-]+(?:\s+[\w./:-]+){1,3}\s*$",
        "shell: glob path": r"(?:^|[\s;|&`(])/(?:[\w.?*-]|\[[^\]\s/]+\])+/(?:[\w./*-]|\?"
        r"|\[[^\]\s/]+\])*(?:\?[\w./*-]*\?|\[[^\]\s/]+\])[\w?*./-]*",
    },
    fold=True,
)
