"""`mfasession policy explain`: what each statement of a policy does, and what each kind of caller may do."""

import sys
from typing import TYPE_CHECKING

from mfasession.commands.policy import credentials, sources, test
from mfasession.commands.policy.credentials import AmbientFlags
from mfasession.policy import document, evaluation, explain, granting
from mfasession.policy.document import Kind
from mfasession.text import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from mfasession.commands import CommandContext
    from mfasession.policy.document import Document

SUMMARY = "Explain what a policy does, and what each kind of caller may do"


class Flags(AmbientFlags):
    """The arguments of `policy explain`."""

    source: str
    boundary: "Sequence[str]" = ()
    scp: "Sequence[str]" = ()


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the action."""
    parser.add_argument(
        "source", metavar="FILE", help="a file with policies; - reads stdin; an ARN is read from the account"
    )
    test.add_limits(parser)
    credentials.add_ambient(parser)


def run(context: "CommandContext", flags: Flags) -> int:
    """Print the explanation; of several policies, each behind its name."""
    test.check_stdin(flags.source, *flags.boundary, *flags.scp)
    found = sources.read(flags.source, context, limit=document.ROLE_SIZE).documents
    boundary = test.limits(flags.boundary, "--boundary", context) or ()
    scp = test.organization(test.limits(flags.scp, "--scp", context)) or ()
    for number, parsed in enumerate(found):
        evaluation.check(parsed)
        lines = list(_lines(parsed, scp, boundary))
        if len(found) > 1:
            lines = [*([""] if number else []), f"{parsed.where}:", *lines]
        sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))
    return 0


def _lines(parsed: "Document", scp: "Sequence[Document]", boundary: "Sequence[Document]") -> "Iterator[str]":
    if parsed.kind is not Kind.IDENTITY:
        yield from granting.explained(parsed, scp, boundary)
        return
    yield from explain.explained(parsed, [several for several in (scp, boundary) if several])
    if granting.concerns_kms(parsed):
        yield granting.KEYS_DECIDE
