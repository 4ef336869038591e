"""Canaries for the encrypted file: passphrases, the key's secret and a seed, searched for wherever they must not be."""

from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.stores.encrypted import sealed
from mfasession.values import Secret
from tests.helpers.enrolling import bare_user
from tests.helpers.faults import encrypted
from tests.helpers.faults.canaries import Canaries, Run
from tests.helpers.kept_keys import NO_KEYRING, two_lines
from tests.helpers.support import Home, key_pair

OLD, NEW = "PASSPHRASE-correct-horse", "PASSPHRASE-battery-staple"
PLACE = "encrypted-file"


@pytest.fixture
def home(alices_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Alice's home on a server; the passphrases are in files elsewhere."""
    outside = tmp_path_factory.mktemp("outside")
    for name, text in {"old": OLD, "new": NEW, "wrong": "battery"}.items():
        (outside / name).write_text(f"{text}\nand a second line\n")
    alices_home.environ |= {**NO_KEYRING, "MFASESSION_PASSPHRASE_COMMAND": f"cat {outside / 'old'}"}
    return alices_home


def given(home: Home, name: str) -> str:
    """The command that prints one of the passphrases."""
    return home.environ["MFASESSION_PASSPHRASE_COMMAND"].rpartition("/")[0] + f"/{name}"


def search_home(home: Home, canaries: Canaries, *, but: tuple[str, ...] = ()) -> None:
    """Look through the whole home; `but` are those that belong into the credentials file."""
    canaries.search_folder(Path(home.folder), but={"credentials": but})


def test_a_key_in_the_encrypted_file(home: Home, alice: SandboxUser, canaries: Canaries) -> None:
    """Added, used, moved, its passphrase changed and mistaken: with tracebacks, and in each program that is started."""
    canaries.plant(secret=alice.key.secret_access_key.reveal(), old=OLD, new=NEW)
    home.credentials.unlink()
    new = given(home, "new")
    for code, words, stdin, command in (
        (0, ("keys", "add", "-", "--store", PLACE), two_lines(alice), ""),
        (0, ("login", "--code", "-"), f"{alice.devices[0].code()}\n", ""),
        (0, ("exec", "--", "env"), "", ""),
        (0, ("keys", "list", "--json"), "", ""),
        (7, ("login", "--force", "--code", "123456"), "", given(home, "wrong")),
        (3, ("login", "--force", "--code", "123456"), "", "false"),
        (6, ("login", "--force", "--code", "123456"), "", " "),
        (0, ("keys", "passphrase", "--new-command", new), "", ""),
        (0, ("keys", "move", "--to", "file"), "", new),
        (0, ("keys", "move", "--to", PLACE), "", new),
        (0, ("keys", "remove", "--yes"), "", new),
    ):
        environ = {"MFASESSION_PASSPHRASE_COMMAND": command.strip()} if command else {}
        run = Run(home, *words, "--debug", stdin=stdin, environ=environ)
        assert run.done.returncode == code, run.done.stderr
        canaries.search_run(run)
        search_home(home, canaries, but=("secret",) if "file" in words else ())
    assert home.run("logout").returncode == 0


def test_a_seed_in_the_encrypted_file(home: Home, aws: Sandbox, canaries: Canaries) -> None:
    """Enrolled and used: its seed is in no file in plain text, and on no terminal."""
    user = bare_user(aws)
    secret = user.key.secret_access_key.reveal()
    home.write_credentials(key_pair("default", user.key.access_key_id, secret))
    home.write_settings(f'code = "totp"\nkeys_in = "{PLACE}"\n')
    run = Run(home, "mfa", "enroll", "--to", PLACE, "--debug")
    assert run.done.returncode == 0, run.done.stderr
    kept = sealed.opened((home.folder / encrypted.FILE).read_text(), Secret(OLD))
    ((label, secrets),) = [each for each in kept if each[0]["kind"] == "seed"]
    assert label["device"] in user.device_serials
    canaries.plant(seed=secrets["seed"].reveal(), old=OLD)
    canaries.search_run(run)
    search_home(home, canaries)
