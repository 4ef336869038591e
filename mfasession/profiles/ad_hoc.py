"""Roles without a profile of their own, as the command line names them: `--role-arn`. No I/O; a usual hit imports none.

Such a role is assumed as if a profile had `role_arn = ARN` and `source_profile = NAME`, NAME being the chosen profile.
"""

import hashlib
from typing import TYPE_CHECKING

from mfasession import durations, profiles
from mfasession.awsfiles import SUFFIX
from mfasession.errors import ConfigurationError
from mfasession.profiles import AD_HOC, CHAINED_MAXIMUM, ROLE_FLAG, Profile, process_line
from mfasession.values import Role, partition_of

if TYPE_CHECKING:
    from mfasession.profiles import Sections

LIFE = Role.duration
"""Seconds that a role's session lasts unless it is said (AssumeRole's default, STS API reference)."""
MAXIMUM = 12 * 3600
"""Upper bound of AssumeRole's DurationSeconds (STS API reference); the lower one is that of a session."""


def with_role(source: Profile, role: Role, sections: "Sections") -> Profile:
    """Return the profile of a role that is assumed with the session of another profile, whose name and settings it has.

    Its session has a section of its own, named after the source, the role and the role's options. Raises
    ConfigurationError: AWS would not give the role for so long or to this device, or the section is not ours to write.
    """
    if role.duration > CHAINED_MAXIMUM and source.role is not None:
        raise ConfigurationError(
            f"the role is wanted for {durations.show(role.duration)}, and AWS gives {durations.show(CHAINED_MAXIMUM)} "
            f"at most to the role of profile {source.name}",
            "lower --duration, or name a profile with a key: -p NAME",
        )
    there, here = partition_of(role.arn), partition_of(source.mfa_serial)
    if there and here and there != here:
        raise ConfigurationError(
            f"the role is in partition {there}, and the device of profile {source.name} is in {here}",
            "name a profile of the role's partition: -p NAME",
        )
    profile = source.replace(role=role, source=source, instead_of="", serves_itself=False)
    section = _section(profile, role)
    profiles.check_session_section(source.name, section, sections)
    return profile.replace(session_section=section)


def of_process(name: str, line: str, source: Profile, sections: "Sections") -> Profile:
    """Return the profile of the role that a credential_process names, as `mfasession process -p NAME --role-arn ARN`.

    `name` is the profile that has the line. Raises ConfigurationError for a duration that is none, and as `with_role`.
    """
    flags = _flags(process_line.words_of(line))
    try:
        seconds = durations.parse_within(flags.get("--duration", str(LIFE)), durations.SESSION_MINIMUM, MAXIMUM)
    except ValueError as error:
        raise ConfigurationError(
            f"the credential_process of profile {name}: --duration: {error}", "fix it in the AWS configuration file"
        ) from None
    role = Role(
        arn=flags.get(ROLE_FLAG, ""),
        external_id=flags.get("--external-id", ""),
        session_name=flags.get("--role-session-name", ""),
        duration=seconds,
    )
    return with_role(source, role, sections)


def flags_of(role: Role) -> list[str]:
    """Return the words by which another command names the same role."""
    given = {
        ROLE_FLAG: role.arn,
        "--external-id": role.external_id,
        "--role-session-name": role.session_name,
        "--duration": str(role.duration) if role.duration != LIFE else "",
    }
    return [word for flag, value in given.items() if value for word in (flag, value)]


def _flags(words: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            flag, equals, value = word.partition("=")
            found[flag] = value if equals else next(rest, "")
    return found


def _section(profile: Profile, role: Role) -> str:
    """Return `work+role.ops.1f2e3d4c5b6a-mfa`: the profile and the role for people, and a hash of all that counts."""
    said = f"{role.arn}\n{profiles.role_options(profile)}"
    mark = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    name = role.arn.rpartition("/")[2]
    shown = "".join(char if char.isascii() and (char.isalnum() or char in "_-") else "-" for char in name)
    return f"{profile.name}{AD_HOC}{shown}.{mark}{SUFFIX}"
