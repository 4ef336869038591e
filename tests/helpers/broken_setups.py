"""Ways to break a set-up, each with the finding of `doctor` and with the page or the public issue that names it."""

from collections.abc import Mapping

from mfasession.values import MARK, Value
from tests.helpers.support import MFASESSION, SESSION_ID, key_pair

_SDKS = "https://docs.aws.amazon.com/sdkref/latest/guide/"
FILES, STATIC = f"{_SDKS}file-format.html", f"{_SDKS}feature-static-credentials.html"
ROLES, PROCESS = f"{_SDKS}feature-assume-role-credentials.html", f"{_SDKS}feature-process-credentials.html"
ENDPOINTS = f"{_SDKS}feature-ss-endpoints.html"
VARIABLES = "https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html"
OURS = "docs/threat-model.md"
CONFIG_PAGE = "docs/config.md"

IN_2020 = "2020-01-01T00:00:00Z"
KEYS_IN_SHELL = {"AWS_ACCESS_KEY_ID": SESSION_ID, "AWS_SECRET_ACCESS_KEY": "x" * 40, "AWS_SESSION_TOKEN": "token"}
OTHER_ID = "AKIAI44QH8DHBEXAMPLE"


class Case(Value):
    """One way to break a set-up."""

    text: str = ""
    """What stands in the file that is broken."""
    environ: Mapping[str, str] = {}  # a Value is frozen
    mode: int = 0o600
    finding: str
    named_by: str
    """An issue as `owner/repository#number`, a page as its URL, or a page of ours."""


def role(name: str, source: str) -> str:
    """A profile with a role."""
    return f"[profile {name}]\nrole_arn = arn:aws:iam::123456789012:role/{name}\nsource_profile = {source}\n"


def process(name: str, served: str) -> str:
    """A profile whose program is ours, for another profile."""
    header = name if name == "default" else f"profile {name}"
    return f"[{header}]\ncredential_process = {MFASESSION} process -p {served}\n"


def _config(text: str, finding: str, named_by: str) -> Case:
    return Case(text=text, finding=finding, named_by=named_by)


def _shell(environ: Mapping[str, str], finding: str, named_by: str) -> Case:
    return Case(environ=environ, finding=finding, named_by=named_by)


CONFIGURATIONS = {
    "a header without profile": _config("[work]\nregion = eu-west-1\n", "wrong-header", FILES),
    "an open line": _config("[default\nregion = eu-west-1\n", "file-malformed", FILES),
    "a section twice": _config("[default]\nregion = a\n[default]\nregion = b\n", "file-malformed", FILES),
    "a loop of source profiles": _config(
        role("a", "b") + role("b", "a"), "profile-unusable", "99designs/aws-vault#1211"
    ),
    "a source profile that is gone": _config(role("a", "gone"), "profile-unusable", ROLES),
    "a role without a source profile": _config(role("a", "").rpartition("source")[0], "profile-unusable", ROLES),
    "a duration that AWS does not take": _config(
        role("a", "default") + "duration_seconds = 60\n",
        "profile-unusable",
        "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
    ),
    "a FIDO device": _config(
        "[default]\nmfa_serial = arn:aws:iam::123456789012:u2f/user/a/key\n", "wrong-mfa-serial", "aws/aws-cli#3607"
    ),
    "the ARN of a user as the device": _config(
        "[default]\nmfa_serial = arn:aws:iam::123456789012:user/alice\n", "wrong-mfa-serial", "99designs/aws-vault#676"
    ),
    "half a key pair": _config("[profile a]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", "profile-unusable", STATIC),
    "another key in the other file": _config(key_pair("default", key_id=OTHER_ID), "key-in-both-files", FILES),
    "a pair before credential_process": _config(
        process("default", "default"), "key-before-process", "aws/aws-cli#9869"
    ),
    "a credential_process that runs itself": _config(
        process("a", "a"), "process-runs-itself", "99designs/aws-vault#1180"
    ),
    "a credential_process that runs itself by a detour": _config(
        process("a", "b") + process("b", "a"), "process-runs-itself", "aws/aws-cli#7398"
    ),
    "a credential_process of a profile that is gone": _config(
        process("a", "gone"), "process-of-unusable-profile", "99designs/aws-vault#545"
    ),
    "a credential_process that is not installed": _config(
        "[profile a]\ncredential_process = /no/such/program\n", "process-not-found", PROCESS
    ),
    "a credential_process with an open quote": _config(
        "[profile a]\ncredential_process = /bin/sh -c 'exit\n", "process-unreadable", PROCESS
    ),
    "an endpoint that is no URL": _config("[default]\nendpoint_url = nowhere\n", "wrong-aws-setting", ENDPOINTS),
    "an endpoint without TLS": _config("[default]\nendpoint_url = http://192.0.2.1\n", "wrong-aws-setting", OURS),
    "certificates that are missing": _config("[default]\nca_bundle = /no/such.pem\n", "wrong-aws-setting", VARIABLES),
}
"""What stands in `~/.aws/config` beside a key pair."""

CREDENTIALS = {
    "a header with profile": _config(key_pair() + key_pair("profile work"), "wrong-header", FILES),
    # `aws configure mfa-login --update-profile` leaves temporary keys where a long-term key was.
    "temporary keys": _config(key_pair(key_id=SESSION_ID), "profile-unusable", "trek10inc/awsume#27"),
    "a token beside a long-term key": _config(key_pair() + "aws_session_token = x\n", "profile-unusable", STATIC),
    "a secret with a space": _config(key_pair(secret="a b"), "profile-unusable", STATIC),
    # broamski/aws-mfa keeps the pair in [NAME-long-term].
    "the pair of aws-mfa": _config(key_pair("default-long-term"), "profile-unusable", "docs/import.md"),
    "a NUL": _config(key_pair() + "\0\n", "file-malformed", FILES),
}
"""What stands in `~/.aws/credentials`."""

ENVIRONMENTS = {
    "a long-term key": _shell(
        {"AWS_ACCESS_KEY_ID": OTHER_ID, "AWS_SECRET_ACCESS_KEY": "x" * 40}, "keys-in-environment", "broamski/aws-mfa#44"
    ),
    "the keys of another tool": _shell(KEYS_IN_SHELL, "keys-in-environment", "aws/aws-cli#113"),
    "an ID alone": _shell({"AWS_ACCESS_KEY_ID": OTHER_ID}, "half-a-key-in-environment", VARIABLES),
    "a token alone": _shell({"AWS_SESSION_TOKEN": "token"}, "half-a-key-in-environment", VARIABLES),
    "a token beside a long-term key": _shell(
        {**KEYS_IN_SHELL, "AWS_ACCESS_KEY_ID": OTHER_ID}, "token-beside-long-term-key", VARIABLES
    ),
    "a session that has expired": _shell(
        {**KEYS_IN_SHELL, MARK: "1 default", "AWS_CREDENTIAL_EXPIRATION": IN_2020},
        "expired-session-in-environment",
        "99designs/aws-vault#863",
    ),
    "a profile that is gone": _shell({"AWS_PROFILE": "gone"}, "unknown-profile", "broamski/aws-mfa#30"),
    "two profiles": _shell(
        {"AWS_PROFILE": "default", "AWS_DEFAULT_PROFILE": "work"}, "two-profile-variables", "boto/botocore#1725"
    ),
    "a configuration file that is gone": _shell({"AWS_CONFIG_FILE": "~/gone"}, "file-missing", VARIABLES),
    "a credentials file that is gone": _shell({"AWS_SHARED_CREDENTIALS_FILE": "~/gone"}, "file-missing", VARIABLES),
    "certificates that are gone": _shell({"AWS_CA_BUNDLE": "/no/such.pem"}, "wrong-aws-setting", VARIABLES),
    "an endpoint without TLS": _shell({"AWS_ENDPOINT_URL": "http://192.0.2.1"}, "wrong-aws-setting", OURS),
    "a proxy before an endpoint on this machine": _shell(
        {"HTTP_PROXY": "http://192.0.2.1:3128"}, "wrong-aws-setting", OURS
    ),
    "a region that is none": _shell({"AWS_REGION": "eu west"}, "wrong-aws-setting", VARIABLES),
}
"""What the shell has set."""

OUR_CONFIGURATIONS = {
    "not TOML": _config("store =\n", "config-unusable", CONFIG_PAGE),
    "an unknown key": _config('stoer = "file"\n', "config-unusable", CONFIG_PAGE),
    "a wrong value": _config('store = "keyrnig"\n', "config-unusable", CONFIG_PAGE),
    "others may change it": Case(
        text='default_profile = "default"\n', mode=0o666, finding="config-unusable", named_by=OURS
    ),
    "a file that is gone": _shell({"MFASESSION_CONFIG": "/no/such/config.toml"}, "config-unusable", CONFIG_PAGE),
}
"""What stands in `config.toml`."""

ALL = [*CONFIGURATIONS.values(), *CREDENTIALS.values(), *ENVIRONMENTS.values(), *OUR_CONFIGURATIONS.values()]
