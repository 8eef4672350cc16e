"""Finds vulnerabilities in a running API from outside, over HTTP, and proves each before telling it.

May import `contract`, `engines` and `attacks`; no room that serves requests may import it. Talks to the one host that
it was given and, for outbound proofs, listens on loopback.
"""

from ringwall.scan.engine import Options, scan
from ringwall.scan.model import Account, Finding, Report, Verdict

__all__ = ["Account", "Finding", "Options", "Report", "Verdict", "scan"]
