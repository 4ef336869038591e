"""`mfasession exec -- CMD …`: become a command that has the session. On the path of every command."""

import sys

from mfasession.messages import complain
from mfasession.outlets import environment, program

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from mfasession.context import Context

HELP = "become a command that has the session: mfasession exec -- aws s3 ls"


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command; the words behind `--` are cut off before."""
    from mfasession.arguments import min_ttl

    parser.add_argument("--min-ttl", metavar="D", type=min_ttl, help="renew when less than this is left")


def run(context: "Context") -> int:
    """Replace this process; return only when the command cannot be started (126, 127)."""
    profile = context.profile()
    session = context.session(profile)
    words = context.options.words or (context.environ.get("SHELL") or "/bin/sh",)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        program.replace(words, environment.child(context.environ, session, profile.name))
    except program.CannotRun as failure:
        complain(f"{words[0] or repr('')}: {failure.reason}", "what follows -- is run as it is, without a shell")
        return failure.status
