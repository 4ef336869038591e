"""`mfasession env`: the lines to eval in a shell. On the path of every command."""

import os
import sys

from mfasession.outlets import environment, shells

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from mfasession.context import Context

HELP = 'lines to eval in a shell: eval "$(mfasession env)"'


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    from mfasession.arguments import shell

    parser.add_argument("--shell", metavar="NAME", type=shell, help=f"one of {', '.join(shells.NAMES)} (from $SHELL)")
    parser.add_argument("--unset", action="store_true", help="take back all that it sets")


def run(context: "Context") -> int:
    """Print the variables of the session in the shell's own words."""
    shell = context.options.shell or shells.detect(context.environ.get("SHELL", ""))
    if context.options.unset:
        values = environment.unset()
    else:
        profile = context.profile()
        values = environment.variables(context.session(profile), profile.name)
    # In bytes: a profile's name need not be text in this locale.
    sys.stdout.buffer.write(os.fsencode(shells.render(shell, values)))
    if sys.stdout.isatty():
        sys.stdout.flush()
        _tell_the_line(context, shell)
    return 0


def _tell_the_line(context: "Context", shell: str) -> None:
    from shlex import quote

    from mfasession.messages import say

    profile = context.options.profile
    typed = ["mfasession env", *(["-p", quote(profile)] if profile else []), *["--unset"] * context.options.unset]
    say(f"this is for your shell to read: {shells.how_to(shell, ' '.join(typed))}")
