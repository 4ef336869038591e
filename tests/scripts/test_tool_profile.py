"""`mfasession init --tool-profile`: a profile in which SDKs and the AWS CLI get a session by themselves."""

import json

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, log_in
from tests.helpers.support import MFASESSION, Home, need

WHO = ("aws", "sts", "get-caller-identity", "--output", "json")
BEFORE = "# mine\n[default]\nregion = eu-west-1\n"


@pytest.fixture
def home(alices_home: Home) -> Home:
    """Alice's home: her key is in the credentials file, where SDKs take it before any `credential_process`."""
    alices_home.config.write_text(BEFORE)
    return alices_home


def section(name: str, words: str = "", *, region: str = "eu-west-1") -> str:
    """What is added to the configuration file."""
    line = f"credential_process = {MFASESSION} process -p default{words}\n"
    return f"\n[profile {name}]\nregion = {region}\n{line}"


def who(home: Home, profile: str) -> str:
    """The ARN that AWS sees when the AWS CLI uses a profile."""
    need("aws")
    done = home.run_program(*WHO, "--profile", profile)
    assert done.returncode == 0, done.stderr
    arn = json.loads(done.stdout)["Arn"]
    assert isinstance(arn, str)
    return arn


def test_the_aws_cli_is_served(home: Home, alice: SandboxUser) -> None:
    """A diff, one section, and no other byte; the key, which AWS denies alone, stays where it is."""
    credentials = home.credentials.read_bytes()
    done = home.run("init", "--tool-profile", "tools", "--yes")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert home.config.read_text() == BEFORE + section("tools")
    assert home.credentials.read_bytes() == credentials
    for line in section("tools").splitlines():
        assert f"  +{line}\n" in done.stderr
    assert done.stderr.endswith("mfasession: tools get the session by themselves with AWS_PROFILE=tools\n")
    log_in(home, alice.devices[0])
    assert who(home, "tools") == alice.arn


def test_a_role(home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """`--role-arn`, in another region; `-p` of ours reads the same role from it."""
    role = aws.add_role(f"deploy-{alice.name}", trusted=[alice.arn])
    flags = ("--role-arn", role.arn, "--role-session-name", "ci", "--region", "eu-north-1")
    done = home.run("init", "--tool-profile", "deploy", *flags, "--yes")
    assert done.returncode == 0, done.stderr
    words = f" --role-arn {role.arn} --role-session-name ci"
    assert home.config.read_text() == BEFORE + section("deploy", words, region="eu-north-1")
    log_in(home, alice.devices[0])
    assert who(home, "deploy").endswith(f":assumed-role/deploy-{alice.name}/ci")
    assert home.run("exec", "-p", "deploy", "--", *WHO).stdout.count(f"deploy-{alice.name}/ci") == 1


def test_a_second_run_changes_nothing(home: Home) -> None:
    """It needs no answer then."""
    assert home.run("init", "--tool-profile", "tools", "--yes").returncode == 0
    done = home.run("init", "--tool-profile", "tools")
    assert done.returncode == 0, done.stderr
    assert "nothing to change: profile tools is there\n" in done.stderr
    assert home.config.read_text() == BEFORE + section("tools")


def test_without_a_region(home: Home) -> None:
    """Neither the profile nor the command has one: the profile gets none, and that is said."""
    home.config.unlink()
    done = home.run("init", "--tool-profile", "a b", "--yes")
    assert (done.returncode, "region = " in home.config.read_text()) == (0, False), done.stderr
    message = complaint("profile a b has no region, and most AWS commands need one", "aws configure set region NAME ")
    assert message.rstrip() in done.stderr
    assert "aws configure set region NAME --profile 'a b'\n" in done.stderr


def test_no_question_is_possible(home: Home) -> None:
    """Shown, and not written."""
    done = home.run("init", "--tool-profile", "tools")
    assert done.returncode == 6
    assert "  +[profile tools]\n" in done.stderr
    assert "hint: mfasession init --tool-profile tools --yes\n" in done.stderr
    assert home.config.read_text() == BEFORE


@pytest.mark.parametrize(
    ("config", "more", "shown"),
    [
        ("[profile tools]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = default\n", "",
         "role_arn = arn:aws:iam::123456789012:role/x\n  source_profile = default"),
        ("", "[tools]\naws_access_key_id = AKIAOTHEROTHEROTHER1\naws_secret_access_key = hidden\n",
         "aws_access_key_id = AKIAOTHEROTHEROTHER1\n  aws_secret_access_key = ***"),
        ("", "[tools]\nmanager = mfasession\n", "manager = mfasession"),
        ("[profile tools]\ncredential_process = /opt/vault tools\n", "", "credential_process = /opt/vault tools"),
    ],
)  # fmt: skip
def test_a_profile_that_is_there(home: Home, config: str, more: str, shown: str) -> None:
    """It is shown, without secrets, and stays."""
    home.config.write_text(BEFORE + config)
    home.write_credentials(home.credentials.read_text() + more)
    before = (home.config.read_bytes(), home.credentials.read_bytes())
    done = home.run("init", "--tool-profile", "tools", "--yes")
    message = complaint("there is a profile tools already", "choose another name")
    assert (done.returncode, done.stderr) == (3, f"  {shown}\n{message}")
    assert (home.config.read_bytes(), home.credentials.read_bytes()) == before


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--tool-profile", "a]b"), 3, "profile a]b cannot be written to "),
        (("--tool-profile", "default-mfa"), 3, "[default-mfa] is where a session of profile default is kept"),
        (("--tool-profile", "x", "-p", "nowhere"), 3, "there is no profile nowhere"),
        (("--tool-profile", "x", "--code", "123456"), 2, "--tool-profile only adds a profile, and --code is for "),
        (("--tool-profile", ""), 2, "--tool-profile: must not be empty"),
        (("--role-arn", "arn:aws:iam::123456789012:role/x"), 2, "--role-arn is for the profile of a tool"),
    ],
)
def test_refused(home: Home, words: tuple[str, ...], code: int, message: str) -> None:
    """Before anything is asked or written."""
    done = home.run("init", "--yes", *words)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert home.config.read_text() == BEFORE
