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

    def others(self, environ: Mapping[str, str], home: str) -> tuple[str, ...]:
        """Return the files of login shells and of scripts, and those that ZDOTDIR has replaced."""
        folders = dict.fromkeys((environ.get("ZDOTDIR") or home, home))
        return tuple(os.path.join(each, name) for each in folders for name in (".zshrc", ".zprofile", ".zshenv"))


HOOK = Zsh()
