"""Where a policy comes from: a file, stdin, or an account."""

import sys
from typing import TYPE_CHECKING

from mfasession import files
from mfasession.errors import ConfigurationError
from mfasession.policy import document
from mfasession.text import printable

if TYPE_CHECKING:
    from mfasession.context import Context


def name_of(source: str) -> str:
    """Return what people call a source."""
    return "stdin" if source == "-" else printable(source)


def is_file(source: str) -> bool:
    """Return whether a source is a file's path."""
    return source != "-" and not source.startswith("arn:")


def text_of(source: str, context: "Context", hint: str = "name a file that holds a policy, as JSON") -> str:
    """Return the text of a policy: of the file, of stdin for `-`, of the account for an ARN.

    `hint`: what to do where there is no such file. Raises ConfigurationError, AwsRefused, AwsUnreachable, and what
    keeps a session from being made.
    """
    if source == "-":
        return sys.stdin.buffer.read(document.LONGEST).decode("utf-8", "surrogateescape") if sys.stdin else ""
    if not is_file(source):
        from mfasession.aws_policies import AwsPolicies

        profile = context.profile()
        return AwsPolicies(profile, context.session(profile), context.environ).text(source)
    text = files.read_text(source)
    if text is None:
        raise ConfigurationError(f"there is no file {printable(source)}", hint)
    return text
