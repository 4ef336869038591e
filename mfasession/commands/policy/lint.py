"""`mfasession policy lint`: what is wrong with policies, where, why, and how to fix it."""

import sys
from typing import TYPE_CHECKING

from mfasession.aws.errors import NotFound
from mfasession.commands.policy import credentials, lint_output, sources
from mfasession.commands.policy.credentials import AmbientFlags
from mfasession.errors import ConfigurationError, MfaSessionError, UsageError
from mfasession.files import attributes, inputs, replace
from mfasession.messages import complain, say
from mfasession.policy import ATTACHED_TO, MANAGED_SIZE, PARTITIONS, ROLE_SIZE, Severity, fix, lint
from mfasession.text import counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from mfasession.commands import CommandContext
    from mfasession.policy import Document

SUMMARY = "Report what is wrong with policies, where and why, and fix it"
FORMATS = {
    "text": lint_output.as_text,
    "json": lint_output.as_json,
    "sarif": lint_output.as_sarif,
    "github": lint_output.as_github,
}


class Flags(AmbientFlags):
    """The arguments of `policy lint`."""

    sources: "Sequence[str]" = ()
    fix: bool = False
    format: str = "text"
    partition: str = ""
    attached_to: str = ""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    parser.add_argument(
        "sources", metavar="FILE", nargs="+", help="files with policies; - reads stdin; an ARN is read from the account"
    )
    parser.add_argument(
        "--fix", action="store_true", help="fix what can be fixed, in the file; stdin is fixed onto stdout"
    )
    parser.add_argument("--format", choices=tuple(FORMATS), help="how to write the report (text)")
    parser.add_argument("--partition", choices=PARTITIONS, help="the partition of the account (that of most ARNs)")
    credentials.add_ambient(parser)
    parser.add_argument("--attached-to", choices=ATTACHED_TO, help="what the policy is attached to")


def run(context: "CommandContext", flags: Flags) -> int:
    """Report the findings; 1 when one of them is more than information."""
    if flags.fix and any(each.startswith("arn:") for each in flags.sources):
        raise UsageError(
            "--fix changes files, not policies of an account",
            f"{context.command_line('policy', 'apply', 'FILE', '--group', 'NAME')} puts a file there",
        )
    if pipe := next((each for each in flags.sources if flags.fix and inputs.is_pipe(each)), ""):
        raise UsageError(
            f"{pipe} is a pipe, which cannot be fixed in place",
            "fix stdin, onto stdout: mfasession policy lint --fix -",
        )
    if list(flags.sources).count("-") > 1:
        raise UsageError("stdin can be one policy only", "write the others into files")
    found, failures = _all(context, flags)
    for failure in failures[:-1]:
        complain(failure.message, failure.hint)
    if found:
        report = FORMATS[flags.format](found)
        (sys.stderr if flags.fix and "-" in flags.sources else sys.stdout).write(report)
    wrong = sum(each.rule.severity is not Severity.INFO for one in found for each in one.findings)
    if flags.format == "text" and (wrong or not failures):
        _sum_up(wrong, found)
    if failures:
        raise failures[-1]
    return 1 if wrong else 0


def _sum_up(wrong: int, checked: "Sequence[lint_output.Checked]") -> None:
    """Print the sum: what was fixed and where, and what is left."""
    left = counted(wrong, "problem")
    changed = [each.where for each in checked if each.fixed]
    if not changed:
        say(left if wrong else "no problems")
        return
    count = sum(each.fixed for each in checked)
    where = changed[0] if len(changed) == 1 else counted(len(changed), "file")
    done = f"fixed {counted(count, 'finding')} in {where}"
    say(f"{done}; {left} left to fix by hand" if wrong else done)


def _all(context: "CommandContext", flags: Flags) -> "tuple[list[lint_output.Checked], list[MfaSessionError]]":
    """The documents that could be looked at, and why the others could not."""
    found: list[lint_output.Checked] = []
    failures: list[MfaSessionError] = []
    for source in flags.sources:
        try:
            found += _checked(context, source, flags)
        except (ConfigurationError, NotFound) as error:
            failures.append(error)
    return found, failures


def _checked(context: "CommandContext", source: str, flags: Flags) -> "Iterator[lint_output.Checked]":
    limit = ROLE_SIZE if flags.attached_to == "role" else MANAGED_SIZE
    found = sources.read(source, context, limit=limit)
    about = {"attached_to": flags.attached_to, "partition": flags.partition}
    if flags.fix and not found.is_plain:
        raise ConfigurationError(
            f"{sources.name_of(source)} holds its policies inside something else: --fix changes nothing there",
            "without --fix, change what it says there by hand; or save the policy alone",
        )
    path = sources.path_of(source) if sources.is_file(source) else ""
    for each in found.documents:
        parsed, count = each, 0
        if flags.fix:
            repair = fix(each, **about)
            _put(source, each, repair.document)
            parsed, count = repair.document, repair.count
        findings = lint(parsed, **about)
        yield lint_output.Checked(where=parsed.where, path="" if path == "-" else path, findings=findings, fixed=count)


def _put(source: str, before: "Document", after: "Document") -> None:
    """Write what was fixed where it came from; a file keeps its mode."""
    if source == "-":
        sys.stdout.buffer.write(after.text.encode("utf-8", "surrogateescape"))
    elif after.text != before.text:
        attributes.check_writable(source)
        replace.replace(source, after.text, mode=None)
