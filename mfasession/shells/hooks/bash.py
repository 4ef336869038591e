"""bash (bash(1), Invocation)."""

import os
import sys
from collections.abc import Mapping

from mfasession.shells.hooks import BOURNE, Hook


class Bash(Hook):
    """bash 3.2, which macOS has, and later."""

    line = BOURNE.format(name="bash")

    def path(self, environ: Mapping[str, str], home: str) -> str:  # noqa: ARG002  # the same for every user
        """Terminals on macOS start login shells, which do not read ~/.bashrc."""
        return os.path.join(home, ".bash_profile" if sys.platform == "darwin" else ".bashrc")

    def others(self, environ: Mapping[str, str], home: str) -> tuple[str, ...]:  # noqa: ARG002  # the same for every user
        """Return the files of login shells, and that of other shells."""
        return tuple(os.path.join(home, name) for name in (".bashrc", ".bash_profile", ".bash_login", ".profile"))


HOOK = Bash()
