"""How a program finds the endpoint: its environment, and AWS files without anything that would win over it.

SDKs look at an endpoint late: keys in the environment, a named profile and whatever the default profile holds come
first (botocore, Go). So a command gets files of its own. They are a copy with the harmless settings and not /dev/null:
a job that lost its region, its proxy of S3 or its certificates would be a different job. The credentials file is an
empty one for the same reason as it is none of the system's devices: a program that replaces it, as root, must not
replace /dev/null.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mfasession import profile_headers
from mfasession.awsfiles import COPY_MARK, AwsFiles, parse
from mfasession.outlets import environment

if TYPE_CHECKING:
    from mfasession.model import Session

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
"""What `env` sets and an endpoint replaces."""

HARMLESS = frozenset(
    """
    account_id_endpoint_mode api_versions ca_bundle defaults_mode disable_request_compression endpoint_url
    ignore_configured_endpoint_urls max_attempts max_bandwidth max_concurrent_requests max_queue_size
    multipart_chunksize multipart_threshold output parameter_validation region request_checksum_calculation
    request_min_compression_size_bytes response_checksum_validation retry_mode s3 s3api sdk_ua_app_id
    sigv4a_signing_region_set sts_regional_endpoints tcp_keepalive use_dualstack_endpoint use_fips_endpoint
    """.split()  # noqa: SIM905  # a list for people to read
)
"""Settings that say where AWS is and how to talk to it (AWS SDKs and Tools Reference Guide, "Settings reference"), with
all `cli_…` of the AWS CLI. A list of what may pass: the next new kind of credentials is not on it."""


def variables(uri: str, token_file: str, region: str) -> dict[str, str | None]:
    """Return what a shell sets to use the endpoint; None means: unset it."""
    regions = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region} if region else {}
    unset = (TOKEN, RELATIVE_URI, *KEYS, *environment.SHADOWS)
    return {URI: uri, TOKEN_FILE: token_file, **regions, **dict.fromkeys(unset)}


def child(
    environ: Mapping[str, str], session: "Session", profile: str, *, uri: str, token: str, folder: str
) -> dict[str, str]:
    """Return the environment of a command that takes the session from the endpoint, and from nowhere else."""
    files = AwsFiles(environ)
    merged = environment.child(environ, session, profile)
    for name in KEYS:
        merged.pop(name, None)
    return {
        **merged,
        URI: uri,
        TOKEN: token,
        "AWS_CONFIG_FILE": os.path.join(folder, "config"),
        "AWS_SHARED_CREDENTIALS_FILE": os.path.join(folder, "credentials"),
        "MFASESSION_AWS_CONFIG_FILE": files.config_path,
        "MFASESSION_AWS_SHARED_CREDENTIALS_FILE": files.credentials_path,
    }


@contextmanager
def private_files(files: AwsFiles, names: tuple[str, ...], region: str) -> Iterator[str]:
    """Make the command's AWS files in a folder of mode 0700, which is gone afterwards; give the folder.

    `names` are the profiles whose settings pass, the later over the earlier. Raises ConfigurationError.
    """
    text = config_text(files, names, region)
    folder = tempfile.mkdtemp(prefix=COPY_MARK.strip("/"))
    try:
        for name, content in (("config", text), ("credentials", "")):
            with open(os.path.join(folder, name), "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(content)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def config_text(files: AwsFiles, names: tuple[str, ...], region: str) -> str:
    """Return a configuration file: the harmless settings as `[default]` and as each profile, for `--profile NAME`."""
    settings = {"region": region} if region else {}
    services = ""
    for name in names:
        keys = files.profile(name) or {}
        settings |= {key: value for key, value in keys.items() if key in HARMLESS or key.startswith("cli_")}
        services = keys.get("services", services)
    sections = {f"services {services}": parse(files.config_path, files.config_text()).get(f"services {services}", {})}
    if services:
        settings["services"] = services
    headers = dict.fromkeys(profile_headers.written(name) for name in ("default", *names))
    return _written({**dict.fromkeys(headers, settings), **(sections if services else {})})


def _written(sections: Mapping[str, Mapping[str, str]]) -> str:
    lines = []
    for header, keys in sections.items():
        lines.append(f"[{header}]")
        # A value of several lines is a nested one, whose lines are indented.
        lines += [f"{key} = {value}".replace("\n", "\n  ") for key, value in keys.items()]
    return "".join(f"{line}\n" for line in lines)
