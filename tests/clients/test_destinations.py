"""Where clients talk to: what the profile itself would make them talk to, on every way to its session."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, section
from tests.helpers.programs import BOTO3, CLIENTS, Done, have_session, last_call
from tests.helpers.serving import serve
from tests.helpers.support import MFASESSION, Home, key_pair, need

TRAP = "http://127.0.0.1:9"
"""Nothing listens there: a client that goes there fails."""
PYTHON = BOTO3.replace('boto3.client("s3")', '__import__("mfasession").session("work").client("s3")')


def by_env(home: Home, words: tuple[str, ...]) -> Done:
    """In a shell that evaluated the lines."""
    return home.run_program("bash", "-c", 'eval "$(mfasession env -p work)" && exec "$@"', "bash", *words)


def by_serve(home: Home, words: tuple[str, ...]) -> Done:
    """In a shell that evaluated the lines of a server."""
    with serve(home, "-p", "work") as served:
        return home.run_program("bash", "-c", "".join(served.lines) + 'exec "$@"', "bash", *words)


WAYS: Mapping[str, Callable[[Home, tuple[str, ...]], Done]] = {
    "env": by_env,
    "exec": lambda home, words: home.run("exec", "-p", "work", "--", *words),
    "exec several": lambda home, words: home.run("exec", "--all-matching", "work", "--jobs", "1", "--", *words),
    "exec --server": lambda home, words: home.run("exec", "--server", "-p", "work", "--", *words),
    "serve": by_serve,
    "process": lambda home, words: home.run_program(*words, environ={"AWS_PROFILE": "by-process"}),
    "file": lambda home, words: home.run_program(*words, environ={"AWS_PROFILE": "work-mfa"}),
}


@pytest.fixture
def local(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> Home:
    """Profile `work` for a local stack; the default profile leads into a trap, and no variable says anything."""
    del alices_home.environ["AWS_ENDPOINT_URL"]
    key = alice.key
    alices_home.write_credentials(
        key_pair("work", key.access_key_id, key.secret_access_key.reveal()) + key_pair("default")
    )
    there = f"region = eu-central-1\nendpoint_url = {aws.url}\n"
    alices_home.config.write_text(
        f"[default]\nregion = eu-west-1\nendpoint_url = {TRAP}\n"
        f"[profile work]\n{there}"
        f"[profile by-process]\n{there}credential_process = {MFASESSION} process -p work\n"
    )
    have_session(alices_home, alice, "-p", "work")
    return alices_home


@pytest.mark.parametrize("client", ["boto3", "cli 1"])
@pytest.mark.parametrize("way", WAYS)
def test_a_local_stack(local: Home, aws: Sandbox, alice: SandboxUser, way: str, client: str) -> None:
    """ByteNess/aws-vault#261: a profile made for a local stack sends no command to the real AWS."""
    aws.forget_calls()
    done = WAYS[way](local, CLIENTS[client](aws))
    assert done.returncode == 0, done.stderr
    assert last_call(aws, alice).access_key_id.startswith("ASIA")


@pytest.mark.parametrize("way", WAYS)
def test_an_endpoint_of_one_service(local: Home, aws: Sandbox, alice: SandboxUser, way: str) -> None:
    """The `services` of a profile; its endpoint for all others is a trap."""
    text = local.config.read_text().replace(f"endpoint_url = {aws.url}", f"endpoint_url = {TRAP}\nservices = here")
    local.config.write_text(f"{text}[services here]\ns3 =\n  endpoint_url = {aws.url}\n")
    local.write_credentials(local.credentials.read_text().replace(f"endpoint_url = {aws.url}", "services = here"))
    aws.forget_calls()
    done = WAYS[way](local, CLIENTS["boto3"](aws))
    assert done.returncode == 0, done.stderr
    assert last_call(aws, alice).access_key_id.startswith("ASIA")


@pytest.mark.parametrize("way", ["env", "exec", "exec several", "exec --server"])
def test_the_environment_wins(local: Home, aws: Sandbox, way: str) -> None:
    """As in every SDK: a variable of the user's own is stronger than the profile."""
    local.environ["AWS_ENDPOINT_URL"] = TRAP
    aws.forget_calls()
    assert WAYS[way](local, CLIENTS["boto3"](aws)).returncode != 0
    assert aws.calls("ListBuckets") == []


@pytest.mark.parametrize("way", ["env", "exec", "exec several"])
def test_the_default_profile_does_not_lead_elsewhere(local: Home, aws: Sandbox, way: str) -> None:
    """A profile without an endpoint goes to AWS, and not to the local stack of the default profile."""
    local.config.write_text(f"[default]\nendpoint_url = {aws.url}\n[profile work]\nregion = eu-central-1\n")
    show = "import boto3; print(boto3.client('s3').meta.endpoint_url)"
    done = WAYS[way](local, (sys.executable, "-c", show))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "https://s3.eu-central-1.amazonaws.com"


def test_one_shell_for_two_profiles(local: Home, aws: Sandbox) -> None:
    """What `env` sets for one profile is not taken for the user's own word by the next one; --unset takes it back."""
    key = section(local.credentials, "work")
    pair = key_pair("other", key["aws_access_key_id"], key["aws_secret_access_key"])
    kept = local.credentials.read_text().partition("[work-mfa]")[2]
    kept = kept.replace(f"endpoint_url = {aws.url}\n", "")
    local.write_credentials(f"{local.credentials.read_text()}{pair}[other-mfa]{kept}")
    with local.config.open("a") as config:
        config.write("[profile other]\nregion = eu-north-1\nuse_dualstack_endpoint = true\n")
    show = "import boto3; print(boto3.client('s3').meta.endpoint_url)"
    script = (
        'set -e; e() { eval "$(mfasession env "$@")"; }; e -p work; "$@"; e -p other; "$@"; '
        'mfasession exec -p work -- "$@"; e -p work; export AWS_ENDPOINT_URL=http://127.0.0.1:7; e -p other; "$@"; '
        "unset AWS_ENDPOINT_URL; e --unset; env"
    )
    done = local.run_program("bash", "-c", script, "bash", sys.executable, "-c", show)
    assert done.returncode == 0, done.stderr
    work, other, again, mine, *rest = done.stdout.splitlines()
    assert work == again == aws.url
    assert other == "https://s3.dualstack.eu-north-1.amazonaws.com"
    assert mine == "http://127.0.0.1:7"
    assert not [line for line in rest if line.startswith(("AWS_ENDPOINT", "AWS_USE", "AWS_IGNORE", "MFASESSION_"))]


def test_a_login_in_the_shell_of_another_profile(local: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """The code for a profile never goes to the endpoint that `env` has set for another one."""
    text = local.config.read_text()
    local.config.write_text(text.replace(aws.url, "http://127.0.0.1:7") + f"[profile good]\nendpoint_url = {aws.url}\n")
    key = alice.key
    local.write_credentials(
        local.credentials.read_text() + key_pair("good", key.access_key_id, key.secret_access_key.reveal())
    )
    lines = json.loads(local.run("env", "-p", "work", "--shell", "json").stdout)
    assert lines["AWS_ENDPOINT_URL"] == "http://127.0.0.1:7"
    shell = {name: value for name, value in lines.items() if value is not None}
    done = local.run("login", "-p", "good", "--code", alice.devices[0].code(1), environ=shell)
    assert done.returncode == 0, done.stderr


def test_python(local: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """`mfasession.session` is of the profile, and refuses to send what is another profile's to this one's endpoint."""
    aws.forget_calls()
    done = local.run_program(sys.executable, "-c", PYTHON)
    assert done.returncode == 0, done.stderr
    assert last_call(aws, alice).access_key_id.startswith("ASIA")
    assert local.run("exec", "-p", "work", "--", sys.executable, "-c", PYTHON).returncode == 0
    other = PYTHON.replace('"work"', '"default"')
    refused = local.run("exec", "-p", "work", "--", sys.executable, "-c", other)
    assert "this program was started with the endpoints of another profile than default" in refused.stderr


def test_a_role_has_its_own(local: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Its settings are those of its own section, not those of the profile whose session it takes."""
    role = aws.add_role(f"there-{alice.name}", [alice.arn])
    with local.config.open("a") as config:
        config.write(
            f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = work\nregion = eu-central-1\n"
            f"services = there\n[services there]\nsts =\n  endpoint_url = {aws.url}\n"
        )
    assert local.run("process", "-p", "admin").returncode == 0
    text = local.config.read_text().replace(f"[default]\nregion = eu-west-1\nendpoint_url = {TRAP}\n", "")
    local.config.write_text(text)
    done = local.run("env", "-p", "admin", "--shell", "json")
    values = json.loads(done.stdout)
    assert values["AWS_ENDPOINT_URL_STS"] == aws.url
    assert "AWS_ENDPOINT_URL" not in values


def test_endpoints_that_variables_cannot_express(local: Home) -> None:
    """An endpoint for one service, beside a default profile with one for all: exec --server keeps them apart."""
    config = local.config.read_text().partition("[profile work]")[0]
    local.config.write_text(
        f"{config}[profile work]\nregion = eu-central-1\nservices = one\n"
        f"[services one]\nsqs =\n  endpoint_url = {TRAP}\n"
    )
    message = (
        "profile work has endpoints for some services, and for the others programs would take those of the default "
        "profile"
    )
    hint = "give the profile an endpoint_url, or a configuration file of its own: mfasession exec -p work --server"
    done = local.run("exec", "-p", "work", "--", "touch", "started")
    assert (done.returncode, done.stderr) == (3, complaint(message, hint))
    assert not (local.folder / "started").exists()
    show = "import boto3; print(boto3.client('s3').meta.endpoint_url)"
    served = local.run("exec", "--server", "-p", "work", "--", sys.executable, "-c", show)
    assert (served.returncode, served.stdout) == (0, "https://s3.eu-central-1.amazonaws.com\n"), served.stderr


def test_certificates_in_the_home_folder(local: Home) -> None:
    """`~` in ca_bundle and AWS_CA_BUNDLE: as the AWS CLI and boto3 read it, and handed on as every SDK does."""
    certificates = local.folder / "ca.pem"
    words = (
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=x",
        "-keyout",
        "/dev/null",
        "-out",
        "ca.pem",
    )
    made = subprocess.run((need("openssl"), *words), cwd=local.folder, capture_output=True, check=False)
    assert made.returncode == 0, made.stderr
    text = local.config.read_text()
    local.config.write_text(text.replace("[profile work]\n", "[profile work]\nca_bundle = ~/ca.pem\n"))
    done = local.run("exec", "-p", "work", "--", "printenv", "AWS_CA_BUNDLE")
    assert (done.stdout, done.stderr) == (f"{certificates}\n", "")
    assert local.run("login", "-p", "work", "--force", "--code", "000000").returncode == 4
    local.config.write_text(text)
    done = local.run("login", "-p", "work", "--force", "--code", "000000", environ={"AWS_CA_BUNDLE": "~/ca.pem"})
    assert done.returncode == 4, done.stderr
