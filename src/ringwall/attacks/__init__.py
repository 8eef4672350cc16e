"""One corpus of attacks: each with its aim, its honest twin, its hostile form and what success looks like.

Independent of transport: a case yields requests as values and is told the replies. May import `core`,
`contract` and `engines` only, and no room that serves requests may import it.
"""

from ringwall.attacks.case import CLASSES, LAYERS, ROWS, Case, Draft, Received, Reply, Sent, Sign
from ringwall.attacks.grounds import Credentials, Grounds, Open, Surroundings
from ringwall.attacks.parse import BadCase, corpus, read
from ringwall.attacks.run import Outcome, play, requests, strike

__all__ = [
    "CLASSES",
    "LAYERS",
    "ROWS",
    "BadCase",
    "Case",
    "Credentials",
    "Draft",
    "Grounds",
    "Open",
    "Outcome",
    "Received",
    "Reply",
    "Sent",
    "Sign",
    "Surroundings",
    "corpus",
    "play",
    "read",
    "requests",
    "strike",
]
