"""`mfasession import` at a terminal: a passphrase that is not shown, a plan, and one question."""

import pytest

from mfasession.sandbox import SandboxUser
from tests.helpers.checks import keys_of
from tests.helpers.kept_keys import NO_KEYRING, whose
from tests.helpers.other_tools import PASSPHRASE, add_to_vault, left_by
from tests.helpers.seat import APART, outcome, seat
from tests.helpers.support import MFASESSION, Home

IMPORT = (MFASESSION, "import", "aws-vault", "--store", "file")
ASKED = r"passphrase of .*/\.awsvault/keys/ \(not shown\): "


@pytest.fixture
def home(alices_home: Home, alice: SandboxUser) -> Home:
    """A home whose key is in aws-vault."""
    alices_home.credentials.unlink()
    add_to_vault(alices_home.folder / ".awsvault" / "keys", "work", alice)
    return alices_home


def test_a_passphrase_and_a_yes(home: Home, alice: SandboxUser) -> None:
    """A wrong one is asked for again; backspace takes a character back; nothing of it is shown."""
    with seat(home, *APART, *IMPORT) as sitting:
        sitting.see(ASKED)
        sitting.line("wrong")
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
    assert "wrong" not in sitting.seen
    assert home.credentials.read_text() == keys_of(alice, "work")


def test_a_passphrase_that_stays_wrong(home: Home) -> None:
    """Three tries, then one line."""
    with seat(home, *APART, *IMPORT) as sitting:
        for _ in range(3):
            sitting.see(ASKED)
            sitting.line("wrong")
        status, said = outcome(sitting)
    assert status == 3
    assert "cannot be decrypted: the passphrase is wrong, or the file is damaged\n" in said
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
