"""The fix that is safe without a look at what a file holds: to take permissions from a file or a folder."""

import os
import shlex
import stat
from collections.abc import Mapping

from mfasession.errors import StoreError
from mfasession.files import system_errors
from mfasession.values import Value


class ModeChange(Value):
    """A change of a file's or a folder's mode."""

    path: str
    keep: int = 0
    """The bits of the mode that stay as they are."""
    add: int = 0
    """The bits that are set."""

    def diff(self) -> list[str]:
        """Return the change in one line: the mode before and after, in octal as chmod(1) takes it."""
        try:
            mode = self._mode()
        except OSError:
            return []
        return [f"mode of {self.path}: {mode:04o} -> {self._after(mode):04o}"]

    def make(self, _environ: Mapping[str, str]) -> None:
        """Make the change. Raises StoreError."""
        try:
            os.chmod(self.path, self._after(self._mode()))
        except OSError as error:
            raise StoreError(
                f"the mode of {self.path} cannot be changed: {system_errors.plain(error)}",
                f"ls -ld {shlex.quote(self.path)}",
            ) from None

    def _after(self, mode: int) -> int:
        return mode & self.keep | self.add

    def _mode(self) -> int:
        return stat.S_IMODE(os.stat(self.path).st_mode)


def of_hint(hint: str) -> ModeChange | None:
    """Return what a hint does that is `chmod 600 FILE` or `chmod go-w FILE` and nothing else."""
    try:
        words = shlex.split(hint)
    except ValueError:
        return None
    match words:
        case ["chmod", "600", path]:
            return ModeChange(path=path, add=0o600)
        case ["chmod", ("g-w" | "o-w" | "go-w") as change, path]:
            taken = sum(bit for who, bit in (("g", stat.S_IWGRP), ("o", stat.S_IWOTH)) if who in change[:-2])
            return ModeChange(path=path, keep=~taken)
    return None
