"""`import mfasession` in a program that runs on: across expiries, with roles, and sharing what the command has."""

import re
import sys
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.clients.test_refreshing import keys_of, log_in_with, long_lived
from tests.helpers.programs import have_session, last_call, let_it_be_old
from tests.helpers.support import Home

PROGRAM = """
import sys
import mfasession
client = mfasession.session({given}).client("s3")
for line in sys.stdin:
    try:
        client.list_buckets()
        print("served", flush=True)
    except mfasession.MfaSessionError as error:
        print(type(error).__name__, error.message, error.hint, sep="; ", flush=True)
"""
EXPIRED = (
    "InputNeeded; the session of profile default has expired, and there is no terminal to ask for a code; "
    "mfasession login -p default"
)


def test_one_client_across_an_expiry(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """It uses the command's session to its end, says how to fix it, and goes on with the next by itself."""
    log_in_with(alices_home, aws, alice, 5 * 60)
    with long_lived(alices_home, script=PROGRAM.format(given="")) as client:
        assert [client.list_buckets() for _ in range(2)] == ["served"] * 2
        assert last_call(aws, alice).region == "eu-central-1"
        log_in_with(alices_home, aws, alice, 0, "--force", steps=0)
        assert client.list_buckets() == EXPIRED
        have_session(alices_home, alice, steps=1)
        assert client.list_buckets() == "served"
    assert len(keys_of(aws, alice)) == 2


@pytest.mark.parametrize("left", [0, 14 * 60])
def test_a_function_gives_the_code(alices_home: Home, aws: Sandbox, alice: SandboxUser, left: int) -> None:
    """A session that ends is renewed with one code of the program's own, and the command has that session too."""
    log_in_with(alices_home, aws, alice, left)
    let_it_be_old(alices_home)
    code = alices_home.folder / "code"
    code.write_text(alice.devices[0].code())
    given = f"code=lambda: open({str(code)!r}).read()"
    with long_lived(alices_home, script=PROGRAM.format(given=given)) as client:
        assert [client.list_buckets() for _ in range(2)] == ["served"] * 2
    own = last_call(aws, alice).access_key_id
    done = alices_home.run("env", "--shell", "json", "--no-input")
    assert own in done.stdout, done.stderr
    assert len([call for call in aws.calls("GetSessionToken") if call.user == alice.arn]) == 2


DUMPABLE = """
import ctypes, sys, mfasession
given = sys.argv[1]
mfasession.session(code=lambda: given).client("sts").get_caller_identity()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
"""Renews once, and prints PR_GET_DUMPABLE (prctl(2))."""


def test_the_program_stays_as_it_was(alices_home: Home, alice: SandboxUser) -> None:
    """A debugger attaches to a program that uses us as to any other: its memory is its own affair."""
    done = alices_home.run_program(sys.executable, "-c", DUMPABLE, alice.devices[0].code())
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


MALFORMED = """
import mfasession
try:
    mfasession.session()
except mfasession.ConfigurationError as error:
    print(error.message)
"""


def test_a_malformed_aws_file(alices_home: Home) -> None:
    """What botocore cannot read is an error of ours, with no line of the file in it."""
    alices_home.config.write_bytes(b"[default]\nregion = eu-west-1\n[profile x]\nsecret = \xff\xfe\n")
    done = alices_home.run_program(sys.executable, "-c", MALFORMED)
    assert done.returncode == 0, done.stderr
    assert str(alices_home.config) in done.stdout
    assert "secret" not in done.stdout


def test_a_role_is_renewed_without_a_code(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """99designs/aws-vault#263: hour after hour while the user's own session lives."""
    role = aws.add_role(f"python-{alice.name}", [alice.arn])
    with alices_home.config.open("a") as config:
        config.write(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    aws.clock.move(-50 * 60, clients_follow=True)
    have_session(alices_home, alice, "-p", "admin")
    aws.clock.move(50 * 60, clients_follow=True)
    let_it_be_old(alices_home)
    with long_lived(alices_home, script=PROGRAM.format(given='"admin", no_input=True')) as client:
        assert client.list_buckets() == "served"
        aws.clock.move(15 * 60, clients_follow=True)
        assert client.list_buckets() == "served"
    assert len([call for call in aws.calls("AssumeRole") if call.user == alice.arn]) == 2
    assert len([call for call in aws.calls("GetSessionToken") if call.user == alice.arn]) == 1


def test_the_example_of_the_documentation(alices_home: Home, alice: SandboxUser) -> None:
    """docs/python.md: what stands there runs as it stands."""
    have_session(alices_home, alice)
    text = (Path(__file__).parents[2] / "docs" / "python.md").read_text()
    (example,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    done = alices_home.run_program("python", "-c", example)
    assert (done.returncode, done.stderr) == (0, "")
    assert alice.arn in done.stdout
    alices_home.write_credentials("")
    done = alices_home.run_program("python", "-c", example)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "profile default has no long-term key" in done.stderr
