"""From a name to one Profile: the AWS files, our configuration and the environment decide; no input or output here.

On the path of every command.
"""

from mfasession.awsfiles import is_managed
from mfasession.errors import ConfigurationError
from mfasession.values import LongTermKey, Role, Secret, Value, held_profile, is_key_id, is_key_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from mfasession.config import Config, ProfileSettings
    from mfasession.values import Session

    class Sections(Protocol):
        """What is asked of the AWS files; `awsfiles.AwsFiles` has it."""

        def credentials(self, section: str) -> Mapping[str, str] | None:
            """Return one section of the credentials file."""

        def profile(self, name: str) -> Mapping[str, str] | None:
            """Return a profile's keys from both files."""

        def profile_names(self) -> list[str]:
            """Return the names of all profiles."""

        def misplaced(self, name: str) -> tuple[str, str, str] | None:
            """Return path, header and right header of a section that was meant to be this profile's."""


SUFFIX = "-mfa"
_LONGEST = 4096
"""Characters of a credential_process in quotes that is still read: the work of `shlex` grows with their square."""
CHAINED_MAXIMUM = 3600
"""Seconds that a role assumed with temporary credentials lasts at most, those of an MFA session too (role chaining)."""
ROLE_TEXTS = (
    "external_id",
    "session_tags",
    "transitive_session_tags",
    "source_identity",
    "policy_arns",
    "policy",
)
"""Keys of a profile that are handed to AssumeRole as they are."""


class Profile(Value):
    """A profile resolved: where its key is, whose code it needs, where its session is kept."""

    name: str
    settings: "ProfileSettings"
    key_section: str
    """The section that holds the long-term key, for a role that of its source."""
    key: "LongTermKey | None" = None
    """The long-term key when a file holds it; None when only the keyring can."""
    session_section: str
    mfa_serial: str = ""
    """Serial number or ARN as configured; empty when it is to be discovered."""
    instead_of: str = ""
    """The configured serial number when the command line names another device for this once."""
    suggested_serial: str = ""
    """The device that a role names for a source profile that names none: asked, and no session is bound to it."""
    region: str = ""
    role: "Role | None" = None
    source: "Profile | None" = None
    """The profile whose session assumes the role."""
    serves_itself: bool = False
    """Whether its own credential_process runs us for it: a key pair in the same section wins over that."""


def chosen(option: str, environ: "Mapping[str, str]", config: "Config") -> str:
    """Return the profile's name: -p, MFASESSION_PROFILE, AWS_PROFILE, `default_profile`, `default`, in this order.

    `env` and `exec` set MFASESSION_PROFILE and unset AWS_PROFILE: an AWS_PROFILE beside theirs is newer, and wins.
    Raises ConfigurationError: AWS_PROFILE and AWS_DEFAULT_PROFILE decide, and name two.
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
            f"AWS_PROFILE is {name} and AWS_DEFAULT_PROFILE is {older}, and AWS tools disagree which of them counts",
            "unset one of them, or name the profile: -p NAME",
        )
    return name or older


def is_chosen_by_itself(name: str, environ: "Mapping[str, str]", config: "Config") -> bool:
    """Return whether a command without -p is about this profile."""
    try:
        return chosen("", environ, config) == name
    except ConfigurationError:
        return False


def resolve(name: str, sections: "Sections", config: "Config") -> Profile:
    """Return the profile of that name.

    A managed section's own name means its source, and a profile without a key whose credential_process runs us for
    another profile means that one.

    Raises ConfigurationError: no such profile (the nearest name is offered), half a key pair, temporary credentials in
    the place of a long-term key, a loop of source profiles, a section where a session may not be kept.
    """
    return _resolve(_meant(name, sections, config), sections, config, ())


def unresolved(name: str, sections: "Sections", config: "Config") -> Profile:
    """Return the profile as far as its name tells: enough to find the session that is kept for it.

    Whether there is such a profile, and what its key is like, is not looked at.
    """
    meant = _meant(name, sections, config)
    return Profile(
        name=meant, settings=config.of(meant), key_section=meant, session_section=session_section(meant, config)
    )


def fits(session: "Session", profile: "Profile") -> bool:
    """Return whether the session is bound to the profile's long-term key, device and role as they are now."""
    if session.role_arn != (profile.role.arn if profile.role else "") or session.role_options != role_options(profile):
        return False
    if profile.key is not None and session.key_id != profile.key.access_key_id:
        return False
    return not profile.mfa_serial or profile.mfa_serial in (session.mfa_serial, session.instead_of)


def role_options(profile: "Profile") -> str:
    """Return all that makes a role's session what it is beside its ARN, in one line; empty when nothing is set.

    As in `external_id=42 duration=900 < arn:aws:iam::…:role/first`, the roles that it is assumed through behind.
    """
    parts: list[str] = []
    at: Profile | None = profile
    while at is not None and at.role is not None:
        parts.append(" ".join((*([at.role.arn] if parts else []), *_as_words(at.role))))
        at = at.source
    return " < ".join(parts).strip()


def session_section(name: str, config: "Config") -> str:
    """Return the section that a profile's session is kept in."""
    return config.of(name).session_profile or name + SUFFIX


def of_section(section: str, config: "Config") -> str:
    """Return the profile whose session a managed section keeps."""
    for name, settings in config.profiles.items():
        if settings.session_profile == section:
            return name
    return section.removesuffix(SUFFIX)


def _meant(name: str, sections: "Sections", config: "Config") -> str:
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
            f"the source profiles go round in a circle: {' -> '.join((*behind, name))}",
            "one of them must hold a key pair instead of a source_profile",
        )
    settings = config.of(name)
    keys = sections.profile(name)
    if is_managed(keys) and keys is not None:
        # The user's own `[profile name]` keys beside the managed section still count; the session's do not.
        keys = {key: value for key, value in keys.items() if not key.startswith(("aws_", "mfasession_"))}
    if keys is None and name not in config.profiles:
        raise _no_such_profile(name, sections, f"source of profile {behind[-1]}: " if behind else "")
    keys = keys or {}
    _check_texts(name, keys)
    where = session_section(name, config)
    _check_session_section(name, where, sections)
    if "role_arn" in keys:
        if is_source and ("aws_access_key_id" in keys or "aws_secret_access_key" in keys):
            # The key pair of a source profile ends the chain, whatever role stands beside it: as in every SDK
            # (botocore, `_resolve_credentials_from_profile`).
            return _user_beside_role(name, keys, settings, settings.mfa_serial or keys.get("mfa_serial", ""), sections)
        return _role_profile(name, keys, settings, where, sections, config, (*behind, name))
    key_section = settings.source or name
    own = keys if key_section == name else sections.profile(key_section)
    if own is None:
        raise _no_such_profile(key_section, sections, f"source of profile {name}: ")
    _check_texts(key_section, own)
    key = _long_term_key(key_section, own, sections)
    served = served_by(own)
    if key is None and served not in ("", name) and name not in config.profiles:
        return _resolve(served, sections, config, (*behind, name))
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


def served_by(keys: "Mapping[str, str]") -> str:
    """Return the profile that a credential_process of ours is for; empty when it is not ours or names none."""
    line = keys.get("credential_process", "")
    if "mfasession" not in line:
        return ""
    words = iter(_words(line.replace("--profile=", "-p ")))
    if next(words, "").rpartition("/")[2] != "mfasession":
        return ""
    return next((next(words, "") for word in words if word in ("-p", "--profile")), "")


def _words(line: str) -> list[str]:
    if not any(char in line for char in "'\"\\"):
        return line.split()
    if len(line) > _LONGEST:
        return []
    import shlex

    try:
        return shlex.split(line)
    except ValueError:
        return []


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
    """The user of a profile that has a role, too: the role's session is in the profile's own section."""
    of_user = f"{name}-user{SUFFIX}"
    _check_session_section(name, of_user, sections)
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
    """Hand the device that a role names down to the user at the end of its chain, who may name none."""
    if source.source is not None:
        return source.replace(source=_suggested(source.source, serial))
    return source if source.mfa_serial or not serial else source.replace(suggested_serial=serial)


def _role(name: str, keys: "Mapping[str, str]", source: Profile) -> Role:
    duration = _role_duration(name, keys.get("duration_seconds", "3600"))
    if duration > CHAINED_MAXIMUM and source.role is not None:
        raise ConfigurationError(
            f"profile {name} wants {duration} s of a role that another role assumes, and AWS gives {CHAINED_MAXIMUM}",
            f"set its duration_seconds to {CHAINED_MAXIMUM} or less, or remove it",
        )
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
        from shlex import quote

        missing = "aws_secret_access_key" if key_id else "aws_access_key_id"
        raise ConfigurationError(
            f"profile {section} has half a key pair: {missing} is missing",
            f"aws configure --profile {quote(section)}",
        )
    token = keys.get("aws_session_token") or keys.get("aws_security_token")
    if token or key_id[1:4] == "SIA" or not (is_key_id(key_id) and is_key_secret(secret)):
        from mfasession.profiles import faults

        raise faults.not_a_long_term_key(section, keys, sections)
    return LongTermKey(access_key_id=key_id, secret_access_key=Secret(secret))


def _check_session_section(name: str, where: str, sections: "Sections") -> None:
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
    """Raise ConfigurationError for what is kept with a session and cannot be in one line of a file."""
    for key in ("mfa_serial", "region", "role_arn"):
        if not keys.get(key, "").isprintable():
            raise ConfigurationError(
                f"profile {name}: {key} holds a line break or another character that cannot be shown",
                "fix it in the AWS files",
            )


def _check_apart(name: str, where: str, source: "Profile | None") -> None:
    """Raise ConfigurationError when a role and what it is assumed with would take each other's place."""
    while source is not None:
        if source.session_section == where:
            raise ConfigurationError(
                f"profiles {name} and {source.name} would keep their sessions in one section, [{where}]",
                f'choose another one: session_profile = "…" below [profiles.{name}]',
            )
        source = source.source
