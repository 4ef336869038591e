"""Finer causes of StoreError, for code that handles one of them apart from the others."""

from mfasession.errors import StoreError


class KeyringAbsent(StoreError):
    """There is no keyring here: nothing can be in it. Raised by `stores.keyring_items`."""
