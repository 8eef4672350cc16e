"""The certificate of a deployment that has one by ACME: asked for, renewed well before its end, and put where the
servers take it up. One worker does it; the rest follow the file. There is a certificate to serve at any time: until the
authority gives one, that is one made here, which no caller trusts.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ringwall.contract.model_tls import Acme
from ringwall.core.ports import Unavailable
from ringwall.state.acme import Asked, Authority, fresh_key
from ringwall.state.acme_accounts import AcmeAccounts
from ringwall.state.certificates import Leaf, flaws, leaf
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.journal_files import JournalUnavailable, hold
from ringwall.state.keyfiles import write_secret
from ringwall.state.rootkeys import root_keys
from ringwall.state.secrets import named_secret
from ringwall.state.sqlite import Store
from ringwall.state.tls import local_certificate

log: Final = logging.getLogger("ringwall.tls")
ASKED_S: Final = 6 * 3600.0
"""The longest between two looks at what the authority would have (RFC 9773, section 4.3.2)."""
FIRST_RETRY_S, LAST_RETRY_S = 120.0, 3600.0
"""Five tries in the first hour, then one an hour: authorities count failures."""
_SHORT: Final = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a data directory has what belongs to one authority: the certificate with its chain and key, what proves the
    hosts while it is asked for, what is wrong, and who renews."""

    certificate: Path
    challenges: Path
    trouble: Path
    lock: Path


def places(data: Path, directory: str) -> Places:
    """The places of an authority; another directory (one for tests, say) has others."""
    name = hashlib.sha256(directory.encode()).hexdigest()[:12]
    tls = data / "tls"
    return Places(
        tls / f"acme-{name}.pem", tls / "acme-challenges", tls / f"acme-{name}.trouble", tls / f"acme-{name}.lock"
    )


def placed(data: Path, stated: Acme) -> Path:
    """A certificate that can be served now: the authority's, while it is good, else one made here."""
    where = places(data, stated.directory).certificate
    with contextlib.suppress(Unavailable):
        if not any(flaw.fatal for flaw in flaws(where, where)):
            return where
    made = local_certificate(data / "tls", stated.domains)
    write_secret(where, made.chain.read_bytes() + made.key.read_bytes())
    return where


def due(found: Leaf, suggested: datetime | None) -> datetime:
    """When a certificate is to be renewed: when its authority would have it, else after two thirds of its life, or half
    of a short one."""
    life = found.ends - found.begins
    latest = found.begins + (life / 2 if life < _SHORT else life * 2 / 3)
    return latest if suggested is None else min(suggested, found.ends - life / 10)


class Renewer:
    """The thread of one worker; of all workers, one does it."""

    def __init__(self, data: Path, stated: Acme, beside: Path, now: Callable[[], datetime] | None = None) -> None:
        """`beside` is the contract's directory."""
        self._data, self._stated, self._beside = data, stated, beside
        self._places = places(data, stated.directory)
        self._now = now or (lambda: datetime.now(UTC))
        self._stop = threading.Event()
        self.trouble: str | None = None

    def start(self) -> None:
        """Begin; a daemon, so that a slow authority keeps no server from ending."""
        threading.Thread(target=self._run, name="acme", daemon=True).start()

    def stop(self) -> None:
        """End before the next step."""
        self._stop.set()

    def _run(self) -> None:
        failed, wait = 0, 0.0
        try:
            held = hold(self._places.lock)
        except JournalUnavailable:
            return  # another worker has it; where that ends, all do
        try:
            while not self._stop.wait(wait):
                try:
                    failed, wait = 0, self.step()
                    self._tell(None)
                except (Unavailable, OSError) as failure:
                    wait = min(FIRST_RETRY_S * 2**failed, LAST_RETRY_S)
                    failed += 1
                    self._tell(f"{self._stated.directory}: {failure}")
        finally:
            os.close(held)

    def step(self) -> float:
        """Renew if it is time; seconds until the next look. Raises Unavailable, OSError."""
        found = self._good()
        at = due(found, self._suggested(found)) if found is not None else self._now()
        if at <= self._now():
            made = self._obtained()
            write_secret(self._places.certificate, made)
            found = leaf(self._places.certificate)
            log.warning("a certificate for %s, good until %s", ", ".join(self._stated.domains), f"{found.ends:%F %T}")
            at = due(found, None)
        return max(1.0, min((at - self._now()).total_seconds(), ASKED_S))

    def _good(self) -> Leaf | None:
        """The authority's certificate, if it is for all that is stated and for nothing else."""
        with contextlib.suppress(Unavailable):
            found = leaf(self._places.certificate)
            here = leaf(self._data / "tls" / "ca.pem").subject if (self._data / "tls" / "ca.pem").exists() else None
            if found.issuer != here and set(found.names) == set(self._stated.domains):
                return found
        return None

    def _suggested(self, found: Leaf) -> datetime | None:
        """When the authority would have it renewed; that it cannot be asked is no failure before it is time."""
        if found.ends <= self._now():
            return None
        with contextlib.suppress(Unavailable):
            return self._authority().renewal(found.pem)
        return None

    def _obtained(self) -> bytes:
        authority = self._authority()
        authority.enter()
        made = authority.order(self._places.challenges)
        draft = self._places.certificate.with_suffix(".new")
        write_secret(draft, made)
        try:
            wrong = [flaw for host in self._stated.domains for flaw in flaws(draft, draft, host) if flaw.fatal]
        finally:
            draft.unlink(missing_ok=True)
        if wrong:
            raise Unavailable(f"what it gave is not served: {wrong[0].what}")
        return made

    def _authority(self) -> Authority:
        stated = self._stated
        bound = (
            (stated.account.id, named_secret(stated.account.key, "the ACME account's key")) if stated.account else None
        )
        asked = Asked(
            stated.directory, stated.domains, stated.contact, stated.terms,
            self._beside / stated.ca if stated.ca else None, bound,
        )  # fmt: skip
        return Authority(asked, self._account())

    def _account(self) -> bytes:
        store = Store(self._data / "state.db")
        try:
            accounts = AcmeAccounts(store, FieldKeys(store, root_keys(self._data / "keys")))
            pem = accounts.key(self._stated.directory)
            if pem is None:
                pem = fresh_key().decode()
                accounts.keep(self._stated.directory, pem)
            return pem.encode()
        finally:
            store.close()

    def _tell(self, trouble: str | None) -> None:
        if trouble is not None and trouble != self.trouble:
            log.error("no certificate by ACME, the one that is there goes on: %s", trouble)
        self.trouble = trouble
        with contextlib.suppress(OSError):
            if trouble is None:
                self._places.trouble.unlink(missing_ok=True)
            else:
                self._places.trouble.write_text(trouble)
