"""What each profile of the AWS files and of our configuration is. No I/O; imported for a list of profiles only."""

from typing import TYPE_CHECKING

from mfasession import profiles as resolved
from mfasession.awsfiles import is_managed
from mfasession.errors import ConfigurationError
from mfasession.profiles import process_line
from mfasession.values import Value, account_of, is_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mfasession.config import Config
    from mfasession.profiles import Profile, Sections
    from mfasession.values import Session

KINDS = {
    "key": "key",
    "role": "role",
    "session": "session",
    "sso": "SSO",
    "login": "console sign-in",
    "web-identity": "web identity",
    "machine": "role of this machine",
    "process": "credential_process",
    "temporary": "temporary credentials",
    "no-key": "no key in the files",
}
"""The kinds of profiles, and their names for people. `session` is a section with a session of ours."""
_OURS = ("key", "role", "no-key")
"""The kinds that mfasession makes sessions for."""


class Listed(Value):
    """One profile. Texts are empty where nothing is known."""

    name: str
    kind: str
    """One of KINDS."""
    of: str = ""
    """The profile that it depends on: the source of a role, the owner of a session or of a credential_process."""
    account: str = ""
    region: str = ""
    mfa_serial: str = ""
    role_arn: str = ""
    session_section: str = ""
    profile: "Profile | None" = None
    """None when it is no profile of ours, or cannot be used."""
    problem: ConfigurationError | None = None
    """Why it cannot be used with mfasession."""

    def may_use(self, session: "Session") -> bool:
        """Return whether a session in the profile's section is its own; a managed section shows what is in it."""
        return self.kind == "session" or (self.profile is not None and resolved.fits(session, self.profile))


def profiles(sections: "Sections", config: "Config") -> list[Listed]:
    """Return all profiles, those of the AWS files first, in file order. Raises ConfigurationError: an unsafe file."""
    names = dict.fromkeys((*sections.profile_names(), *config.profiles))
    return [_listed(name, sections, config) for name in names]


def shown_kind(each: Listed) -> str:
    """Return what a profile is, for people: `role of work`."""
    words = {"role": "role of", "session": "session of", "process": "credential_process of"}.get(each.kind)
    return f"{words} {each.of}" if words and each.of else KINDS[each.kind]


def unresolved(name: str, sections: "Sections", config: "Config") -> "Profile":
    """Return a profile from its name only: enough to find its stored session.

    It does not check that the profile exists, or its key.
    """
    meant = resolved.meant(name, sections, config)
    return resolved.Profile(
        name=meant,
        settings=config.of(meant),
        key_section=meant,
        session_section=resolved.session_section(meant, config),
    )


def is_served(profile: "Profile", keys: "Mapping[str, str]") -> bool:
    """Return whether a profile's keys have a credential_process that runs us for the session of this profile."""
    line = keys.get("credential_process", "")
    is_own = resolved.AD_HOC not in profile.session_section and resolved.ROLE_FLAG not in line
    return is_own and process_line.served_by(keys) == profile.name


def _listed(name: str, sections: "Sections", config: "Config") -> Listed:
    keys = sections.profile(name) or {}
    if is_managed(sections.credentials(name)) and name not in config.profiles:
        owner = resolved.of_section(name, config)
        return Listed(name=name, kind="session", of=owner, region=keys.get("region", ""), session_section=name)
    kind, of = _kind(name, keys)
    listed = Listed(
        name=name,
        kind=kind,
        of=of,
        region=keys.get("region", ""),
        role_arn=_shown(keys.get("role_arn", "")),
        mfa_serial=_shown(keys.get("mfa_serial", "")),
        account=account_of(keys.get("role_arn", "")) or keys.get("sso_account_id", ""),
    )
    if kind not in _OURS:
        return listed
    try:
        profile = resolved.resolve(name, sections, config)
    except ConfigurationError as problem:
        return listed.replace(problem=problem)
    serial = _shown(profile.mfa_serial)
    return listed.replace(
        region=profile.region,
        mfa_serial=serial,
        account=listed.account or account_of(serial),
        profile=profile,
        session_section=profile.session_section,
    )


def _kind(name: str, keys: "Mapping[str, str]") -> tuple[str, str]:
    """Return the kind of a profile, and the profile that it depends on; the order is botocore's."""
    if "role_arn" in keys:
        if "web_identity_token_file" in keys:
            return "web-identity", ""
        return ("machine", "") if "credential_source" in keys else ("role", keys.get("source_profile", ""))
    if any(key.startswith("sso_") for key in keys):
        return "sso", ""
    if "aws_access_key_id" in keys or "aws_secret_access_key" in keys:
        is_temporary = "aws_session_token" in keys or keys.get("aws_access_key_id", "")[1:4] == "SIA"
        return ("temporary" if is_temporary else "key"), ""
    if "login_session" in keys:
        return "login", ""
    served = process_line.served_by(keys)
    if served == name:
        return "key", ""
    return ("process", served) if "credential_process" in keys else ("no-key", "")


def _shown(text: str) -> str:
    """A secret may stand where an ARN or a serial number should."""
    return text if is_name(text) else "(not a name)"
