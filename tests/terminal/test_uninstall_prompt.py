"""`mfasession uninstall` at a terminal: one question for all, and another one for long-term keys."""

from mfasession.sandbox import SandboxUser
from tests.helpers.kept_keys import NO_KEYRING
from tests.helpers.seat import APART, outcome, seat
from tests.helpers.support import MFASESSION, Home

PASSPHRASE = {"MFASESSION_PASSPHRASE_COMMAND": "echo 'correct horse'"}


def test_keys_are_a_question_of_their_own(alices_home: Home, alice: SandboxUser) -> None:
    """A no to either changes nothing."""
    home = alices_home
    home.environ |= NO_KEYRING
    assert home.run("keys", "move", "--to", "encrypted-file", environ=PASSPHRASE).returncode == 0
    encrypted = home.folder / ".local/share/mfasession/keys.encrypted"
    for answers, status in ((("n",), 130), (("y", "n"), 130), (("y", "y"), 0)):
        with seat(home, *APART, MFASESSION, "uninstall", "--keys") as sitting:
            sitting.see(f"long-term key {alice.key.access_key_id} of profile default, in ")
            for question, answer in zip(("remove all this", "delete the key or seed"), answers, strict=False):
                sitting.see(rf"{question}.*\? \[y/N\] ")
                sitting.line(answer)
            code, said = outcome(sitting)
        assert code == status, said
        assert encrypted.exists() == (status != 0)
    assert not (home.folder / ".local/state/mfasession").exists()
