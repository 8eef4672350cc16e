"""The web console at `/.ringwall/console/`: what the journal, the monitor and the store know, and buttons to act.

Server-rendered; one small script renews the overview where it runs.
`declare` gives its pages to the wall that serves them.
"""

from ringwall.console.routes import declare

__all__ = ["declare"]
