"""Resolves a name to a Profile, from the AWS files, our configuration and the environment. No I/O.

Every command imports this.
"""

from mfasession.awsfiles import SUFFIX, is_managed
from mfasession.errors import ConfigurationError
from mfasession.values import LongTermKey, Role, Secret, Value, held_profile, is_key_id, is_key_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from mfasession.config import Config, ProfileSettings
    from mfasession.values import Session

    class Sections(Protocol):
        """The interface to the AWS files, as in `awsfiles.AwsFiles`."""

        def credentials(self, section: str) -> Mapping[str, str] | None:
            """Return one section of the credentials file."""

        def profile(self, name: str) -> Mapping[str, str] | None:
            """Return a profile's keys from both files."""

        def profile_names(self) -> list[str]:
            """Return the names of all profiles."""

        def misplaced(self, name: str) -> tuple[str, str, str] | None:
            """Return path, header and correct header of a section with a wrong header for this profile."""


AD_HOC = "+role."
"""Stands in the section of a role's session between the profile that assumes it and the role, see `ad_hoc`."""
ROLE_FLAG = "--role-arn"
CHAINED_MAXIMUM = 3600
"""The most seconds of a role that is assumed with temporary credentials, an MFA session included (role chaining)."""
ROLE_TEXTS = (
    "external_id",
    "session_tags",
    "transitive_session_tags",
    "source_identity",
    "policy_arns",
    "policy",
)
"""Keys of a profile that are passed to AssumeRole unchanged."""


class Profile(Value):
    """A resolved profile: the place of its key, its device, and the place of its session."""

    name: str
    settings: "ProfileSettings"
    key_section: str
    """The section with the long-term key; for a role, that of its source."""
    key: "LongTermKey | None" = None
    """The long-term key if a file holds it; None if only the keyring may."""
    session_section: str
    mfa_serial: str = ""
    """The configured serial number or ARN; empty when it has to be discovered."""
    instead_of: str = ""
    """The configured serial number, when the command line names another device for this run."""
    suggested_serial: str = ""
    """The device in a role for a source profile without one: it is asked for a code, but no session is bound to it."""
    region: str = ""
    kept_region: "str | None" = None
    """The region that is kept with a session, when --region names another one for this run; None: `region`."""
    role: "Role | None" = None
    source: "Profile | None" = None
    """The profile whose session assumes the role."""
    serves_itself: bool = False
    """Whether its credential_process runs us for this profile: a key pair in the same section takes precedence over
    it."""


def chosen(option: str, environ: "Mapping[str, str]", config: "Config") -> str:
    """Return the profile's name: -p, MFASESSION_PROFILE, AWS_PROFILE, `default_profile`, `default`, in this order.

    `env` and `exec` set MFASESSION_PROFILE and unset AWS_PROFILE: an AWS_PROFILE beside it is newer, and wins. Raises
    ConfigurationError when the choice is between AWS_PROFILE and AWS_DEFAULT_PROFILE, and they differ.
    """
    own = environ.get("MFASESSION_PROFILE", "")
    if option or (own and own != held_profile(environ)):
        return option or own
    return _named_for_aws(environ) or own or config.default_profile or "default"


def _named_for_aws(environ: "Mapping[str, str]") -> str:
    """Return AWS_PROFILE, or AWS_DEFAULT_PROFILE, which the AWS CLI and boto3 follow, too (boto/botocore#1725)."""
    name, older = environ.get("AWS_PROFILE", ""), environ.get("AWS_DEFAULT_PROFILE", "")
    if name and older and name != older:
        raise ConfigurationError(
            f"AWS_PROFILE is {name} and AWS_DEFAULT_PROFILE is {older}, and AWS tools disagree about which counts",
            "unset one of them, or name the profile: -p NAME",
        )
    return name or older


def is_chosen_by_itself(name: str, environ: "Mapping[str, str]", config: "Config") -> bool:
    """Return whether a command without -p uses this profile."""
    try:
        return chosen("", environ, config) == name
    except ConfigurationError:
        return False


def resolve(name: str, sections: "Sections", config: "Config", *, is_source: bool = False) -> Profile:
    """Return the profile of that name, or with `is_source` the one that assumes a role for another.

    A managed section's own name means its source, and a profile without a key whose credential_process runs us for
    another profile means that one.

    Raises ConfigurationError: no such profile (with the nearest name), half a key pair, temporary credentials in place
    of a long-term key, a loop of source profiles, a section where a session may not be kept.
    """
    return _resolve(meant(name, sections, config), sections, config, (), is_source=is_source)


def fits(session: "Session", profile: "Profile") -> bool:
    """Return whether the session is bound to the profile's present long-term key, device and role."""
    if session.role_arn != (profile.role.arn if profile.role else "") or session.role_options != role_options(profile):
        return False
    if profile.key is not None and session.key_id != profile.key.access_key_id:
        return False
    return not profile.mfa_serial or profile.mfa_serial in (session.mfa_serial, session.instead_of)


def role_options(profile: "Profile") -> str:
    """Return the options of a role's session besides its ARN, in one line; empty when nothing is set.

    As in `external_id=42 duration=900 < arn:aws:iam::…:role/first`, followed by the roles that it is assumed through.
    """
    parts: list[str] = []
    at: Profile | None = profile
    while at is not None and at.role is not None:
        parts.append(" ".join((*([at.role.arn] if parts else []), *_as_words(at.role))))
        at = at.source
    return " < ".join(parts).strip()


def session_section(name: str, config: "Config") -> str:
    """Return the section for a profile's session."""
    return config.of(name).session_profile or name + SUFFIX


def of_section(section: str, config: "Config") -> str:
    """Return the profile whose session is in a managed section."""
    for name, settings in config.profiles.items():
        if settings.session_profile == section:
            return name
    return section.partition(AD_HOC)[0].removesuffix(SUFFIX)


def meant(name: str, sections: "Sections", config: "Config") -> str:
    """Return the profile of a name: the owner of a managed section, which need not exist, or the name itself."""
    managed = is_managed(sections.credentials(name)) and name not in config.profiles
    return of_section(name, config) if managed else name


def _no_such_profile(name: str, sections: "Sections", lead: str = "") -> ConfigurationError:
    from mfasession.profiles import faults

    return faults.no_such_profile(name, sections, lead)


def _resolve(
    name: str, sections: "Sections", config: "Config", behind: tuple[str, ...], *, is_source: bool = False
) -> Profile:
    if name in behind:
        raise ConfigurationError(
            f"the source profiles form a loop: {' -> '.join((*behind, name))}",
            "one of them must hold a key pair instead of a source_profile",
        )
    settings = config.of(name)
    keys = sections.profile(name)
    if is_managed(keys) and keys is not None:
        # The user's `[profile name]` keys still count besides the managed section; the session's keys do not.
        keys = {key: value for key, value in keys.items() if not key.startswith(("aws_", "mfasession_"))}
    if keys is None and name not in config.profiles:
        raise _no_such_profile(name, sections, f"source of profile {behind[-1]}: " if behind else "")
    keys = keys or {}
    _check_texts(name, keys)
    where = session_section(name, config)
    check_session_section(name, where, sections)
    if "role_arn" in keys:
        if is_source and ("aws_access_key_id" in keys or "aws_secret_access_key" in keys):
            # The key pair of a source profile ends the chain, even with a role beside it, as in every SDK
            # (botocore, `_resolve_credentials_from_profile`).
            return _user_beside_role(name, keys, settings, settings.mfa_serial or keys.get("mfa_serial", ""), sections)
        return _role_profile(name, keys, settings, where, sections, config, (*behind, name))
    key_section = settings.source or name
    own = keys if key_section == name else sections.profile(key_section)
    if own is None:
        raise _no_such_profile(key_section, sections, f"source of profile {name}: ")
    _check_texts(key_section, own)
    key = _long_term_key(key_section, own, sections)
    served = _served_by(own)
    if key is None and served not in ("", name) and name not in config.profiles:
        return _of_process(own["credential_process"], served, sections, config, (*behind, name), is_source=is_source)
    if key is None and name not in config.profiles and any(each.startswith(("sso_", "login_session")) for each in own):
        from mfasession.profiles import faults

        faults.refuse_other_ways(key_section, own)
    return Profile(
        name=name,
        settings=settings,
        key_section=key_section,
        key=key,
        session_section=where,
        mfa_serial=settings.mfa_serial or keys.get("mfa_serial", "") or own.get("mfa_serial", ""),
        region=keys.get("region", "") or own.get("region", ""),
        serves_itself=served == name,
    )


def _served_by(keys: "Mapping[str, str]") -> str:
    if "credential_process" not in keys:
        return ""
    from mfasession.profiles import process_line

    return process_line.served_by(keys)


def _of_process(
    line: str, served: str, sections: "Sections", config: "Config", behind: tuple[str, ...], *, is_source: bool
) -> Profile:
    """Return the profile that a credential_process asks us for, or the role that this one assumes for it."""
    has_role = ROLE_FLAG in line
    profile = _resolve(served, sections, config, behind, is_source=is_source or has_role)
    if has_role:
        from mfasession.profiles import ad_hoc

        profile = ad_hoc.of_process(behind[-1], line, profile, sections)
    return profile


def _role_profile(
    name: str,
    keys: "Mapping[str, str]",
    settings: "ProfileSettings",
    where: str,
    sections: "Sections",
    config: "Config",
    behind: tuple[str, ...],
) -> Profile:
    if not keys.get("source_profile") or "credential_source" in keys or "web_identity_token_file" in keys:
        from mfasession.profiles import faults

        raise faults.without_source(name, keys)
    serial = settings.mfa_serial or keys.get("mfa_serial", "")
    source_name = keys["source_profile"]
    if source_name == name:
        source = _user_beside_role(name, keys, settings, serial, sections)
    else:
        source = _suggested(_resolve(source_name, sections, config, behind, is_source=True), serial)
    _check_apart(name, where, source)
    role = _role(name, keys, source)
    return Profile(
        name=name,
        settings=settings,
        key_section=source.key_section,
        key=source.key,
        session_section=where,
        mfa_serial=(serial if role.duration > CHAINED_MAXIMUM else "") or source.mfa_serial,
        suggested_serial=serial or source.suggested_serial,
        region=keys.get("region", "") or source.region,
        role=role,
        source=source,
    )


def _user_beside_role(
    name: str, keys: "Mapping[str, str]", settings: "ProfileSettings", serial: str, sections: "Sections"
) -> Profile:
    """The user of a profile that also has a role: the role's session has the profile's own section."""
    of_user = f"{name}-user{SUFFIX}"
    check_session_section(name, of_user, sections)
    return Profile(
        name=name,
        settings=settings,
        key_section=name,
        key=_long_term_key(name, keys, sections),
        session_section=of_user,
        mfa_serial=serial,
        region=keys.get("region", ""),
    )


def _suggested(source: Profile, serial: str) -> Profile:
    """Pass a role's device down to the user at the end of its chain, who may have none configured."""
    if source.source is not None:
        return source.replace(source=_suggested(source.source, serial))
    return source if source.mfa_serial or not serial else source.replace(suggested_serial=serial)


def _role(name: str, keys: "Mapping[str, str]", source: Profile) -> Role:
    duration = _role_duration(name, keys.get("duration_seconds", "3600"))
    if duration > CHAINED_MAXIMUM and source.role is not None:
        from mfasession.profiles import faults

        raise faults.too_long_for_a_chain(name, duration, CHAINED_MAXIMUM)
    return Role(
        arn=keys["role_arn"],
        session_name=keys.get("role_session_name", ""),
        duration=duration,
        **{key: keys[key] for key in ROLE_TEXTS if key in keys},
    )


def _role_duration(name: str, text: str) -> int:
    # 900..43200: bounds of AssumeRole's DurationSeconds (STS API reference).
    if not (text.isascii() and text.isdigit() and 900 <= int(text) <= 43200):
        raise ConfigurationError(
            f"profile {name}: duration_seconds must be from 900 to 43200", "fix it in the AWS configuration file"
        )
    return int(text)


def _as_words(role: "Role") -> list[str]:
    set_here = ((name, getattr(role, name)) for name in role.__fields__ if name != "arn")
    return [f"{name}={_in_one_word(str(value))}" for name, value in set_here if value != getattr(type(role), name)]


def _in_one_word(text: str) -> str:
    return "".join(char if char.isprintable() and char not in " %" else f"%{ord(char):x}%" for char in text)


def _long_term_key(section: str, keys: "Mapping[str, str]", sections: "Sections") -> "LongTermKey | None":
    key_id, secret = keys.get("aws_access_key_id", ""), keys.get("aws_secret_access_key", "")
    if not key_id and not secret:
        return None
    if not key_id or not secret:
        from mfasession.profiles import faults

        raise faults.half_a_key_pair(section, "aws_secret_access_key" if key_id else "aws_access_key_id")
    token = keys.get("aws_session_token") or keys.get("aws_security_token")
    if token or key_id[1:4] == "SIA" or not (is_key_id(key_id) and is_key_secret(secret)):
        from mfasession.profiles import faults

        raise faults.not_a_long_term_key(section, keys, sections)
    return LongTermKey(access_key_id=key_id, secret_access_key=Secret(secret))


def check_session_section(name: str, where: str, sections: "Sections") -> None:
    """Raise ConfigurationError when a session of a profile may not be kept in this section."""
    target = sections.profile(where)
    if target is not None and "role_arn" in target:
        raise ConfigurationError(
            f"profile {where} has a role_arn, which would win over the session kept there",
            f'choose another section: session_profile = "…" below [profiles.{name}]',
        )
    if target is not None and "aws_access_key_id" in target and sections.credentials(where) is None:
        raise ConfigurationError(
            f"profile {where} has a key pair in the AWS configuration file, which a session kept there would hide",
            f'choose another section: session_profile = "…" below [profiles.{name}]',
        )


def _check_texts(name: str, keys: "Mapping[str, str]") -> None:
    """Raise ConfigurationError for a value that is stored with a session and does not fit in one line."""
    for key in ("mfa_serial", "region", "role_arn"):
        if not keys.get(key, "").isprintable():
            from mfasession.profiles import faults

            raise faults.not_one_line(name, key)


def _check_apart(name: str, where: str, source: "Profile | None") -> None:
    """Raise ConfigurationError when a role and its source would store their sessions in the same section."""
    while source is not None:
        if source.session_section == where:
            from mfasession.profiles import faults

            raise faults.same_section(name, source.name, where)
        source = source.source
