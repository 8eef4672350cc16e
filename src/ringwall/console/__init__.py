"""The web console at `/.ringwall/console/`: what the journal, the monitor and the store know, and buttons to act.

Server-rendered and without a script. `declare` gives its pages to the wall that serves them.
"""

from ringwall.console.routes import declare

__all__ = ["declare"]
