"""NoSQL operators: a query operator where data is expected, as JSON, as a bracketed parameter, or as JavaScript.

Operators are those of MongoDB's manual (query and aggregation); CouchDB's selectors share them.
"""

from __future__ import annotations

from ringwall.engines.payload.finding import View
from ringwall.engines.payload.grammar import Grammar
from ringwall.engines.payload.js_tokens import tokens
from ringwall.engines.payload.vocabulary import words

KIND = "nosqli"
OPERATORS = words(
    """
    $eq $ne $gt $gte $lt $lte $in $nin $and $or $not $nor $exists $type $expr $jsonSchema $mod $regex $options
    $text $where $all $elemMatch $size $geoWithin $geoIntersects $near $nearSphere $slice $meta $comment $rand
    $function $accumulator $match $project $group $lookup $out $merge $unionWith $graphLookup $facet $addFields
    $set $unset $inc $push $pull $rename $currentDate $setOnInsert $query $orderby $func
    """
)
_NAMES = "|".join(sorted((name[1:] for name in OPERATORS), key=len, reverse=True))
HINTS = (
    r"\$\s*(?:" + _NAMES.lower() + r")\b|\\u0024",
    r"(?:\|\||&&|;)(?:[\s!({}]|/\*[^*]*\*/)*(?:this\b|return\b|while\b|function\b|var\b|do\b|\d[\w.]*\s*==|['\"]\w*['\"]\s*=="
    r"|sleep\("
    r"|db\.|true\b)|\bdb\.\w+[.(]|^\W*(?:this\.\w|function\s*\()",
)

_OPERATOR = Grammar(
    {
        "nosql: {$operator:": rf"[{{,\[(]\s*[\"']?\s*\$(?:{_NAMES})[\"']?\s*:"
        rf"|^\s*[\"'\s,]*[\"']?\$(?:{_NAMES})[\"']?\s*:",
        "nosql: $operator=": r"(?:^|[?&])\$(?:where|ne|gte?|lte?|n?in|regex|exists|expr)\s*=",
        "nosql: [$operator]=": rf"\[\s*[\"']?\$(?:{_NAMES})[\"']?\s*\]\s*(?:=|\[|$)",
    }
)
_SHAPES = {
    "js: ' operator this.": r"^[)\]}]*[o;][!(]*(?:K\.|K[isKcd])",
    "js: ' || constant == constant": r"^[)\]}]*o[!(]*(?:[ns]e[nsqQ]|K(?:C|q|$)|Ko)",
    "js: ' ; statement": r"^[)\]}]*;\}?(?:K[inK({]|i\.i\.c|[cd]\()",
    "js: ' } statement": r"^[)\]]*;?\}+[;]?K",
}
_AFTER_STRING = Grammar(_SHAPES)
_JAVASCRIPT = Grammar({"javascript": r"==|\bthis\.|\breturn\b|//|\bfunction\b|\bvar\b|\bwhile\s*\(|\)\s*\{|\bdb\."})
_BARE = Grammar(
    {
        "js: this.name": r"^[!(]*K\.i(?:[.e]|o)|^Kc?\(i?\)\{K",
        "js: || constant == constant //": r"^[ni]?o[!(]*ne[nq]\)*C",
        "js: constant ; statement": r"^n;(?:Ki=|K[({KQins]|i\.i\.c|K\()",
        "js: collection.method()": r"(?:^|;)i\.i\.c\(|(?:^|;)i\.c\(s\)\.c\(",
    }
)


def detect(view: View) -> str | None:
    """The evidence that `view` changes a query's operators, or None."""
    text = view.text
    return _OPERATOR.match(text) or _script(view)


def _script(view: View) -> str | None:
    text = view.text
    letters = tokens(text)
    view.effort.spend(len(letters))
    evidence = _BARE.match(letters)
    if evidence and ("db." in text or "collection" not in evidence):
        return evidence
    for quote in "'\"":
        at = text.find(quote)
        if at >= 0 and _javascript(text) and (evidence := _AFTER_STRING.match(tokens(text, at + 1))):
            return evidence
    return None


def _javascript(text: str) -> bool:
    """Signs that the script is JavaScript and not SQL: both know `||`, quotes and `;`."""
    return _JAVASCRIPT.match(text) is not None
