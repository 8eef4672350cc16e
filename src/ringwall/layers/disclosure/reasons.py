"""The reasons of this layer."""

from __future__ import annotations

from ringwall.core.reasons import Layer, Reason

LAYER = Layer.DISCLOSURE


def _reason(what: str, status: int, title: str, caller: str, operator: str, shown: str = "") -> Reason:
    return Reason(f"disclosure.{what}", status, title, caller, operator, shown)


OWNER = _reason(
    "owner",
    404,
    "Not found",
    "Check the id. What you may not see looks as if it did not exist.",
    "The reply held an object whose owner or tenant is not the caller's: the application gave out a foreign object.",
    shown="authz.object",
)
LINK = _reason(
    "link",
    404,
    "Not found",
    "Check the id. What you may not see looks as if it did not exist.",
    "The reply's object does not belong to the parent that the path names.",
    shown="authz.object",
)
UNSETTLED = _reason(
    "unsettled",
    404,
    "Not found",
    "Check the id. What you may not see looks as if it did not exist.",
    "Whose object it is was to be read from the reply, and the reply did not say.",
    shown="authz.object",
)
ABSENT = _reason(
    "absent",
    404,
    "Not found",
    "Check the id. What you may not see looks as if it did not exist.",
    "The application has no such object; the caller is told so in the words that hide one it may not see.",
    shown="authz.object",
)
MALFORMED = _reason(
    "malformed",
    502,
    "Bad gateway",
    "Try again later.",
    "The reply says that it is JSON and is not, and its content has to be checked.",
)
TRACE = _reason(
    "trace",
    500,
    "Internal error",
    "Try again later; quote the request id.",
    "The reply held a stack trace, a database error or a system file. It was withheld.",
)
SECRET = _reason(
    "secret",
    500,
    "Internal error",
    "Try again later; quote the request id.",
    "The reply held a private key, a password hash or a cloud credential. It was withheld.",
)
MARKUP = _reason(
    "markup",
    500,
    "Internal error",
    "Leave markup out of the input.",
    "The page held markup from the request, or stored markup that runs, unescaped: cross-site scripting.",
)
UNDECLARED = _reason(
    "undeclared",
    502,
    "Bad gateway",
    "Try again later.",
    "The reply's status, media type or content is not what the document declares, and `replies: strict` is stated.",
)
SERVER_ERROR = _reason(
    "error",
    500,
    "Internal error",
    "Try again later; quote the request id.",
    "The application failed. What it said of it stays in its own log.",
)
HEADER = _reason(
    "header",
    500,
    "Internal error",
    "Leave line breaks out of the input.",
    "A header of the reply had a line break or a control character: response splitting.",
)
REDIRECT = _reason(
    "redirect",
    500,
    "Internal error",
    "Leave other sites out of the input.",
    "The reply led to another site that the request named: an open redirect. If it is meant to, declare the field as a "
    "URL (`format: uri` in the document, `format: url` and its `hosts` in the contract).",
)
REASONS = (
    OWNER,
    LINK,
    UNSETTLED,
    ABSENT,
    MALFORMED,
    TRACE,
    SECRET,
    MARKUP,
    UNDECLARED,
    SERVER_ERROR,
    HEADER,
    REDIRECT,
)
