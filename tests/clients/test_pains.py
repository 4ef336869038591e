"""Problems reported by users of other tools: each test cites the issue that it answers."""

import resource
import subprocess
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.programs import CLIENTS, WAYS, last_call, log_in
from tests.helpers.support import MFASESSION, Home, key_pair


@pytest.fixture
def words(aws: Sandbox) -> tuple[str, ...]:
    """The words of boto3."""
    return CLIENTS["boto3"](aws)


def served(home: Home, words: tuple[str, ...], profile: str) -> bool:
    """Return whether a client is served by a profile of the credentials file."""
    return home.run_program(*words, environ={"AWS_PROFILE": profile}).returncode == 0


KEPT = """# my keys, do not touch

[Other]
AWS_Access_Key_Id=AKIAIOSFODNN7EXAMPLE   # not a comment
aws_secret_access_key:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
; the end
"""


def test_comments_stay(alices_home: Home, alice: SandboxUser, words: tuple[str, ...]) -> None:
    """broamski/aws-mfa#39: comments, order, spelling and blank lines are as they were, above and below."""
    before = KEPT + alices_home.credentials.read_text()
    alices_home.write_credentials(before + "\n# last words")
    log_in(alices_home, alice)
    assert alices_home.credentials.read_text().startswith(before + "\n# last words\n")
    assert served(alices_home, words, "default-mfa")
    alices_home.run("logout")
    assert alices_home.credentials.read_text().rstrip("\n") == before + "\n# last words"


def test_the_credentials_file_of_the_environment(alices_home: Home, alice: SandboxUser, words: tuple[str, ...]) -> None:
    """broamski/aws-mfa#66: AWS_SHARED_CREDENTIALS_FILE is read and written, the file in the home folder is not."""
    elsewhere = alices_home.folder / "else where" / "keys"
    elsewhere.parent.mkdir()
    alices_home.credentials.rename(elsewhere)
    alices_home.environ |= {"AWS_SHARED_CREDENTIALS_FILE": "~/else where/keys"}
    log_in(alices_home, alice)
    assert served(alices_home, words, "default-mfa")
    assert "[default-mfa]" in elsewhere.read_text()
    assert not alices_home.credentials.exists()


@pytest.mark.parametrize("place", ["config", "credentials"])
def test_the_standard_mfa_serial(alices_home: Home, aws: Sandbox, alice: SandboxUser, place: str) -> None:
    """broamski/aws-mfa#63: `mfa_serial`, as the AWS CLI knows it, and no key of our own; AWS need not be asked."""
    alice.add_device(f"tablet-{alice.name}")
    path: Path = getattr(alices_home, place)
    path.write_text(path.read_text().replace("[default]\n", f"[default]\nmfa_serial = {alice.devices[0].serial}\n", 1))
    log_in(alices_home, alice)
    assert [call for call in aws.calls("ListMFADevices") if call.user == alice.arn] == []


def test_the_only_device(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """broamski/aws-mfa#41: the user does not type the ARN of the only device; it is found once and remembered."""
    log_in(alices_home, alice)
    log_in(alices_home, alice, "--force", steps=1)
    assert len([call for call in aws.calls("ListMFADevices") if call.user == alice.arn]) == 1
    given = [call.params["SerialNumber"] for call in aws.calls("GetSessionToken") if call.user == alice.arn]
    assert given == [alice.devices[0].serial] * 2


def test_a_profile_that_is_nowhere(alices_home: Home, alice: SandboxUser, words: tuple[str, ...]) -> None:
    """broamski/aws-mfa#30: AWS_PROFILE names no profile: said in a line, and -p works all the same."""
    alices_home.environ["AWS_PROFILE"] = "defualt"
    done = alices_home.run("login")
    assert (done.returncode, done.stderr) == (
        3,
        "mfasession: there is no profile defualt\n  hint: did you mean default?\n",
    )
    log_in(alices_home, alice, "-p", "default")
    done = alices_home.run("exec", "-p", "default", "--", *words)
    assert done.returncode == 0, done.stderr


def test_edits_made_while_a_code_is_awaited(alices_home: Home, alice: SandboxUser) -> None:
    """dcoker/awsmfa#13: what another program writes into the file during the question is still there afterwards."""
    edit = (
        f"printf '\\n[meanwhile]\\nregion = us-west-1\\n' >>{alices_home.credentials}; echo {alice.devices[0].code()}"
    )
    alices_home.write_settings(f'code = {{ command = ["sh", "-c", """{edit}"""] }}\n')
    done = alices_home.run("login")
    assert done.returncode == 0, done.stderr
    text = alices_home.credentials.read_text()
    assert "\n[meanwhile]\nregion = us-west-1\n" in text
    assert "[default-mfa]" in text


def test_a_device_that_cannot_answer(aws: Sandbox, tmp_path: Path) -> None:
    """dcoker/awsmfa#15: a user who has only a security key gets that error before a code is asked for."""
    user = aws.add_user("fido-only")
    user.add_fido_device("yubikey")
    home = Home(tmp_path, {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-west-1"})
    home.write_credentials(key_pair("default", user.key.access_key_id, user.key.secret_access_key.reveal()))
    done = home.run("login", "--code", "123456")
    assert done.returncode == 3
    assert done.stderr.startswith(
        "mfasession: user fido-only has only FIDO devices (security keys, passkeys), and AWS "
    )
    assert "; or add an authenticator app in the console: IAM, Security credentials, MFA\n" in done.stderr


def test_a_carriage_return_never_reaches_the_shell(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...]
) -> None:
    """aws/aws-cli#8187: from files with CRLF line ends too, `env` prints none, and the shell's client is served."""
    for path in (alices_home.credentials, alices_home.config):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    log_in(alices_home, alice)
    printed = subprocess.run([MFASESSION, "env"], env=alices_home.environ, capture_output=True, check=True).stdout
    assert b"\r" not in printed
    assert WAYS["env"](alices_home, words).returncode == 0
    assert last_call(aws, alice).region == "eu-central-1"
    assert served(alices_home, words, "default-mfa")
    text = alices_home.credentials.read_bytes()
    assert text.count(b"\n") == text.count(b"\r\n")


@pytest.mark.parametrize("room", [0, 100, 500])
def test_a_write_that_is_cut_short(alices_home: Home, alice: SandboxUser, room: int) -> None:
    """aws/aws-cli#10648: with no room for the new file the old one stays whole, keys and all."""
    before = alices_home.credentials.read_bytes()
    code = alice.devices[0].code()
    done = subprocess.run(
        [MFASESSION, "login", "--code", code],
        env=alices_home.environ,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 7, done.stderr
    assert done.stderr.startswith("mfasession: ")
    assert "  hint: " in done.stderr
    assert alices_home.credentials.read_bytes() == before
    assert [path.name for path in alices_home.aws.iterdir() if path.name not in ("config", "credentials")] == []
    assert alices_home.run("login", "--code", alice.devices[0].code(1)).returncode == 0


SOURCED = {
    "sh -e": 'set -eu; eval "$(mfasession env)"; "$@"; echo reached',
    "sourced": 'mfasession env >lines || :; . ./lines && "$@" && echo reached',
    "function": 'use() { eval "$(mfasession env)"; }; use && "$@" && echo reached',
    "subshell": '( eval "$(mfasession env)" && "$@" ) && echo reached',
}


@pytest.mark.parametrize("how", SOURCED)
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_script_needs_nothing_sourced(
    alices_home: Home, alice: SandboxUser, words: tuple[str, ...], how: str, shell: str
) -> None:
    """trek10inc/awsume#181, #155, #163: the same line works in scripts and CI, with no set-up and no terminal."""
    script = SOURCED[how]
    done = alices_home.run_program(shell, "-c", script, shell, *words)
    assert done.returncode == 6, done.stderr
    assert done.stdout == ""
    log_in(alices_home, alice)
    done = alices_home.run_program(shell, "-c", script, shell, *words)
    assert (done.returncode, done.stdout) == (0, "reached\n"), done.stderr


def test_a_failed_eval_leaves_the_shell_alive(alices_home: Home) -> None:
    """trek10inc/awsume#163: an interactive shell is still there afterwards, with what it had."""
    lines = 'export AWS_REGION=eu-west-3\neval "$(mfasession env)"\necho "still here: $?, $AWS_REGION"\n'
    done = alices_home.run_program("bash", "--norc", "-i", stdin=lines)
    assert "still here: 6, eu-west-3\n" in done.stdout
