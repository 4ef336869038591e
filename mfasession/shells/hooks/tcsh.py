"""tcsh (tcsh(1), Startup and shutdown)."""

import os
from collections.abc import Mapping

from mfasession.shells.hooks import Hook


class Tcsh(Hook):
    """tcsh, and csh where that is tcsh. Scripts read the same file: the line is for interactive shells alone."""

    # `-X` is unknown to other programs named csh, which read the file too and leave the inner line alone.
    line = """if ($?tcsh && $?prompt) eval 'if (-X mfasession) eval "`mfasession shell init tcsh`"'"""

    def path(self, environ: Mapping[str, str], home: str) -> str:  # noqa: ARG002  # the same for every user
        """A ~/.tcshrc would keep ~/.cshrc from being read."""
        path, other = os.path.join(home, ".tcshrc"), os.path.join(home, ".cshrc")
        return other if os.path.exists(other) and not os.path.exists(path) else path

    def others(self, environ: Mapping[str, str], home: str) -> tuple[str, ...]:  # noqa: ARG002  # the same for every user
        """Return both: which of them is read changes when the other is made."""
        return tuple(os.path.join(home, name) for name in (".tcshrc", ".cshrc"))


HOOK = Tcsh()
