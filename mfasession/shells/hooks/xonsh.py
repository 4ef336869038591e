"""xonsh (xonsh documentation, "Run Control File")."""

import os
from collections.abc import Mapping

from mfasession.shells.hooks import Hook, configuration_folder


class Xonsh(Hook):
    """A shell that is a Python program."""

    line = "if __import__('shutil').which('mfasession'): execx($(mfasession shell init xonsh))"

    def path(self, environ: Mapping[str, str], home: str) -> str:  # noqa: ARG002  # the same for every user
        """Return the file that is read last."""
        return os.path.join(home, ".xonshrc")

    def others(self, environ: Mapping[str, str], home: str) -> tuple[str, ...]:
        """Return the file that is read first."""
        return (os.path.join(configuration_folder(environ, home), "xonsh", "rc.xsh"),)


HOOK = Xonsh()
