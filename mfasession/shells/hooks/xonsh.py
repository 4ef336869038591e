"""xonsh (xonsh documentation, "Run Control File")."""

import os
from collections.abc import Mapping

from mfasession.shells.hooks import Hook


class Xonsh(Hook):
    """A shell that is a Python program."""

    line = "if __import__('shutil').which('mfasession'): execx($(mfasession shell init xonsh))"

    def path(self, environ: Mapping[str, str], home: str) -> str:  # noqa: ARG002  # the same for every user
        """Return the file that is read last."""
        return os.path.join(home, ".xonshrc")


HOOK = Xonsh()
