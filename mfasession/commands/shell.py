"""`mfasession shell init NAME`: what a shell's start-up file evaluates. `shell complete` is in `cli.completion`."""

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import mfasession
from mfasession import files, installation
from mfasession.errors import ConfigurationError, UsageError
from mfasession.redaction import redacted
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext

SUMMARY = "Print the prompt hook and the completions for your shell"
EXAMPLES = (
    ('eval "$(mfasession shell init bash)"', "put this into ~/.bashrc"),
    ("mfasession shell init fish > ~/.config/fish/conf.d/mfasession.fish", "do the same for fish, once"),
)
TAKES_WORDS = True
_FILE = "mfasession."
"""What the name of a hook's file begins with; the shell's name follows. A file in `shell/` is all that a hook needs."""


class Flags(Value):
    """The arguments of `shell`."""

    name: str = ""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the command; the words to complete stand behind `--`."""
    parser.add_argument(
        "action",
        choices=("init", "complete"),
        metavar="ACTION",
        help="init: print the lines for a shell's start-up file; complete: list what may follow the words behind --",
    )
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help=f"init: {', '.join(_hooks())}")


def run(_context: "CommandContext", flags: Flags) -> int:
    """Print the file of the shell."""
    hooks = _hooks()
    if not hooks:
        raise ConfigurationError("this installation has no hooks for shells", installation.repairing())
    if flags.name not in hooks:
        raise UsageError(f"no hook for shell {redacted(flags.name)!r}", f"mfasession shell init {' | '.join(hooks)}")
    sys.stdout.write(files.read_text(hooks[flags.name]) or "")
    return 0


def _hooks() -> dict[str, str]:
    """Return the paths of the hooks by the names of their shells: in the installed package, or beside it in a checkout.

    Empty when the folder is missing.
    """
    package = os.path.dirname(mfasession.__file__)
    for folder in (os.path.join(package, "shell"), os.path.join(os.path.dirname(package), "shell")):
        with suppress(OSError):
            names = sorted(name for name in os.listdir(folder) if name.startswith(_FILE))
            return {name.removeprefix(_FILE): os.path.join(folder, name) for name in names}
    return {}
