"""`mfasession policy lint`: what is wrong with policies, where, why, and how it is mended."""

import os
import sys
from typing import TYPE_CHECKING

from mfasession import writing
from mfasession.causes import NotFound
from mfasession.commands.policy import sources
from mfasession.errors import ConfigurationError, MfaSessionError, UsageError
from mfasession.messages import complain, say
from mfasession.policy import document, rule
from mfasession.policy.lint import running, shown
from mfasession.policy.lint.findings import Severity
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mfasession.context import Context
    from mfasession.policy.document import Document
    from mfasession.policy.lint.running import Settings

HELP = "tell what is wrong with policies, where and why, and mend it"
FORMATS = {"text": shown.as_text, "json": shown.as_json, "sarif": shown.as_sarif, "github": shown.as_github}


class Flags(Value):
    """What `policy lint` is told."""

    sources: "Sequence[str]" = ()
    fix: bool = False
    format: str = "text"
    partition: str = ""
    attached_to: str = ""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    parser.add_argument(
        "sources", metavar="FILE", nargs="+", help="policies as JSON; - is stdin, an ARN one of the account"
    )
    parser.add_argument("--fix", action="store_true", help="mend in the file what can be mended; of stdin, on stdout")
    parser.add_argument("--format", choices=tuple(FORMATS), help="text")
    parser.add_argument("--partition", choices=rule.PARTITIONS, help="of the account; else that of most ARNs")
    parser.add_argument("--attached-to", choices=running.ATTACHED_TO, help="what the policy is attached to")


def run(context: "Context", flags: Flags) -> int:
    """Tell the findings; 1 when one of them is more than information."""
    settings = running.Settings(
        partition=flags.partition,
        attached_to=flags.attached_to,
        limit=document.ROLE_SIZE if flags.attached_to == "role" else document.MANAGED_SIZE,
    )
    if flags.fix and any(each.startswith("arn:") for each in flags.sources):
        raise UsageError("a policy of the account is not mended in place", "mfasession policy apply puts a file there")
    if list(flags.sources).count("-") > 1:
        raise UsageError("stdin can be one policy only", "write the others into files")
    found, failures = _all(context, settings, flags)
    for failure in failures[:-1]:
        complain(failure.message, failure.hint)
    if found:
        told = FORMATS[flags.format](found)
        (sys.stderr if flags.fix and "-" in flags.sources else sys.stdout).write(told)
    wrong = sum(each.rule.severity is not Severity.INFO for one in found for each in one.findings)
    if flags.format == "text" and (wrong or not failures):
        say(f"{wrong} to mend" if wrong else "nothing to mend")
    if failures:
        raise failures[-1]
    return 1 if wrong else 0


def _all(context: "Context", settings: "Settings", flags: Flags) -> "tuple[list[shown.Checked], list[MfaSessionError]]":
    """The documents that could be looked at, and why the others could not."""
    found: list[shown.Checked] = []
    failures: list[MfaSessionError] = []
    for source in flags.sources:
        try:
            found.append(_checked(context, source, settings, flags))
        except (ConfigurationError, NotFound) as error:
            failures.append(error)
    return found, failures


def _checked(context: "Context", source: str, settings: "Settings", flags: Flags) -> shown.Checked:
    from mfasession.aws_policies import operations

    parsed = sources.parsed(source, context, limit=settings.limit)
    if flags.fix:
        mended = running.fixed(parsed, settings, operations)
        _put(source, parsed, mended)
        parsed = mended
    findings = running.check(parsed, settings, operations)
    return shown.Checked(where=parsed.where, path=source if sources.is_file(source) else "", findings=findings)


def _put(source: str, before: "Document", after: "Document") -> None:
    """Write what was mended where it came from; a file keeps its mode."""
    if source == "-":
        sys.stdout.buffer.write(after.text.encode("utf-8", "surrogateescape"))
    elif after.text != before.text:
        writing.replace(source, after.text, mode=os.stat(source).st_mode & 0o777)
        say(f"{sources.name_of(source)} is mended")
