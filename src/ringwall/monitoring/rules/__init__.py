"""Sigma rules over the journal's records: loaded, compiled, matched, and correlated in windows of time.

Pure but for reading rule files: records and their times go in, hits come out. It knows no store, clock or journal.
"""

from ringwall.monitoring.rules.engine import Detector, Hit
from ringwall.monitoring.rules.load import Loaded, Unloaded, load_rules

__all__ = ["Detector", "Hit", "Loaded", "Unloaded", "load_rules"]
