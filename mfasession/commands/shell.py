"""`mfasession shell init NAME`: what a shell's start-up file evaluates; and what its Tab key asks."""

import os
import sys
from typing import TYPE_CHECKING

from mfasession import files, installation, profiles
from mfasession.cli import completion
from mfasession.errors import ConfigurationError, UsageError
from mfasession.redaction import redacted

if TYPE_CHECKING:
    import argparse

    from mfasession.sessions.context import Context

HELP = "the prompt hook and the completions of a shell"
NAMES = ("bash", "zsh", "fish")


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the command; the words to complete stand behind `--`."""
    parser.add_argument(
        "action", choices=("init", "complete"), help="print the shell's lines; or complete what is behind --"
    )
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help=f"init: {', '.join(NAMES)}")


def run(context: "Context") -> int:
    """Print the file of the shell, or a line for each word that completes the given ones."""
    options = context.options
    if options.action == "complete":
        names = completion.candidates(options.words, lambda: _profile_names(context))
        sys.stdout.write("".join(f"{name}\n" for name in names if name.isprintable()))
        return 0
    if options.name not in NAMES:
        raise UsageError(f"no lines for shell {redacted(options.name)!r}", f"mfasession shell init {' | '.join(NAMES)}")
    sys.stdout.write(_text(options.name))
    return 0


def _profile_names(context: "Context") -> list[str]:
    managed = set(context.store("file").sections())
    return sorted({*context.aws_files.profile_names(), *context.config.profiles} - managed)


def _text(name: str) -> str:
    """Return the file of a shell: inside the installed package, or beside it in a checkout."""
    package = os.path.dirname(profiles.__file__)
    for folder in (os.path.join(package, "shell"), os.path.join(os.path.dirname(package), "shell")):
        text = files.read_text(os.path.join(folder, f"mfasession.{name}"))
        if text is not None:
            return text
    raise ConfigurationError(f"this installation has no lines for {name}", installation.repairing())
