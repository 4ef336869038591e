"""One change of a text file: shown as a unified diff without secrets, then made exactly as shown or not at all."""

import difflib
import os
import re
from collections.abc import Iterator, Mapping

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
        return [shown(line) for line in _unified(before, after, (old, self.path), self.context_lines)]

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


def _unified(before: list[str], after: list[str], names: tuple[str, str], context: int) -> Iterator[str]:
    """Yield the lines of a unified diff. Only what lies between the lines that both begin and end with is compared."""
    alike = _alike(before, after)
    left = _alike(before[alike:][::-1], after[alike:][::-1])
    begin, cut = max(alike - context, 0), max(left - context, 0)
    old, new = before[begin : len(before) - cut], after[begin : len(after) - cut]
    for line in difflib.unified_diff(old, new, *names, lineterm="", n=context):
        # Only the line that says where a part stands begins with @.
        numbered = line.startswith("@@ ")
        yield re.sub(r"(?<=[-+])\d+", lambda number: str(begin + int(number[0])), line) if numbered else line


def _alike(one: list[str], other: list[str]) -> int:
    """How many lines both begin with."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def shown(line: str) -> str:
    """Return a line of a file as people may see it: without secrets and characters that change a terminal."""
    return printable(redacted(_SECRET_LINE.sub(rf"\1{HIDDEN}", line[:_LONGEST_LINE])))
