"""A long-term key, or the seed of a device, in the encrypted file."""

from collections.abc import Mapping

from mfasession.errors import ConfigurationError
from mfasession.stores.encrypted import EncryptedFile
from mfasession.stores.encrypted.sealed import Entry, Label
from mfasession.stores.keys import KeyIds, KeyRecord
from mfasession.values import LongTermKey, Secret, is_key_id, is_key_secret


class KeyInEncryptedFile:
    """The entry of one profile. Its label has the profile and the key ID, which AWS gives to one account alone."""

    name = "encrypted-file"
    is_plain_text = False
    uses_keyring = False

    def __init__(self, profile: str, environ: Mapping[str, str], *, no_input: bool = False) -> None:
        """`no_input`: no person is asked for the passphrase."""
        self._profile = profile
        self._file = EncryptedFile(environ, no_input=no_input)
        self.where = self._file.path

    def load(self) -> KeyRecord | None:
        """Return the profile's key. Asks for no passphrase when there is none."""
        if self.ids() is None:
            return None
        return self._of(self._file.entries())

    def key(self) -> LongTermKey | None:
        """Return the key alone."""
        record = self.load()
        return None if record is None else record.key

    def is_noted(self) -> bool:
        """Return whether there is a label."""
        return self.ids() is not None

    def ids(self) -> KeyIds | None:
        """Return the IDs in the label: no passphrase is needed, and nothing vouches for them."""
        label = next((each for each in self._file.labels() if self._is_ours(each)), None)
        return None if label is None else _ids(label)

    def check(self) -> None:
        """Ask for the passphrase, and for that of a new file twice."""
        self._file.check()

    def save(self, record: KeyRecord) -> None:
        """Keep a record: the whole file changes in one step."""

        def change(entries: list[Entry]) -> list[Entry] | None:
            if self._of(entries) == record:
                return None
            return [*(each for each in entries if not self._is_ours(each[0])), self._entry(record)]

        self._file.edit(change)

    def forget(self, only: KeyRecord | None = None) -> bool:
        """Remove the entry."""
        if self.ids() is None:
            return False

        def change(entries: list[Entry]) -> list[Entry]:
            if only is not None and self._of(entries) not in (only, None):
                raise ConfigurationError(f"the key in {self.where} was changed meanwhile", "run it again")
            return [each for each in entries if not self._is_ours(each[0])]

        self._file.edit(change)
        return True

    def _is_ours(self, label: Label) -> bool:
        return label.get("kind") == "key" and label.get("profile") == self._profile

    def _of(self, entries: list[Entry]) -> KeyRecord | None:
        found = next((each for each in entries if self._is_ours(each[0])), None)
        if found is None:
            return None
        label, secrets = found
        key = _key(label.get("key_id", ""), secrets.get("secret"))
        if key is None:
            return None
        return KeyRecord(
            key=key,
            next=_key(label.get("next_key_id", ""), secrets.get("next_secret")),
            retiring=_id(label, "retiring_key_id"),
        )

    def _entry(self, record: KeyRecord) -> Entry:
        label = {"kind": "key", "profile": self._profile, "key_id": record.key.access_key_id}
        secrets = {"secret": record.key.secret_access_key}
        if record.next is not None:
            label["next_key_id"] = record.next.access_key_id
            secrets["next_secret"] = record.next.secret_access_key
        if record.retiring:
            label["retiring_key_id"] = record.retiring
        return label, secrets


PLACE = KeyInEncryptedFile


def all_ids(environ: Mapping[str, str]) -> dict[str, KeyIds]:
    """Return the IDs of all keys in the file, by profile. Raises ConfigurationError, StoreError."""
    labels = (each for each in EncryptedFile(environ).labels() if each.get("kind") == "key")
    found = ((label.get("profile", ""), _ids(label)) for label in labels)
    return {profile: ids for profile, ids in found if ids is not None}


def _ids(label: Label) -> KeyIds | None:
    key_id = _id(label, "key_id")
    if not key_id:
        return None
    return KeyIds(key=key_id, next=_id(label, "next_key_id"), retiring=_id(label, "retiring_key_id"))


def _id(label: Label, name: str) -> str:
    text = label.get(name, "")
    return text if is_key_id(text) else ""


def _key(key_id: str, secret: Secret | None) -> LongTermKey | None:
    if secret is None or not is_key_id(key_id) or not is_key_secret(secret.reveal()):
        return None
    return LongTermKey(access_key_id=key_id, secret_access_key=secret)
