"""What a served command finds in its environment and in its AWS files."""

from pathlib import Path

import pytest
from botocore.configloader import load_config
from hypothesis import given
from hypothesis import strategies as st

from mfasession.awsfiles import AwsFiles
from mfasession.outlets import environment, served
from tests.support import KEY_ID, SECRET, Home, key_pair, made_session, move_into, session_section

CONFIG = f"""
[default]
region = eu-west-1
output = json
endpoint_url = http://localhost:4566
ca_bundle = /etc/ca.pem
retry_mode = adaptive
max_attempts = 7
cli_pager =
services = local
s3 =
    addressing_style = path
    max_concurrent_requests = 20
credential_process = /bin/vault
mfa_serial = arn:aws:iam::123456789012:mfa/phone
sso_session = corp
login_session = arn:aws:iam::123456789012:user/alice
future_credentials = {SECRET}
[profile two words]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = default
region = us-east-1
[services local]
s3 =
    endpoint_url = http://localhost:9000
[sso-session corp]
sso_start_url = https://example.awsapps.com/start
"""


@pytest.fixture
def files(home: Home, monkeypatch: pytest.MonkeyPatch) -> AwsFiles:
    """A person's AWS files, with every kind of credentials."""
    move_into(home, monkeypatch)
    home.config.write_text(CONFIG)
    home.write_credentials(key_pair() + session_section() + key_pair("two words"))
    return AwsFiles(home.environ)


def parsed(text: str, folder: Path) -> "dict[str, dict[str, dict[str, object]]]":
    """The copy as botocore reads it."""
    file = folder / "copy"
    file.write_text(text)
    loaded: dict[str, dict[str, dict[str, object]]] = load_config(str(file))
    return loaded


def test_harmless_settings_pass(files: AwsFiles, tmp_path: Path) -> None:
    """The job talks to the same AWS in the same way: region, endpoints, certificates, retries, S3, nested ones too."""
    read = parsed(served.config_text(files, ("default",), "eu-west-1"), tmp_path)
    assert read["profiles"]["default"] == {
        "region": "eu-west-1",
        "output": "json",
        "endpoint_url": "http://localhost:4566",
        "ca_bundle": "/etc/ca.pem",
        "retry_mode": "adaptive",
        "max_attempts": "7",
        "cli_pager": "",
        "services": "local",
        "s3": {"addressing_style": "path", "max_concurrent_requests": "20"},
    }
    assert read["services"]["local"] == {"s3": {"endpoint_url": "http://localhost:9000"}}


@pytest.mark.parametrize("names", [("default",), ("two words",), ("default", "two words"), ("default-mfa",), ("gone",)])
def test_no_credentials_pass(files: AwsFiles, names: tuple[str, ...]) -> None:
    """Neither keys nor what leads to some, a kind that is not invented yet included: they would win."""
    text = served.config_text(files, names, "")
    for word in (SECRET, KEY_ID, "credential", "role_arn", "source_profile", "sso", "login_", "mfa_serial", "future"):
        assert word not in text


def test_a_named_profile_is_there_too(files: AwsFiles, tmp_path: Path) -> None:
    """`aws --profile NAME` inside finds its profile, without credentials, and so the endpoint."""
    profiles = parsed(served.config_text(files, ("two words",), "us-east-1"), tmp_path)["profiles"]
    assert profiles == {"default": {"region": "us-east-1"}, "two words": {"region": "us-east-1"}}


def test_the_folder_is_private_and_goes(files: AwsFiles) -> None:
    """Mode 0700, with an empty credentials file, and nothing is left."""
    with served.private_files(files, ("default",), "") as folder:
        assert Path(folder).stat().st_mode & 0o777 == 0o700
        assert Path(folder, "credentials").read_text() == ""
        assert Path(folder, "config").read_text().startswith("[default]\n")
    assert not Path(folder).exists()


names = st.sampled_from((*environment.SET, *environment.SHADOWS, *environment.OTHER_SOURCES, "HOME", "AWS_CA_BUNDLE"))


@given(st.dictionaries(names, st.text("abc", max_size=4)))
def test_a_command_has_the_endpoint_and_no_other_credentials(environ: dict[str, str]) -> None:
    """One token and no file of it, no relative URI, no keys and no profile: each would win in some SDK."""
    child = served.child(environ, made_session(), "work", uri="http://u", token="t", folder="/f")
    assert child["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == "http://u"
    assert child["AWS_CONTAINER_AUTHORIZATION_TOKEN"] == "t"
    assert (child["AWS_CONFIG_FILE"], child["AWS_SHARED_CREDENTIALS_FILE"]) == ("/f/config", "/f/credentials")
    ours = {served.URI, served.TOKEN}
    assert not ({*served.KEYS, *environment.SHADOWS, *environment.OTHER_SOURCES} - ours) & set(child)
    assert not any(SECRET in value for value in child.values())
    assert {name: environ[name] for name in ("HOME", "AWS_CA_BUNDLE") if name in environ}.items() <= child.items()


def test_an_mfasession_inside_reads_the_persons_files(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """`mfasession login` typed in a served shell must find the long-term key; a file named by hand wins."""
    move_into(home, monkeypatch)
    child = served.child(home.environ, made_session(), "work", uri="u", token="t", folder="/tmp/mfasession-exec-1")
    inside = AwsFiles(child)
    assert (inside.config_path, inside.credentials_path) == (str(home.config), str(home.credentials))
    again = served.child(child, made_session(), "work", uri="u", token="t", folder="/tmp/mfasession-exec-2")
    assert AwsFiles(again).credentials_path == str(home.credentials)
    assert AwsFiles({**child, "AWS_CONFIG_FILE": "/other"}).config_path == "/other"
