"""What to do with a first session: AWS tools do not take it by themselves, and AWS does not say so."""

import sys
from typing import TYPE_CHECKING

from mfasession import awsfiles, profiles, shells
from mfasession.messages import say

if TYPE_CHECKING:
    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile


def say_it(context: "CommandContext", profile: "Profile") -> None:
    """Say how to use a first session, to a person at a terminal whose AWS tools would not find it."""
    if not sys.stderr.isatty() or _is_found(context, profile):
        return
    shell = shells.calling(context.environ)
    in_shell = shells.how_to(shell, context.command_line("env"))
    around = context.command_line("exec", "--", "aws", "s3", "ls")
    say(f"aws and other tools use it after {in_shell}, or within {around}")


def _is_found(context: "CommandContext", profile: "Profile") -> bool:
    """Whether the profile that AWS tools take is the session's section, or any profile asks us for the session."""
    environ = context.environ
    if (environ.get("AWS_DEFAULT_PROFILE") or environ.get("AWS_PROFILE") or "default") == profile.session_section:
        return True
    configured = awsfiles.parse(context.aws_files.config_path, context.aws_files.config_text())
    return any(profiles.served_by(keys) == profile.name for keys in configured.values())
