"""What a first set-up changes in the two AWS files so that AWS tools find a profile's session by themselves."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mfasession.awsfiles import headers, ini, ini_edit, outline, parse
from mfasession.errors import ConfigurationError
from mfasession.profiles import listing
from mfasession.setup.file_change import FileChange
from mfasession.values import Secret

if TYPE_CHECKING:
    from mfasession.profiles import Profile
    from mfasession.sessions import Context

_OF_TOOLS = ("expiration", "awsmfa_expiration")
"""The key with which aws-mfa and awsmfa mark the session that they have written to a profile's own section."""
_SESSION = (
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_security_token",
    "assumed_role",
    "assumed_role_arn",
    *_OF_TOOLS,
)
"""All that they write there."""


def roles_of(context: "Context", name: str) -> "tuple[list[str], list[str]]":
    """Return the profiles with a role that this profile's session assumes, and those of them with an `mfa_serial`."""
    found = {each: context.aws_files.config(each) or {} for each in context.aws_files.profile_names()}
    roles = {each: keys for each, keys in found.items() if "role_arn" in keys and keys.get("source_profile") == name}
    return list(roles), [each for each, keys in roles.items() if "mfa_serial" in keys]


def is_served(context: "Context", profile: "Profile") -> bool:
    """Return whether a `credential_process` runs us for this profile."""
    configured = parse(context.aws_files.config_path, context.aws_files.config_text())
    return any(listing.is_served(profile, keys) for keys in configured.values())


def in_config(context: "Context", settings: Mapping[str, Mapping[str, str | None]]) -> FileChange:
    """Return the change of the AWS configuration file that sets or removes these keys of profiles.

    Raises ConfigurationError.
    """
    path, text = context.aws_files.config_path, context.aws_files.config_text()
    sections = outline.of_file(path, text)
    known = headers.headers(sections.names)
    wanted = {known.get(name) or headers.written(name): keys for name, keys in settings.items()}
    try:
        after = ini_edit.with_sections(sections, wanted)
    except ValueError:
        raise ConfigurationError(
            f"profile {next(iter(settings))} cannot be written to {path}",
            "choose a name and a region of letters, digits and dashes",
        ) from None
    return FileChange(path=path, before=Secret(text), after=Secret(after))


def serials_to_source(context: "Context", profile: "Profile") -> dict[str, dict[str, str | None]]:
    """Return the settings that take `mfa_serial` from roles which the profile's session assumes.

    The AWS CLI asks for a code of its own for each such role, and SDKs refuse it. One device for all is kept for the
    profile, unless it has one.
    """
    _, with_device = roles_of(context, profile.name)
    serials = {(context.aws_files.config(each) or {})["mfa_serial"] for each in with_device}
    in_credentials = {each for each in with_device if "mfa_serial" in (context.aws_files.credentials(each) or {})}
    if not with_device or in_credentials or serials - {profile.mfa_serial or next(iter(serials))}:
        return {}
    settings: dict[str, dict[str, str | None]] = {each: {"mfa_serial": None} for each in with_device}
    return settings if profile.mfa_serial else {profile.name: {"mfa_serial": serials.pop()}, **settings}


def without_session_of_tool(context: "Context", name: str) -> FileChange | None:
    """Return the change that takes a session of aws-mfa or awsmfa out of a profile; None without one.

    AWS tools take it before any `credential_process`. Raises ConfigurationError.
    """
    keys = context.aws_files.credentials(name) or {}
    if "aws_session_token" not in keys or not any(mark in keys for mark in _OF_TOOLS):
        return None
    path, text = context.aws_files.credentials_path, context.aws_files.credentials_text()
    try:
        if set(keys) <= set(_SESSION):
            after = ini_edit.remove_section(text, name)
        else:
            after = ini_edit.set_section(text, name, dict.fromkeys(_SESSION))
    except ini.MalformedIni as fault:
        raise ini.malformed(path, fault) from None
    return FileChange(path=path, before=Secret(text), after=Secret(after))
