"""Cross-site scripting: markup that runs script, and text that turns an attribute or a script string into script.

Contexts: HTML text (an active tag), a quoted or bare attribute (a quote, then an event handler), a URL attribute
(a script scheme), a style, a JavaScript string (a quote, then an operator, then a call).
"""

from __future__ import annotations

import re

from ringwall.engines.payload import decode
from ringwall.engines.payload.effort import Effort
from ringwall.engines.payload.finding import View
from ringwall.engines.payload.grammar import Grammar
from ringwall.engines.payload.js_tokens import tokens
from ringwall.engines.payload.markup import Tag, tags
from ringwall.engines.payload.vocabulary import words
from ringwall.engines.payload.xss_shapes import ANYCASE, EXACT

KIND = "xss"
HINTS = (
    r"<[\s\x00/+]*[a-z?!%\\]",
    r"(?:script|mocha)[\s\x00]*:|s\s*c\s*r\s*i\s*p\s*t\s*:|data:[^,]*(?:html|xml|script|svg)",
    r"\bon[a-z]{3,24}[\s\x00-\x20/]*=",
    r"(?:alert|prompt|confirm|eval|settimeout|setinterval|fromcharcode|expression|function|constructor|atob"
    r"|write(?:ln)?|fetch|import|void|open|call|apply)[\s)\]'\"]*(?:\(|`|\?|\.call|\.apply)",
    r"-moz-binding|behaviou?r\s*:|@import|document\s*[.\[]|activex|url\(\s*.?javascript|(?:window|self|top|parent"
    r"|frames|globalthis)\s*[.\[]"
    r"|location\s*[.=\[]|innerhtml|(?:navigator|localstorage|sessionstorage|history)\.|image\(\)\.",
    r"['\"`][\s)}\]]*[-+;,*/|&^?:]+[\s]*[\w.$]+[\s]*[(`\[=]",
)

# HTML elements that load, run or redirect by being there (WHATWG HTML; the last are historic and still honoured).
_ACTIVE = words(
    """
    iframe object embed applet frame frameset portal layer ilayer bgsound isindex event-source xss ?import
    import ?xml-stylesheet
    """
)
_SCHEME = re.compile(
    r"^[^a-z]{0,20}(?:url\(?['\"]?)?(?:feed:)*(?:javascript|vbscript|livescript|mocha|jscript|vbs|ecmascript)\s*[:#]"
    r"|^data\s*:[^,]{0,60}(?:html|script|svg|xml|base64)"
    r"|^data:[^,]{0,20},[^a-z]{0,10}(?:<|alert|javascript)",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"\s*+data\s*+:\s*+image/(?!svg)[\w.+-]++;", re.IGNORECASE)
_HANDLER = re.compile(r"^(?:\W|\\x..|\\u....)*on[a-z]{3,24}\W*(?:\\x..)?$")
_STYLE = re.compile(
    r"expression\s*\(|behaviou?r\s*:|-moz-binding|(?:java|vb)script\s*:|@import|-o-link|-webkit-binding"
    r"|data:[^,]*(?:html|script)",
    re.IGNORECASE,
)
_STYLE_SIGN = Grammar(
    {"active css": r"expression|behavi|binding|script|@import|data:|[\\&]|/\*|<!--|-o-link"}, fold=True
)
_COULD_RUN = re.compile(r"[:#&\\(@]")
_NOISE = re.compile(r"[\x00-\x20\xa0\\]+")
_CSS_COMMENT = re.compile(r"/\*[^*]{0,200}\*/|\\(?=[g-z\s])|<!--.{0,20}?-->")
_CODE = re.compile(r"[\w\])]\s*[(\[`]|=[^=>]|[+!\[\]()]{6}|\w\s*\.\s*\w+\s*[=(]|//|/\*|^\s*[(\[{`'\"+!~-]|&#")
_GOES_ON = re.compile(r"[\s\x00)\]}]*+[;+*,?:&|<>=!/%^~}-]|[)\]}]*\}")  # how every shape below begins
_AFTER_STRING = Grammar(
    {
        "js: ' ; call()": r"^[)\]}]*[;+*,o?:e&C|\n][^sq]{0,24}d",
        "js: ' operator call() operator '": r"^[)\]}]*[;+,o?:e]+[(\[{!+]*(?:[iK]\.)*c[^;]{0,60}(?:;?C|[+o,][qQs])$",
        "js: ' ; assign": r"^[)\]}]*;[K]?[i.]+(?:\[[isn]\])?=[^;]{0,40}(?:;|C|q|Q)",
        "js: ' } statement": r"^[)\]]*[;]?\}+[;]?(?:[Kcd]|i=)",
    }
)


def detect(view: View) -> str | None:
    """The evidence that `view` is active content, or None."""
    text = view.text
    return active_markup(text, view.effort) or ANYCASE.match(text) or EXACT.match(text) or _in_string(view)


def active_markup(text: str, effort: Effort) -> str | None:
    """The evidence of a tag in `text` that a browser would act on, or None."""
    seen: set[tuple[str, bool, tuple[tuple[str, str], ...]]] = set()
    for tag in tags(text, effort):
        same = (tag.name, tag.closes, tag.attributes)
        if same in seen and not tag.name.startswith(("s", "script")):
            continue
        seen.add(same)
        if evidence := _judge(tag):
            return evidence
    return None


def _judge(tag: Tag) -> str | None:
    name = tag.name.rpartition(":")[2] or tag.name
    if name == "script" or name.startswith(("script\\", "script.")):
        return _script(tag)
    if name in _ACTIVE and not tag.closes and (tag.attributes or name != "object"):
        return f"html: <{name}>"
    if name == "style" and _STYLE_SIGN.match(tag.after) and _STYLE.search(_folded(tag.after)):
        return "html: <style> active css"
    return _by_attributes(name, tag.attributes)


def _script(tag: Tag) -> str | None:
    """A script element with something to run; the bare word `<script>` in a sentence has nothing."""
    if tag.closes:
        return "html: </script> closes" if tag.after or _CODE.search(tag.before) else None
    if tag.attributes:
        return "html: <script attributes>"
    rest = tag.after
    if "</script" in rest.lower() or not rest.strip() or _CODE.search(rest[:200]):
        return "html: <script> code"
    return None


def _by_attributes(name: str, attributes: tuple[tuple[str, str], ...]) -> str | None:
    names = {attribute for attribute, _ in attributes}
    if name == "meta" and names & {"http-equiv", "charset"}:
        return "html: <meta http-equiv>"
    if (name == "link" and names & {"rel", "href"}) or (name == "base" and "href" in names):
        return f"html: <{name} href>"
    if name in {"set", "animate", "handler", "listener"} and names & {
        "attributename",
        "ev:event",
        "xlink:href",
        "event",
    }:
        return f"html: <{name} attribute>"
    if (name == "xml" and names & {"src", "id"}) or "datasrc" in names:
        return "html: data island"
    for attribute, value in attributes:
        if evidence := _attribute(attribute, value):
            return f"html: <tag {evidence}>"
    return None


def _attribute(attribute: str, value: str) -> str | None:
    if value and _HANDLER.match(attribute):
        return "on*=script"
    if attribute == "srcdoc" or (attribute == "xmlns" and "xhtml" in value):
        return attribute
    if not _COULD_RUN.search(value):
        return None
    plain = _folded(value)
    if _SCHEME.search(plain) and not _IMAGE.match(value):
        return "url=script:"
    if "style" in attribute and _STYLE.search(plain):
        return "style=active css"
    return None


def _folded(value: str) -> str:
    """A value as a browser reads a URL or a style: references decoded, controls and comments gone."""
    plain = decode.escapes(decode.entities(value)) if ("&" in value or "\\" in value) else value
    return _NOISE.sub("", _CSS_COMMENT.sub("", decode.css(plain)))


def _in_string(view: View) -> str | None:
    text = view.text
    for quote in "'\"`":
        at = text.find(quote)
        if at < 0 or not _GOES_ON.match(text, at + 1):
            continue
        letters = tokens(text, at + 1)
        view.effort.spend(len(letters))
        if evidence := _AFTER_STRING.match(letters):
            return evidence.replace("'", quote, 1)
    return None
