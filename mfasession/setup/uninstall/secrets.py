"""Long-term keys and seeds of devices in the keyring and the encrypted file: AWS shows none of them a second time."""

import os
from functools import partial
from typing import TYPE_CHECKING

from mfasession import files
from mfasession.errors import StoreError
from mfasession.files import paths, replace
from mfasession.keys import locate
from mfasession.sessions.state import State
from mfasession.setup.uninstall.part import Part
from mfasession.stores.encrypted import EncryptedFile
from mfasession.stores.index.notes import Notes
from mfasession.stores.keyrings import items
from mfasession.stores.keyrings import keys as keyring_keys
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.stores.keys.keyring import KeyInKeyring
from mfasession.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from mfasession.sessions import Context

_OF_A_KEY = ("key", "next", "retiring")
_OF_A_SESSION = ("session", "check")
_PENDING = "enrolment"
"""The kinds of items in the keyring: the word before the first slash."""


class Secrets:
    """Those of one user, and what else of ours is in the keyring."""

    def __init__(self, context: "Context") -> None:
        """Raises ConfigurationError."""
        self._context = context
        self._file = EncryptedFile(context.environ)
        self._labels = self._file.labels()
        self._pending = _pending_files(context)
        self._items: list[str] = []
        self._seeds: list[str] = []
        found, failure = locate.visible(context)
        self._hidden = [each for each in found if not each.place.is_plain_text]
        try:
            self._items = items.item_names()
            self._seeds = self._seeds_in_keyring()
        except StoreError as unlisted:
            failure = failure or unlisted
        noted = Notes(paths.keyring_keys(context.environ)).names()
        of_items = [_name(each) for each in self._items if _kind(each) in _OF_A_KEY]
        in_keyring = [each.profile for each in self._hidden if each.place.uses_keyring]
        self._profiles = list(dict.fromkeys([*in_keyring, *noted, *of_items]))
        self.failure = None if isinstance(failure, KeyringAbsent) and not noted else failure
        """Why the keyring could not be looked at; None when it was, or where none is needed: no key was in one."""

    @property
    def lines(self) -> list[str]:
        """One for each key or seed, without its secret."""
        ids = {each.profile: f" {each.key_id}" for each in self._hidden if each.place.uses_keyring}
        keys = [(ids.get(name, ""), name, "the keyring") for name in self._profiles]
        encrypted = [each for each in self._hidden if not each.place.uses_keyring]
        keys += [(f" {each.key_id}", each.profile, each.place.where) for each in encrypted]
        seeds = [(serial, "the keyring") for serial in self._seeds]
        seeds += [(label.get("device", ""), self._file.path) for label in self._labels if label.get("kind") == "seed"]
        found = [f"long-term key{key} of profile {name}, in {place}" for key, name, place in keys]
        found += [f"seed of device {serial}, in {place}" for serial, place in seeds]
        unfinished = [*self._pending, *(f"the keyring: {each}" for each in self._unfinished())]
        found += [f"seed of a device that is not enabled yet, in {each}" for each in unfinished]
        return [printable(line) for line in found]

    @property
    def first_profile(self) -> str:
        """A profile with a key; empty without one."""
        return next(iter([*self._profiles, *(each.profile for each in self._hidden)]), "")

    @property
    def paths(self) -> list[str]:
        """The files that have them, or say where they are."""
        noted = [paths.keyring_keys(self._context.environ)] if self._profiles or self.failure is not None else []
        return [*noted, *([self._file.path] if self._labels else []), *self._pending]

    def parts(self) -> list[Part]:
        """Return what removes them all. A file is deleted without its passphrase."""
        places = [KeyInKeyring(name, self._context.environ) for name in self._profiles]
        found = [_forgetting(place.forget) for place in places]
        found += [_forgetting(partial(keyring_keys.forget_seed, serial)) for serial in self._seeds]
        found += [_forgetting(partial(items.forget_item, each)) for each in self._unfinished()]
        return [*found, *(Part([], partial(replace.remove, path)) for path in self.paths)]

    def remains(self) -> list[Part]:
        """Return what removes the items of sessions that no list of ours has any more."""
        listed = self._context.store("keyring").sections()
        lost = [each for each in self._items if _kind(each) in _OF_A_SESSION and _name(each) not in listed]
        return [
            _forgetting(partial(items.forget_item, each), f"{printable(each)} in the keyring: a session")
            for each in lost
        ]

    def _unfinished(self) -> list[str]:
        return [each for each in self._items if _kind(each) == _PENDING]

    def _seeds_in_keyring(self) -> list[str]:
        aws_files = self._context.aws_files
        settings = (aws_files.profile(name) or {} for name in aws_files.profile_names())
        known = [keys["mfa_serial"] for keys in settings if keys.get("mfa_serial")]
        known += [*State(self._context.environ).serials(), *(_name(each) for each in self._items if _is_seed(each))]
        texts = items.read_items([f"seed/{serial}" for serial in dict.fromkeys(known)])
        return [_name(item) for item, text in texts.items() if text is not None]


def _forgetting(forget: "Callable[[], bool]", *lines: str) -> Part:
    def remove() -> None:
        forget()

    return Part(lines, remove)


def _kind(item: str) -> str:
    return item.partition("/")[0]


def _name(item: str) -> str:
    return item.partition("/")[2]


def _is_seed(item: str) -> bool:
    return _kind(item) == "seed"


def _pending_files(context: "Context") -> list[str]:
    folder = files.state_folder(context.environ)
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return [os.path.join(folder, name) for name in sorted(names) if name.startswith(f"{_PENDING}-")]
