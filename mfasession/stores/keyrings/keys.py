"""Long-term keys and seeds as items of the operating system's keyring.

Items of service `mfasession`: `key/<profile>`, while a key is rotated `next/<profile>` and `retiring/<profile>`, and
`seed/<serial number>`. Nothing here ever falls back to plain text.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mfasession.stores.keyrings.items import forget_item, read_item, read_items, unreadable, write_item
from mfasession.values import LongTermKey, Secret, is_key_id, is_key_secret


def read_long_term_key(profile: str) -> LongTermKey | None:
    """Return a profile's long-term key, None when the keyring has none. Raises StoreError."""
    return read_long_term_keys([profile]).get(profile)


def read_long_term_keys(profiles: Sequence[str]) -> dict[str, LongTermKey]:
    """Return the long-term keys of those profiles that have one, in one question. Raises StoreError."""
    texts = read_items([item(name) for name in profiles for item in (_key_item, _next_item)])
    # Some keyrings remove an item before they write it anew: what was to come stands beside it.
    found = {name: _key(_key_item(name), texts) or _key(_next_item(name), texts) for name in profiles}
    return {name: key for name, key in found.items() if key is not None}


def save_long_term_key(profile: str, key: LongTermKey, before_change: Callable[[], None] | None = None) -> None:
    """Keep a profile's long-term key and read it back; `before_change` as in `write_item`. Raises StoreError."""
    _save_key(_key_item(profile), key, before_change)


def forget_long_term_key(profile: str) -> bool:
    """Remove a profile's long-term key, and what a rotation left; return whether it was there. Raises StoreError."""
    leave_rotation(profile)
    return forget_item(_key_item(profile))


def read_rotation(profile: str) -> tuple[LongTermKey | None, str]:
    """Return what a rotation that has not ended keeps: the next key, and the last one's ID. Raises StoreError."""
    texts = read_items([_next_item(profile), _retiring_item(profile)])
    retiring = texts[_retiring_item(profile)] or ""
    return _key(_next_item(profile), texts), retiring if is_key_id(retiring) else ""


def save_next_key(profile: str, key: LongTermKey) -> None:
    """Keep the key that a rotation is about to put in place. Raises StoreError."""
    _save_key(_next_item(profile), key)


def save_retiring(profile: str, key_id: str) -> None:
    """Keep the ID of the key that a rotation has replaced and not deleted yet. Raises StoreError."""
    write_item(_retiring_item(profile), key_id)


def leave_rotation(profile: str, *, next_key: bool = True, retiring: bool = True) -> None:
    """Remove what a rotation keeps beside the key, or one half of it. Raises StoreError."""
    if next_key:
        forget_item(_next_item(profile))
    if retiring:
        forget_item(_retiring_item(profile))


def read_seed(serial: str) -> Secret | None:
    """Return the seed (base32) of a device, None when the keyring has none. Raises StoreError."""
    text = read_item(_seed_item(serial))
    return None if text is None else Secret(text)


def save_seed(serial: str, seed: Secret) -> None:
    """Keep the seed (base32) of a device and read it back. Raises StoreError."""
    write_item(_seed_item(serial), seed.reveal())


def forget_seed(serial: str) -> bool:
    """Remove the seed of a device; return whether there was one. Raises StoreError."""
    return forget_item(_seed_item(serial))


def _key_item(profile: str) -> str:
    return f"key/{profile}"


def _next_item(profile: str) -> str:
    return f"next/{profile}"


def _retiring_item(profile: str) -> str:
    return f"retiring/{profile}"


def _seed_item(serial: str) -> str:
    return f"seed/{serial}"


def _save_key(item: str, key: LongTermKey, before_change: Callable[[], None] | None = None) -> None:
    fields = {"access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key.reveal()}
    write_item(item, json.dumps(fields, separators=(",", ":")), before_change)


def _key(item: str, texts: Mapping[str, str | None]) -> LongTermKey | None:
    text = texts[item]
    if text is None:
        return None
    fields = _fields(text)
    key_id, secret = fields.get("access_key_id"), fields.get("secret_access_key")
    if not (isinstance(key_id, str) and isinstance(secret, str) and is_key_id(key_id) and is_key_secret(secret)):
        raise unreadable(item)
    return LongTermKey(access_key_id=key_id, secret_access_key=Secret(secret))


def _fields(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        # No JSON, or an endless number or nesting.
        return {}
    return fields if isinstance(fields, dict) else {}
