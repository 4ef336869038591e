"""The environment variables of a session: what `env` prints and `exec` hands on. On the path of every command."""

from mfasession import profiles, timestamps
from mfasession.values import MARK, ROLE_MARK, held_profile, own_region

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mfasession.awsfiles import AwsFiles
    from mfasession.profiles import Profile
    from mfasession.sessions import Context
    from mfasession.values import Session

SET = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "MFASESSION_PROFILE",
    "AWSUME_PROFILE",
    "MFASESSION_EXPIRES",
    MARK,
)
"""AWSUME_PROFILE is for prompts: powerlevel10k and starship show it, and no SDK reads it. They show AWS_VAULT, too, but
aws-vault refuses to run beside that."""
SHADOWS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN")
"""Variables that win over the credentials in the environment in some SDK: AWS_SECURITY_TOKEN beats AWS_SESSION_TOKEN in
botocore, AWS_PROFILE drops the keys in the SDK for JavaScript."""

OTHER_SOURCES = {
    "AWS_ACCESS_KEY": "another name of AWS_ACCESS_KEY_ID in the SDKs for Java 1 and Go",
    "AWS_SECRET_KEY": "wins over AWS_SECRET_ACCESS_KEY in the SDK for Java 1",
    "AWS_CREDENTIAL_FILE": "a file of keys for botocore and the oldest tools",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "a server of credentials",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "a server of credentials",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "the password of that server",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "the password of that server",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "credentials of a role, taken before the profile's",
    "AWS_ROLE_ARN": "the role of that token",
    "AWS_ROLE_SESSION_NAME": "the role of that token",
    "AWS_ACCOUNT_ID": "the account of other credentials: endpoints are made from it",
    "MFASESSION_PASSPHRASE_COMMAND": "prints the passphrase of the encrypted file of long-term keys",
    "AWS_VAULT_FILE_PASSPHRASE": "opens aws-vault's file of long-term keys, and needs no code",
}
"""What a command run by us must not fall back to, nor have in its hands: other credentials of AWS, and why.

Secrets of programs that give codes (OP_SERVICE_ACCOUNT_TOKEN, BW_SESSION) stay: the command may need them itself. So
does all that says where AWS is (AWS_ENDPOINT_URL, AWS_CA_BUNDLE, AWS_CONFIG_FILE).
"""

OTHER_SOURCES_BEGIN = "AWS_BEARER_TOKEN_"
"""A bearer token for one service, such as AWS_BEARER_TOKEN_BEDROCK: SDKs take it before any credentials."""


def settings(context: "Context", profile: "Profile", *, alone: bool = False) -> "dict[str, str | None]":
    """Return the settings, as variables, of the profile that the user chose, see `settings_of`."""
    named = profiles.chosen(context.request.profile, context.environ, context.config)
    return settings_of(context.aws_files, profile, named, context.environ, alone=alone)


def settings_of(
    files: "AwsFiles", profile: "Profile", named: str, environ: "Mapping[str, str]", *, alone: bool = False
) -> "dict[str, str | None]":
    """Return what `destination.handed_on` returns: nothing where no profile has settings that variables would say."""
    names = dict.fromkeys((profile.name, profile.key_section, named, "default"))
    if "MFASESSION_SETTINGS" not in environ and not files.name_endpoints(names):
        return {}
    from mfasession.sessions import destination

    return destination.handed_on(files, profile, named, environ, alone=alone)


def variables(
    session: "Session",
    profile: str,
    environ: "Mapping[str, str]",
    settings: "Mapping[str, str | None] | None" = None,
    *,
    region: str = "",
    has_role: bool = False,
) -> "dict[str, str | None]":
    """Return the variables in the order of printing; None means: unset it. `environ` is what they are set in.

    `region` is that of `--region`, which replaces the user's own variables, too; `has_role` says that the session is
    that of `--role-arn`, and not the profile's.
    """
    values: dict[str, str | None] = {
        # First, as `shells.render` wants no secret in its first lines.
        **dict.fromkeys(SHADOWS),
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key.reveal(),
        "AWS_SESSION_TOKEN": session.session_token.reveal(),
        "AWS_CREDENTIAL_EXPIRATION": timestamps.show(session.expires),
    }
    set_here = _add_named_region(values, region, environ) if region else _add_regions(values, session.region, environ)
    values["MFASESSION_PROFILE"] = values["AWSUME_PROFILE"] = profile
    values["MFASESSION_EXPIRES"] = str(session.expires)
    values[MARK] = f"{with_role(set_here) if has_role else set_here} {profile}"
    if settings:
        values |= settings
    return values


def credentials(session: "Session") -> "dict[str, str | None]":
    """Return the variables that a later session of the same profile changes, in the order of printing."""
    # No secret first, as `shells.render` wants it.
    return {
        "MFASESSION_EXPIRES": str(session.expires),
        "AWS_CREDENTIAL_EXPIRATION": timestamps.show(session.expires),
        "AWS_ACCESS_KEY_ID": session.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret_access_key.reveal(),
        "AWS_SESSION_TOKEN": session.session_token.reveal(),
    }


def has_own_session(environ: "Mapping[str, str]") -> bool:
    """Return whether the environment has the session of MFASESSION_PROFILE, and the user has chosen nothing else since.

    False for the session of `--role-arn`, which no profile has.
    """
    expires, profile = environ.get("MFASESSION_EXPIRES", ""), environ.get("MFASESSION_PROFILE", "")
    if not (expires.isascii() and expires.isdigit() and profile) or profile != held_profile(environ):
        return False
    if any(environ.get(name) for name in SHADOWS) or environ[MARK].partition(" ")[0].endswith(f"/{ROLE_MARK}"):
        return False
    return environ.get("AWS_CREDENTIAL_EXPIRATION") == timestamps.show(int(expires)) and "AWS_SESSION_TOKEN" in environ


def with_role(set_here: str) -> str:
    """Return what MARK says of the regions, and that the session is that of a role without a profile."""
    return "/".join((*[*set_here.split("/"), "", ""][:4], ROLE_MARK))


def _add_named_region(values: "dict[str, str | None]", region: str, environ: "Mapping[str, str]") -> str:
    """Add the region that the command line names; return what MARK says of it: ours, and what the user's own were."""
    values["AWS_REGION"] = values["AWS_DEFAULT_REGION"] = region
    own = "/".join(own_region(environ, name) for name in ("AWS_REGION", "AWS_DEFAULT_REGION"))
    # What is no region's name would not be read back as it was.
    is_readable = own.count("/") == 1 and " " not in own
    return f"{region}/{region}/{own}" if is_readable and own != "/" else f"{region}/{region}"


def _add_regions(values: "dict[str, str | None]", region: str, environ: "Mapping[str, str]") -> str:
    """Add the region for each kind of program, as it would find it by itself with `AWS_PROFILE`.

    The AWS CLI 2 takes AWS_REGION, AWS_DEFAULT_REGION and the profile's, in this order; the CLI 1 and boto3 know no
    AWS_REGION. So a person's own variable stays, and the other one is set to what its readers would have taken. What we
    have set for another profile goes, and what `--region` has replaced comes back. Return what MARK says of it.
    """
    own, default = own_region(environ, "AWS_REGION"), own_region(environ, "AWS_DEFAULT_REGION")
    if not own and (region or "AWS_REGION" in environ):
        values["AWS_REGION"] = (default or region) if region else None
    if not default and (region or "AWS_DEFAULT_REGION" in environ):
        values["AWS_DEFAULT_REGION"] = region or None
    set_here = f"{values.get('AWS_REGION') or ''}/{values.get('AWS_DEFAULT_REGION') or ''}"
    _restore(values, environ)
    return set_here


def _restore(values: "dict[str, str | None]", environ: "Mapping[str, str]") -> None:
    """Set the user's own regions where `--region` of an earlier run stands in their place."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        own = own_region(environ, name)
        if own and own != environ[name]:
            values[name] = own


def warn_of_region(files: "AwsFiles", profile: "Profile", environ: "Mapping[str, str]") -> None:
    """Say so where programs take the region of the default profile because theirs has none.

    With AWS_PROFILE they would have none. No variable says that: botocore makes no endpoint of an empty region.
    """
    if profile.region or profile.name == "default":
        return
    if own_region(environ, "AWS_REGION") or own_region(environ, "AWS_DEFAULT_REGION"):
        return
    if region := (files.profile("default") or {}).get("region", ""):
        from shlex import quote

        from mfasession.messages import complain

        complain(
            f"profile {profile.name} has no region, and programs take that of the default profile: {region}",
            f"aws configure set region {quote(region)} --profile {quote(profile.name)}, or another region",
        )


def unset(environ: "Mapping[str, str]") -> "dict[str, str | None]":
    """Return what takes all of `variables` back; a region that the person has set stays, or comes back."""
    values: dict[str, str | None] = {
        name: None for name in SET if not name.endswith("_REGION") or not own_region(environ, name)
    }
    _restore(values, environ)
    if "MFASESSION_SETTINGS" in environ:
        from mfasession.sessions import destination

        values |= destination.unset(environ)
    return values


def child(
    environ: "Mapping[str, str]",
    session: "Session",
    profile: str,
    settings: "Mapping[str, str | None] | None" = None,
    *,
    region: str = "",
    has_role: bool = False,
) -> dict[str, str]:
    """Return the environment of a command: this one, with the session and without any other source of credentials."""
    merged = {
        name: value
        for name, value in environ.items()
        if name not in OTHER_SOURCES and not name.startswith(OTHER_SOURCES_BEGIN)
    }
    for name, value in variables(session, profile, environ, settings, region=region, has_role=has_role).items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = value
    return merged
