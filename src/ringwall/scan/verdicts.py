"""What a scan has found out: a finding for each cause, a verdict for each operation and class. Shows no credential."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ringwall.scan.aims import Aim
from ringwall.scan.catalogue import WEAKNESSES
from ringwall.scan.client import Client, curl
from ringwall.scan.model import Account, Call, Finding, State, Verdict

_RANK: Mapping[State, int] = {"proved": 2, "refuted": 1, "not tested": 0}


class Verdicts:
    """The verdicts of one scan; `people` are those whose secrets are cut out of all that is told."""

    def __init__(self, client: Client, people: list[Account]) -> None:
        self.client, self.people = client, people
        self.findings: dict[str, Finding] = {}
        self._verdicts: dict[tuple[str, str], Verdict] = {}
        self._lock = threading.Lock()

    def proved(
        self, kind: str, aim: Aim | str, where: str, evidence: str, control: str, call: Call, change: str = "",
        *, cause: str = "",
    ) -> None:  # fmt: skip
        """Keep a finding; one of the same cause is kept once, with every operation where it shows. Secrets of any
        account are cut out of what it shows."""
        key = aim if isinstance(aim, str) else aim.key
        line = curl(call, self.client.url)
        change = change or WEAKNESSES[kind].change
        finding = Finding(kind, key, where, self.hidden(evidence), self.hidden(control), self.hidden(line), change,
                          cause=cause)  # fmt: skip
        with self._lock:
            known = self.findings.setdefault(finding.id, finding)
            if known.operation != key and key not in known.also:
                self.findings[finding.id] = replace(known, also=(*known.also, key))
        self._judge(key, kind, "proved", finding.evidence)

    def refuted(self, kind: str, aim: Aim | str, why: str) -> None:
        """It was tried properly and does not hold."""
        self._judge(aim if isinstance(aim, str) else aim.key, kind, "refuted", self.hidden(why))

    def untested(self, kind: str, aim: Aim | str, why: str) -> None:
        """It could not be tried, or nothing could be told from it."""
        self._judge(aim if isinstance(aim, str) else aim.key, kind, "not tested", self.hidden(why))

    def _judge(self, key: str, kind: str, state: State, why: str) -> None:
        with self._lock:
            known = self._verdicts.get((key, kind))
            if known is None or _RANK[state] > _RANK[known.state]:
                self._verdicts[key, kind] = Verdict(key, kind, state, why)

    def verdicts(self) -> dict[tuple[str, str], Verdict]:
        """Every verdict so far by operation and class."""
        return dict(self._verdicts)

    def hidden(self, text: str) -> str:
        """The text without any account's credential."""
        for account in self.people:
            for secret in account.secrets:
                text = text.replace(secret, f"${account.name.upper()}")
        return re.sub(r"eyJ[\w-]{8,}\.[\w-]*\.[\w-]*", "(a token)", text)

    def taken_up(self, verdicts: Iterable[Verdict], findings: Iterable[Finding]) -> None:
        """Take in what was told before the scan was taken up again."""
        self.findings.update({finding.id: finding for finding in findings})
        for verdict in verdicts:
            self._judge(verdict.operation, verdict.kind, verdict.state, verdict.why)
