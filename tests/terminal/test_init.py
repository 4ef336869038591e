"""`mfasession init` at a terminal: from what a new user has to the first `aws s3 ls`."""

import time
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.contracts.conftest import service
from tests.helpers.checks import keys_of
from tests.helpers.enrolling import DARK_TERMINAL, App, bare_user, home_of, scanned
from tests.helpers.kept_keys import NO_KEYRING
from tests.helpers.other_tools import PASSPHRASE, add_to_vault, left_by
from tests.helpers.seat import CLOCK, seat
from tests.helpers.secret_service import SecretService
from tests.helpers.support import MFASESSION, Home, key_pair, need
from tests.scripts.test_init import three_roles

__all__ = ["service"]

ASK = r"make these changes\? \[y/N\] "
A_PERSON_S_TIME = 60
"""Seconds, without the time of a phone."""


def mfa_user(user: SandboxUser) -> str:
    """The credentials file of somebody who uses aws-mfa for the profile `work`."""
    text = left_by("aws-mfa", user).replace("d-aws-mfa", user.devices[0].serial.rpartition("/")[2])
    return text.partition("[identity]")[0]


@pytest.fixture
def home(aws: Sandbox, tmp_path: Path, service: SecretService) -> Home:
    """A clean machine with a keyring and a region."""
    home = Home(tmp_path, {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-west-1"})
    home.environ["DBUS_SESSION_BUS_ADDRESS"] = service.environ["DBUS_SESSION_BUS_ADDRESS"]
    return home


def test_nothing_at_all(home: Home, aws: Sandbox) -> None:
    """The key is typed, the device enrolled, one question answered; then plain `aws s3 ls` works."""
    need("aws")
    user = bare_user(aws)
    began = time.monotonic()
    with seat(home, MFASESSION, "init", "--region", "eu-west-1", columns=150) as sitting:
        sitting.see("AWS access key ID: ")
        sitting.line(user.key.access_key_id)
        sitting.see("not shown")
        sitting.line(user.key.secret_access_key.reveal())
        sitting.see(ASK)
        sitting.line("y")
        sitting.see(r"first code of device [^:]+: +\(")
        app = App(aws, scanned(sitting.seen, home.folder, DARK_TERMINAL))
        first, second = app.pair()
        sitting.line(first)
        sitting.see(r"second code of device [^:]+: +\(")
        sitting.line(second)
        assert sitting.end() == 0
    assert time.monotonic() - began < A_PERSON_S_TIME
    assert "next: aws s3 ls" in sitting.shown
    assert user.key.secret_access_key.reveal() not in sitting.seen
    assert home.run_program("aws", "s3", "ls").returncode == 0


def test_a_key_in_plain_text(home: Home, alice: SandboxUser) -> None:
    """The diff is shown, one answer and one code are typed."""
    need("aws")
    home.write_credentials(keys_of(alice))
    home.config.write_text("[default]\nregion = eu-west-1\n")
    with seat(home, MFASESSION, "init", columns=150) as sitting:
        sitting.see("aws_secret_access_key = \\*\\*\\*")
        sitting.see(ASK)
        sitting.line("yes")
        sitting.see(CLOCK)
        sitting.type(alice.devices[0].code() + "\r")
        assert sitting.end() == 0
    assert "next: aws s3 ls" in sitting.shown
    assert home.run_program("aws", "s3", "ls").returncode == 0


def test_a_user_of_aws_mfa(home: Home, alice: SandboxUser) -> None:
    """One plan: the key's section is named in config.toml, the old session makes way. `aws` works as it did before."""
    need("aws")
    home.write_credentials(mfa_user(alice))
    with seat(home, MFASESSION, "init", columns=150) as sitting:
        sitting.see(r'\+source = "work-long-term"')
        sitting.see(r"-\[work\]")
        sitting.see(ASK)
        sitting.line("y")
        sitting.see(CLOCK)
        sitting.type(alice.devices[0].code() + "\r")
        assert sitting.end() == 0
    assert sitting.seen.count("[y/N]") == 1
    assert "next: aws s3 ls --profile work" in sitting.shown
    assert home.run_program("aws", "s3", "ls", "--profile", "work").returncode == 0


def test_a_user_of_aws_vault(home: Home, alice: SandboxUser) -> None:
    """The passphrase is asked for on the terminal; then one plan with all changes, and one question."""
    need("aws")
    add_to_vault(home.folder / ".awsvault" / "keys", "default", alice)
    with seat(home, MFASESSION, "init", "--region", "eu-west-1", columns=150) as sitting:
        sitting.see("passphrase of .*: ")
        sitting.line(PASSPHRASE)
        sitting.see(r"\+credential_process = ")
        sitting.see(f"key {alice.key.access_key_id} is copied to the keyring")
        sitting.see(ASK)
        sitting.line("y")
        sitting.see(CLOCK)
        sitting.type(alice.devices[0].code() + "\r")
        assert sitting.end() == 0
    assert sitting.seen.count("[y/N]") == 1
    assert "delete at the other tool: aws-vault remove default" in sitting.shown
    assert "next: aws s3 ls" in sitting.shown
    assert PASSPHRASE not in sitting.seen
    assert home.run_program("aws", "s3", "ls").returncode == 0


def test_roles_in_three_accounts(home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """One code; then plain `aws` assumes each role, though each had the device of its own."""
    need("aws")
    home.write_credentials(keys_of(alice))
    home.config.write_text(three_roles(alice, aws, f"mfa_serial = {alice.devices[0].serial}\n"))
    with seat(home, MFASESSION, "init", columns=150) as sitting:
        sitting.see(r"-mfa_serial = ")
        sitting.see(ASK)
        sitting.line("y")
        sitting.see(CLOCK)
        sitting.type(alice.devices[0].code() + "\r")
        assert sitting.end() == 0
    assert "the same session assumes the roles of dev, test, prod" in sitting.shown
    for name in ("dev", "test", "prod"):
        listed = home.run_program("aws", "s3", "ls", "--profile", name, stdin="")
        assert (listed.returncode, listed.stderr) == (0, "")


def test_several_profiles_with_keys(home: Home, alice: SandboxUser) -> None:
    """None is `default`: the user chooses one."""
    home.write_credentials(key_pair("play") + "\n" + keys_of(alice, "work"))
    with seat(home, MFASESSION, "init", "--no-login", columns=150) as sitting:
        sitting.see(r"2\) work")
        sitting.line("2")
        sitting.see(ASK)
        sitting.line("y")
        assert sitting.end() == 0
    assert "next: aws s3 ls --profile work" in sitting.shown


@pytest.mark.parametrize("answer", ["n\r", "\r", "\x03", "\x04"], ids=["no", "nothing", "ctrl-C", "ctrl-D"])
def test_any_other_answer_changes_nothing(home: Home, alice: SandboxUser, answer: str) -> None:
    """Only yes is yes; the exit code is that of an interruption."""
    home.write_credentials(keys_of(alice))
    with seat(home, MFASESSION, "init") as sitting:
        sitting.see(ASK)
        sitting.type(answer)
        assert sitting.end() == 130
    assert home.credentials.read_text() == keys_of(alice)
    assert not home.config.exists()
    assert not (home.folder / ".bashrc").exists()


def test_ctrl_c_instead_of_a_key(home: Home) -> None:
    """Nothing is left behind."""
    with seat(home, MFASESSION, "init") as sitting:
        sitting.see("AWS access key ID: ")
        sitting.type("\x03")
        assert sitting.end() == 130
    assert not home.credentials.exists()
    assert not home.config.exists()


def test_without_a_keyring(aws: Sandbox, tmp_path: Path) -> None:
    """On a server: the key is kept in the file, and the next line works."""
    need("aws")
    user = bare_user(aws)
    user.add_device(f"phone-{user.name}")
    home = home_of(user, aws, tmp_path)
    home.credentials.unlink()
    home.environ |= NO_KEYRING
    with seat(home, MFASESSION, "init", columns=150) as sitting:
        sitting.see("AWS access key ID: ")
        sitting.type(f"{user.key.access_key_id}\r{user.key.secret_access_key.reveal()}\r")
        sitting.see("in plain text in")
        sitting.see(ASK)
        sitting.line("y")
        sitting.see(CLOCK)
        sitting.type(user.devices[0].code() + "\r")
        assert sitting.end() == 0
    assert "next: mfasession exec -- aws s3 ls" in sitting.shown
    assert "use it after" not in sitting.shown
    home.config.write_text("[default]\nregion = eu-west-1\n")
    assert home.run("exec", "--", "aws", "s3", "ls").returncode == 0
