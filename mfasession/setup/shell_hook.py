"""The lines in a shell's start-up file that evaluate `mfasession shell init`."""

import os
import sys
from collections.abc import Mapping

from mfasession import files
from mfasession.setup.file_change import FileChange
from mfasession.shells import detection
from mfasession.values import Secret

NONE = "none"
"""In place of a shell's name: no start-up file is changed."""
BEGIN, END = "# >>> mfasession >>>", "# <<< mfasession <<<"
_MARK = "mfasession shell init"
"""A part of any line that has the hook, whoever wrote it."""
_BOURNE = 'if command -v mfasession >/dev/null; then eval "$(mfasession shell init {name})"; fi'
_LINES = {
    "bash": _BOURNE.format(name="bash"),
    "zsh": _BOURNE.format(name="zsh"),
    "fish": "type -q mfasession; and mfasession shell init fish | source",
}
NAMES = (*_LINES, NONE)


def change(environ: Mapping[str, str], shell: str) -> FileChange | None:
    """Return the change that adds the hook to the start-up file of a shell, or of $SHELL when it is empty.

    None when the file has the hook already, or there is none for this shell. Raises ConfigurationError when the file
    cannot be read.
    """
    name = shell or detection.dialect_of(environ.get("SHELL", ""))
    if name not in _LINES:
        return None
    path = start_up_file(environ, name)
    text = files.read_text(path) or ""
    if _MARK in text:
        return None
    newline = "" if text.endswith("\n") or not text else "\n"
    added = f"{newline}{BEGIN}\n{_LINES[name]}\n{END}\n"
    # No other line of the file is shown: users keep tokens there.
    return FileChange(path=path, before=Secret(text), after=Secret(text + added), context_lines=0)


def start_up_file(environ: Mapping[str, str], name: str) -> str:
    """Return the file that an interactive shell reads (bash(1), zsh(1); fish documentation, "Configuration files")."""
    home = files.home(environ)
    if name == "zsh":
        return os.path.join(environ.get("ZDOTDIR") or home, ".zshrc")
    if name == "fish":
        configured = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
        return os.path.join(configured, "fish", "conf.d", "mfasession.fish")
    # Terminals on macOS start login shells, which do not read ~/.bashrc.
    return os.path.join(home, ".bash_profile" if sys.platform == "darwin" else ".bashrc")
