"""nushell (The Nushell Book, "Configuration")."""

import os
import sys
from collections.abc import Mapping

from mfasession.shells.hooks import Hook, configuration_folder


class Nu(Hook):
    """nushell 0.101 and later: it evaluates no text, so the file has the hook itself."""

    def path(self, environ: Mapping[str, str], home: str) -> str:
        """Return a file of our own: nushell reads all of that folder."""
        return os.path.join(_folder(environ, home), "autoload", "mfasession.nu")

    def others(self, environ: Mapping[str, str], home: str) -> tuple[str, ...]:
        """Return the files that users edit."""
        return tuple(os.path.join(_folder(environ, home), name) for name in ("config.nu", "env.nu"))


def _folder(environ: Mapping[str, str], home: str) -> str:
    folder = configuration_folder(environ, home)
    if sys.platform == "darwin" and not environ.get("XDG_CONFIG_HOME"):
        folder = os.path.join(home, "Library", "Application Support")
    return os.path.join(folder, "nushell")


HOOK = Nu()
