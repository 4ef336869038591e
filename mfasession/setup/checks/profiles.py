"""The profiles: whether each can be resolved, and whether AWS tools know the one that is chosen."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mfasession import profiles
from mfasession.awsfiles import is_managed
from mfasession.errors import ConfigurationError
from mfasession.profiles import faults
from mfasession.sessions import devices
from mfasession.setup.checks import ERROR, WARNING, Finding

if TYPE_CHECKING:
    from mfasession.sessions import Context

_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_CREDENTIALS_FROM_ELSEWHERE = (
    "credential_source",
    "web_identity_token_file",
    "sso_session",
    "sso_start_url",
    "login_session",
    "aws_session_token",
    "aws_security_token",
)
"""Settings of profiles that need no session of ours; only the chosen one is checked then."""


def check(context: "Context") -> Iterator[Finding]:
    """Yield what is wrong with the chosen profile, and with the others."""
    try:
        chosen = profiles.chosen(context.request.profile, context.environ, context.config)
    except ConfigurationError as fault:
        yield Finding(name="two-profile-variables", message=fault.message, hint=fault.hint)
        return
    unknown = list(_unknown_to_aws_tools(context))
    yield from unknown
    if chosen not in [each.profile for each in unknown] or chosen in context.config.profiles:
        yield from _of(context, chosen, ERROR)
    aws_files = context.aws_files
    for name in [] if context.request.profile else aws_files.profile_names():
        keys = aws_files.profile(name) or {}
        if name != chosen and not is_managed(aws_files.credentials(name)) and _is_ours(keys):
            yield from _of(context, name, WARNING)


def _is_ours(keys: Mapping[str, str]) -> bool:
    return not keys.keys() & set(_CREDENTIALS_FROM_ELSEWHERE)


def _of(context: "Context", name: str, severity: str) -> Iterator[Finding]:
    try:
        profile = profiles.resolve(name, context.aws_files, context.config)
    except ConfigurationError as fault:
        yield Finding(name="profile-unusable", message=fault.message, hint=fault.hint, severity=severity, profile=name)
        return
    if serial := profile.mfa_serial or profile.suggested_serial:
        try:
            devices.check_serial(serial)
        except ConfigurationError as fault:
            yield Finding(
                name="wrong-mfa-serial",
                message=f"profile {name}: {fault.message}",
                hint=fault.hint,
                severity=severity,
                profile=name,
            )


def _unknown_to_aws_tools(context: "Context") -> Iterator[Finding]:
    """AWS tools fail for a name in AWS_PROFILE that is in neither file, whatever our configuration says."""
    for variable in _VARIABLES:
        name = context.environ.get(variable, "")
        if name and context.aws_files.profile(name) is None:
            near = faults.no_such_profile(name, context.aws_files).hint
            yield Finding(
                name="unknown-profile",
                message=f"{variable} is {name}, and neither AWS file has a profile of that name",
                hint=f"unset {variable}; {near}",
                profile=name,
            )
