"""Keys and seeds in the encrypted file, as scripts use it: a command gives the passphrase, and no person is asked."""

import shlex
import sys
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, have_session
from tests.helpers.enrolling import bare_user
from tests.helpers.kept_keys import NO_KEYRING, Files, foreign, listed, places, two_lines, without_key
from tests.helpers.support import Home, imported, key_pair

VARIABLE = "MFASESSION_PASSPHRASE_COMMAND"
PLACE = "encrypted-file"


def path_of(home: Home) -> Path:
    """The encrypted file of a home."""
    return home.folder / ".local" / "share" / "mfasession" / "keys.encrypted"


@pytest.fixture
def home(alices_home: Home) -> Home:
    """Alice's home on a server: no keyring, and a command that prints the passphrase."""
    alices_home.environ |= {**NO_KEYRING, VARIABLE: "echo 'correct horse'"}
    return alices_home


@pytest.fixture
def moved(home: Home) -> Home:
    """Alice's home with her key in the encrypted file."""
    done = home.run("keys", "move", "--to", PLACE)
    assert done.returncode == 0, done.stderr
    return home


def test_a_key_is_added_listed_used_and_removed(home: Home, alice: SandboxUser) -> None:
    """With `keys_in`, no flag is needed. The file is its owner's alone, and no secret is in it."""
    home.credentials.unlink()
    home.write_settings(f'keys_in = "{PLACE}"\n')
    done = home.run("keys", "add", "-", stdin=two_lines(alice))
    assert done.returncode == 0, done.stderr
    file = path_of(home)
    assert f"is in {file}, for profile default" in done.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert alice.key.secret_access_key.reveal() not in file.read_text()
    assert places(home) == [("default", alice.key.access_key_id, PLACE)]
    assert listed(home)[0]["path"] == str(file)
    have_session(home, alice.devices[0])
    assert home.run("keys", "remove", "--yes").returncode == 0
    assert places(home) == []


def test_no_passphrase_is_needed_but_for_the_key(moved: Home, alice: SandboxUser) -> None:
    """While there is a session, no command runs the user's program, nor loads what decrypts."""
    have_session(moved, alice.devices[0])
    moved.environ[VARIABLE] = "false"
    for words in (
        ("env",),
        ("process",),
        ("exec", "--", "true"),
        ("status",),
        ("keys", "list"),
        ("doctor", "--offline"),
    ):
        assert moved.run(*words).returncode == 0
    assert not {"cryptography", "mfasession.stores.encrypted"} & imported(moved, "env")


def test_a_command_gets_neither_passphrase_nor_command(moved: Home, alice: SandboxUser) -> None:
    """What runs with the session cannot open the file of keys; a program for codes does not get it either."""
    have_session(moved, alice.devices[0])
    done = moved.run("exec", "--", "env")
    assert VARIABLE not in done.stdout
    assert "correct horse" not in done.stdout
    program = moved.folder / "code"
    program.write_text(f"#!/bin/sh\nenv >{moved.folder}/seen\necho {alice.devices[0].code(1)}\n")
    program.chmod(0o755)
    moved.write_settings(f'code = {{ command = ["{program}"] }}\n')
    assert moved.run("login", "--force").returncode in (0, 4)
    assert VARIABLE not in (moved.folder / "seen").read_text()


def test_without_command_and_terminal(moved: Home, alice: SandboxUser) -> None:
    """Input is needed, and none is possible."""
    del moved.environ[VARIABLE]
    done = moved.run("login", "--code", alice.devices[0].code())
    message = f"no terminal to ask for the passphrase of {path_of(moved)} on"
    hint = f"run it in a terminal, or set {VARIABLE} to a command that prints it"
    assert (done.returncode, done.stdout, done.stderr) == (6, "", complaint(message, hint))


@pytest.mark.parametrize("words", [("login", "--code", "123456"), ("keys", "remove", "--yes"), ("keys", "passphrase")])
def test_a_wrong_passphrase(moved: Home, words: tuple[str, ...]) -> None:
    """One line, exit code 7, whichever command it is; the file stays as it is."""
    before = path_of(moved).read_bytes()
    moved.environ[VARIABLE] = "echo battery"
    done = moved.run(*words)
    message = f"the passphrase is wrong, or {path_of(moved)} is damaged"
    hint = f"correct {VARIABLE}, or unset it to be asked"
    assert done.returncode == 7
    assert done.stderr.endswith(complaint(message, hint))
    assert path_of(moved).read_bytes() == before


def test_the_passphrase_is_changed(moved: Home, alice: SandboxUser) -> None:
    """The old one opens nothing any more, and the key is the same."""
    done = moved.run("keys", "passphrase", "--new-command", "echo battery staple")
    assert done.returncode == 0
    assert f"{VARIABLE} must print the new passphrase" in done.stderr
    assert moved.run("login", "--code", alice.devices[0].code()).returncode == 7
    moved.environ[VARIABLE] = "echo battery staple"
    have_session(moved, alice.devices[0])


def test_there_is_no_file_whose_passphrase_could_be_changed(home: Home) -> None:
    """Exit code 7, and the command that makes one."""
    done = home.run("keys", "passphrase", "--new-command", "echo x")
    assert done.returncode == 7
    assert done.stderr == complaint(
        f"there is no encrypted file {path_of(home)}", f"mfasession keys add --store {PLACE} makes one"
    )


def test_a_move_and_back(home: Home, alice: SandboxUser) -> None:
    """The credentials file loses the key's lines alone, and gets them back."""
    home.write_credentials(foreign(alice))
    assert home.run("keys", "move", "--to", PLACE).returncode == 0
    assert home.credentials.read_text() == without_key(foreign(alice), alice)
    assert ("default", alice.key.access_key_id, PLACE) in places(home)
    again = home.run("keys", "move", "--to", PLACE)
    assert again.returncode == 0
    assert f"is in {path_of(home)} already" in again.stderr
    done = home.run("keys", "move", "--to", "file")
    assert done.returncode == 0
    assert f"{home.credentials} holds the key in plain text" in done.stderr
    assert ("default", alice.key.access_key_id, "file") in places(home)
    assert alice.key.access_key_id not in path_of(home).read_text()


def test_a_move_to_a_place_that_fails(home: Home) -> None:
    """Nothing is changed, and no other place is taken instead."""
    before = Files(home)
    assert home.run("keys", "move", "--to", "keyring").returncode == 7
    home.environ[VARIABLE] = "false"
    assert home.run("keys", "move", "--to", PLACE).returncode == 3
    before.assert_same()
    assert not path_of(home).exists()
    done = home.run("keys", "move")
    assert done.returncode == 2
    assert "keys move needs a place" in done.stderr


def test_another_key_is_not_replaced(moved: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """Two keys of one profile: the user decides, with --force or by removing one."""
    bob = bare_user(aws)
    secret = bob.key.secret_access_key.reveal()
    moved.write_credentials(key_pair("default", bob.key.access_key_id, secret))
    before = path_of(moved).read_bytes()
    done = moved.run("keys", "move", "--to", PLACE)
    assert done.returncode == 3
    assert f"profile default has two keys: {bob.key.access_key_id}" in done.stderr
    assert path_of(moved).read_bytes() == before
    assert moved.run("keys", "move", "--to", PLACE, "--force").returncode == 0
    assert places(moved) == [("default", bob.key.access_key_id, PLACE)]
    assert alice.key.access_key_id not in path_of(moved).read_text()


def test_protect_all_takes_the_configured_place(home: Home, alice: SandboxUser) -> None:
    """One question for all keys, and the plan names the place."""
    home.write_settings(f'keys_in = "{PLACE}"\n')
    home.write_credentials(home.credentials.read_text() + foreign(alice).replace("[default]", "[also]"))
    done = home.run("keys", "protect", "--all", "--yes")
    assert done.returncode == 0, done.stderr
    assert f"move to {path_of(home)}:" in done.stderr
    stores = {(profile, store) for profile, _, store in places(home)}
    assert {("default", PLACE), ("also", PLACE)} <= stores


def test_a_rotation_stays_in_the_file(moved: Home, alice: SandboxUser) -> None:
    """The new key is where the old one was."""
    have_session(moved, alice.devices[0])
    done = moved.run("keys", "rotate")
    assert done.returncode == 0, done.stderr
    new = next(iter(alice.key_statuses()))
    assert places(moved) == [("default", new, PLACE)]
    assert not moved.credentials.exists() or new not in moved.credentials.read_text()


def test_the_setting_names_the_only_place(moved: Home) -> None:
    """With another place in `keys_in`, the encrypted file is not read in its stead."""
    moved.write_settings('keys_in = "keyring"\n')
    done = moved.run("login", "--code", "123456")
    assert done.returncode == 3
    assert 'profile default has no long-term key where keys_in = "keyring" says' in done.stderr
    assert "mfasession keys move -p default --to keyring" in done.stderr


def test_a_seed_in_the_file_gives_the_codes(moved: Home, alice: SandboxUser) -> None:
    """Key and seed behind one passphrase: a login needs no person."""
    script = (
        "import os, sys\n"
        "from mfasession.stores.encrypted.seeds import Seeds\n"
        "from mfasession.values import Secret\n"
        "Seeds(os.environ, 'encrypted-file', no_input=True).save(sys.argv[1], Secret(sys.argv[2]))\n"
    )
    device = alice.devices[0]
    done = moved.run_program(sys.executable, "-c", script, device.serial, device.seed)
    assert done.returncode == 0, done.stderr
    assert device.seed not in path_of(moved).read_text()
    moved.write_settings(f'code = "totp"\nkeys_in = "{PLACE}"\n')
    assert moved.run("login", "--no-input").returncode == 0


def test_no_seed_in_the_file(moved: Home, alice: SandboxUser) -> None:
    """The error names the file and how to keep one."""
    moved.write_settings(f'code = "totp"\nkeys_in = "{PLACE}"\n')
    done = moved.run("login", "--no-input")
    assert done.returncode == 3
    assert f"{path_of(moved)} has no seed for device {alice.devices[0].serial}" in done.stderr


def test_enrolment_keeps_the_seed_there(home: Home, aws: Sandbox) -> None:
    """`mfa enroll --to encrypted-file` with `code = "totp"`: device, seed and first login without a question."""
    bare = bare_user(aws)
    home.write_credentials(key_pair("default", bare.key.access_key_id, bare.key.secret_access_key.reveal()))
    home.write_settings(f'code = "totp"\nkeys_in = "{PLACE}"\n')
    done = home.run("mfa", "enroll", "--to", PLACE)
    assert done.returncode == 0, done.stderr
    assert '"kind":"seed"' in path_of(home).read_text()
    assert not list((home.folder / ".local" / "state" / "mfasession").glob("enrolment-*"))


def test_the_package_is_missing(home: Home) -> None:
    """The hint installs the extra, and the key stays where it is."""
    before = Files(home)
    hidden = home.folder / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys\nsys.modules['cryptography'] = None\n")
    done = home.run("keys", "move", "--to", PLACE, environ={"PYTHONPATH": str(hidden)})
    assert done.returncode == 7
    assert "the encrypted file takes a package that is not installed" in done.stderr
    assert shlex.quote("mfasession[encrypted-file]") in done.stderr
    before.assert_same()
