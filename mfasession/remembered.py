"""What we remember between commands, `state.toml`: which device a key uses, and which codes were sent of late.

Nothing in it is a secret and nothing is lost with it: devices are discovered again, codes are told apart by AWS itself.
"""

import hashlib
import hmac
import os
import secrets
import time
import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w

from mfasession import files, locks, paths
from mfasession.model import Device

REUSE_WINDOW = 180
"""Seconds after which a code sent once is dead anyway: it is honoured two steps of 30 s either way."""
_ROUNDS = 20_000


class Remembered:
    """The file of one user; each method reads it anew."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._path = os.path.join(paths.state_folder(environ), "state.toml")
        self._lock = paths.lock_file(environ, "state", self._path)

    def device(self, key_id: str) -> Device | None:
        """Return the device that a long-term key used last."""
        kept = self._read().get("devices", {}).get(key_id, {})
        return Device(serial=str(kept["serial"]), user=str(kept.get("user", ""))) if "serial" in kept else None

    def remember_device(self, key_id: str, device: Device) -> None:
        """Keep the device of a long-term key. Raises StoreError."""
        if self.device(key_id) != device:
            self._change("devices", key_id, {"serial": device.serial, "user": device.user})

    def forget_device(self, key_id: str) -> None:
        """Drop the device of a long-term key, so that it is discovered again. Raises StoreError."""
        if self.device(key_id) is not None:
            self._change("devices", key_id, None)

    def was_sent(self, serial: str, code: str) -> bool:
        """Tell whether this code of this device was sent to AWS within the reuse window."""
        return any(_is_of(sent, code) for sent in self._sent(serial))

    def last_sent(self, serial: str) -> float:
        """Return when a code of this device was last sent (epoch seconds), 0 when not within the reuse window."""
        return max((float(sent["at"]) for sent in self._sent(serial)), default=0.0)

    def record_sent(self, serial: str, code: str) -> None:
        """Keep that a code was sent; salted and stretched, so that nobody reads it in time. Raises StoreError."""
        salt = secrets.token_hex(8)
        sent = {"at": int(time.time()), "salt": salt, "digest": _digest(salt, code)}
        self._change("codes", serial, [*self._sent(serial), sent])

    def forget_sent(self, serial: str, code: str) -> None:
        """Take back that a code was sent: it never arrived. Raises StoreError."""
        others = [sent for sent in self._sent(serial) if not _is_of(sent, code)]
        self._change("codes", serial, others or None)

    def _sent(self, serial: str) -> list[dict[str, Any]]:
        kept = self._read().get("codes", {}).get(serial, [])
        now = time.time()
        return [
            sent
            for sent in kept
            if {"at", "salt", "digest"} <= set(sent) and 0 <= now - float(sent["at"]) < REUSE_WINDOW
        ]

    def _read(self) -> dict[str, Any]:
        try:
            return tomllib.loads(files.read_text(self._path) or "")
        except tomllib.TOMLDecodeError:
            # Somebody edited it: everything in it can be found again.
            return {}

    def _change(self, table: str, key: str, value: Any) -> None:
        with locks.hold(self._lock):
            state = self._read()
            entries = state.setdefault(table, {})
            entries.pop(key, None)
            if value is not None:
                entries[key] = value
            files.replace(self._path, tomli_w.dumps(state))


def _is_of(sent: Mapping[str, Any], code: str) -> bool:
    return hmac.compare_digest(_digest(sent["salt"], code), sent["digest"])


def _digest(salt: str, code: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", code.encode(), salt.encode(), _ROUNDS).hex()
