"""Where a policy comes from: a file, stdin, or an account."""

import re
import sys
from typing import TYPE_CHECKING

from mfasession import files
from mfasession.causes import NotFound
from mfasession.errors import ConfigurationError, UsageError
from mfasession.policy import document
from mfasession.text import printable

if TYPE_CHECKING:
    from mfasession.context import Context
    from mfasession.policy.document import Document

_POLICY = re.compile(r"arn:[a-z-]+:iam::(\d{12}|aws):policy/[\w+=,.@/-]+", re.ASCII)


def name_of(source: str) -> str:
    """Return what people call a source."""
    return "stdin" if source == "-" else printable(source)


def is_file(source: str) -> bool:
    """Return whether a source is a file's path."""
    return source != "-" and not source.startswith("arn:")


def parsed(source: str, context: "Context", *, limit: int = document.MANAGED_SIZE) -> "Document":
    """Return the policy of a file, of stdin for `-`, of the account for an ARN.

    `limit`: the characters without white space that it may have; AWS's own policies in an account may have more.
    Raises Malformed, and what `text_of` raises.
    """
    is_taken = not is_file(source) and source != "-"
    return document.parse(text_of(source, context), name_of(source), limit=document.LONGEST if is_taken else limit)


def text_of(source: str, context: "Context", hint: str = "name a file that holds a policy, as JSON") -> str:
    """Return the text of a policy: of the file, of stdin for `-`, of the account for an ARN.

    `hint`: what to do where there is no such file. Raises ConfigurationError, UsageError, AwsRefused,
    AwsUnreachable, and what keeps a session from being made.
    """
    if source == "-":
        return sys.stdin.buffer.read(document.LONGEST).decode("utf-8", "surrogateescape") if sys.stdin else ""
    if not is_file(source):
        return _text_in_account(source, context)
    text = files.read_text(source)
    if text is None:
        raise ConfigurationError(f"there is no file {printable(source)}", hint)
    return text


def _text_in_account(arn: str, context: "Context") -> str:
    if not _POLICY.fullmatch(arn):
        hint = "as in arn:aws:iam::123456789012:policy/NAME; a file of that name is ./arn:…"
        raise UsageError(f"{printable(arn)} is no ARN of a policy", hint)
    from mfasession.aws_policies import AwsPolicies

    profile = context.profile()
    try:
        return AwsPolicies(profile, context.session(profile), context.environ).text(arn)
    except NotFound:
        raise NotFound(f"there is no policy {arn}", "see what there is: aws iam list-policies --scope Local") from None
