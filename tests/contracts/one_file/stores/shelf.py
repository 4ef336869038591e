"""A made-up store: `tests/contracts/test_one_file_to_add.py` adds it to a copy of the package."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from mfasession import files
from mfasession.files import locks, paths, replace
from mfasession.values import Secret, Session

if TYPE_CHECKING:
    from mfasession.awsfiles import AwsFiles

FIELDS = tuple(name for name in Session.__fields__ if name != "settings")
SECRETS = ("secret_access_key", "session_token")


class Shelf:
    """All sessions in one JSON file, which is its own index."""

    name = "shelf"
    backend = ""
    is_plain_text = True
    has_index = True

    def __init__(self, path: str) -> None:
        self._path = path

    @classmethod
    def opened(cls, aws_files: "AwsFiles", environ: Mapping[str, str]) -> Self:  # noqa: ARG003  # it needs no AWS file
        """Return the store of a user."""
        return cls(paths.store_index(environ, cls.name))

    def load(self, section: str) -> Session | None:
        """Return the session kept under a section; None when there is none."""
        kept: dict[str, Any] | None = self._read().get(section)
        if kept is None:
            return None
        fields: dict[str, Any] = {name: Secret(value) if name in SECRETS else value for name, value in kept.items()}
        return Session(**fields)

    def has(self, section: str) -> bool:
        """Return whether there is a session under a section."""
        return section in self._read()

    def wait_for_writers(self) -> None:
        """Do nothing: each change is one step."""

    def check(self, section: str) -> None:  # noqa: ARG002  # any section can be written
        """Raise what `save` would raise."""
        replace.check_replaceable(self._path)

    def reserve(self, section: str) -> None:
        """Raise as `check`."""
        self.check(section)

    def restart_watch(self) -> None:
        """Do nothing: nobody is watched."""

    def release(self) -> None:
        """Do nothing: nothing was kept."""

    def save(self, section: str, session: Session) -> None:
        """Keep a session in place of the one that is there."""
        self.save_all({section: session})

    def save_all(self, sessions: Mapping[str, Session]) -> None:
        """Keep several sessions, all or none."""
        with locks.hold(self._path + ".lock"):
            self._write({**self._read(), **{section: _plain(session) for section, session in sessions.items()}})

    def forget(self, section: str) -> bool:
        """Remove a session and return whether there was one."""
        with locks.hold(self._path + ".lock"):
            there = self._read()
            found = there.pop(section, None) is not None
            if found:
                self._write(there)
        return found

    def left(self) -> list[str]:
        """Return nothing: what was forgotten is gone."""
        return []

    def sections(self) -> list[str]:
        """Return the names of all sections."""
        return list(self._read())

    def _read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(files.read_private(self._path) or "{}")
        return found

    def _write(self, sessions: Mapping[str, Any]) -> None:
        replace.replace(self._path, json.dumps(sessions))


def _plain(session: Session) -> dict[str, Any]:
    fields = {name: getattr(session, name) for name in FIELDS}
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in fields.items()}


STORE = Shelf
