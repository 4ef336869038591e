"""The sandbox for other programs: the AWS CLI, the command around which it runs, and other partitions."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from mfasession.errors import ConfigurationError
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.patience import scaled
from tests.helpers.sandbox_clients import session
from tests.helpers.support import Home, in_a_process, need

RUN = "import sys; from mfasession.sandbox.run import run; sys.exit(run(sys.argv[1:]))"


def test_the_aws_cli(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Refused with the key alone, served with a session: buckets, copies, tables."""
    program = need("aws")
    words = ("--endpoint-url", aws.url)
    refused = alices_home.run_program(program, "s3", "ls", *words)
    assert refused.returncode != 0
    assert (
        f"(AccessDenied) when calling the ListBuckets operation: User: {alice.arn} is not authorized" in refused.stderr
    )
    credentials = session(aws, alice, alice.devices[0])
    environ = {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }
    (alices_home.folder / "report").write_text("all is well")
    bucket = f"s3://cli-{alice.name}"
    for command in (["mb", bucket], ["cp", "report", f"{bucket}/a b"], ["cp", f"{bucket}/a b", "back"], ["ls", bucket]):
        done = alices_home.run_program(program, "s3", *command, *words, environ=environ)
        assert done.returncode == 0, done.stderr
    assert "a b" in done.stdout
    assert (alices_home.folder / "back").read_text() == "all is well"


def test_a_command_in_the_sandbox(tmp_path: Path) -> None:
    """It has the demo user's key, the control path, and none of the caller's AWS_* and MFASESSION_*."""
    script = (
        "import json, os, stat, urllib.request, boto3\n"
        "code = urllib.request.urlopen(os.environ['MFASESSION_SANDBOX_CONTROL'] + '/code?device=phone').read()\n"
        "sts = boto3.client('sts')\n"
        "arn = sts.get_caller_identity()['Arn']\n"
        "serial = arn.replace('user/alice', 'mfa/phone')\n"
        "sts.get_session_token(SerialNumber=serial, TokenCode=code.decode().strip())\n"
        "path = os.environ['AWS_SHARED_CREDENTIALS_FILE']\n"
        "modes = [oct(stat.S_IMODE(os.stat(each).st_mode)) for each in (path, os.path.dirname(path))]\n"
        "print(json.dumps({'arn': arn, 'modes': modes, 'environ': dict(os.environ)}))\n"
        "raise SystemExit(7)\n"
    )
    mine = {"AWS_PROFILE": "mine", "AWS_CA_BUNDLE": "/mine", "MFASESSION_PROFILE": "mine", "NO_PROXY": "mine.example"}
    done = in_a_process(RUN, sys.executable, "-c", script, environ={**mine, "XDG_STATE_HOME": str(tmp_path)})
    assert done.returncode == 7, done.stderr
    shown = json.loads(done.stdout)
    assert shown["arn"] == "arn:aws:iam::123456789012:user/alice"
    assert shown["modes"] == ["0o600", "0o700"]
    environ = shown["environ"]
    assert not {"AWS_PROFILE", "AWS_CA_BUNDLE", "MFASESSION_PROFILE"} & set(environ)
    assert environ["NO_PROXY"] == "mine.example,127.0.0.1,localhost"
    assert environ["HOME"] == os.environ["HOME"]
    names = ("MFASESSION_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "AWS_CONFIG_FILE")
    assert all(environ[name].startswith(str(tmp_path)) for name in names)
    assert not list(tmp_path.rglob("sandbox-*"))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("true",), 0),
        (("sh", "-c", "exit 3"), 3),
        (("sh", "-c", "kill -TERM $$"), 143),
        (("no-such-command",), 127),
        (("/dev/null",), 126),
    ],
)
def test_exit_codes(words: tuple[str, ...], code: int) -> None:
    """The command's own; 127 and 126 as a shell has them; 128 and the signal's number."""
    done = in_a_process(RUN, *words)
    assert done.returncode == code
    assert done.stderr.startswith("mfasession: ") == (code in (126, 127))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_alone_it_says_how_to_use_it_and_serves(tmp_path: Path, number: int) -> None:
    """Lines to paste on stdout, words on stderr; gone with its folder when it is stopped."""
    server = subprocess.Popen(
        [sys.executable, "-c", RUN],
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    lines = [server.stdout.readline() for _ in range(13)]
    assert all(line.startswith("export ") for line in lines)
    shown = subprocess.run(
        ["sh", "-c", "".join(lines) + 'printf "%s %s" "$MFASESSION_SANDBOX_CONTROL" "$AWS_SHARED_CREDENTIALS_FILE"'],
        capture_output=True,
        text=True,
        check=True,
    )
    control, credentials = shown.stdout.split()
    assert urllib.request.urlopen(f"{control}/code?device=phone").read().strip().isdigit()
    assert "[default]" in Path(credentials).read_text()
    server.send_signal(number)
    _, words = server.communicate(timeout=scaled(30))
    assert server.returncode == 0
    assert f"curl -s '{control}/code?device=phone'" in words
    assert not list(tmp_path.rglob("sandbox-*"))


def test_a_terminated_sandbox_terminates_its_command() -> None:
    """The command gets the signal, and its end is the sandbox's."""
    server = subprocess.Popen(
        [sys.executable, "-c", RUN, "sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    server.terminate()
    assert server.wait(timeout=scaled(30)) == 9
    server.stdout.close()


PARTITION = """
import json, sys
from mfasession.sandbox import Sandbox
from tests.helpers.sandbox_clients import client, refusal, session
with Sandbox(partition=sys.argv[1]) as aws:
    user = aws.add_user("li")
    device = user.add_device("phone")
    role = aws.add_role("deploy", trusted=[user.arn])
    mfa = session(aws, user, device)
    s3 = client(aws, "s3", mfa, signature_version="s3v4")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": aws.region})
    s3.put_object(Bucket="bucket", Key="k", Body=b"hello")
    import urllib.request
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"})
    sts = client(aws, "sts", mfa)
    print(json.dumps({
        "arns": [user.arn, device.serial, role.arn, sts.get_caller_identity()["Arn"],
                 sts.assume_role(RoleArn=role.arn, RoleSessionName="me")["AssumedRoleUser"]["Arn"]],
        "devices": client(aws, "iam", user.key).list_mfa_devices()["MFADevices"][0]["SerialNumber"],
        "presigned": urllib.request.urlopen(url).read().decode(),
        "elsewhere": refusal(client(aws, "sts", mfa, region="eu-west-1").get_caller_identity)[0],
    }))
"""


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov", "aws-eusc"])
def test_other_partitions(partition: str) -> None:
    """ARNs, STS, IAM, S3 and presigned URLs of another partition; the keys are unknown in aws."""
    done = in_a_process(PARTITION, partition)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert all(arn.startswith(f"arn:{partition}:") for arn in shown["arns"])
    assert shown["devices"] == f"arn:{partition}:iam::123456789012:mfa/phone"
    assert shown["presigned"] == "hello"
    assert shown["elsewhere"] == "InvalidClientTokenId"


SWITCHES = """
from mfasession.policy import rule
from mfasession.sandbox import Sandbox
from tests.helpers.sandbox_clients import client, refusal, session
with Sandbox(role_sessions_carry_mfa=True, enrolment_lag=10) as aws:
    user = aws.add_user("alice")
    role = aws.add_role("ruled", trusted=[user.arn], policies=[rule.DENY_ALL_WITHOUT_MFA, rule.ALLOW_ALL])
    sts = client(aws, "sts", session(aws, user, user.add_device("phone")))
    made = sts.assume_role(RoleArn=role.arn, RoleSessionName="me")["Credentials"]
    assert client(aws, "s3", made).list_buckets()["Buckets"] == []
    new = aws.add_user("new")
    iam = client(aws, "iam", new.key)
    seed = iam.create_virtual_mfa_device(VirtualMFADeviceName="fresh")["VirtualMFADevice"]
    from mfasession.totp import code_at, secret_of
    secret, serial = secret_of(seed["Base32StringSeed"].decode()), seed["SerialNumber"]
    first, second = (code_at(secret, aws.clock.now() + step) for step in (-30, 0))
    iam.enable_mfa_device(UserName="new", SerialNumber=serial, AuthenticationCode1=first, AuthenticationCode2=second)
    sts = client(aws, "sts", new.key)
    assert "unable to validate" in refusal(sts.get_session_token, SerialNumber=serial, TokenCode=second)[2]
    aws.clock.move(10)
    assert sts.get_session_token(SerialNumber=serial, TokenCode=second)
with Sandbox() as again:
    assert again.users == [] and again.add_user("alice").key
    again.stop()
"""


def test_the_switches_and_starting_again() -> None:
    """MFA carried into role sessions, STS late to learn of a device, and a second sandbox that knows nothing of it."""
    done = in_a_process(SWITCHES)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("environ", "call", "words"),
    [
        ({}, "Sandbox(partition='aws-moon')", "no partition aws-moon"),
        ({"MOTO_ACCOUNT_ID": "1"}, "Sandbox()", "MOTO_ACCOUNT_ID is set"),
    ],
)
def test_a_sandbox_that_cannot_start(environ: dict[str, str], call: str, words: str) -> None:
    """A clear error, and no lock left behind."""
    script = (
        "from mfasession.errors import ConfigurationError\nfrom mfasession.sandbox import Sandbox\n"
        f"try:\n    {call}\nexcept ConfigurationError as error:\n    print(error.message)\n"
    )
    done = in_a_process(script, environ=environ)
    assert words in done.stdout, done.stderr


def test_files_for_another_user(aws: Sandbox, alice: SandboxUser, tmp_path: Path) -> None:
    """Each user's key, in files of the right modes, however wide they were."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").touch(mode=0o644)
    variables = aws.environ(alice, home=tmp_path)
    path = Path(variables["AWS_SHARED_CREDENTIALS_FILE"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert alice.key.access_key_id in path.read_text()
    assert variables["AWS_ENDPOINT_URL"] == aws.url
    empty = Path(variables["AWS_CONFIG_FILE"]).read_text()
    assert empty == "[default]\nregion = us-east-1\n"


def test_a_sandbox_without_users_has_no_files_to_write(tmp_path: Path) -> None:
    """Whose key would it be."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom mfasession.errors import ConfigurationError\n"
        "from mfasession.sandbox import Sandbox\n"
        "with Sandbox() as aws:\n"
        "    try:\n        aws.environ(home=Path(sys.argv[1]))\n"
        "    except ConfigurationError as error:\n        print(error.message)\n"
    )
    assert "no user yet" in in_a_process(script, str(tmp_path)).stdout
    assert ConfigurationError("x").message == "x"
