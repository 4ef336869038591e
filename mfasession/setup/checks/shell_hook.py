"""The prompt hook: whether the start-up files of the shells take the one that is made for them."""

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession import files
from mfasession.files import paths
from mfasession.setup.checks import WARNING, Finding

if TYPE_CHECKING:
    from mfasession.sessions import Context

_START_UP = {
    ".bashrc": "bash",
    ".bash_profile": "bash",
    ".zshrc": "zsh",
    ".config/fish/config.fish": "fish",
}
"""The files of the README, by their shells."""
_HOOK = re.compile(r"^[^#\n]*\bmfasession shell init (\w+)", re.MULTILINE)
_SHOWN = re.compile(r"^[^#\n]*\bMFASESSION_PS\b", re.MULTILINE)


def check(context: "Context") -> Iterator[Finding]:
    """Yield start-up files with the hook of another shell, or with a prompt that no hook fills."""
    home = paths.home(context.environ)
    for file, shell in _START_UP.items():
        path = os.path.join(home, file)
        text = files.read_text(path) or ""
        hooks = _HOOK.findall(text)
        if wrong := [name for name in hooks if name != shell]:
            yield Finding(
                name="hook-of-another-shell",
                message=f"{path} evaluates the hook of {wrong[0]}",
                hint=f"write there: mfasession shell init {shell}",
                severity=WARNING,
            )
        elif not hooks and _SHOWN.search(text):
            yield Finding(
                name="prompt-without-hook",
                message=f"{path} shows MFASESSION_PS, and no hook sets it",
                hint=f"evaluate there: mfasession shell init {shell}",
                severity=WARNING,
            )
