"""`import mfasession` with each source of codes and each store: as the commands, in a program of one's own."""

import sys

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.contracts.test_code_commands import keep_seed, made
from tests.helpers.seat import question, seat
from tests.helpers.secret_service import SecretService
from tests.helpers.support import Home, need

pytestmark = pytest.mark.usefixtures("device_known")

PROGRAM = """
import mfasession
client = mfasession.session().client("sts")
for _ in range(2):
    try:
        print(client.get_caller_identity()["Arn"])
    except mfasession.MfaSessionError as error:
        print(type(error).__name__, error.message, error.hint, sep="; ")
"""
WORDS = (sys.executable, "-c", PROGRAM)
CELL = f"""
import sys
from code import InteractiveInterpreter
cell = InteractiveInterpreter()
cell.runsource({PROGRAM!r}, symbol="exec")
"""
"""As a kernel of a notebook runs a cell: in a process without terminal whose code is in no file."""


def test_a_seed_answers(keyring_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """`code = "totp"`: the seed in the keyring gives the code, and a program runs on for days without a terminal."""
    keyring_home.write_settings('code = "totp"\nstore = "keyring"\n')
    keep_seed(keyring_home, alice)
    done = keyring_home.run_program(*WORDS)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{alice.arn}\n" * 2, "")
    assert made(aws, alice) == ["ok"]
    assert "ASIA" not in keyring_home.credentials.read_text()
    assert keyring_home.run_program(*WORDS).stdout == f"{alice.arn}\n" * 2
    assert keyring_home.run("process", "--no-input").returncode == 0
    assert made(aws, alice) == ["ok"]


def test_a_command_answers(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """A program gives the code, as a YubiKey's does."""
    seed = alices_home.folder / "seed"
    seed.write_text(alice.devices[0].seed)
    words = ["sh", "-c", f"{need('oathtool')} --totp -b - <{seed}"]
    alices_home.write_settings(f"code = {{ command = {words!r} }}\n")
    done = alices_home.run_program(*WORDS)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{alice.arn}\n" * 2, "")
    assert made(aws, alice) == ["ok"]


def test_pinentry_answers(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Its dialog stands on the program's terminal."""
    tools = alices_home.folder / "tools"
    tools.mkdir()
    (tools / "pinentry").symlink_to(need("pinentry-curses"))
    alices_home.environ["PATH"] = f"{tools}:{alices_home.environ['PATH']}"
    alices_home.write_settings('code = "pinentry"\n')
    with seat(alices_home, *WORDS) as terminal:
        terminal.see("Code:")
        terminal.type(alice.devices[0].code() + "\r")
        terminal.see(alice.arn)
        assert terminal.end() == 0, terminal.shown
    assert made(aws, alice) == ["ok"]


def test_the_prompt_answers(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """The question stands on the program's terminal, once, and its output goes where it went."""
    with seat(alices_home, "bash", "--norc", "-c", '"$@" >out', "-", *WORDS) as terminal:
        terminal.see(question(alice))
        terminal.line(alice.devices[0].code())
        assert terminal.end() == 0, terminal.shown
    assert (alices_home.folder / "out").read_text() == f"{alice.arn}\n" * 2
    assert made(aws, alice) == ["ok"]


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["ctrl-C", "ctrl-D"])
def test_the_prompt_takes_no(alices_home: Home, aws: Sandbox, alice: SandboxUser, key: str) -> None:
    """An error that the program catches, for each call that asks; not the program's end."""
    with seat(alices_home, *WORDS) as terminal:
        for _ in range(2):
            terminal.see(question(alice))
            terminal.type(key)
            terminal.see("Cancelled; ")
        assert terminal.end() == 0, terminal.shown
    assert made(aws, alice) == []


def test_a_notebook(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """No terminal and no function: the error's class says what is missing, its hint fixes it, and the cell runs."""
    words = (sys.executable, "-c", CELL)
    refused = alices_home.run_program(*words)
    assert (refused.returncode, refused.stderr) == (0, "")
    what = "there is no session for profile default, and there is no terminal to ask for a code"
    assert refused.stdout == f"InputNeeded; {what}; mfasession login -p default\n" * 2
    assert made(aws, alice) == []
    assert alices_home.run("login", "--code", alice.devices[0].code()).returncode == 0
    assert alices_home.run_program(*words).stdout == f"{alice.arn}\n" * 2


def test_a_locked_keyring(keyring_home: Home, aws: Sandbox, alice: SandboxUser, service: SecretService) -> None:
    """A StoreError with a hint, soon, and no fall back to plain text."""
    keyring_home.write_settings('store = "keyring"\n')
    service.end_daemon()
    service.start_daemon(unlocked=False)
    before = keyring_home.credentials.read_bytes()
    done = keyring_home.run_program(*WORDS)
    assert (done.returncode, done.stderr) == (0, "")
    for line in done.stdout.splitlines():
        name, message, hint = line.split("; ", 2)
        assert name == "StoreError"
        assert "keyring" in message
        assert hint
    assert made(aws, alice) == []
    assert keyring_home.credentials.read_bytes() == before
