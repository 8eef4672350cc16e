"""The inspection of one value: readings, gate, detectors, and what a document's format excuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ringwall.engines.payload import (
    code,
    directory,
    effort,
    formats,
    headers,
    includes,
    nosql,
    objects,
    paths,
    proto,
    shell,
    sql,
    ssrf,
    template,
    xml,
    xss,
)
from ringwall.engines.payload.document import prose
from ringwall.engines.payload.finding import Finding, Format, View, found
from ringwall.engines.payload.gate import Gate, Hints
from ringwall.engines.payload.quiet import quiet
from ringwall.engines.payload.views import views


@dataclass(frozen=True, slots=True)
class Detector:
    """One class: its kind, the broad signs that wake it, and the judgement itself."""

    kind: str
    hints: tuple[str, ...]
    detect: Callable[[View], str | None]
    quoted: bool = True  # whether code that a document quotes is its content, and not read


# In this order: the most specific grammar first, so that the class named is the one meant.
DETECTORS: tuple[Detector, ...] = (
    Detector(xml.KIND, xml.HINTS, xml.detect),
    Detector(includes.SSI, includes.SSI_HINTS, includes.detect_ssi),
    Detector(includes.XSLT, includes.XSLT_HINTS, includes.detect_xslt),
    Detector(proto.KIND, proto.HINTS, proto.detect),
    Detector(objects.KIND, objects.HINTS, objects.detect),
    Detector(nosql.KIND, nosql.HINTS, nosql.detect),
    Detector(xss.KIND, xss.HINTS, xss.detect),
    Detector(template.KIND, template.HINTS, template.detect),
    Detector(directory.XPATH, directory.XPATH_HINTS, directory.detect_xpath),
    Detector(sql.KIND, sql.STRING_HINTS, sql.detect_in_strings, quoted=False),
    Detector(sql.KIND, sql.HINTS, sql.detect),
    Detector(directory.LDAP, directory.LDAP_HINTS, directory.detect_ldap),
    Detector(ssrf.KIND, ssrf.HINTS, ssrf.detect),
    Detector(code.KIND, code.HINTS, code.detect),
    Detector(shell.KIND, shell.HINTS, shell.detect),
    Detector(paths.KIND, paths.HINTS, paths.detect),
    Detector(headers.KIND, headers.HINTS, headers.detect),
)

_ALONE = ("sqli", "cmdi", "rce")  # kinds whose hints are many enough for an automaton of their own


def _companies() -> tuple[tuple[tuple[int, Hints], ...], ...]:
    numbered = list(enumerate(DETECTORS))
    alone = tuple(tuple((n, d.hints) for n, d in numbered if d.kind == kind) for kind in _ALONE)
    return (*alone, tuple((n, d.hints) for n, d in numbered if d.kind not in _ALONE))


_GATE = Gate(_companies())


def inspect_value(value: str, format: Format = "text") -> Finding | None:  # noqa: A002 - the word of the contract and of `ringwall inspect`
    """The first injection in one string of `format`, or None; JSON inside a string is read as text."""
    try:
        return _inspected(value, format)
    except effort.Spent:
        return found(effort.KIND, effort.EVIDENCE, View(value))


def _inspected(value: str, format: Format) -> Finding | None:  # noqa: A002
    if format in ("code", "sql"):
        return None
    if format == "markdown":
        return formats.markdown(value)
    if format == "html":
        return formats.html(value)
    if format == "filename" and (hit := formats.filename(value)):
        return hit
    if quiet(value):
        return None
    document = format == "text"
    for view in views(value):
        if hit := judge(view, document):
            return hit
    return None


def judge(view: View, document: bool) -> Finding | None:
    """The first injection in one reading; `document` excuses the code that a document quotes."""
    said: View | None = None  # the reading without the code that it quotes, once it is needed
    for number in _GATE.awake(view.text):
        detector = DETECTORS[number]
        evidence = detector.detect(view)
        if evidence and document and detector.quoted:
            said = said or _said(view)
            evidence = evidence if said is view else detector.detect(said)
        if evidence:
            return found(detector.kind, evidence, view)
    return None


def _said(view: View) -> View:
    """`view` without the code that a document quotes; itself where it is no document."""
    rest = prose(view.text)
    return view if rest is None else replace(view, text=rest)
