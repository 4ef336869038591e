"""A long-term key in a section of the AWS credentials file, or of the configuration file."""

import os
from collections.abc import Mapping

from mfasession import files, key_shapes
from mfasession.awsfiles import ini, ini_edit, outline, parse
from mfasession.awsfiles.outline import Outline
from mfasession.errors import ConfigurationError, StoreError
from mfasession.files import attributes, locks, paths, shared_edit
from mfasession.stores.keys import KeyIds, KeyRecord
from mfasession.values import LongTermKey, Secret, is_key_id, is_key_secret


class KeyInFile:
    """A section of the AWS credentials file, or of the configuration file."""

    name = "file"
    is_plain_text = True
    uses_keyring = False

    def __init__(self, path: str, section: str, environ: Mapping[str, str], *, private: bool) -> None:
        """`section` is the header's text. `private`: whether the file must be its owner's alone to be read."""
        self.where = path
        self._section = section
        self._read = files.read_private if private else files.read_trusted
        self._private = private
        self._lock = paths.lock_file(environ, "file", os.path.realpath(path))
        self._unfinished = paths.unfinished_file(environ, os.path.realpath(path))

    def load(self) -> KeyRecord | None:
        """Return the section's key pair."""
        return record_of(parse(self.where, self._read(self.where) or "").get(self._section, {}))

    def ids(self) -> KeyIds | None:
        """Return the IDs of the section's key."""
        record = self.load()
        return None if record is None else record.ids

    def check(self) -> None:
        """Raise what `save` would raise."""
        self.load()
        self._check_writable()
        shared_edit.check(self.where, self._unfinished)

    def save(self, record: KeyRecord) -> None:
        """Keep a record: all lines change in one step."""
        self._edit({**_NOTHING, **_keys(record)})

    def forget(self, only: KeyRecord | None = None) -> bool:
        """Take the lines of the key out; the section's header and its other lines stay."""
        return self._edit(_NOTHING, only)

    def without_key(self, text: str) -> str:
        """Return the file's text as `forget` would leave it. Raises ConfigurationError, StoreError."""
        return self._edited(outline.of_file(self.where, text), _NOTHING)

    def with_key(self, text: str, record: KeyRecord) -> str:
        """Return the file's text as `save` would leave it. Raises ConfigurationError, StoreError."""
        return self._edited(outline.of_file(self.where, text), {**_NOTHING, **_keys(record)})

    def _edit(self, values: Mapping[str, str | None], only: KeyRecord | None = None) -> bool:
        found = False

        def changed(text: str) -> str:
            nonlocal found
            sections = outline.of_file(self.where, text)
            before = sections.keys((self._section,)).get(self._section)
            # None is what a second look finds.
            if only is not None and record_of(before or {}) not in (only, None):
                raise ConfigurationError(f"the key in {self.where} was changed meanwhile", "run it again")
            if before is None and values is _NOTHING:
                return text
            found = found or (before is not None and any(key in before for key in _NOTHING))
            return self._edited(sections, values)

        self._check_writable()
        # A file that holds no secret any more keeps its mode.
        mode = None if values is _NOTHING and not self._private else 0o600
        with locks.hold(self._lock):
            linked = shared_edit.edit(
                self.where, lambda: self._read(self.where) or "", changed, self._unfinished, mode=mode
            )
        if found:
            shared_edit.say_linked(self.where, linked)
        return found

    def _check_writable(self) -> None:
        # The credentials file is ours to write: it ends with mode 0600, whatever it had.
        if not self._private:
            attributes.check_writable(self.where)

    def _edited(self, sections: Outline, values: Mapping[str, str | None]) -> str:
        try:
            edited = ini_edit.with_sections(sections, {self._section: values})
        except ValueError:
            # No context: an editor that says which value it cannot write might say the value.
            raise StoreError(
                f"a key cannot be written to section [{self._section}] of {self.where}", "choose another profile name"
            ) from None
        after = outline.of_file(self.where, edited).keys((self._section,))[self._section]
        if any(after.get(key) != value for key, value in values.items()):
            raise ConfigurationError(
                f"the key in {self.where} stands in [{ini.DEFAULT}], which is part of every section",
                "move its lines to the profile's own section",
            )
        return edited


def fault_of(keys: Mapping[str, str]) -> str:
    """Return what is wrong with a section's whole pair, as `key_shapes` puts it; empty without a fault."""
    key_id, secret = keys.get("aws_access_key_id"), keys.get("aws_secret_access_key")
    if not key_id or not secret or (is_key_id(key_id) and is_key_secret(secret)):
        return ""
    return key_shapes.pair_fault(key_id, secret)


def record_of(keys: Mapping[str, str]) -> KeyRecord | None:
    """Return the long-term key in a section; None when there is none, half of one, or temporary credentials.

    None, too, when the pair cannot be one: what is not an access key ID is never shown as one.
    """
    if keys.get("aws_session_token") or keys.get("aws_security_token"):
        return None
    key = _pair(keys, "aws_access_key_id", "aws_secret_access_key")
    if key is None or key.access_key_id[1:4] == "SIA":
        return None
    coming = _pair(keys, "mfasession_next_key_id", "mfasession_next_secret_key")
    retiring = keys.get("mfasession_retiring_key_id", "")
    return KeyRecord(key=key, next=coming, retiring=retiring if is_key_id(retiring) else "")


def _pair(keys: Mapping[str, str], key_id: str, secret: str) -> LongTermKey | None:
    if not is_key_id(keys.get(key_id, "")) or not is_key_secret(keys.get(secret, "")):
        return None
    return LongTermKey(access_key_id=keys[key_id], secret_access_key=Secret(keys[secret]))


_NOTHING: Mapping[str, None] = dict.fromkeys(
    (
        "aws_access_key_id",
        "aws_secret_access_key",
        # What goes with temporary credentials would make a long-term key invalid.
        "aws_session_token",
        "aws_security_token",
        "mfasession_next_key_id",
        "mfasession_next_secret_key",
        "mfasession_retiring_key_id",
    )
)


def _keys(record: KeyRecord) -> dict[str, str]:
    written = {
        "aws_access_key_id": record.key.access_key_id,
        "aws_secret_access_key": record.key.secret_access_key.reveal(),
    }
    if record.next is not None:
        written["mfasession_next_key_id"] = record.next.access_key_id
        written["mfasession_next_secret_key"] = record.next.secret_access_key.reveal()
    if record.retiring:
        written["mfasession_retiring_key_id"] = record.retiring
    return written
