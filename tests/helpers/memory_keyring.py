"""An honest fake of the Windows Credential Manager's limits: a keyring in memory whose items hold 1280 UTF-16 units."""

from collections.abc import Callable
from typing import TypeVar

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError, PasswordSetError

LIMIT = 1280
Result = TypeVar("Result")


class Keyring(KeyringBackend):
    """Never chosen by itself (priority below zero); `items` is what it holds."""

    priority = -1

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.items: dict[tuple[str, str], str] = {}
        self.changes_left = -1
        """After so many changes the program counts as killed; a negative number never runs out."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return an item."""
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep an item; refuse a large one as the Credential Manager does."""
        if len(password.encode("utf-16-le")) > 2 * LIMIT:
            raise PasswordSetError("the stub received bad data")
        self._count()
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Remove an item."""
        self._count()
        if self.items.pop((service, username), None) is None:
            raise PasswordDeleteError("not found")

    def _count(self) -> None:
        if self.changes_left == 0:
            raise KilledHere
        self.changes_left -= 1


class QuotingKeyring(Keyring):
    """A backend that fails with the secret in its exception, as UnicodeEncodeError does."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Fail."""
        raise ValueError(f"cannot keep {service} {username} {password}")


class RefusingKeyring(Keyring):
    """Keeps nothing, and says so."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Fail as a backend does that is full or read-only."""
        raise PasswordSetError(f"{len(password)} characters refused for {username} of {service}")


class KeepingKeyring(Keyring):
    """Removes nothing, and says so."""

    def delete_password(self, service: str, username: str) -> None:
        """Fail as the macOS keychain does when the user says no."""
        raise PasswordDeleteError(f"{username} of {service} is kept")


class ReturningKeyring(Keyring):
    """Removes nothing, and does not say so."""

    def delete_password(self, service: str, username: str) -> None:
        """Leave the item where it is."""


class FailingKeyring(Keyring):
    """Fails at one call, before or after it has done what was asked, as a connection does that breaks."""

    def __init__(self) -> None:
        """Begin without a failure to come."""
        super().__init__()
        self.failure: Exception | None = None
        self.calls_left = 0
        self.is_late = False
        """Whether the call has its effect all the same."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return an item, or fail."""
        return self._answer(lambda: super(FailingKeyring, self).get_password(service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep an item, or fail."""
        self._answer(lambda: super(FailingKeyring, self).set_password(service, username, password))

    def delete_password(self, service: str, username: str) -> None:
        """Remove an item, or fail."""
        self._answer(lambda: super(FailingKeyring, self).delete_password(service, username))

    def _answer(self, work: Callable[[], Result]) -> Result:
        self.calls_left -= 1
        failure = self.failure if self.calls_left == -1 else None
        if failure is not None and not self.is_late:
            raise failure
        answer = work()
        if failure is not None:
            raise failure
        return answer


class KilledHere(BaseException):
    """Stands for the end of the process in the middle of a write."""
