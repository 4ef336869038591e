"""What `uninstall` removes: all that mfasession ever wrote on this computer, found by looking for it.

Nothing is noted meanwhile: killed, the next run finds what is left. The folders go last, because they say which stores
were used.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mfasession.errors import MfaSessionError
from mfasession.setup.uninstall import folders, other_files, sessions
from mfasession.setup.uninstall.part import Part
from mfasession.setup.uninstall.secrets import Secrets

if TYPE_CHECKING:
    from mfasession.sessions import Context


class Plan:
    """What will be removed, in this order, and what will not."""

    def __init__(self, context: "Context", *, with_keys: bool) -> None:
        """`with_keys`: long-term keys and the seeds of devices go, too. Raises ConfigurationError, StoreError."""
        self.secrets = Secrets(context)
        """Keys and seeds that are in no file of AWS's."""
        if with_keys and self.secrets.failure is not None:
            raise self.secrets.failure
        self._environ = context.environ
        self._stays = () if with_keys else self.secrets.paths
        self._parts = [*other_files.parts(context.environ, context.aws_files), *sessions.parts(context)]
        self._parts += self.secrets.remains()
        if with_keys:
            self._parts += self.secrets.parts()
        self.notes = (*other_files.notes(context.environ), *folders.notes(context.environ))
        """What has to be removed by hand, each with its hint."""

    def lines(self) -> list[str]:
        """Return what will be removed, in words; empty for nothing."""
        return [line for part in (*self._parts, *self._own()) for line in part.lines]

    def diff(self) -> list[str]:
        """Return the lines of the diffs of AWS files."""
        return [line for part in self._parts for line in part.diff]

    def carry_out(self) -> list[MfaSessionError]:
        """Remove all; return failures. After one the folders stay, so that the next run finds what is left."""
        return _failures(self._parts) or _failures(self._own())

    def _own(self) -> list[Part]:
        # Looked for again when the rest is removed, which takes locks in these folders.
        return folders.parts(self._environ, self._stays)


def _failures(parts: Sequence[Part]) -> list[MfaSessionError]:
    found = []
    for part in parts:
        try:
            part.remove()
        except MfaSessionError as failure:  # one part that fails does not keep the next
            found.append(failure)
    return found
