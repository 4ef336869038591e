"""`mfasession import` at a terminal: a passphrase that is not shown, a plan, and one question."""

import re

import pytest

from mfasession.sandbox import SandboxUser
from tests.helpers.checks import complaint, keys_of
from tests.helpers.kept_keys import NO_KEYRING, whose
from tests.helpers.other_tools import PASSPHRASE, add_to_vault, left_by
from tests.helpers.seat import APART, outcome, seat
from tests.helpers.support import MFASESSION, Home

IMPORT = (MFASESSION, "import", "aws-vault", "--store", "file")
ASKED = r"passphrase of .*/\.awsvault/keys/ \(not shown\): "
WRONG = r"/\.awsvault/keys/work cannot be decrypted: the passphrase is wrong, or the file is damaged\r?\n"


@pytest.fixture
def home(alices_home: Home, alice: SandboxUser) -> Home:
    """A home whose key is in aws-vault."""
    alices_home.credentials.unlink()
    add_to_vault(alices_home.folder / ".awsvault" / "keys", "work", alice)
    return alices_home


def test_a_passphrase_and_a_yes(home: Home, alice: SandboxUser) -> None:
    """A wrong one is reported and asked for again; backspace takes a character back; nothing of it is shown."""
    with seat(home, *APART, *IMPORT) as sitting:
        sitting.see(ASKED)
        sitting.line("amiss")
        sitting.see(WRONG)
        sitting.see(ASKED)
        sitting.type(f"{PASSPHRASE}é\x7f\r")
        sitting.see(f"{alice.key.access_key_id}  profile work  to {home.credentials}")
        sitting.see(r"import 1 key\? \[y/N\] ")
        sitting.line("y")
        status, said = outcome(sitting)
    assert status == 0
    assert said == (
        f"mfasession: {whose(alice)} is in {home.credentials}, for profile work\n"
        "mfasession: when all works, delete at the other tool: aws-vault remove work\n"
    )
    assert "sesame" not in sitting.seen
    assert "amiss" not in sitting.seen
    assert len(re.findall(WRONG, sitting.seen)) == 1
    assert home.credentials.read_text() == keys_of(alice, "work")


def test_a_passphrase_that_stays_wrong(home: Home) -> None:
    """Three tries, each reported in one line, the last as the error."""
    with seat(home, *APART, *IMPORT) as sitting:
        for number in range(3):
            if number:
                sitting.see(WRONG)
            sitting.see(ASKED)
            sitting.line("amiss")
        status, said = outcome(sitting)
    assert status == 3
    assert re.fullmatch(f"mfasession: .*{WRONG}  hint: run it again with the right one\n", said)
    assert len(re.findall(WRONG, sitting.seen)) == 2
    assert not home.credentials.exists()


def test_no_input_at_a_terminal(home: Home) -> None:
    """Nothing is asked: without a passphrase exit code 6, with a wrong one 3, each with what to set."""
    outcomes = []
    for environ in ({}, {"AWS_VAULT_FILE_PASSPHRASE": "amiss"}):
        with seat(home, *APART, *IMPORT, "--no-input", environ=environ) as sitting:
            outcomes.append(outcome(sitting))
        assert "passphrase" not in sitting.seen
    folder = home.folder / ".awsvault" / "keys"
    assert outcomes == [
        (
            6,
            complaint(
                f"there is no terminal to type the passphrase of {folder}/ on",
                "run it in a terminal, without --no-input, or set AWS_VAULT_FILE_PASSPHRASE",
            ),
        ),
        (
            3,
            complaint(
                f"{folder}/work cannot be decrypted: the passphrase is wrong, or the file is damaged",
                "set AWS_VAULT_FILE_PASSPHRASE to the right one, or unset it to be asked",
            ),
        ),
    ]
    assert not home.credentials.exists()


@pytest.mark.parametrize("answer", ["n\r", "\r", "\x03", "\x04"], ids=["no", "enter", "ctrl-c", "ctrl-d"])
def test_only_yes_is_yes(home: Home, answer: str) -> None:
    """Nothing is changed, and the exit code says so."""
    with seat(home, *APART, *IMPORT, environ={"AWS_VAULT_FILE_PASSPHRASE": PASSPHRASE}) as sitting:
        sitting.see(r"\[y/N\] ")
        sitting.type(answer)
        status, said = outcome(sitting)
    assert status == 130
    assert len(said.splitlines()) == 1
    assert not home.credentials.exists()


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
def test_a_passphrase_that_is_not_given(home: Home, key: str) -> None:
    """The echo is back, and nothing has happened."""
    with seat(home, *APART, *IMPORT) as sitting:
        sitting.see(ASKED)
        sitting.type("half" + key)
        status, _ = outcome(sitting)
    assert status == 130
    assert "half" not in sitting.seen


def test_moving_every_key(alices_home: Home, alice: SandboxUser) -> None:
    """`keys protect --all` shows what it would move and asks once."""
    alices_home.write_credentials(keys_of(alice) + left_by("awsume", alice))
    with seat(alices_home, *APART, MFASESSION, "keys", "protect", "--all", environ=NO_KEYRING) as sitting:
        sitting.see("move to the keyring:")
        sitting.see("profile default  from")
        sitting.see("profile work     from")
        sitting.see(r"move 2 keys\? \[y/N\] ")
        sitting.line("n")
        status, _ = outcome(sitting)
    assert status == 130
