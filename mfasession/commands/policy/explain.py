"""`mfasession policy explain`: a policy in sentences: who is denied what without MFA, and what stays possible."""

import sys
from typing import TYPE_CHECKING

from mfasession.commands.policy import sources
from mfasession.policy import document, evaluation, explanation
from mfasession.text import printable
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.context import Context

HELP = "tell a policy in sentences: who is denied what, and what stays possible"


class Flags(Value):
    """What `policy explain` is told."""

    source: str


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the action."""
    parser.add_argument("source", metavar="FILE", help="a policy as JSON; - is stdin, an ARN one of the account")


def run(context: "Context", flags: Flags) -> int:
    """Print a line for each sentence."""
    parsed = sources.parsed(flags.source, context, limit=document.ROLE_SIZE)
    evaluation.check(parsed)
    sys.stdout.write("".join(f"{printable(line)}\n" for line in explanation.explained(parsed)))
    return 0
