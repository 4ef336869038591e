"""fish (fish documentation, "Configuration files")."""

import os
from collections.abc import Mapping

from mfasession.shells.hooks import Hook, configuration_folder


class Fish(Hook):
    """fish 3 and later."""

    line = "type -q mfasession; and mfasession shell init fish | source"

    def path(self, environ: Mapping[str, str], home: str) -> str:
        """Return a file of our own: fish reads all of that folder."""
        return os.path.join(configuration_folder(environ, home), "fish", "conf.d", "mfasession.fish")

    def others(self, environ: Mapping[str, str], home: str) -> tuple[str, ...]:
        """Return the file that users edit."""
        return (os.path.join(configuration_folder(environ, home), "fish", "config.fish"),)


HOOK = Fish()
