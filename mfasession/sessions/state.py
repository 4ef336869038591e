"""What we remember between commands, `state.toml`: which device a key uses, and which codes were sent of late.

Nothing in it is secret, and nothing is lost with it: devices are found again, and AWS itself refuses a used code.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from mfasession import files
from mfasession.aws.model import Device
from mfasession.files import locks, paths, replace, toml
from mfasession.values import Value

REUSE_WINDOW = 180
"""Seconds after which a code sent once is dead anyway: it is honoured two steps of 30 s either way."""
_ROUNDS = 20_000


class Intent(Value):
    """A key that was about to be made: when it is found later, its secret is known to be lost."""

    at: int
    """Epoch seconds, by this computer's clock."""
    known: frozenset[str]
    """IDs of the keys that the user had then."""


class State:
    """The file of one user; each method reads it anew."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._path = os.path.join(files.state_folder(environ), "state.toml")
        self._lock = paths.lock_file(environ, "state", self._path)

    def device(self, key_id: str) -> Device | None:
        """Return the device that a long-term key used last."""
        kept = _table(self._read(), "devices").get(key_id)
        serial, user = (kept.get("serial"), kept.get("user")) if isinstance(kept, dict) else ("", "")
        return Device(serial=serial, user=str(user or "")) if serial and isinstance(serial, str) else None

    def serials(self) -> list[str]:
        """Return the serial numbers of all devices that keys used."""
        kept = _table(self._read(), "devices").values()
        found = (each.get("serial") for each in kept if isinstance(each, dict))
        return [serial for serial in found if serial and isinstance(serial, str)]

    def remember_device(self, key_id: str, device: Device) -> None:
        """Keep the device of a long-term key. Raises StoreError."""
        if self.device(key_id) != device:
            self._change("devices", key_id, lambda _: {"serial": device.serial, "user": device.user})

    def forget_device(self, key_id: str) -> None:
        """Drop the device of a long-term key, so that it is discovered again. Raises StoreError."""
        if self.device(key_id) is not None:
            self._change("devices", key_id, lambda _: None)

    def was_sent(self, serial: str, code: str) -> bool:
        """Return whether this code of this device was sent to AWS within the reuse window."""
        return any(_is_of(sent, code) for sent in self._sent(serial))

    def record_sent(self, serial: str, code: str) -> None:
        """Keep that a code was sent; salted and stretched, so that it cannot be read in time. Raises StoreError."""
        salt = secrets.token_hex(8)
        sent = {"at": int(time.time()), "salt": salt, "digest": _digest(salt, code)}
        self._change("codes", serial, lambda kept: [*_alive(kept), sent])

    def forget_sent(self, serial: str, code: str) -> None:
        """Take back that a code was sent: it never arrived. Raises StoreError."""
        self._change("codes", serial, lambda kept: [sent for sent in _alive(kept) if not _is_of(sent, code)])

    def key_intent(self, user: str) -> Intent | None:
        """Return what is noted of a key that was about to be made for a user (an ARN)."""
        kept = _table(self._read(), "key_intents").get(user)
        at, known = (kept.get("at"), kept.get("known")) if isinstance(kept, dict) else (None, None)
        if not isinstance(at, int) or not isinstance(known, list):
            return None
        return Intent(at=at, known=frozenset(each for each in known if isinstance(each, str)))

    def record_key_intent(self, user: str, known: Collection[str]) -> None:
        """Note that a key is about to be made beside the known ones. Raises StoreError."""
        self._change("key_intents", user, lambda _: {"at": int(time.time()), "known": sorted(known)})

    def forget_key_intent(self, user: str) -> None:
        """Drop the note: the key is kept, or is gone at AWS. Raises StoreError."""
        if self.key_intent(user) is not None:
            self._change("key_intents", user, lambda _: None)

    def refused_at(self, question: str, terminal: int) -> float:
        """Return when a person last cancelled this question on this terminal (epoch seconds), 0 if never."""
        kept = _table(self._read(), "refusals").get(question)
        at = kept.get("at") if isinstance(kept, dict) and kept.get("terminal") == terminal else None
        return at if isinstance(at, float) and at <= time.time() else 0.0

    def record_refusal(self, question: str, terminal: int) -> None:
        """Keep that a person cancels it now; `terminal` is the ID of its session of processes. Raises StoreError."""
        self._change("refusals", question, lambda _: {"at": time.time(), "terminal": terminal})

    def _sent(self, serial: str) -> list[dict[str, Any]]:
        return _alive(_table(self._read(), "codes").get(serial))

    def _read(self) -> dict[str, Any]:
        try:
            return toml.read(files.read_trusted(self._path) or "")
        except ValueError:
            # Somebody edited it: everything in it can be found again.
            return {}

    def _change(self, table: str, key: str, change: Callable[[Any], Any]) -> None:
        """Replace one entry by what `change` makes of it under the lock; nothing removes it."""
        with locks.hold(self._lock):
            state = self._read()
            entries = _table(state, table)
            new = change(entries.pop(key, None))
            own = {key: new} if new else {}
            replace.replace(self._path, _written({**state, table: {**entries, **own}}, {table: own}))


def _written(state: Mapping[str, Any], needed: Mapping[str, Any]) -> str:
    """Write the state; when somebody put in what can be read and not written, as a deep nesting, the needed alone."""
    import tomli_w

    try:
        return tomli_w.dumps(state)
    except (ValueError, RecursionError):
        return tomli_w.dumps(needed)


def _table(state: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = state.get(name)
    return table if isinstance(table, dict) else {}


def _alive(kept: object) -> list[dict[str, Any]]:
    """The well-formed entries within the reuse window, before and after now: the clock may have been set back."""
    now = int(time.time())
    return [
        {name: sent[name] for name in ("at", "salt", "digest")}
        for sent in (kept if isinstance(kept, list) else [])
        if isinstance(sent, dict)
        and isinstance(sent.get("at"), int)
        and isinstance(sent.get("salt"), str)
        and isinstance(sent.get("digest"), str)
        and abs(now - sent["at"]) < REUSE_WINDOW
    ]


def _is_of(sent: Mapping[str, Any], code: str) -> bool:
    return bool(_digest(sent["salt"], code) == sent["digest"])


def _digest(salt: str, code: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", code.encode(), salt.encode("utf-8", "surrogateescape"), _ROUNDS).hex()
