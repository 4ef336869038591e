"""`mfasession policy show`: the rule that denies everything without MFA, to be pasted or applied."""

import json
import sys
from typing import TYPE_CHECKING

from mfasession.policy import rule
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.context import Context

HELP = "print the rule that denies everything without MFA"


class Flags(Value):
    """What `policy show` is told."""


def add_arguments(_parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""


def run(_context: "Context", _flags: Flags) -> int:
    """Print the document as JSON."""
    sys.stdout.write(json.dumps(rule.DENY_ALL_WITHOUT_MFA, indent=2) + "\n")
    return 0
