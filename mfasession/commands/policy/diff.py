"""`mfasession policy diff`: what changed between two reports of `policy audit`."""

import json
import sys
from typing import TYPE_CHECKING

from mfasession.commands.policy import limits, sources
from mfasession.errors import ConfigurationError, UsageError
from mfasession.messages import complain, say
from mfasession.terminal.screen import join_counts
from mfasession.text import in_columns, printable
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.admin.comparison import Report
    from mfasession.commands import CommandContext

SUMMARY = "Compare two reports of an audit: who lost cover, who gained it, what else changed"
FORMATS = ("text", "json")
LARGEST = 512 * 1024 * 1024
"""The largest report that is read, in bytes: of about a million users."""
_HINT = "mfasession policy audit --format json --output FILE writes one"


class Flags(Value):
    """The arguments of `policy diff`."""

    old: str
    new: str
    format: str = "text"


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the action."""
    parser.add_argument("old", metavar="OLD", help="the earlier report, as JSON; - reads stdin")
    parser.add_argument("new", metavar="NEW", help="the later report, as JSON; - reads stdin")
    parser.add_argument("--format", choices=FORMATS, help="how to write the changes (text)")


def run(_context: "CommandContext", flags: Flags) -> int:
    """Print the changes; 1 when a user lost cover or is no longer known to be covered."""
    from mfasession.admin import comparison

    limits.check_stdin(flags.old, flags.new)
    old, new = _report(flags.old), _report(flags.new)
    if old.generated > new.generated:
        raise UsageError(
            f"{sources.name_of(flags.old)} is newer than {sources.name_of(flags.new)}", "the earlier report comes first"
        )
    changes = comparison.changes(old, new)
    if flags.format == "json":
        tree = {"old": old.generated, "new": new.generated, "changes": [*map(comparison.record, changes)]}
        sys.stdout.write(json.dumps(tree, indent=2) + "\n")
    elif changes:
        sys.stdout.write(in_columns([*map(comparison.line, changes)]))
    for accounts, lacking in zip(comparison.only_in_one(old, new), (flags.new, flags.old), strict=True):
        if accounts:
            complain(
                f"not read in {sources.name_of(lacking)}, and so not compared: {', '.join(map(printable, accounts))}"
            )
    kinds = [each.kind for each in changes]
    say(join_counts((kinds.count(kind), kind) for kind in comparison.ORDER) or "no user changed")
    return 1 if any(kind in comparison.IS_LOSS for kind in kinds) else 0


def _report(file: str) -> "Report":
    """Read a report. Raises ConfigurationError."""
    from mfasession.admin import comparison
    from mfasession.files import inputs

    text: str | None
    if file == "-":
        text = sys.stdin.buffer.read(LARGEST).decode("utf-8", "surrogateescape") if sys.stdin else ""
    else:
        text = inputs.read(file, LARGEST)
    if text is None:
        raise ConfigurationError(f"there is no file {printable(file)}", _HINT)
    try:
        return comparison.read(text)
    except ValueError as error:
        raise ConfigurationError(f"{sources.name_of(file)} is {error}", _HINT) from None
