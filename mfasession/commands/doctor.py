"""`mfasession doctor`: what is wrong with this set-up, and the command that fixes it."""

import json
import sys
from typing import TYPE_CHECKING

from mfasession import files, terminal
from mfasession.errors import Cancelled, InputNeeded, UsageError
from mfasession.messages import say
from mfasession.setup import checks
from mfasession.text import printable
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mfasession.commands import CommandContext
    from mfasession.setup.checks import Finding

SUMMARY = "Find what is wrong with the set-up, and the commands that fix it"
EXAMPLES = (
    ("mfasession doctor", "check everything; exit with 1 when something is found"),
    ("mfasession doctor -p work", "check one profile"),
    ("mfasession doctor --fix --yes", "change file modes that let others in, without asking"),
)


class Flags(Value):
    """The flags of `doctor`."""

    json: bool = False
    fix: bool = False
    yes: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    parser.add_argument("--json", action="store_true", help="print a JSON array, for scripts")
    parser.add_argument("--fix", action="store_true", help="do what can be done safely, after showing it")
    parser.add_argument("--yes", action="store_true", help="with --fix: do not ask for confirmation")


def run(context: "CommandContext", flags: Flags) -> int:
    """Print the findings; 1 when there are any."""
    if flags.yes and not flags.fix:
        raise UsageError("--yes goes with --fix", context.again("--fix"))
    found = checks.findings(context)
    if flags.fix and any(each.fix for each in found):
        _fix(context, flags, [each for each in found if each.fix])
        found = checks.findings(context)
    if flags.json:
        sys.stdout.write(json.dumps([_record(each) for each in found], indent=2) + "\n")
    else:
        sys.stdout.write("".join(map(_shown, found)))
    sys.stdout.flush()
    if not found:
        say(f"nothing found by {len(checks.names())} checks")
    return 1 if found else 0


def _fix(context: "CommandContext", flags: Flags, found: "Sequence[Finding]") -> None:
    """Show the safe fixes, ask once, and do them. Raises InputNeeded, Cancelled, StoreError."""
    for each in found:
        say(f"{each.message}: {each.hint}")
    if not flags.yes:
        if context.options.no_input or not terminal.is_ours():
            raise InputNeeded("there is no terminal to confirm this", context.again("--yes"))
        if not terminal.agrees("do that?"):
            raise Cancelled("cancelled, and nothing was changed")
    for each in found:
        if each.fix is not None:
            each.fix()
    files.forget_folders()


def _shown(finding: "Finding") -> str:
    lines = [f"{finding.severity}: {finding.message}"]
    if finding.hint:
        lines.append(f"  hint: {finding.hint}")
    lines.append(f"  more: {finding.page}")
    return "".join(printable(line) + "\n" for line in lines)


def _record(finding: "Finding") -> dict[str, object]:
    return {
        "name": finding.name,
        "severity": finding.severity,
        "profile": finding.profile or None,
        "message": finding.message,
        "hint": finding.hint or None,
        "page": finding.page,
        "fixable": finding.fix is not None,
    }
