"""The start-up files of interactive shells, and the line there that evaluates `mfasession shell init NAME`.

Each file beside this one is a shell, found by being there: it holds a `Hook` as `HOOK`, and its name is the shell's.
What the line evaluates is `shell/mfasession.NAME`.
"""

from collections.abc import Mapping

from mfasession import plugins

BOURNE = 'if command -v mfasession >/dev/null; then eval "$(mfasession shell init {name})"; fi'


class Hook:
    """What one shell needs."""

    line = ""
    """Evaluates the hook, and does nothing where mfasession is not installed.

    Empty for a shell that cannot evaluate: its start-up file has the text of the hook.
    """

    def path(self, environ: Mapping[str, str], home: str) -> str:
        """Return the file that an interactive shell of this user reads."""
        raise NotImplementedError

    def others(self, environ: Mapping[str, str], home: str) -> tuple[str, ...]:  # noqa: ARG002  # for some shells
        """Return further files that this shell may read, now or in another release, and users write to."""
        return ()


def names() -> tuple[str, ...]:
    """Return the names of all shells that have a hook, in alphabetical order."""
    return plugins.names("shells.hooks")


def of(name: str) -> Hook:
    """Return the hook of a shell, one of `names`."""
    found: Hook = __import__(f"mfasession.shells.hooks.{name}", fromlist=["HOOK"]).HOOK
    return found


def configuration_folder(environ: Mapping[str, str], home: str) -> str:
    """Return the folder of the user's configuration files (XDG Base Directory Specification)."""
    return environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
