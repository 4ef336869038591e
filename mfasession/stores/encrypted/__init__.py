"""The encrypted file: long-term keys and seeds where no keyring is. Imported only when one of them is needed.

Whole, or the one before: each change is written beside the file and renamed over it, under one lock.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from mfasession import files, terminal
from mfasession.errors import StoreError
from mfasession.files import locks, paths, replace
from mfasession.stores.encrypted import sealed
from mfasession.stores.encrypted.passphrase import Memory, Passphrases
from mfasession.stores.encrypted.sealed import Entry, Label
from mfasession.values import Secret

_MEMORY = Memory()


class EncryptedFile:
    """The file of one user. Every method raises ConfigurationError for an unsafe or damaged file, and StoreError.

    Methods that need the passphrase raise InputNeeded and Cancelled, too.
    """

    def __init__(self, environ: Mapping[str, str], *, no_input: bool = False) -> None:
        """`no_input`: no person is asked for the passphrase. Reads nothing yet."""
        self.path = paths.encrypted_keys(environ)
        self._passphrases = Passphrases(environ, no_input=no_input)
        self._lock = paths.lock_file(environ, "encrypted", self.path)

    def labels(self) -> tuple[Label, ...]:
        """Return the labels of all entries, for which no passphrase is needed."""
        text = self._text()
        if text is None:
            return ()
        with self._reading():
            return sealed.labels(text)

    def entries(self) -> list[Entry]:
        """Return all entries; none when there is no file."""
        text = self._text()
        return [] if text is None else self._opened(text)[0]

    def check(self) -> None:
        """Raise what `edit` would raise: ask for the passphrase, and see whether the file can be written."""
        sealed.needs_package()
        replace.check_replaceable(self.path)
        text = self._text()
        if text is not None:
            self._opened(text)
        elif _MEMORY.get(self.path) is None:
            _MEMORY.keep(self.path, self._passphrases.new(self.path))

    def edit(self, change: Callable[[list[Entry]], list[Entry] | None]) -> None:
        """Replace the entries by what `change` makes of them; None leaves the file as it is.

        The passphrase is asked for before the lock is taken: others do not wait for a person.
        """
        self.check()
        with locks.hold(self._lock):
            before, passphrase = self._opened_or_new()
            after = change(before)
            if after is not None:
                self._write(after, passphrase)

    def change_passphrase(self, chosen: Callable[[str], Secret] | None = None) -> None:
        """Encrypt the file anew with a passphrase that `chosen` returns, else a person at the terminal."""
        if self._text() is None:
            raise StoreError(
                f"there is no encrypted file {self.path}", "mfasession keys add --store encrypted-file makes one"
            )
        self.check()
        new = (chosen or self._passphrases.chosen)(self.path)
        with locks.hold(self._lock):
            self._write(self.entries(), new)

    def _write(self, entries: list[Entry], passphrase: Secret) -> None:
        replace.replace(self.path, sealed.seal(entries, passphrase))
        _MEMORY.keep(self.path, passphrase)
        if self.entries() != entries:
            raise StoreError(f"{self.path} did not keep what was written", "run it again")

    def _text(self) -> str | None:
        return files.read_private(self.path)

    def _opened_or_new(self) -> tuple[list[Entry], Secret]:
        text = self._text()
        if text is None:
            return [], _MEMORY.get(self.path) or self._passphrases.new(self.path)
        return self._opened(text)

    def _opened(self, text: str) -> tuple[list[Entry], Secret]:
        known = _MEMORY.get(self.path)
        with self._reading():
            if known is not None:
                # Another process may have changed the passphrase.
                with suppress(sealed.WrongPassphrase):
                    return sealed.opened(text, known), known
            return self._opened_by_answer(text)

    def _opened_by_answer(self, text: str) -> tuple[list[Entry], Secret]:
        wrong = f"the passphrase is wrong, or {self.path} is damaged"
        sealed.labels(text)
        sealed.needs_package()
        with self._passphrases.asked(self.path) as ask:
            for left in range(self._passphrases.tries - 1, -1, -1):
                passphrase = ask()
                try:
                    entries = sealed.opened(text, passphrase)
                except sealed.WrongPassphrase:
                    if left:
                        terminal.say(f"mfasession: {wrong}")
                    continue
                _MEMORY.keep(self.path, passphrase)
                return entries, passphrase
        raise StoreError(wrong, self._passphrases.advice)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sealed.Malformed:
            raise sealed.malformed(self.path) from None
