"""The environment and AWS files that make a program use the endpoint.

SDKs prefer keys in the environment, a named profile and the default profile to an endpoint (botocore, Go). So a
command gets its own files: a copy with the harmless settings, because it still needs its region, its S3 settings and
its certificates. The credentials file is an empty file and not /dev/null: a program that replaces it, as root, must not
replace /dev/null.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from shlex import quote
from typing import TYPE_CHECKING

from mfasession.awsfiles import AwsFiles, ini_edit, parse
from mfasession.awsfiles import headers as awsfiles_headers
from mfasession.errors import ConfigurationError
from mfasession.server import run_folder
from mfasession.server.run_folder import RunFolder
from mfasession.sessions import environment
from mfasession.text import printable
from mfasession.values import Secret

if TYPE_CHECKING:
    from mfasession.profiles import Profile
    from mfasession.values import Session

URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105  # the name of a variable
TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105  # the name of a variable
RELATIVE_URI = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
KEYS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "MFASESSION_EXPIRES",
)
"""Variables that `env` sets and an endpoint replaces."""

HARMLESS = frozenset(
    """
    account_id_endpoint_mode api_versions ca_bundle defaults_mode disable_request_compression endpoint_url
    ignore_configured_endpoint_urls max_attempts max_bandwidth max_concurrent_requests max_queue_size
    multipart_chunksize multipart_threshold output parameter_validation region request_checksum_calculation
    request_min_compression_size_bytes response_checksum_validation retry_mode s3 s3api sdk_ua_app_id
    sigv4a_signing_region_set sts_regional_endpoints tcp_keepalive use_dualstack_endpoint use_fips_endpoint
    """.split()  # noqa: SIM905  # a list for people to read
)
"""Settings for reaching AWS (AWS SDKs and Tools Reference Guide, "Settings reference"), besides all `cli_…` of the AWS
CLI. A list of allowed settings: new kinds of credentials are not on it."""


def variables(files: AwsFiles, folder: str, uri: str, region: str) -> dict[str, str | None]:
    """Return the variables for a shell that uses the endpoint; None means: unset it. The token is only in a file."""
    regions = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region} if region else {}
    unset = (TOKEN, RELATIVE_URI, *KEYS, *environment.SHADOWS)
    return {URI: uri, **_files(files, folder), **regions, **dict.fromkeys(unset)}


def child(
    environ: Mapping[str, str],
    session: "Session",
    profile: "Profile",
    settings: Mapping[str, str | None] | None = None,
    *,
    uri: str,
    token: str,
    folder: str,
) -> dict[str, str]:
    """Return the environment of a command that gets the session from the endpoint only.

    It has the token twice: AWS CLI 2 before 2.13 does not read the file, and Rust's object_store reads only the file.
    """
    region = "" if profile.kept_region is None else profile.region
    merged = environment.child(environ, session, profile.name, settings, region=region)
    for name in KEYS:
        merged.pop(name, None)
    return {**merged, URI: uri, TOKEN: token, **_files(AwsFiles(environ), folder)}


def _files(files: AwsFiles, folder: str) -> dict[str, str]:
    return {
        TOKEN_FILE: os.path.join(folder, "token"),
        "AWS_CONFIG_FILE": os.path.join(folder, "config"),
        "AWS_SHARED_CREDENTIALS_FILE": os.path.join(folder, "credentials"),
        "MFASESSION_AWS_CONFIG_FILE": files.config_path,
        "MFASESSION_AWS_SHARED_CREDENTIALS_FILE": files.credentials_path,
    }


@contextmanager
def private_files(
    environ: Mapping[str, str], files: AwsFiles, names: tuple[str, ...], profile: "Profile", token: Secret
) -> Iterator[RunFolder]:
    """Write the command's AWS files and the token to a folder that is removed after the block; yield the folder.

    `names` are the profiles whose settings are copied; later ones override earlier ones. The region of `profile` is
    that of the file where they have none, and where `--region` has named it. Raises ConfigurationError, StoreError.
    """
    text = config_text(files, names, profile.region, region_wins=profile.kept_region is not None)
    with run_folder.made(environ) as folder:
        folder.write("config", text)
        folder.write("credentials", "")
        # Without a line end, which botocore and Go refuse.
        folder.write("token", token.reveal())
        yield folder


def config_text(files: AwsFiles, names: tuple[str, ...], region: str, *, region_wins: bool = False) -> str:
    """Return a configuration file with the harmless settings as `[default]` and as each profile, for `--profile NAME`.

    `region` is for profiles that have none, or with `region_wins` for all.

    Raises ConfigurationError when one of the settings would be read as something else, such as another profile.
    """
    settings = {"region": region} if region else {}
    services = ""
    for name in names:
        keys = files.profile(name) or {}
        settings |= {key: value for key, value in keys.items() if key in HARMLESS or key.startswith("cli_")}
        services = keys.get("services", services)
    if region_wins:
        settings["region"] = region
    of_services = parse(files.config_path, files.config_text()).get(f"services {services}", {})
    # Only nested values have a meaning there.
    nested = {key: value for key, value in of_services.items() if value.startswith("\n")}
    sections = {f"services {services}": nested}
    if services:
        settings["services"] = services
    if "ca_bundle" in settings:
        # The SDKs for Go and JavaScript do not expand `~`.
        settings["ca_bundle"] = os.path.expanduser(settings["ca_bundle"])
    headers = dict.fromkeys(awsfiles_headers.written(name) for name in ("default", *names))
    try:
        return ini_edit.written({**dict.fromkeys(headers, settings), **(sections if services else {})})
    except ValueError:
        raise ConfigurationError(
            f"the settings of profile {printable(names[-1])} cannot be copied into a file of their own",
            f"look for line breaks and odd characters in its section: {quote(files.config_path)}",
        ) from None
