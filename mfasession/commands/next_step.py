"""What to do with a first session: AWS tools do not take it by themselves, and AWS does not say so."""

import sys
from typing import TYPE_CHECKING

from mfasession import awsfiles, hints, shells
from mfasession.messages import say
from mfasession.profiles import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile

_NAMED_AT_MOST = 4
"""Profiles that a line names; a longer one would not be read."""


def say_it(context: "CommandContext", profile: "Profile") -> None:
    """Say how to use a first session, to a person at a terminal whose AWS tools would not find it."""
    if context.is_part or not sys.stderr.isatty() or _is_found(context, profile):
        return
    role = context.request.role_flags()
    around = context.command_line("exec", *role, "--", "aws", "s3", "ls")
    _say(context, context.command_line("env", *role), around, "it")


def say_for_several(context: "CommandContext", made: "Sequence[Profile]") -> None:
    """Say how to use the sessions that AWS tools would not find: one of them in this shell, or all of them."""
    names = [profile.name for profile in made if not _is_found(context, profile)]
    if not names:
        return
    words = [word for name in names for word in ("-p", name)]
    if context.options.all_matching and len(names) > _NAMED_AT_MOST:
        words = ["--all-matching", context.options.all_matching]
    around = hints.command_line("exec", *words[: 2 * _NAMED_AT_MOST], "--", "aws", "s3", "ls")
    _say(context, hints.command_line("env", "-p", names[0]), around, "them" if len(names) > 1 else "it")


def _say(context: "CommandContext", env: str, around: str, them: str) -> None:
    in_shell = shells.how_to(shells.calling(context.environ), env)
    say(f"aws and other tools use {them} after {in_shell}, or within {around}")


def _is_found(context: "CommandContext", profile: "Profile") -> bool:
    """Whether the profile that AWS tools take is the session's section, or any profile asks us for the session."""
    environ = context.environ
    named = environ.get("AWS_DEFAULT_PROFILE") or environ.get("AWS_PROFILE") or "default"
    if named == profile.session_section and context.store_of(profile).is_plain_text:
        return True
    configured = awsfiles.parse(context.aws_files.config_path, context.aws_files.config_text())
    return any(listing.is_served(profile, keys) for keys in configured.values())
