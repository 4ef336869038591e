"""What a served command finds in its environment and in its AWS files."""

import configparser
import io
import os
from pathlib import Path

import pytest
from botocore.configloader import load_config
from hypothesis import given
from hypothesis import strategies as st

from mfasession.awsfiles import AwsFiles, headers, ini_edit
from mfasession.errors import ConfigurationError
from mfasession.server import client_files
from mfasession.sessions import environment
from mfasession.values import Secret
from tests.helpers.support import KEY_ID, SECRET, Home, key_pair, made_profile, made_session, move_into, session_section

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
    """A user's AWS files, with every kind of credentials."""
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
    read = parsed(client_files.config_text(files, ("default",), "eu-west-1"), tmp_path)
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
    text = client_files.config_text(files, names, "")
    for word in (SECRET, KEY_ID, "credential", "role_arn", "source_profile", "sso", "login_", "mfa_serial", "future"):
        assert word not in text


def test_a_named_profile_is_there_too(files: AwsFiles, tmp_path: Path) -> None:
    """`aws --profile NAME` inside finds its profile, without credentials, and so the endpoint."""
    profiles = parsed(client_files.config_text(files, ("two words",), "us-east-1"), tmp_path)["profiles"]
    assert profiles == {"default": {"region": "us-east-1"}, "two words": {"region": "us-east-1"}}


def test_the_region_of_the_command_line_wins(files: AwsFiles, tmp_path: Path) -> None:
    """Over those of the profiles; without the flag it is for profiles that have none."""
    Path(files.config_path).write_text("[default]\nregion = eu-north-1\n")
    files.reread()
    for wins, region in ((True, "us-east-2"), (False, "eu-north-1")):
        text = client_files.config_text(files, ("default",), "us-east-2", region_wins=wins)
        assert parsed(text, tmp_path)["profiles"] == {"default": {"region": region}}


def test_the_folder_is_private_and_goes(files: AwsFiles) -> None:
    """Mode 0700, with an empty credentials file, and nothing is left."""
    with client_files.private_files(os.environ, files, ("default",), made_profile(), Secret("t")) as (path, _):
        folder = Path(path)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()} == dict.fromkeys(
            ("config", "credentials", "token", "lock"), 0o600
        )
        assert ((folder / "credentials").read_text(), (folder / "token").read_text()) == ("", "t")
        assert (folder / "config").read_text().startswith("[default]\n")
    assert not folder.exists()


PROCESS = "credential_process = touch stolen"


@pytest.mark.parametrize(
    "line",
    [
        f"services = x]\n  [profile default]\n  {PROCESS}\n  [services y",
        f"services =\n  x]\n  [profile default]\n  {PROCESS}",
        "services = x]\n  [default",
    ],
)
def test_no_header_comes_out_of_a_value(files: AwsFiles, line: str) -> None:
    """A value with line breaks would be a section of its own in the copy, and botocore would run what stands there."""
    Path(files.config_path).write_text(f"[default]\n{line}\n")
    files.reread()
    with pytest.raises(ConfigurationError, match="cannot be copied") as caught:
        client_files.config_text(files, ("default",), "")
    assert "touch" not in caught.value.message + caught.value.hint


def test_a_service_is_all_that_passes_of_services(files: AwsFiles) -> None:
    """Other keys mean nothing there, and would be the profile's where an SDK sees a comment in the header."""
    Path(files.config_path).write_text(
        f"[default]\nservices = own ; x\n[services own ; x]\n{PROCESS}\ns3 =\n  endpoint_url = u\n"
    )
    files.reread()
    assert client_files.config_text(files, ("default",), "") == (
        "[default]\nservices = own ; x\n[services own ; x]\ns3 = \n  endpoint_url = u\n"
    )


@given(
    name=st.text("ab]\n[ '\"", min_size=1, max_size=12),
    keys=st.dictionaries(
        st.sampled_from(("region", "output", "s3", "cli_pager", "cli_x\n[y]", "cli_a]\nb")),
        st.text("a=:#;[] \n\r\t\x85\u2028", max_size=12),
    ),
    section=st.dictionaries(st.sampled_from(("s3", "sts", "x\ny")), st.text("a=[] \n", max_size=12)),
)
def test_a_copy_reads_back_as_what_was_meant(name: str, keys: dict[str, str], section: dict[str, str]) -> None:
    """Whatever the names and values are: botocore reads exactly those settings, or nothing is made."""
    meant = {"default": keys, headers.written(name): keys, f"services {name}": section}
    try:
        text = ini_edit.written(meant)
    except ValueError:
        return
    parser = configparser.RawConfigParser()
    parser.read_file(io.StringIO(text, newline=None))
    assert {each: dict(parser.items(each)) for each in parser.sections()} == meant
    assert not parser.defaults()


names = st.sampled_from((*environment.SET, *environment.SHADOWS, *environment.OTHER_SOURCES, "HOME", "AWS_CA_BUNDLE"))


@given(st.dictionaries(names, st.text("abc", max_size=4)))
def test_a_command_has_the_endpoint_and_no_other_credentials(environ: dict[str, str]) -> None:
    """One token, as a variable and in a file; no relative URI, no keys and no profile: each would win in some SDK."""
    child = client_files.child(
        environ, made_session(), made_profile(name="work"), uri="http://u", token="t", folder="/f"
    )
    assert child["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == "http://u"
    assert child["AWS_CONTAINER_AUTHORIZATION_TOKEN"] == "t"
    assert (child["AWS_CONFIG_FILE"], child["AWS_SHARED_CREDENTIALS_FILE"]) == ("/f/config", "/f/credentials")
    assert child["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] == "/f/token"
    ours = {client_files.URI, client_files.TOKEN, client_files.TOKEN_FILE}
    assert not ({*client_files.KEYS, *environment.SHADOWS, *environment.OTHER_SOURCES} - ours) & set(child)
    assert not any(SECRET in value for value in child.values())
    assert {name: environ[name] for name in ("HOME", "AWS_CA_BUNDLE") if name in environ}.items() <= child.items()


def test_an_mfasession_inside_reads_the_users_files(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """`mfasession login` typed in a served shell must find the long-term key; a file named by hand wins."""
    move_into(home, monkeypatch)
    child = client_files.child(
        home.environ, made_session(), made_profile(name="work"), uri="u", token="t", folder="/run/mfasession/served-1"
    )
    inside = AwsFiles(child)
    assert (inside.config_path, inside.credentials_path) == (str(home.config), str(home.credentials))
    again = client_files.child(
        child, made_session(), made_profile(name="work"), uri="u", token="t", folder="/run/mfasession/served-2"
    )
    assert AwsFiles(again).credentials_path == str(home.credentials)
    assert AwsFiles({**child, "AWS_CONFIG_FILE": "/other"}).config_path == "/other"
