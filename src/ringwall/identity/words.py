"""What a name and a password may be: NIST SP 800-63B-4, section 3.1.1.2, and names that cannot pass for another's.

No composition rules and no forced change: length, and no password that is common words, repetition, a keyboard walk
or the context's own words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from zxcvbn import zxcvbn

ALONE: Final = 15
"""Characters that a password has at least where it is the only factor."""
BESIDE: Final = 8
"""Characters that it has at least beside a second factor."""
LONGEST: Final = 128

_JUDGED: Final = 72
"""Characters that zxcvbn looks at: its work grows faster than the length."""
_GUESSES_ALONE: Final = 8.0
_GUESSES_BESIDE: Final = 6.0
"""Powers of ten. Below them zxcvbn finds a password by its lists of common passwords, words and names, by repetition,
sequence or keyboard: too weak for guessing online (its scores 2 and 1)."""


class Unacceptable(ValueError):
    """An account or a password that is not taken; its message says why and may be shown."""


def canonical(name: str) -> str:
    """A name as it is compared: compatibility forms and case folded (Unicode, toNFKC_Casefold), no space around."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return unicodedata.normalize("NFKC", folded.casefold()).strip()


def check_name(name: str) -> None:
    """Whether a canonical name may be given. Raises Unacceptable.

    Letters of two scripts in one name are how `аna` (with a Cyrillic first letter) passes for `ana` (UTS #39,
    section 5); what does not show can hide in any name.
    """
    if not name or len(name) > LONGEST or not name.isprintable():
        raise Unacceptable("a name has 1 to 128 printable characters")
    scripts = {_script(letter) for letter in name if letter.isalpha()}
    if len(scripts - _WRITTEN_TOGETHER) > 1 or (len(scripts) > 1 and not scripts <= _WRITTEN_TOGETHER):
        raise Unacceptable("a name's letters are of one script: letters of two can pass for another's name")
    if any("FILLER" in unicodedata.name(letter, "") for letter in name):
        raise Unacceptable("a name has no characters that do not show")


_WRITTEN_TOGETHER: Final = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "KATAKANA-HIRAGANA"})


def _script(letter: str) -> str:
    """The script of a letter: the first word of its Unicode name."""
    return unicodedata.name(letter, "?").partition(" ")[0]


def plain(password: str) -> str:
    """A password as it is counted and hashed: two keyboards type one password in two ways."""
    return unicodedata.normalize("NFKC", password)


def long_enough_alone(password: str) -> bool:
    """Whether a password may be an account's only factor."""
    return len(plain(password)) >= ALONE


def check_password(password: str, name: str, *, beside: bool = False, context: Iterable[str] = ()) -> None:
    """Whether a password may be set; `beside` where a second factor stands beside it, `context` are the words of the
    service. Raises Unacceptable."""
    text, shortest = plain(password), BESIDE if beside else ALONE
    if len(text) < shortest:
        raise Unacceptable(f"a password has at least {shortest} characters; four random words do well")
    if len(text) > LONGEST:
        raise Unacceptable(f"a password has at most {LONGEST} characters")
    own = [word for word in (canonical(name), "ringwall", *map(canonical, context)) if word]
    folded = canonical(text)
    for word in own:
        if len(word) > 2 and len(folded.replace(word, "")) < shortest // 2:
            raise Unacceptable("the password is little more than the account's name or a word of this service")
    judged = zxcvbn(folded[:_JUDGED] or " ", user_inputs=[*own, *folded_parts(own)])
    if float(judged["guesses_log10"]) < (_GUESSES_BESIDE if beside else _GUESSES_ALONE):
        raise Unacceptable("the password is common, repeats itself or follows the keyboard: it would soon be guessed")


def folded_parts(words: Iterable[str]) -> list[str]:
    """The parts of names such as `ana.marsh@clinic.example`."""
    parts = (part for word in words for part in "".join(c if c.isalnum() else " " for c in word).split())
    return [part for part in parts if len(part) > 2]
