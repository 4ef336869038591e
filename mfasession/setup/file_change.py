"""One change of a text file: shown as a unified diff without secrets, then made exactly as shown or not at all."""

import difflib
import os
import re
from collections.abc import Mapping

from mfasession import files
from mfasession.errors import ConfigurationError
from mfasession.files import attributes, locks, paths, shared_edit
from mfasession.redaction import HIDDEN, redacted
from mfasession.text import printable
from mfasession.values import Secret, Value

_SECRET_LINE = re.compile(r"(\w*(?:secret|token|password)\w*\s*[=:]\s*)\S.*", re.IGNORECASE)
_LONGEST_LINE = 500
"""Characters of a line that are shown."""


class FileChange(Value):
    """The text of a file before and after; both may hold secrets."""

    path: str
    before: Secret
    after: Secret
    context_lines: int = 3
    """How many unchanged lines are shown around a change."""

    def diff(self) -> list[str]:
        """Return the lines of the unified diff, without secrets and without characters that change a terminal."""
        before, after = (text.reveal().splitlines() for text in (self.before, self.after))
        old = self.path if self.before else os.devnull
        lines = difflib.unified_diff(before, after, old, self.path, lineterm="", n=self.context_lines)
        return [shown(line) for line in lines]

    def check(self, environ: Mapping[str, str]) -> None:
        """Raise what `make` would raise, as far as that is known now."""
        attributes.check_writable(self.path)
        shared_edit.check(self.path, self._unfinished(environ))

    def make(self, environ: Mapping[str, str]) -> None:
        """Make the change; a new file gets mode 0600, an old one keeps its mode.

        Raises ConfigurationError when the file is not the one that was shown any more, or unsafe; StoreError when it
        cannot be written.
        """
        attributes.check_writable(self.path)
        with locks.hold(paths.lock_file(environ, "file", os.path.realpath(self.path))):
            shared_edit.edit(
                self.path,
                lambda: files.read_text(self.path) or "",
                self._changed,
                self._unfinished(environ),
                mode=None,
            )

    def _changed(self, text: str) -> str:
        # The text after the change is what a second look finds.
        if text not in (self.before.reveal(), self.after.reveal()):
            raise ConfigurationError(f"{self.path} was changed meanwhile", "run it again")
        return self.after.reveal()

    def _unfinished(self, environ: Mapping[str, str]) -> str:
        return paths.unfinished_file(environ, os.path.realpath(self.path))


def shown(line: str) -> str:
    """Return a line of a file as people may see it: without secrets and characters that change a terminal."""
    return printable(redacted(_SECRET_LINE.sub(rf"\1{HIDDEN}", line[:_LONGEST_LINE])))
