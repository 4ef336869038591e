"""`mfasession policy explain`: what each statement of a policy does, and what each kind of caller may do."""

import sys
from typing import TYPE_CHECKING

from mfasession import policy
from mfasession.commands.policy import credentials, limits, sources
from mfasession.commands.policy.credentials import AmbientFlags
from mfasession.text import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mfasession.commands import CommandContext

SUMMARY = "Explain what a policy does, and what each kind of caller may do"


class Flags(AmbientFlags):
    """The arguments of `policy explain`."""

    source: str
    boundary: "Sequence[str]" = ()
    scp: "Sequence[str]" = ()
    rcp: "Sequence[str]" = ()


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the action."""
    parser.add_argument(
        "source", metavar="FILE", help="a file with policies; - reads stdin; an ARN is read from the account"
    )
    limits.add_arguments(parser)
    credentials.add_ambient(parser)


def run(context: "CommandContext", flags: Flags) -> int:
    """Print the explanation; of several policies, each behind its name."""
    limits.check_stdin(flags.source, *flags.boundary, *flags.scp, *flags.rcp)
    found = sources.read(flags.source, context, limit=policy.ROLE_SIZE).documents
    boundary = limits.boundary(flags.boundary, context) or ()
    organization = limits.service_control(flags.scp, context) or ()
    rcp = limits.resource_control(flags.rcp, context)
    for number, parsed in enumerate(found):
        lines = policy.explain(parsed, boundary=boundary, organization=organization, resource_control=rcp)
        if len(found) > 1:
            lines = (*([""] if number else []), f"{parsed.where}:", *lines)
        sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))
    return 0
