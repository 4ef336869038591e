"""`mfasession env`: the lines to eval in a shell. On the path of every command."""

import os
import sys

from mfasession import sessions, shells
from mfasession.errors import UsageError
from mfasession.sessions import environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext

SUMMARY = "Print the lines that set a session's credentials in your shell"
EXAMPLES = (
    ('eval "$(mfasession env)"', "set the credentials in this shell"),
    ('eval "$(mfasession env -p work --region eu-north-1)"', "set those of another profile, with another region"),
    ('eval "$(mfasession env --unset)"', "take them back"),
)


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    from mfasession.commands import session_flags
    from mfasession.commands.argument_types import shell

    parser.add_argument("--shell", metavar="NAME", type=shell, help=f"one of {', '.join(shells.names())} (your shell)")
    parser.add_argument("--unset", action="store_true", help="unset what env has set")
    session_flags.add(parser, region_is="set this region, whatever the profile and AWS_REGION say")


def run(context: "CommandContext") -> int:
    """Print the variables of the session in the syntax of the shell. Raises UsageError on a terminal."""
    shell = context.options.shell or shells.calling(context.environ)
    if sys.stdout.isatty():
        raise _not_for_people(context, shell)
    if context.options.unset:
        values = environment.unset(context.environ)
    else:
        profile = context.profile()
        settings = environment.settings(context, profile)
        session = sessions.session(context, profile)
        region = context.request.region
        values = environment.variables(
            session, profile.name, context.environ, settings, region=region, has_role=context.request.role is not None
        )
        environment.warn_of_region(context.aws_files, profile, context.environ)
    # In bytes: a profile's name need not be text in this locale.
    sys.stdout.buffer.write(os.fsencode(shells.render(shell, values)))
    return 0


def _not_for_people(context: "CommandContext", shell: str) -> UsageError:
    from mfasession import hints

    options = context.options
    flags = ["--unset"] * options.unset + ["--no-input"] * options.no_input
    return UsageError(
        "env prints lines for a shell to evaluate, secrets too, and so nothing on a terminal",
        shells.how_to(shell, hints.command_line("env", *flags, profile=options.profile)),
    )
