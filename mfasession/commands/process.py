"""`mfasession process`: what a `credential_process` line runs. On the path of every command."""

import sys

from mfasession.outlets import process

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from mfasession.context import Context

HELP = "the JSON that credential_process wants"


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """The command has no flags of its own."""


def run(context: "Context") -> int:
    """Print the session's credentials, version 1."""
    sys.stdout.write(process.render(context.session(context.profile())))
    return 0
