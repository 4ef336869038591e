"""`--region`, and the order of AWS_REGION, AWS_DEFAULT_REGION and the profile's region."""

import json
import sys

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, log_in, section
from tests.helpers.serving import serve
from tests.helpers.support import Home

PRINT = ("printenv", "AWS_REGION", "AWS_DEFAULT_REGION")
OWN = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"}


@pytest.fixture
def regional(alices_home: Home) -> Home:
    """Alice's home, with a region in the profile and none in the environment."""
    del alices_home.environ["AWS_REGION"]
    alices_home.config.write_text("[default]\nregion = eu-north-1\n")
    return alices_home


def regions_asked(aws: Sandbox, user: SandboxUser, action: str = "GetSessionToken") -> list[str]:
    """Those that a user's calls were signed for."""
    return [call.region for call in aws.calls(action) if call.user == user.arn]


@pytest.mark.parametrize(
    ("environ", "words", "region"),
    [
        ({}, (), "eu-north-1"),
        ({"AWS_DEFAULT_REGION": "us-east-2"}, (), "us-east-2"),
        (OWN, (), "us-east-1"),
        (OWN, ("--region", "ap-south-1"), "ap-south-1"),
    ],
    ids=str,
)
def test_the_region_whose_sts_is_asked(
    aws: Sandbox, regional: Home, alice: SandboxUser, environ: dict[str, str], words: tuple[str, ...], region: str
) -> None:
    """The AWS CLI's order, and the flag over all; what is stored keeps the profile's."""
    regional.environ |= environ
    log_in(regional, alice.devices[0], *words)
    assert regions_asked(aws, alice) == [region]
    assert section(regional.credentials, "default-mfa")["region"] == "eu-north-1"


def test_what_a_command_gets(regional: Home, alice: SandboxUser) -> None:
    """The user's own variables over the profile's, `--region` over both, for one command and for several."""
    log_in(regional, alice.devices[0])
    named = ("--region", "ap-south-1")
    for environ, words, seen in (
        ({}, (), "eu-north-1\neu-north-1\n"),
        (OWN, (), "us-east-1\nus-east-2\n"),
        ({}, named, "ap-south-1\nap-south-1\n"),
        (OWN, named, "ap-south-1\nap-south-1\n"),
    ):
        done = regional.run("exec", *words, "--", *PRINT, environ=environ)
        assert (done.returncode, done.stdout, done.stderr) == (0, seen, "")
        done = regional.run("exec", *words, "--all-matching", "default", "--", *PRINT, environ=environ)
        assert done.stdout == "".join(f"default: {line}\n" for line in seen.splitlines())
    done = regional.run("env", "--shell", "json", *named, environ=OWN)
    values = json.loads(done.stdout)
    assert (values["AWS_REGION"], values["AWS_DEFAULT_REGION"]) == ("ap-south-1", "ap-south-1")


def test_what_a_served_command_gets(regional: Home, alice: SandboxUser) -> None:
    """By its variables, and by the file that `aws --profile` reads."""
    log_in(regional, alice.devices[0])
    script = "import boto3, os; os.environ.pop('AWS_DEFAULT_REGION'); print(boto3.Session().region_name)"
    for words in (("exec", "--server"), ("exec", "--server", "-p", "default")):
        served = (*words, "--region", "ap-south-1", "--")
        assert regional.run(*served, *PRINT, environ=OWN).stdout == "ap-south-1\nap-south-1\n"
        assert regional.run(*served, sys.executable, "-c", script).stdout == "ap-south-1\n"


def test_what_programs_of_serve_get(regional: Home, alice: SandboxUser) -> None:
    """The lines of `serve`, and its file."""
    log_in(regional, alice.devices[0])
    with serve(regional, "--region", "ap-south-1") as served:
        assert served.value("AWS_REGION") == served.value("AWS_DEFAULT_REGION") == "ap-south-1"


def test_a_role_and_its_source(aws: Sandbox, regional: Home, alice: SandboxUser) -> None:
    """Both calls go to the named region, and both sessions keep the regions of their profiles."""
    role = aws.add_role(f"ops-{alice.name}", trusted=[alice.arn])
    with regional.config.open("a") as file:
        file.write(f"[profile ops]\nregion = eu-west-3\nrole_arn = {role.arn}\nsource_profile = default\n")
    log_in(regional, alice.devices[0], "-p", "ops", "--region", "ap-south-1")
    assert regions_asked(aws, alice) == ["ap-south-1"]
    assert regions_asked(aws, alice, "AssumeRole") == ["ap-south-1"]
    assert section(regional.credentials, "default-mfa")["region"] == "eu-north-1"
    assert section(regional.credentials, "ops-mfa")["region"] == "eu-west-3"


@pytest.mark.parametrize("command", ["login", "env", "exec", "process", "serve", "console", "init"])
def test_what_is_no_region(regional: Home, command: str) -> None:
    """Exit code 2 and the nearest name, before anything is asked."""
    done = regional.run(command, "--region", "eu-west1")
    message = "--region: 'eu-west1' is not a region's name such as eu-west-1 (did you mean eu-west-1?)"
    assert done.returncode == 2
    assert done.stderr == complaint(message, f"see mfasession {command} --help")


@pytest.mark.parametrize("command", [("login", "--code", "123456"), ("exec", "--", "true"), ("process",), ("env",)])
def test_a_region_of_another_partition(
    aws: Sandbox, regional: Home, alice: SandboxUser, command: tuple[str, ...]
) -> None:
    """Exit code 3: no call is made, and no file changes."""
    regional.config.write_text(f"[default]\nmfa_serial = {alice.devices[0].serial}\n")
    before = regional.credentials.read_bytes()
    done = regional.run(command[0], "--region", "cn-north-1", *command[1:])
    message = "region cn-north-1 is not in partition aws, where the role or the device of profile default is"
    assert (done.returncode, done.stderr) == (3, complaint(message, "give a region of aws, or leave --region out"))
    assert regions_asked(aws, alice) == []
    assert regional.credentials.read_bytes() == before


def test_the_hint_of_a_missing_session_has_the_region(regional: Home) -> None:
    """The login that it names asks the same STS."""
    done = regional.run("exec", "--region", "ap-south-1", "--", "true")
    assert done.returncode == 6
    assert done.stderr.endswith("  hint: mfasession login --region ap-south-1\n")
