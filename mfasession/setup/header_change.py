"""The fix of a section's header in an AWS file: `[work]` for `[profile work]` in the configuration, or the reverse."""

from collections.abc import Mapping

from mfasession import files
from mfasession.awsfiles import parse
from mfasession.errors import ConfigurationError
from mfasession.setup.file_change import FileChange
from mfasession.values import Secret, Value


class HeaderChange(Value):
    """A header and the right one; all other bytes of the file stay."""

    path: str
    header: str
    right: str

    def diff(self) -> list[str]:
        """Return the lines of the unified diff. Raises ConfigurationError as `make` does."""
        return self._change().diff()

    def make(self, environ: Mapping[str, str]) -> None:
        """Make the change in the file as it is now. Raises ConfigurationError, StoreError."""
        self._change().make(environ)

    def is_possible(self) -> bool:
        """Return whether the header is in one line of the file, and the right one in none."""
        try:
            self._change()
        except ConfigurationError:
            return False
        return True

    def _change(self) -> FileChange:
        text = files.read_text(self.path) or ""
        before = parse(self.path, text)
        lines = text.splitlines(keepends=True)
        places = [number for number, line in enumerate(lines) if line.strip() == f"[{self.header}]"]
        if len(places) == 1 and self.right not in before:
            lines[places[0]] = lines[places[0]].replace(f"[{self.header}]", f"[{self.right}]")
            after = "".join(lines)
            # What looks like the header may be a part of a value.
            if parse(self.path, after) == {
                self.right if name == self.header else name: before[name] for name in before
            }:
                return FileChange(path=self.path, before=Secret(text), after=Secret(after), context_lines=0)
        raise ConfigurationError(f"[{self.header}] cannot be renamed in {self.path}", "rename it by hand")
