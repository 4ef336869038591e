"""`mfasession profiles`: every profile and what it is, without a question and without a request to AWS."""

import json
from typing import Any

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, have_session, keys_of
from tests.helpers.support import KEY_ID, SESSION_ID, Home, in_seconds, key_pair, session_section

ROLE = "arn:aws:iam::210987654321:role/admin"
SERIAL = "arn:aws:iam::123456789012:mfa/phone"


def records(home: Home, *words: str) -> dict[str, dict[str, Any]]:
    """The records of --json by profile."""
    done = home.run("profiles", "--json", *words)
    assert (done.returncode, done.stderr) == (0, "")
    return {record["profile"]: record for record in json.loads(done.stdout)}


def test_no_profiles(home: Home) -> None:
    """Nothing on stdout, and the command that makes one."""
    done = home.run("profiles")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "mfasession: no profiles; mfasession keys add makes one\n"
    assert records(home) == {}


def test_the_table(home: Home) -> None:
    """A key with a session, a role, SSO, and the section that holds the session."""
    home.config.write_text(
        "[default]\nregion = eu-west-1\n"
        f"[profile admin]\nrole_arn = {ROLE}\nsource_profile = default\n"
        "[profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nregion = us-east-1\n"
    )
    left = session_section(expires=in_seconds(7230), extra=f"mfasession_mfa_serial = {SERIAL}\n")
    home.write_credentials(key_pair() + left)
    done = home.run("profiles")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "PROFILE      KIND                ACCOUNT       REGION     MFA DEVICE  SESSION",
        "default      key                 123456789012  eu-west-1  phone       2 h left",
        "admin        role of default     210987654321  eu-west-1  -           -",
        "sso          SSO                 111122223333  us-east-1  -           -",
        "default-mfa  session of default  123456789012  -          phone       2 h left",
    ]


@pytest.mark.parametrize(
    ("text", "kind", "of"),
    [
        ("region = eu-west-1\n", "no-key", None),
        (f"role_arn = {ROLE}\nsource_profile = default\n", "role", "default"),
        (f"role_arn = {ROLE}\nweb_identity_token_file = /token\n", "web-identity", None),
        (f"role_arn = {ROLE}\ncredential_source = Ec2InstanceMetadata\n", "machine", None),
        ("sso_start_url = https://example.com\n", "sso", None),
        ("login_session = arn:aws:iam::123456789012:user/alice\n", "login", None),
        ("credential_process = /usr/bin/mfasession process -p default\n", "process", "default"),
        ("credential_process = /usr/bin/mfasession process -p x\n", "key", None),
        ("credential_process = /opt/other\n", "process", None),
        (f"aws_access_key_id = {SESSION_ID}\naws_secret_access_key = s\naws_session_token = t\n", "temporary", None),
    ],
)
def test_the_kinds(home: Home, text: str, kind: str, of: str | None) -> None:
    """By the settings of the profile, in the order in which AWS tools read them."""
    home.write_credentials(key_pair())
    home.config.write_text(f"[profile x]\n{text}")
    record = records(home, "-p", "x")["x"]
    assert (record["kind"], record["of"]) == (kind, of)


def test_a_session_is_that_of_the_present_key(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """A real session belongs to its profile until the key changes; AWS is not asked."""
    have_session(alices_home, alice.devices[0])
    aws.forget_calls()
    record = records(alices_home)["default"]
    assert (record["kind"], record["store"], record["mfa_serial"]) == ("key", "file", alice.devices[0].serial)
    assert record["seconds_left"] > 43000
    text = alices_home.credentials.read_text()
    alices_home.write_credentials(text.replace(keys_of(alice), key_pair(key_id=KEY_ID)))
    assert records(alices_home)["default"]["seconds_left"] is None
    assert aws.calls() == []


def test_a_profile_that_cannot_be_used_is_listed(home: Home) -> None:
    """With the reason and its hint on stderr; the others are shown, too."""
    home.write_credentials(key_pair())
    home.config.write_text(f"[profile lone]\nrole_arn = {ROLE}\n[profile loop]\nsource_profile = loop\n")
    done = home.run("profiles")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["PROFILE", "lone", "loop", "default"]
    assert done.stderr == complaint(
        "profile lone has a role_arn and no source_profile",
        "name the profile that holds your key pair: source_profile = NAME",
    )
    assert records(home)["lone"]["problem"] == "profile lone has a role_arn and no source_profile"


def test_a_misspelt_name(home: Home) -> None:
    """Exit code 3 and the nearest name."""
    home.write_credentials(key_pair("work"))
    done = home.run("profiles", "-p", "wrok")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == complaint("there is no profile wrok", "did you mean work?")


def test_a_secret_in_place_of_a_name_is_not_shown(home: Home) -> None:
    """A secret access key as mfa_serial or role_arn stays hidden."""
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    home.write_credentials(key_pair("other", secret="x" * 40))
    home.config.write_text(
        f"[profile a]\nmfa_serial = {secret}\n[profile b]\nrole_arn = {secret}\nsource_profile = a\n"
    )
    for words in ((), ("--json",)):
        done = home.run("profiles", *words)
        assert secret not in done.stdout + done.stderr
