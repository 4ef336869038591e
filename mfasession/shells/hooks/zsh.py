"""zsh (zsh(1), Startup/Shutdown files)."""

import os
from collections.abc import Mapping

from mfasession.shells.hooks import BOURNE, Hook


class Zsh(Hook):
    """zsh 5.3 and later."""

    line = BOURNE.format(name="zsh")

    def path(self, environ: Mapping[str, str], home: str) -> str:
        """Return the file of every interactive shell."""
        return os.path.join(environ.get("ZDOTDIR") or home, ".zshrc")


HOOK = Zsh()
