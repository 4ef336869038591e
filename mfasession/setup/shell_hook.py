"""The lines in a shell's start-up file that evaluate `mfasession shell init`: added, and taken out again."""

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import mfasession
from mfasession import files
from mfasession.shells import detection, hooks
from mfasession.values import Secret

if TYPE_CHECKING:
    from mfasession.setup.file_change import FileChange

NONE = "none"
"""In place of a shell's name: no start-up file is changed."""
BEGIN, END = "# >>> mfasession >>>", "# <<< mfasession <<<"
NAMES = (*hooks.names(), NONE)
_NO_NEWLINE = " (the line above it had no end)"
"""Stands behind END when the file's last line was not ended before: taken out, the end of that line goes, too."""
_BLOCK = re.compile(
    rf"(?P<newline>\n)?^{BEGIN}\n(?:(?!{BEGIN}).*\n)*?{END}(?P<unended>{re.escape(_NO_NEWLINE)})?(?:\n|\Z)",
    re.MULTILINE,
)
_MARK = "mfasession shell init"
"""A part of any line that has the hook, whoever wrote it."""
_FILE = "mfasession."
"""What the name of a hook's own file begins with; the shell's name follows."""


def change(environ: Mapping[str, str], shell: str) -> "FileChange | None":
    """Return the change that adds the hook to the start-up file of a shell, or of $SHELL when it is empty.

    None when the file has the hook already, or there is none for this shell. Raises ConfigurationError when the file
    cannot be read.
    """
    name = shell or detection.dialect_of(environ.get("SHELL", ""))
    if name not in hooks.names():
        return None
    path = start_up_file(environ, name)
    text = files.read_text(path) or ""
    if _MARK in text or BEGIN in text:
        return None
    ends = text.endswith("\n") or not text
    line = hooks.of(name).line or (files.read_text(hook_files()[name]) or "").rstrip("\n")
    added = f"{BEGIN}\n{line}\n{END}{'' if ends else _NO_NEWLINE}\n"
    # No other line of the file is shown: users keep tokens there.
    return _changed(path, text, text + ("" if ends else "\n") + added)


def removals(environ: Mapping[str, str], shell: str) -> "list[FileChange]":
    """Return the changes that take out what `change` has added to one of a shell's files; every other byte stays.

    Raises ConfigurationError when a file cannot be read.
    """
    texts = {path: files.read_text(path) or "" for path in start_up_files(environ, shell)}
    after = {path: _BLOCK.sub(_what_stays, text) for path, text in texts.items()}
    return [_changed(path, text, after[path]) for path, text in texts.items() if after[path] != text]


def written_by_hand(environ: Mapping[str, str], shell: str) -> list[str]:
    """Return the start-up files of a shell that have the hook in a line of the user's own."""
    texts = {path: files.read_text(path) or "" for path in start_up_files(environ, shell)}
    return [path for path, text in texts.items() if _MARK in _BLOCK.sub("", text)]


def start_up_file(environ: Mapping[str, str], name: str) -> str:
    """Return the file that an interactive shell reads, and that `change` writes to."""
    return hooks.of(name).path(*_place(environ))


def start_up_files(environ: Mapping[str, str], name: str) -> list[str]:
    """Return that file and the others that the shell may read, each once."""
    own = start_up_file(environ, name)
    return list(dict.fromkeys([own, *hooks.of(name).others(*_place(environ))]))


def is_whole(name: str, text: str) -> bool:
    """Return whether a file holds the hook itself, for a shell that cannot evaluate it."""
    return not hooks.of(name).line and BEGIN in text


def hook_files() -> dict[str, str]:
    """Return the paths of what the lines evaluate, by shell: in the installed package, or beside it in a checkout.

    Empty when the folder is missing.
    """
    package = os.path.dirname(mfasession.__file__)
    for folder in (os.path.join(package, "shell"), os.path.join(os.path.dirname(package), "shell")):
        if os.path.isdir(folder):
            names = sorted(name for name in os.listdir(folder) if name.startswith(_FILE))
            return {name.removeprefix(_FILE): os.path.join(folder, name) for name in names}
    return {}


def _place(environ: Mapping[str, str]) -> tuple[Mapping[str, str], str]:
    """The environment and the home folder by which start-up files are found.

    In `mfasession sandbox` these files are its own as all others, though HOME stays the person's.
    """
    if own := environ.get("MFASESSION_SANDBOX_HOME"):
        return {name: value for name, value in environ.items() if name != "ZDOTDIR"}, own
    return environ, files.home(environ)


def _what_stays(block: re.Match[str]) -> str:
    # What was written behind the block since then needs a line of its own.
    is_last = block.end() == len(block.string)
    return "" if block["unended"] and is_last else block["newline"] or ""


def _changed(path: str, before: str, after: str) -> "FileChange":
    # The Tab key and the start of each shell read a hook, and change nothing.
    from mfasession.setup.file_change import FileChange

    return FileChange(path=path, before=Secret(before), after=Secret(after), context_lines=0)
