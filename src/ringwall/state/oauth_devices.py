"""Devices that wait for their grant (RFC 8628), in the embedded store; both codes are kept by their SHA-256."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Final

from ringwall.core.oauth import Device, Grant
from ringwall.state.database import Database, Row
from ringwall.state.oauth import MANY, grant_of

_STEPS: Final = (
    """CREATE TABLE oauth_device (
      digest BLOB PRIMARY KEY, user_code BLOB NOT NULL UNIQUE, document TEXT NOT NULL, until REAL NOT NULL) STRICT""",
    "CREATE INDEX oauth_device_until ON oauth_device (until)",
)


class DeviceTable:
    """The waiting devices of an open `state.db`. What is changed is read in the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database
        database.grow("devices", _STEPS)

    def add_device(self, digest: bytes, user_code: bytes, device: Device, now: float) -> bool:
        """Keep a waiting device. False where the user code is taken."""
        self._db.rows("DELETE FROM oauth_device WHERE until < ?", (now - 3600.0,))
        if digest[:1] < b"\x04":
            self._db.rows(
                "DELETE FROM oauth_device WHERE digest IN"
                " (SELECT digest FROM oauth_device ORDER BY until DESC LIMIT -1 OFFSET ?)",
                (MANY,),
            )
        row = (digest, user_code, _document(device), device.expires)
        return bool(
            self._db.rows("INSERT INTO oauth_device VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1", row)
        )

    def device(self, digest: bytes) -> Device | None:
        """The device of a device code."""
        return self._db.one("SELECT document FROM oauth_device WHERE digest = ?", (digest,), _device)

    def device_of_user(self, user_code: bytes) -> tuple[bytes, Device] | None:
        """The device of a user code, and the hash that names it."""
        sql = "SELECT document, digest FROM oauth_device WHERE user_code = ?"
        return self._db.one(sql, (user_code,), lambda row: (row[1] if isinstance(row[1], bytes) else b"", _device(row)))

    def change_device(self, digest: bytes, device: Device) -> None:
        """Keep what has become of it."""
        self._db.rows("UPDATE oauth_device SET document = ? WHERE digest = ?", (_document(device), digest))


def _document(device: Device) -> str:
    return json.dumps(asdict(device))


def _device(row: Row) -> Device:
    stated = json.loads(str(row[0]))
    grant: Grant | None = grant_of(stated["grant"]) if stated["grant"] else None
    made = Device(**{**stated, "scopes": tuple(stated["scopes"]), "resources": tuple(stated["resources"])})
    return replace(made, grant=grant)
