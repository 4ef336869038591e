"""Elvish (Elvish command, RC file)."""

import os
from collections.abc import Mapping

from mfasession.shells.hooks import Hook, configuration_folder


class Elvish(Hook):
    """Elvish 0.19 and later."""

    # Not within the braces: there, eval does not see the functions of the user.
    line = "eval (if (has-external mfasession) { mfasession shell init elvish } | slurp)"

    def path(self, environ: Mapping[str, str], home: str) -> str:
        """Return the file of every interactive shell."""
        return os.path.join(configuration_folder(environ, home), "elvish", "rc.elv")

    def others(self, environ: Mapping[str, str], home: str) -> tuple[str, ...]:  # noqa: ARG002  # the same for every user
        """Return the file of releases before 0.21."""
        return (os.path.join(home, ".elvish", "rc.elv"),)


HOOK = Elvish()
