"""`mfasession policy show`: the rule that denies everything without MFA, to be pasted or applied."""

import sys
from typing import TYPE_CHECKING

from mfasession import policy
from mfasession.commands.policy import show_output
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext

SUMMARY = "Print the policy that denies everything without MFA"


class Flags(Value):
    """The flags of `policy show`."""

    partition: str = "aws"
    format: str = "json"
    self_service: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    parser.add_argument("--partition", choices=policy.PARTITIONS, help="the partition of the account (aws)")
    parser.add_argument("--format", choices=tuple(show_output.FORMATS), help="how to write it (json)")
    parser.add_argument(
        "--self-service", action="store_true", help="also allow users to manage their own devices, keys and password"
    )


def run(_context: "CommandContext", flags: Flags) -> int:
    """Print the document."""
    document = policy.deny_all_without_mfa(flags.partition, self_service=flags.self_service)
    sys.stdout.write(show_output.FORMATS[flags.format](document))
    return 0
