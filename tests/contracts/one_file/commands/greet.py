"""A made-up command: `tests/contracts/test_one_file_to_add.py` adds it to a copy of the package."""

import sys
from typing import TYPE_CHECKING

from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.sessions import Context

SUMMARY = "Greet the user of a profile"
EXAMPLES = (
    ("mfasession greet", "greet the user of the default profile"),
    ("mfasession greet -p work --twice", "greet that of another profile, twice"),
)


class Flags(Value):
    """The flags of `greet`."""

    twice: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    parser.add_argument("--twice", action="store_true", help="greet twice")


def run(context: "Context", flags: Flags) -> int:
    """Print the greeting."""
    sys.stdout.write(f"hello, {context.profile().name}\n" * (1 + flags.twice))
    return 0
