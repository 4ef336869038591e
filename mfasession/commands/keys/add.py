"""`mfasession keys add`: store a long-term key, after AWS has confirmed whose it is."""

import sys
from shlex import quote
from typing import TYPE_CHECKING

from mfasession import terminal
from mfasession.commands.keys.common import exit_code, show_line_for_sdks
from mfasession.errors import ConfigurationError, InputNeeded, UsageError
from mfasession.files import inputs
from mfasession.keys.add import Addition
from mfasession.messages import complain, say
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext
    from mfasession.values import LongTermKey

SUMMARY = "Store a long-term key, in the keyring unless you choose another place"
_LINE_LIMIT = 512
"""Bytes of a line of stdin that may hold half a key pair."""


class Flags(Value):
    """The flags of `keys add`."""

    stdin: str = ""
    """`-` when the key comes from stdin."""
    csv: str = ""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the action."""
    from mfasession.commands.argument_types import stdin
    from mfasession.stores.keys import NAMES

    parser.add_argument(
        "stdin", nargs="?", type=stdin, metavar="-", help="read the ID and the secret from stdin, one per line"
    )
    parser.add_argument("--csv", metavar="FILE", help="read the file that the AWS console gave you")
    parser.add_argument("--store", dest="key_place", choices=NAMES, help="where to keep the key (keyring)")
    parser.add_argument("--force", action="store_true", help="replace another key; keep the key if AWS is not reached")


def run(context: "CommandContext", flags: Flags) -> int:
    """Store the key and report where it is."""
    addition = Addition(context)
    addition.check()
    key = _given(context, flags, addition)
    addition.refuse_other(key.access_key_id)
    identity = addition.whose(key)
    added = addition.keep(key)
    of = f" of {identity.user} in {identity.account}" if identity else ""
    say(f"key {key.access_key_id}{of} is in {addition.place.where}, for profile {addition.profile.key_section}")
    if identity is None:
        complain("AWS was not reached, so the key has not been checked", context.command_line("login"))
    if added.header:
        say(f"[{added.header}] was added to {context.aws_files.config_path}")
    for old in added.replaced:
        say(f"{old} is no longer here, and AWS honours it until it is deleted there")
    if flags.csv and not inputs.is_pipe(flags.csv):
        complain(f"{flags.csv} holds the secret in plain text", f"rm {quote(flags.csv)}")
    if not addition.place.is_plain_text:
        show_line_for_sdks(context, addition.profile)
    return exit_code(added.failures)


def _given(context: "CommandContext", flags: Flags, addition: Addition) -> "LongTermKey":
    """The key from a file, stdin or a person. Raises ConfigurationError, UsageError, InputNeeded, Cancelled."""
    from mfasession.keys import parse, prompt

    if flags.csv:
        if flags.stdin:
            raise UsageError("the key comes from --csv or from stdin, not from both", "leave one of them out")
        text = inputs.read(flags.csv)
        if text is None:
            raise ConfigurationError(f"there is no file {flags.csv}", "name the file that the AWS console gave you")
        return parse.of_csv(text, flags.csv)
    if flags.stdin:
        if sys.stdin is not None and sys.stdin.isatty():
            raise UsageError(
                "stdin is a terminal, which would show the secret", "leave - out, to be asked without echo"
            )
        lines = [sys.stdin.buffer.readline(_LINE_LIMIT) for _ in range(2)] if sys.stdin else []
        return parse.of_lines([line.decode("ascii", "replace") for line in lines if line])
    if context.options.no_input or not terminal.is_ours():
        raise InputNeeded(
            "there is no terminal to type a key on",
            f"give two lines on stdin: {context.again('-')}; or a file: --csv FILE",
        )
    return prompt.ask(addition.refuse_other)
