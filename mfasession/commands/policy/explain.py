"""`mfasession policy explain`: what each statement of a policy does, and what each kind of caller may do."""

import sys
from typing import TYPE_CHECKING

from mfasession.commands.policy import credentials, limits, sources
from mfasession.commands.policy.credentials import AmbientFlags
from mfasession.policy import document, evaluation, explanation, granting, rule
from mfasession.policy.document import Kind
from mfasession.text import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from mfasession.commands import CommandContext
    from mfasession.policy.document import Document
    from mfasession.policy.explanation import Limits

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
    found = sources.read(flags.source, context, limit=document.ROLE_SIZE).documents
    boundary = limits.boundary(flags.boundary, context) or ()
    scp = [level.documents for level in limits.service_control(flags.scp, context) or ()]
    if rcp := limits.resource_control(flags.rcp, context):
        scp.append((limits.built_in("RCPFullAWSAccess", rule.ALLOW_ALL), *map(evaluation.of_resource_control, rcp)))
    for number, parsed in enumerate(found):
        evaluation.check(parsed)
        lines = list(_lines(parsed, scp, boundary))
        if len(found) > 1:
            lines = [*([""] if number else []), f"{parsed.where}:", *lines]
        sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))
    return 0


def _lines(parsed: "Document", scp: "Limits", boundary: "Sequence[Document]") -> "Iterator[str]":
    if parsed.kind is not Kind.IDENTITY:
        yield from granting.explained(parsed, scp, boundary)
        return
    yield from explanation.explained(parsed, [several for several in (*scp, boundary) if several])
    if granting.concerns_kms(parsed):
        yield granting.KEYS_DECIDE
