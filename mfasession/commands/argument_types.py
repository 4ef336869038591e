"""The types of the commands' arguments: each takes the text of one argument and returns its value.

Each raises ArgumentTypeError, which argparse reports with the argument's name, or UsageError where the text may be a
secret and is not to be quoted.
"""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mfasession import durations
from mfasession.errors import UsageError
from mfasession.text import nearest
from mfasession.values import Secret

if TYPE_CHECKING:
    from mfasession.profiles.role_request import RequestText


def session_duration(text: str) -> int:
    """Return the seconds of a session's duration (900..129600, GetSessionToken)."""
    return _within(text, durations.SESSION_MINIMUM, durations.SESSION_MAXIMUM)


def console_duration(text: str) -> int:
    """Return the seconds that a console is to last (900..43200)."""
    return _within(text, durations.SESSION_MINIMUM, durations.CONSOLE_MAXIMUM)


def min_ttl(text: str) -> int:
    """Return the seconds that must be left at least (0..129600)."""
    return _within(text, 0, durations.SESSION_MAXIMUM)


def jobs(text: str) -> int:
    """Return how many commands may run at once (1..64)."""
    if not (text.isascii() and text.isdigit() and len(text) < 3 and 1 <= int(text) <= 64):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a number from 1 to 64")
    return int(text)


def code(text: str) -> Secret:
    """Return a code or `-`. Raises UsageError, which does not quote it, when it is not a code."""
    from mfasession.codes import GivenCode

    if text != "-":
        GivenCode(text)
    return Secret(text)


def port(text: str) -> int:
    """Return the number of a port (1..65535)."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 65535")
    return int(text)


def region(text: str) -> str:
    """Return the name of a region."""
    from mfasession.profiles import regions

    if not regions.is_name(text):
        near = nearest(text, regions.KNOWN)
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is not a region's name such as eu-west-1{near and f' (did you mean {near}?)'}"
        )
    return text


def profile_name(text: str) -> str:
    """Return the name of a profile that is to be made; the AWS files decide which ones they take."""
    if not text:
        raise argparse.ArgumentTypeError("must not be empty")
    return text


def role_arn(text: str) -> str:
    """Return the ARN of a role. No message quotes it: a secret may stand in its place."""
    from mfasession.profiles import role_request

    return _sendable(role_request.ROLE_ARN, text)


def external_id(text: str) -> str:
    """Return an external ID."""
    from mfasession.profiles import role_request

    return _sendable(role_request.EXTERNAL_ID, text)


def role_session_name(text: str) -> str:
    """Return the name of a role's session, which AWS shows in its logs."""
    from mfasession.profiles import role_request
    from mfasession.redaction import is_like_a_secret

    if is_like_a_secret(text):
        raise argparse.ArgumentTypeError("looks like a secret")
    return _sendable(role_request.SESSION_NAME, text)


def service(text: str) -> str:
    """Return the first word in the path of a service's pages in the console."""
    if not text or not all(char.isascii() and (char.isalnum() or char == "-") for char in text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a service such as ec2; to open a page, use --path")
    return text


def path(text: str) -> str:
    """Return the path of a page of the console, with what may stand behind it."""
    if not text.startswith("/") or not all("!" <= char <= "~" for char in text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a path such as /s3/home")
    return text


def stdin(text: str) -> str:
    """Return `-`, which stands for stdin. Raises UsageError, which does not quote it, for anything else."""
    if text != "-":
        raise key_in_words()
    return text


def command(text: str) -> tuple[str, ...]:
    """Return the words of a command that is run without a shell."""
    import shlex

    try:
        words = tuple(shlex.split(text))
    except ValueError:
        words = ()
    if not words:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a command such as 'pass otp insert aws'")
    return words


def stdin_codes(text: str) -> str:
    """Return `-`, which stands for stdin. Raises UsageError, which does not quote it, for anything else."""
    if text != "-":
        raise UsageError(
            "--codes takes only -, and the codes come from stdin, one per line", "--codes -, or leave it out"
        )
    return text


def shell(text: str) -> str:
    """Return the name of a shell dialect."""
    from mfasession import shells

    if not shells.is_known(text):
        raise argparse.ArgumentTypeError(f"unknown shell {text!r} ({near_name(text, shells.names())})")
    return text


def key_in_words() -> UsageError:
    """Return the error for a key on the command line; the key is not quoted, because it is a secret."""
    return UsageError(
        "keys takes no key from the command line, where every user of this computer can read it",
        "leave it out: keys add asks for it",
    )


def near_name(word: str, known: Sequence[str]) -> str:
    """Return the hint for an unknown word: the known one that is most like it, or all of them."""
    likely = nearest(word, known)
    return f"did you mean {likely}?" if likely else f"known: {', '.join(known)}"


def _sendable(allowed: "RequestText", text: str) -> str:
    if not allowed.fits(text):
        raise argparse.ArgumentTypeError(f"must be {allowed.says}")
    return text


def _within(text: str, least: int, most: int) -> int:
    try:
        return durations.parse_within(text, least, most)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
