"""Where policies come from: a file, stdin, or an account; alone, or in what Terraform, CloudFormation and AWS write."""

import os
import re
import sys
from typing import TYPE_CHECKING

from mfasession.aws.errors import NotFound
from mfasession.commands.policy import credentials
from mfasession.errors import ConfigurationError, UsageError
from mfasession.files import inputs
from mfasession.messages import complain
from mfasession.policy import MANAGED_SIZE, Extracted, Kind, extract
from mfasession.policy import read as parse
from mfasession.text import printable

if TYPE_CHECKING:
    from mfasession.commands import CommandContext
    from mfasession.policy import Document

_POLICY = re.compile(r"arn:[a-z-]+:iam::(\d{12}|aws):policy/[\w+=,.@/-]+", re.ASCII)
LONGEST = 16_000_000
"""The longest text that is read, in characters."""


def name_of(source: str) -> str:
    """Return what people call a source."""
    return "stdin" if source == "-" else printable(source)


def is_file(source: str) -> bool:
    """Return whether a source is a file's path."""
    return source != "-" and not source.startswith("arn:")


def path_of(source: str) -> str:
    """Return the file of a source, or `-`; without what follows a `#` there to choose among its policies."""
    return _split(source)[0]


def read(source: str, context: "CommandContext", *, limit: int = MANAGED_SIZE) -> Extracted:
    """Return the policies of a file, of stdin for `-`, of the account for an ARN; of FILE#NAME, those named NAME.

    `limit`: the characters without white space that one may have; AWS's own policies in an account may have more.
    Policies of any kind are taken. Raises Malformed, ConfigurationError for a source without policies, and what
    `text_of` raises.
    """
    if not is_file(source) and path_of(source) != "-":
        parsed = parse(text_of(source, context), name=name_of(source), kind=Kind.IDENTITY)
        return Extracted(documents=(parsed,), is_plain=True)
    path, chosen = _split(source)
    found = extract(text_of(path, context), name=name_of(path), limit=limit)
    if found.undecided:
        later = ", ".join(map(printable, found.undecided))
        complain(f"{name_of(path)}: decided only when it is applied, and so not looked at: {later}")
    if not found.documents:
        raise ConfigurationError(f"there is no policy in {name_of(path)}", "name a file that holds one")
    if not chosen:
        return found
    these = tuple(each for each in found.documents if _is_chosen(each.where, f"{name_of(path)}, {chosen}"))
    if not these:
        there = ", ".join(each.where.partition(", ")[2] for each in found.documents) or "one policy, without a name"
        raise ConfigurationError(f"{name_of(path)} has no policy {printable(chosen)}", f"it has {there}")
    return Extracted(documents=these)


def one(source: str, context: "CommandContext", *, limit: int = MANAGED_SIZE) -> "Document":
    """Return the identity policy that a source is. Raises what `read` raises, and ConfigurationError for any other."""
    found = read(source, context, limit=limit)
    (parsed, *others) = found.documents
    if others or not found.is_plain:
        raise ConfigurationError(
            f"{name_of(source)} is not a policy but holds {len(found.documents)}", "save the one that you mean alone"
        )
    if parsed.kind is not Kind.IDENTITY:
        raise ConfigurationError(
            f"{parsed.where} is a {parsed.kind.value}: it has Principal",
            "users and groups have policies without it, as mfasession policy show prints one",
        )
    return parsed


def text_of(source: str, context: "CommandContext", hint: str = "name a file that holds a policy, as JSON") -> str:
    """Return the text of a policy: of the file, of stdin for `-`, of the account for an ARN.

    `hint`: what to do where there is no such file. Raises ConfigurationError, UsageError, AwsRefused,
    AwsUnreachable, and what keeps a session from being made.
    """
    if source == "-":
        return sys.stdin.buffer.read(LONGEST + 1).decode("utf-8", "surrogateescape") if sys.stdin else ""
    if not is_file(source):
        return _text_in_account(source, context)
    text = inputs.read(source, 2 * LONGEST)
    if text is None:
        raise ConfigurationError(f"there is no file {printable(source)}", hint)
    return text


def _text_in_account(arn: str, context: "CommandContext") -> str:
    if not _POLICY.fullmatch(arn):
        hint = "as in arn:aws:iam::123456789012:policy/NAME; a file of that name is ./arn:…"
        raise UsageError(f"{printable(arn)} is not the ARN of a policy", hint)
    from mfasession.aws.policies import AwsPolicies

    profile, key = credentials.caller(context)
    try:
        return AwsPolicies(profile, key, context.environ).text(arn)
    except NotFound:
        command = credentials.aws_command(context, "aws iam list-policies --scope Local")
        raise NotFound(f"there is no policy {arn}", f"see what there is: {command}") from None


def _split(source: str) -> tuple[str, str]:
    path, mark, chosen = source.partition("#")
    if not mark or source.startswith("arn:") or os.path.exists(source):
        return source, ""
    return path, chosen


def _is_chosen(where: str, wanted: str) -> bool:
    return where == wanted or where.startswith((f"{wanted}.", f"{wanted}["))
