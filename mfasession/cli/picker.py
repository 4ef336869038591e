"""The profile that is meant by `-p` without a name: chosen from a list on the terminal."""

import os
from typing import TYPE_CHECKING

from mfasession import terminal
from mfasession.commands import CommandContext, Options, status
from mfasession.errors import ConfigurationError
from mfasession.profiles import listing

if TYPE_CHECKING:
    from collections.abc import Mapping


def pick() -> str:
    """Return the name of a profile, those with the newest sessions first.

    Raises Cancelled; ConfigurationError when there is no profile, or a file cannot be read.
    """
    options = _options(CommandContext(os.environ, Options(command="")))
    if not options:
        raise ConfigurationError("there is no profile to choose", "mfasession keys add")
    if terminal.is_dumb():
        names = list(options)
        return names[terminal.choose("which profile?", names)]
    from mfasession.codes.question import choice

    with terminal.Terminal() as ours:
        return choice.ask(ours, "profile", options)


def _options(context: CommandContext) -> "Mapping[str, str]":
    """Return the profiles that sessions are made for, and what each is."""
    # A store that does not answer has no say in the order.
    rows, _ = status.stored(context)
    issued = {row.section: row.session.issued for row in rows}
    found = [each for each in listing.profiles(context.aws_files, context.config) if each.profile is not None]
    found.sort(key=lambda each: -issued.get(each.session_section, 0))
    return {each.name: "  ".join(filter(None, (listing.shown_kind(each), each.account))) for each in found}
