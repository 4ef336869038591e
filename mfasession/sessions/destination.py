"""Where programs talk to: the settings of a profile that decide it, and the variables that say the same.

No hit imports this unless the AWS files have such settings. Sources: AWS SDKs and Tools Reference Guide, "Settings
reference" and "Service-specific endpoints"; ByteNess/aws-vault#261.
"""

import os
from collections.abc import Iterator, Mapping, MutableMapping

from mfasession import hints
from mfasession.awsfiles import is_managed, parse
from mfasession.config.endpoints import SETTINGS
from mfasession.errors import ConfigurationError
from mfasession.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mfasession.awsfiles import AwsFiles
    from mfasession.profiles import Profile
    from mfasession.values import Session

VARIABLES = {
    "account_id_endpoint_mode": "AWS_ACCOUNT_ID_ENDPOINT_MODE",
    "ca_bundle": "AWS_CA_BUNDLE",
    "ignore_configured_endpoint_urls": "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "sts_regional_endpoints": "AWS_STS_REGIONAL_ENDPOINTS",
    "use_dualstack_endpoint": "AWS_USE_DUALSTACK_ENDPOINT",
    "use_fips_endpoint": "AWS_USE_FIPS_ENDPOINT",
}
"""Settings beside the endpoints themselves, and the variable of each."""
UNSET = {
    "account_id_endpoint_mode": "preferred",
    "ignore_configured_endpoint_urls": "false",
    "sts_regional_endpoints": "regional",
    "use_dualstack_endpoint": "false",
    "use_fips_endpoint": "false",
}
"""What SDKs do without a setting, as the value that says so. `ca_bundle` has none."""
MARK = "MFASESSION_SETTINGS"
"""The variable that lists which of the others we have set, and to what: `AWS_USE_FIPS_ENDPOINT=true …`.

A later run sees by it what the user's own variables are, which win over a profile, and what belongs to the profile of
an earlier run.
"""
GENERAL = "AWS_ENDPOINT_URL"
IGNORE = VARIABLES["ignore_configured_endpoint_urls"]


def settings(files: "AwsFiles", profile: "Profile", named: str = "") -> dict[str, str]:
    """Return those of SETTINGS that a profile has. Raises ConfigurationError: one of them is more than one line.

    `named` is the profile that the user named when that means another one; its settings win.
    """
    found: dict[str, str] = {}
    for name in dict.fromkeys((profile.name, named or profile.name)):
        keys = _keys(files, name)
        if keys is None and name == profile.name:
            keys = _keys(files, profile.key_section)
        found |= {setting: value for setting in SETTINGS if (value := (keys or {}).get(setting, ""))}
    for setting, value in found.items():
        if not value.isprintable():
            raise ConfigurationError(
                f"profile {printable(profile.name)}: {setting} holds a line break or another character that cannot be "
                "shown",
                f"correct it in {files.config_path} or {files.credentials_path}",
            )
    return found


def with_settings(files: "AwsFiles", profile: "Profile", session: "Session") -> "Session":
    """Return a session as it is kept: with the settings of its profile, and not with the region of one run."""
    return as_kept(profile, session, kept_settings(files, profile))


def kept_settings(files: "AwsFiles", profile: "Profile") -> tuple[tuple[str, str], ...]:
    """Return the settings of a profile that are kept with its session. Raises ConfigurationError as `settings`."""
    if not files.name_endpoints((profile.name, profile.key_section)):
        return ()
    return tuple(settings(files, profile).items())


def as_kept(profile: "Profile", session: "Session", kept_settings: tuple[tuple[str, str], ...]) -> "Session":
    """Return what `with_settings` returns, with what `kept_settings` has returned."""
    region = session.region if profile.kept_region is None else profile.kept_region
    return session.replace(region=region, settings=kept_settings)


def handed_on(
    files: "AwsFiles", profile: "Profile", named: str, environ: Mapping[str, str], *, alone: bool = False
) -> dict[str, str | None]:
    """Return the variables for a program of the profile; None: unset it, as it was set for another profile.

    `environ` is without what earlier runs have set (`take_back`), but for MARK. `alone`: the program finds no default
    profile. Raises ConfigurationError.
    """
    values: dict[str, str | None] = dict.fromkeys(_set_before(environ))
    if named != "default":
        default = {} if alone else _keys(files, "default") or {}
        values |= variables(profile.name, settings(files, profile, named), default, files, environ)
    set_here = [f"{variable}={_in_one_word(value)}" for variable, value in values.items() if value is not None]
    if values or MARK in environ:
        values[MARK] = " ".join(set_here) or None
    return values


def unset(environ: Mapping[str, str]) -> dict[str, str | None]:
    """Return what takes all back that `handed_on` has set."""
    return dict.fromkeys((*_set_before(environ), MARK))


def take_back(environ: MutableMapping[str, str]) -> None:
    """Remove what earlier runs have set and the user has not changed since: it belongs to the profile of those.

    MARK stays, for `handed_on`.
    """
    for variable, value in _marked(environ):
        if environ.get(variable) == value:
            del environ[variable]


def is_of_another(files: "AwsFiles", profile: "Profile", environ: Mapping[str, str]) -> bool:
    """Return whether the environment has settings that a run for another profile has set."""
    users = dict(environ)
    take_back(users)
    present = {variable: value for variable, value in _marked(environ) if environ.get(variable) == value}
    ours = handed_on(files, profile, profile.name, users)
    return any(ours.get(variable) != value for variable, value in present.items())


def variables(
    name: str, own: Mapping[str, str], default: Mapping[str, str], files: "AwsFiles", environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables that make programs talk to what the profile would make them talk to.

    `own` are the settings of the profile, `default` those of the default profile, which SDKs read when AWS_PROFILE is
    not set. A variable that `environ` has stays as it is: SDKs take it before any profile. Raises ConfigurationError:
    variables cannot keep the endpoints of the default profile away from those of this one.
    """
    values = {}
    for setting, variable in VARIABLES.items():
        if environ.get(variable):
            continue
        if value := own.get(setting, ""):
            values[variable] = os.path.expanduser(value) if setting == "ca_bundle" else value
        elif default.get(setting) and setting in UNSET:
            values[variable] = UNSET[setting]
    ignores = values.get(IGNORE) or environ.get(IGNORE, "")
    if ignores.lower() != "true" and not environ.get(GENERAL):
        values |= _endpoints(name, _urls(own, files), _urls(default, files), environ)
    return values


def _endpoints(
    name: str, own: Mapping[str, str], default: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    values = {variable: url for variable, url in own.items() if not environ.get(variable)}
    if GENERAL in own or not {variable for variable in default if variable not in own and not environ.get(variable)}:
        return values
    if own or any(variable.startswith(f"{GENERAL}_") and environ[variable] for variable in environ):
        raise ConfigurationError(
            f"profile {printable(name)} has endpoints for some services, and for the others programs would take those "
            "of the default profile",
            "give the profile an endpoint_url, or a configuration file of its own: "
            f"{hints.command_line('exec', '--server', profile=name)}",
        )
    # Neither the environment nor the profile has endpoints: ignoring all is ignoring the default profile's.
    return {IGNORE: "true"}


def _urls(settings: Mapping[str, str], files: "AwsFiles") -> dict[str, str]:
    """Return the endpoints that a profile sets, by the variable that says the same."""
    urls = {GENERAL: settings["endpoint_url"]} if settings.get("endpoint_url") else {}
    if not settings.get("services"):
        return urls
    section = parse(files.config_path, files.config_text()).get(f"services {settings['services']}", {})
    for service, nested in section.items():
        pairs = (line.partition("=") for line in nested.split("\n"))
        url = {key.strip(): value.strip() for key, _, value in pairs}.get("endpoint_url", "")
        variable = f"{GENERAL}_{service.upper().replace('-', '_')}"
        if url and url.isprintable() and variable.isascii() and variable.isidentifier():
            urls[variable] = url
    return urls


def _keys(files: "AwsFiles", name: str) -> Mapping[str, str] | None:
    """A profile's own keys, without those that were written beside a session."""
    return files.config(name) if is_managed(files.credentials(name)) else files.profile(name)


def _set_before(environ: Mapping[str, str]) -> list[str]:
    """The variables that an earlier run has set; what the user has set anew since is the user's."""
    return [variable for variable, _ in _marked(environ) if variable not in environ]


def _marked(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for word in environ.get(MARK, "").split():
        variable, _, value = word.partition("=")
        if variable in VARIABLES.values() or variable == GENERAL or variable.startswith(f"{GENERAL}_"):
            yield variable, value.replace("%20", " ").replace("%25", "%")


def _in_one_word(value: str) -> str:
    return value.replace("%", "%25").replace(" ", "%20")
