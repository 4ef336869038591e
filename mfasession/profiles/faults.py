"""Errors about profiles, with hints. Imported only when there is one: every hit imports `profiles`."""

import shlex
from shlex import quote
from typing import TYPE_CHECKING

from mfasession import hints, key_shapes
from mfasession.awsfiles import is_managed
from mfasession.errors import ConfigurationError
from mfasession.text import nearest, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mfasession.profiles import Sections

_FOR_SOURCE = "name the profile that holds your key pair: source_profile = NAME"


def not_a_long_term_key(section: str, keys: "Mapping[str, str]", sections: "Sections") -> ConfigurationError:
    """Return the error for a complete pair that is not an IAM user's access key; no value is quoted."""
    key_id = keys["aws_access_key_id"]
    fault = key_shapes.pair_fault(key_id, keys["aws_secret_access_key"])
    if fault:
        again = f"aws configure --profile {quote(section)}"
        return ConfigurationError(f"profile {section}: {fault}", f"{key_shapes.hint(fault)}; {again}")
    if key_id[1:4] == "SIA":
        return ConfigurationError(
            f"profile {section} holds temporary credentials, not a long-term key",
            _long_term_section(section, sections)
            or "a session is made from a long-term key (AKIA…): put that key pair into the profile",
        )
    token = "aws_session_token" if keys.get("aws_session_token") else "aws_security_token"
    return ConfigurationError(
        f"profile {section} has an {token} beside its long-term key, and AWS refuses the two together",
        f"remove the line {token} = … from section [{section}] of the AWS files",
    )


def refuse_other_ways(name: str, keys: "Mapping[str, str]") -> None:
    """Raise ConfigurationError for a profile without a key pair that gets its credentials without an MFA code."""
    if any(key.startswith("sso_") for key in keys):
        raise ConfigurationError(
            f"profile {name} uses IAM Identity Center (sso_…), which asks for MFA in the browser",
            f"aws sso login --profile {quote(name)}",
        )
    if "login_session" in keys:
        raise ConfigurationError(
            f"profile {name} uses the AWS console sign-in, which asks for MFA in the browser",
            f"aws login --profile {quote(name)}",
        )


def without_source(name: str, keys: "Mapping[str, str]") -> ConfigurationError:
    """Return the error for a role without a source profile."""
    if "web_identity_token_file" in keys:
        return ConfigurationError(
            f"profile {name} assumes its role with a web identity token, which needs no MFA code",
            f"use it without mfasession: AWS tools read the token by themselves (AWS_PROFILE={quote(name)})",
        )
    if "credential_source" in keys:
        return ConfigurationError(
            f"profile {name} assumes its role with the credentials of this machine (credential_source), not with yours",
            "name the profile that holds your key pair instead: source_profile = NAME",
        )
    return ConfigurationError(f"profile {name} has a role_arn and no source_profile", _FOR_SOURCE)


def half_a_key_pair(section: str, missing: str) -> ConfigurationError:
    """Return the error for a section with one half of a key pair; `missing` is the key of the other one."""
    return ConfigurationError(
        f"profile {section} has half a key pair: {missing} is missing", f"aws configure --profile {quote(section)}"
    )


def same_section(name: str, source: str, where: str) -> ConfigurationError:
    """Return the error for a role and its source that would store their sessions in one section."""
    return ConfigurationError(
        f"profiles {name} and {source} would store their sessions in the same section, [{where}]",
        f'choose another one: session_profile = "…" below [profiles.{name}]',
    )


def not_one_line(name: str, key: str) -> ConfigurationError:
    """Return the error for a value that would be stored with a session and does not fit in one line."""
    return ConfigurationError(
        f"profile {name}: {key} holds a line break or another character that cannot be shown", "fix it in the AWS files"
    )


def too_long_for_a_chain(name: str, duration: int, most: int) -> ConfigurationError:
    """Return the error for a role that is to last longer than `most` seconds and that another role assumes."""
    return ConfigurationError(
        f"profile {name} wants {duration} s of a role that another role assumes, and AWS allows {most}",
        f"set its duration_seconds to {most} or less, or remove it",
    )


def no_such_profile(name: str, sections: "Sections", lead: str = "") -> ConfigurationError:
    """Return the error for a name that is in neither file, with the nearest one that is."""
    what = f"{lead}there is no profile {name}"
    if misplaced := _misplaced(name, sections):
        return ConfigurationError(f"{what}: {misplaced[0]}", misplaced[1])
    if hint := _long_term_section(name, sections):
        return ConfigurationError(what, hint)
    known = [known for known in sections.profile_names() if not is_managed(sections.credentials(known))]
    near = nearest(name, known, likeness=0.5)
    if near:
        hint = f"did you mean {near}?"
    elif known:
        shown = ", ".join(known[:8])
        hint = f"profiles: {shown}" + (", …" if len(known) > 8 else "")
    else:
        hint = hints.command_line("init", profile=name)
    return ConfigurationError(what, hint)


def no_key(name: str, sections: "Sections") -> ConfigurationError:
    """Return the error for a profile without a long-term key, with the place where it may be."""
    what = f"profile {name} has no long-term key"
    if misplaced := _misplaced(name, sections):
        return ConfigurationError(f"{what}: {misplaced[0]}", misplaced[1])
    if hint := _long_term_section(name, sections):
        return ConfigurationError(what, hint)
    program = _program((sections.profile(name) or {}).get("credential_process", ""))
    if program:
        return ConfigurationError(
            f"{what}: its credentials come from another program, {program} (credential_process)",
            f"AWS tools run that program by themselves (AWS_PROFILE={quote(name)}); to use a key of yours: "
            + hints.command_line("keys", "add", profile=name),
        )
    return ConfigurationError(what, f"aws configure --profile {quote(name)}")


def _misplaced(name: str, sections: "Sections") -> tuple[str, str] | None:
    """The fault of a section's header, and the correct header."""
    found = sections.misplaced(name)
    if found is None:
        return None
    path, header, right = found
    rule = "do not begin with 'profile'" if right == name else "begin with 'profile'"
    return f"section names in {path} {rule}, but there is [{header}]", f"rename that section to [{right}]"


def _long_term_section(name: str, sections: "Sections") -> str:
    """The hint for the layout of aws-mfa: the key pair of `[NAME]` is in `[NAME-long-term]`."""
    section = f"{name}-long-term"
    if "aws_access_key_id" not in (sections.profile(section) or {}):
        return ""
    line = hints.command_line("login", profile=section)
    return f'the key pair is in [{section}], as aws-mfa has it: {line}; or source = "{section}" in [profiles.{name}]'


def _program(line: str) -> str:
    """The name of the program that a credential_process runs; never its arguments."""
    try:
        words = shlex.split(line)
    except ValueError:
        return "an unreadable line"
    return printable(words[0].rpartition("/")[2]) if words else ""
