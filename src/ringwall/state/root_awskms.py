"""A root key encrypted by AWS KMS (or what speaks its protocol), through boto3: the extra `ringwall[kms]`."""

from __future__ import annotations

from typing import Any, Final

from ringwall.core.ports import Unavailable
from ringwall.engines.crypto.secret import Secret

_CONTEXT: Final = {"ringwall": "root-key/1"}
"""Bound to what is encrypted, and shown in the KMS's own log."""


def wrap(key: str, options: dict[str, str], material: Secret) -> bytes:
    """Encrypt a root key under the KMS's key. Raises Unavailable."""
    reply = _call(options, "encrypt", KeyId=key, Plaintext=material.reveal(), EncryptionContext=_CONTEXT)
    return bytes(reply["CiphertextBlob"])


def unwrap(key: str, options: dict[str, str], wrapped: bytes) -> Secret:
    """The root key again. Raises Unavailable."""
    reply = _call(options, "decrypt", KeyId=key, CiphertextBlob=wrapped, EncryptionContext=_CONTEXT)
    return Secret(bytes(reply["Plaintext"]))


def _call(options: dict[str, str], method: str, **values: object) -> dict[str, Any]:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise Unavailable('awskms: needs boto3: pip install "ringwall[kms]"') from None
    patience = Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 2})
    try:
        client = boto3.client(
            "kms", region_name=options.get("region"), endpoint_url=options.get("endpoint"), config=patience
        )
        reply: dict[str, Any] = getattr(client, method)(**values)
    except ClientError as refused:
        raise Unavailable(f"awskms: {refused.response.get('Error', {}).get('Code', 'refused')}") from None
    except (BotoCoreError, ValueError) as failure:
        raise Unavailable(f"awskms: {type(failure).__name__}") from None
    return reply
