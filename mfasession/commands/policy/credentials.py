"""The credentials of the actions of `policy`: the profile's MFA session, or with `--ambient` those that SDKs find."""

from functools import lru_cache
from typing import TYPE_CHECKING

from mfasession import hints, sessions
from mfasession.messages import say
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.aws.ambient import Ambient
    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile
    from mfasession.values import Session


class AmbientFlags(Value):
    """The flags of an action that can do without an MFA session."""

    ambient: bool = False


def add_ambient(parser: "argparse.ArgumentParser") -> None:
    """Add `--ambient`."""
    parser.add_argument(
        "--ambient",
        action="store_true",
        help="use the credentials that AWS SDKs find (SSO, web identity, the role of a container, instance or CI) "
        "instead of the profile's MFA session",
    )


def is_ambient(context: "CommandContext") -> bool:
    """Return whether this run uses the ambient credentials."""
    flags = context.options.flags
    return isinstance(flags, AmbientFlags) and flags.ambient


@lru_cache(maxsize=1)
def caller(context: "CommandContext") -> "tuple[Profile, Session | Ambient]":
    """Return the profile whose AWS settings count, and the credentials; stderr says whose they are if ambient.

    Raises what keeps a session from being made, and ConfigurationError where there are no ambient credentials.
    """
    if not is_ambient(context):
        profile = context.profile()
        return profile, sessions.session(context, profile)
    from mfasession.aws import ambient
    from mfasession.aws.client import Aws

    profile = _profile(context)
    found = ambient.find(profile, is_named=bool(context.options.profile))
    say(f"as {Aws(profile, found, context.environ).identity().arn} (ambient credentials: {found.source})")
    return profile, found


def aws_command(context: "CommandContext", command: str) -> str:
    """Return the line that runs a command of the AWS CLI with the same credentials."""
    if not is_ambient(context):
        return hints.by_session(command, context.named())
    return f"{command} --profile {context.options.profile}" if context.options.profile else command


def _profile(context: "CommandContext") -> "Profile":
    """Return the AWS profile that the chain takes: no key and no device of it matter."""
    from mfasession.profiles import Profile

    environ = context.environ
    name = context.options.profile or environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or "default"
    keys = context.aws_files.profile(name) or {}
    return Profile(
        name=name,
        settings=context.config.of(name),
        key_section=name,
        session_section=name,
        region=keys.get("region", ""),
    )
