"""`mfasession doctor`: what is wrong with this set-up, and the command that fixes it."""

import json
import sys
import textwrap
from typing import TYPE_CHECKING

from mfasession import files, terminal
from mfasession.commands import CommandContext
from mfasession.config import Config
from mfasession.errors import Cancelled, ConfigurationError, InputNeeded, UsageError
from mfasession.messages import say
from mfasession.setup import checks
from mfasession.text import counted, printable
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from mfasession.commands import Options
    from mfasession.setup.checks import Finding, Report, Seen

SUMMARY = "Find what is wrong with the set-up, and the commands that fix it"
EXAMPLES = (
    ("mfasession doctor", "check everything; exit with 1 when something is found"),
    ("mfasession doctor -p work --offline", "check one profile, without the network"),
    ("mfasession doctor --fix --yes", "do the safe fixes, such as file modes, without asking"),
)
WIDTH = 80
"""Columns that sentences are broken at. Commands and addresses stay in one line, to be copied."""


class Flags(Value):
    """The flags of `doctor`."""

    json: bool = False
    offline: bool = False
    fix: bool = False
    yes: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    parser.add_argument("--json", action="store_true", help="print a JSON array, for scripts")
    parser.add_argument("--offline", action="store_true", help="leave out the checks that use the network")
    parser.add_argument("--fix", action="store_true", help="do what can be done safely, after showing it")
    parser.add_argument("--yes", action="store_true", help="with --fix: do not ask for confirmation")


def context(environ: "Mapping[str, str]", options: "Options") -> CommandContext:
    """Return what `run` gets; with the defaults where `config.toml` cannot be read, which is a finding."""
    try:
        return CommandContext(environ, options)
    except ConfigurationError:
        return CommandContext(environ, options, Config())


def run(ours: CommandContext, flags: Flags) -> int:
    """Print the findings; 1 when there are any."""
    if flags.yes and not flags.fix:
        raise UsageError("--yes goes with --fix", ours.again("--fix"))
    report = checks.report(ours, offline=flags.offline)
    if flags.fix and any(each.fix for each in report.findings):
        _fix(ours, flags, [each for each in report.findings if each.fix])
        # `config.toml` may be readable now.
        report = checks.report(context(ours.environ, ours.options), offline=flags.offline)
    if flags.json:
        sys.stdout.write(json.dumps([_record(each) for each in report.findings], indent=2) + "\n")
    else:
        sys.stdout.write(_shown(report, files.home(ours.environ)))
    sys.stdout.flush()
    if not flags.json:
        say(_summary(report))
    return 1 if report.findings else 0


def _fix(ours: CommandContext, flags: Flags, found: "Sequence[Finding]") -> None:
    """Show the safe fixes, ask once, and do them. Raises InputNeeded, Cancelled, ConfigurationError, StoreError."""
    for each in found:
        say(f"{each.message}:")
        sys.stderr.write("".join(f"  {printable(line)}\n" for line in (each.fix.diff() if each.fix else ())))
    if not flags.yes:
        if ours.options.no_input or not terminal.is_ours():
            raise InputNeeded("there is no terminal to confirm this", ours.again("--yes"))
        if not terminal.agrees("do that?"):
            raise Cancelled("cancelled, and nothing was changed")
    for each in found:
        if each.fix is not None:
            each.fix.make(ours.environ)
    files.forget_folders()


def _shown(report: "Report", home: str) -> str:
    """Return what was looked at, then the findings, for people."""
    return _seen(report.seen, home) + "".join("\n" + _finding(each) for each in report.findings)


def _summary(report: "Report") -> str:
    if not report.findings:
        return f"nothing found by {len(checks.names())} checks"
    severities = [each.severity for each in report.findings]
    counts = [(severities.count(severity), severity) for severity in (checks.ERROR, checks.WARNING)]
    return ", ".join(counted(count, severity) for count, severity in counts if count)


def _seen(seen: "Sequence[Seen]", home: str) -> str:
    """Return a table; paths in the home folder begin with `~`, as these lines are only to be read."""
    width = max((len(each.what) for each in seen), default=0) + 2
    return "".join(
        _wrapped(each.what.ljust(width) + each.found.replace(f"{home}/", "~/"), " " * width) for each in seen
    )


def _finding(finding: "Finding") -> str:
    lines = [_wrapped(f"{finding.severity}: {finding.message}", "  ")]
    if finding.hint:
        lines.append(f"  hint: {printable(finding.hint)}\n")
    lines.append(f"  more: {finding.page}\n")
    return "".join(lines)


def _wrapped(text: str, indent: str) -> str:
    wrapped = textwrap.fill(
        printable(text), WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return wrapped + "\n"


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
