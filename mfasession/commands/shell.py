"""`mfasession shell`: what a shell's start-up file evaluates. `shell complete` is in `cli.completion`."""

import os
import sys
from typing import TYPE_CHECKING

from mfasession.errors import ConfigurationError, UsageError
from mfasession.redaction import redacted
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext

SUMMARY = "Print the prompt hook and the completions for your shell"
EXAMPLES = (
    ("mfasession shell init bash --install --yes", "add the hook to ~/.bashrc"),
    ('eval "$(mfasession shell init bash)"', "the line that it adds"),
    ("mfasession shell init bash --uninstall --yes", "take it out again"),
)
TAKES_WORDS = True


class Flags(Value):
    """The arguments of `shell`."""

    name: str = ""
    install: bool = False
    uninstall: bool = False
    yes: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the command; the words to complete stand behind `--`."""
    from mfasession.setup import shell_hook

    parser.add_argument(
        "action",
        choices=("init", "complete", "refresh"),
        metavar="ACTION",
        help="init: print the lines for a shell's start-up file; complete: list what may follow the words behind --; "
        "refresh: print the lines that set a newer session of this shell's profile, without asking anything",
    )
    names = ", ".join(shell_hook.hook_files())
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help=f"init: {names}")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--install", action="store_true", help="add the hook to the shell's start-up file")
    where.add_argument("--uninstall", action="store_true", help="take the hook out of the start-up file")
    parser.add_argument("--yes", action="store_true", help="change the start-up file without asking")


def run(context: "CommandContext", flags: Flags) -> int:
    """Print the file of the shell, or change its start-up file."""
    if context.options.action == "refresh":
        return _refresh(context, flags)
    from mfasession import files, installation
    from mfasession.setup import shell_hook

    hooks = shell_hook.hook_files()
    if not hooks:
        raise ConfigurationError("this installation has no hooks for shells", installation.repairing())
    if flags.name not in hooks:
        raise UsageError(f"no hook for shell {redacted(flags.name)!r}", f"mfasession shell init {' | '.join(hooks)}")
    if flags.install or flags.uninstall:
        return _change(context, flags)
    sys.stdout.write(files.read_text(hooks[flags.name]) or "")
    return 0


def _change(context: "CommandContext", flags: Flags) -> int:
    """Show the change of the start-up file, ask, and make it."""
    from mfasession.commands.confirmation import confirm
    from mfasession.messages import say
    from mfasession.setup import shell_hook

    if flags.install:
        change = shell_hook.change(context.environ, flags.name)
        changes = [] if change is None else [change]
    else:
        changes = shell_hook.removals(context.environ, flags.name)
    if not changes:
        if flags.uninstall and (paths := shell_hook.written_by_hand(context.environ, flags.name)):
            raise ConfigurationError(f"the hook is in a line of your own in {paths[0]}", "delete that line")
        path = shell_hook.start_up_file(context.environ, flags.name)
        say(f"{path} has {'the hook already' if flags.install else 'no hook'}")
        return 0
    for each in changes:
        each.check(context.environ)
    named = ", ".join(each.path for each in changes)
    diff = [line for each in changes for line in each.diff()]
    confirm(context, (), f"change {named}?", yes=flags.yes, diff=diff)
    for each in changes:
        each.make(context.environ)
    say(f"changed {named}, for new shells")
    return 0


def _refresh(context: "CommandContext", flags: Flags) -> int:
    """Print the session that is kept for this shell's profile when it lives longer than the shell's own.

    For the prompt hooks: only a store is read. No code is asked for and AWS is not called.
    """
    from mfasession import shells
    from mfasession.sessions import environment

    if not shells.is_known(flags.name):
        raise UsageError(f"unknown shell {redacted(flags.name)!r}", f"one of {' '.join(shells.names())}")
    if not environment.has_own_session(context.environ):
        return 0
    session = context.kept(context.profile())
    if session is not None and session.expires > int(context.environ["MFASESSION_EXPIRES"]):
        text = shells.render(flags.name, environment.credentials(session))
        sys.stdout.buffer.write(os.fsencode(text))
    return 0
