"""An authority asked for a certificate by ACME (RFC 8555), with certbot's own library (`acme`), proven by http-01.

It waits for the network, and belongs on a thread of its own. It writes only what proves the hosts, and takes it away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ringwall.core.ports import Unavailable

_TIMEOUT_S: Final = 30
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,200}", re.ASCII)
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, and of whom. `ca` is a file of authorities, `binding` an account's name and MAC key there."""

    directory: str
    domains: tuple[str, ...]
    contact: tuple[str, ...] = ()
    terms: str | None = None
    ca: Path | None = None
    binding: tuple[str, str] | None = field(default=None, repr=False)


def proof(challenges: Path, token: str) -> bytes | None:
    """What proves that this is the host (RFC 8555, section 8.3), for a token that the authority asks for."""
    if not _TOKEN.fullmatch(token):
        return None
    try:
        return (challenges / token).read_bytes()
    except OSError:
        return None


def fresh_key() -> bytes:
    """A private key on P-256, in PEM."""
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(serialization.Encoding.PEM, form, none)


class Authority:
    """A directory, spoken to with an account's key. Raises Unavailable for whatever goes wrong, in one sentence."""

    def __init__(self, asked: Asked, account: bytes) -> None:
        self._asked = asked
        with _told():
            from acme import client
            from josepy.jwa import ES256
            from josepy.jwk import JWKEC

            self._key = JWKEC(key=serialization.load_pem_private_key(account, None))
            trusted: Any = str(asked.ca) if asked.ca is not None else True
            network = client.ClientNetwork(
                self._key, alg=ES256, verify_ssl=trusted, user_agent="ringwall", timeout=_TIMEOUT_S
            )
            self._client = client.ClientV2(client.ClientV2.get_directory(asked.directory, network), network)

    def enter(self) -> None:
        """Take up the account, or open it: only where its terms of service were agreed to."""
        from acme import messages

        with _told():
            known = messages.RegistrationResource(body=messages.NewRegistration())
            try:
                known = self._client.query_registration(known)
            except messages.Error as refused:
                if refused.code != "accountDoesNotExist":
                    raise
                self._client.net.account = None
                self._open()
                return
            if tuple(known.body.contact) != self._asked.contact:
                self._client.update_registration(known, known.body.update(contact=self._asked.contact))

    def _open(self) -> None:
        from acme import messages

        asked, directory = self._asked, self._client.directory
        terms = getattr(directory.meta, "terms_of_service", None)
        if terms is not None and terms != asked.terms:
            raise Unavailable(f"its terms of service are {_line(terms)}: state that as `terms`, if you agree")
        if self._client.external_account_required() and asked.binding is None:
            raise Unavailable("it takes accounts that it knows alone: state `account`")
        bound = {}
        if asked.binding is not None:
            of = messages.ExternalAccountBinding.from_data
            bound["external_account_binding"] = of(self._key.public_key(), *asked.binding, directory)
        self._client.new_account(
            messages.NewRegistration(contact=asked.contact, terms_of_service_agreed=terms is not None or None, **bound)
        )

    def order(self, challenges: Path) -> bytes:
        """A certificate with its chain and a fresh private key, in PEM. What proves the hosts stands in `challenges`
        meanwhile."""
        from acme import crypto_util

        key = fresh_key()
        with _told():
            order = self._client.new_order(crypto_util.make_csr(key, list(self._asked.domains)))
            with _proving(challenges) as prove:
                for each in order.authorizations:
                    if each.body.status.name != "valid":
                        self._answer(each, prove)
                made = self._client.poll_and_finalize(order)
        return str(made.fullchain_pem).encode().rstrip() + b"\n" + key

    def _answer(self, authorization: Any, prove: Callable[[str, str], None]) -> None:
        from acme.challenges import HTTP01

        host = authorization.body.identifier.value
        offered = next((each for each in authorization.body.challenges if isinstance(each.chall, HTTP01)), None)
        if offered is None:
            raise Unavailable(f"it takes no proof of {_line(host)} over plain HTTP (http-01)")
        response, validation = offered.response_and_validation(self._key)
        prove(offered.chall.encode("token"), validation)
        self._client.answer_challenge(offered, response)

    def renewal(self, chain: bytes) -> datetime | None:
        """When the authority would have a certificate renewed (RFC 9773); None where it does not say."""
        try:
            with _told():
                at, _ = self._client.renewal_time(chain)
        except Unavailable:
            return None
        return None if at is None else at.astimezone(UTC)


@contextmanager
def _proving(challenges: Path) -> Iterator[Callable[[str, str], None]]:
    """Proofs are there within it, and gone after it."""
    challenges.mkdir(mode=0o700, parents=True, exist_ok=True)
    made: list[Path] = []

    def prove(token: str, validation: str) -> None:
        if not _TOKEN.fullmatch(token):
            raise Unavailable("it asks for a token that is none (RFC 8555, section 8.3)")
        made.append(challenges / token)
        made[-1].write_text(validation)

    try:
        yield prove
    finally:
        for path in made:
            path.unlink(missing_ok=True)


@contextmanager
def _told() -> Iterator[None]:
    """What the library raises, as one sentence."""
    try:
        from acme import errors, messages
        from josepy.errors import Error as JoseError
        from requests import RequestException
    except ImportError:
        raise Unavailable("certificates by ACME need `pip install 'ringwall[acme]'`") from None
    try:
        yield
    except errors.ValidationError as refused:
        raise Unavailable("; ".join(_unproven(each) for each in refused.failed_authzrs)) from None
    except messages.Error as refused:
        raise Unavailable(_line(refused.detail or refused.typ)) from None
    except errors.TimeoutError:
        raise Unavailable("it did not answer in time") from None
    except (errors.Error, JoseError, RequestException, OSError, ValueError, KeyError) as failure:
        raise Unavailable(_line(str(failure) or type(failure).__name__)) from None


def _unproven(authorization: Any) -> str:
    said = next((each.error.detail for each in authorization.body.challenges if each.error is not None), "no reason")
    return f"{_line(authorization.body.identifier.value)} was not proven: {_line(said)}"


def _line(said: object) -> str:
    """What an authority says, as one line that a log can take."""
    return re.sub(r"[^\x20-\x7e]+", " ", str(said))[:_LONGEST]
