"""The flags of policies that limit others: a permissions boundary, and an organization's policies, given or read."""

import os
import re
from typing import TYPE_CHECKING

from mfasession.commands.policy import credentials, sources
from mfasession.errors import AwsRefused, UsageError
from mfasession.messages import complain, say
from mfasession.policy import ROLE_SIZE, Kind, Level, allow_all, check
from mfasession.policy import read as parse
from mfasession.text import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mfasession.commands import CommandContext
    from mfasession.policy import Document

READ, NONE = "organization", "none"
"""Values of --scp: read the policies from AWS Organizations (READ:ACCOUNT: those of that account), or take none."""
FULL_ACCESS = "FullAWSAccess"
"""The policy that AWS attaches to every level; it allows everything."""
SCP_HELP = "a service control policy, or LEVEL=FILE, or organization or organization:ACCOUNT to read them from AWS"
_READ = re.compile(rf"{READ}(:[0-9]{{12}})?")
_LEVELS = "as in --scp root=full.json --scp prod=list.json"


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags."""
    parser.add_argument("--boundary", metavar="FILE", action="append", help="a permissions boundary that limits them")
    parser.add_argument("--scp", metavar="FILE", action="append", help=SCP_HELP)
    parser.add_argument(
        "--rcp", metavar="FILE", action="append", help="a resource control policy that applies to the resource"
    )


def check_stdin(*files: str) -> None:
    """Raise UsageError where stdin is named as several files."""
    if sum(_level(each)[1] == "-" for each in files) > 1:
        raise UsageError("stdin can be one file only", "write the others into files")


def boundary(files: "Sequence[str]", context: "CommandContext") -> "tuple[Document, ...] | None":
    """Return the permissions boundaries of files; None without files. Raises UsageError for one with Principal."""
    return _identity(files, "--boundary", context) if files else None


def resource_control(files: "Sequence[str]", context: "CommandContext") -> "tuple[Document, ...]":
    """Return the resource control policies of files. Raises UsageError for other kinds of policies."""
    documents = read(files, context)
    for each in documents:
        if each.kind is not Kind.RESOURCE:
            raise UsageError(
                f"{each.where} is not a resource control policy but has the form of an {Kind.IDENTITY.value}"
                if each.kind is Kind.IDENTITY
                else f"{each.where} is a {each.kind.value}: --rcp takes none",
                'resource control policies have "Principal": "*" and Resource',
            )
    return documents


def service_control(files: "Sequence[str]", context: "CommandContext") -> tuple[Level, ...] | None:
    """Return the levels of service control policies; None where none limits anything.

    Raises what `given` raises, and for READ the errors of AWS's answers, and AwsRefused where policies are unread.
    """
    levels = given(files, context)
    if len(files) == 1 and (asked := _READ.fullmatch(files[0])):
        levels = _read(context, (asked[1] or "")[1:])
    return levels or None


def given(files: "Sequence[str]", context: "CommandContext") -> tuple[Level, ...]:
    """Return the levels that files are: of a name, or the one without. Raises Malformed, UsageError."""
    words = [each for each in files if each == NONE or _READ.fullmatch(each)]
    if words:
        if len(files) > 1:
            raise UsageError(f"--scp {words[0]} goes with no other --scp", "a file of that name is ./NAME")
        return ()
    levels: dict[str, tuple[Document, ...]] = {}
    for each in files:
        name, file = _level(each)
        levels[name] = (*levels.get(name, ()), *_identity([file], "--scp", context))
    if levels:
        say("service control policies do not bind the management account and service-linked roles")
    return tuple(Level(name=name, documents=_with_full_access(documents)) for name, documents in levels.items())


def for_accounts(files: "Sequence[str]", context: "CommandContext") -> tuple[Level, ...] | None:
    """Return the levels that are given for all accounts of an audit; None where each account's own are read.

    Raises what `given` raises.
    """
    if len(files) == 1 and files[0].startswith(f"{READ}:") and _READ.fullmatch(files[0]):
        raise UsageError(f"--scp {files[0]} is about one account", f"--scp {READ} reads those of each account")
    return None if list(files) in ([], [READ]) else given(files, context)


def files(given: "Sequence[str]") -> list[str]:
    """Return the files that `--scp` names. Raises UsageError."""
    named = (_level(each)[1] for each in given if each != NONE and not _READ.fullmatch(each))
    return [each for each in named if each != "-"]


def read(files: "Sequence[str]", context: "CommandContext") -> "tuple[Document, ...]":
    """Return the policies of files. Raises Malformed, also for unknown operators, and what `sources.read` raises."""
    documents = tuple(each for source in files for each in sources.read(source, context, limit=ROLE_SIZE).documents)
    for each in documents:
        check(each)
    return documents


def _with_full_access(documents: "tuple[Document, ...]") -> "tuple[Document, ...]":
    """A level as AWS has it attached: beside FullAWSAccess, if none of its policies allows anything."""
    if any(statement.effect == "Allow" for each in documents for statement in each.statements):
        return documents
    return (*documents, parse(allow_all(), name=FULL_ACCESS))


def _level(text: str) -> tuple[str, str]:
    """The level and the file of LEVEL=FILE; a file that has a = in its name is one."""
    name, equals, file = text.partition("=")
    if not equals or "/" in name or os.path.exists(text):
        return "", text
    if not name or not file:
        raise UsageError(f"{printable(text[:80])!r} is not LEVEL=FILE", _LEVELS)
    return name, file


def _identity(files: "Sequence[str]", option: str, context: "CommandContext") -> "tuple[Document, ...]":
    documents = read(files, context)
    for each in documents:
        if each.kind is not Kind.IDENTITY:
            raise UsageError(f"{each.where} is a {each.kind.value}: {option} takes none", "give it as a FILE")
    return documents


def _read(context: "CommandContext", account: str) -> tuple[Level, ...]:
    """The levels of an account; empty: that of the profile's session. Raises AwsRefused where some are not read."""
    from mfasession.admin import organization
    from mfasession.aws.organizations import AwsOrganizations

    aws = AwsOrganizations(*credentials.caller(context), context.environ)
    found = organization.Read(aws).limits(account or aws.identity().account, aws)
    if not found.is_complete:
        raise AwsRefused(found.notes[0], "give the policies as files: --scp FILE, or --scp LEVEL=FILE")
    for note in found.notes:
        complain(note)
    if not found.levels:
        say("no service control policy applies to this account")
    return tuple(
        level.replace(documents=tuple(each.replace(where=f"{each.where} of {level.name}") for each in level.documents))
        for level in found.levels
    )
