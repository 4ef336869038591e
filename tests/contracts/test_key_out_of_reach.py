"""A long-term key that was moved into the keyring, and a keyring that cannot be asked: never "there is no key"."""

import json
import shutil

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, have_session
from tests.helpers.kept_keys import NO_KEYRING, Files
from tests.helpers.secret_service import SecretService
from tests.helpers.support import KEY_ID, Home, key_pair

UNLOCK = "unlock it (log in to the desktop, or gnome-keyring-daemon --unlock) and try again"
START = "start one (gnome-keyring, KWallet)"
WAYS = {"locked": ("the keyring is locked", UNLOCK), "absent": ("there is no keyring here", START)}
COMMANDS = (
    "login --code 123456",
    "keys rotate --code 123456",
    "keys protect",
    "keys list",
    "mfa list",
    "mfa enroll --png code.png",
)


@pytest.fixture
def home(keyring_home: Home) -> Home:
    """Alice's key in the keyring, and in no file."""
    done = keyring_home.run("keys", "protect")
    assert done.returncode == 0, done.stderr
    return keyring_home


def lose(home: Home, service: SecretService, how: str) -> None:
    """Let the keyring be locked, or let there be none."""
    if how == "absent":
        home.environ |= NO_KEYRING
    else:
        service.end_daemon()
        service.start_daemon(unlocked=False)


def forget_notes(home: Home) -> None:
    """Delete what we remember: no key is lost with it."""
    shutil.rmtree(home.folder / ".local/state/mfasession")


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_known_to_be_there(home: Home, service: SecretService, how: str, command: str) -> None:
    """Exit 7, and the hint leads to the keyring, not back to plain text."""
    lose(home, service, how)
    files, (message, hint) = Files(home), WAYS[how]
    done = home.run(*command.split())
    assert (done.returncode, done.stdout) == (7, "")
    assert done.stderr == complaint(f"the long-term key of profile default is in the keyring, and {message}", hint)
    files.assert_same()


@pytest.mark.parametrize("how", WAYS)
def test_remove_says_that_it_is_still_there(home: Home, service: SecretService, how: str) -> None:
    """`keys remove` cannot take it out: exit 7, and it is known to be there afterwards, too."""
    lose(home, service, how)
    message, hint = WAYS[how]
    for _ in range(2):
        done = home.run("keys", "remove", "--yes")
        assert done.returncode == 7
        assert done.stderr.endswith(
            complaint(f"the long-term key of profile default is in the keyring, and {message}", hint)
        )


def test_a_locked_keyring_of_which_nothing_is_noted(home: Home, service: SecretService) -> None:
    """It may have the key: exit 7 again, and the message says what is known."""
    forget_notes(home)
    lose(home, service, "locked")
    done = home.run("login", "--code", "123456")
    assert (done.returncode, done.stderr) == (
        7,
        complaint("profile default has no long-term key in a file, and the keyring is locked", UNLOCK),
    )


def test_no_keyring_and_nothing_noted(home: Home, service: SecretService) -> None:
    """Nothing can be in a keyring that is not there: the key is missing."""
    forget_notes(home)
    lose(home, service, "absent")
    done = home.run("login", "--code", "123456")
    assert done.returncode == 3
    assert done.stderr.startswith("mfasession: profile default has no long-term key\n")
    assert "keyring" in done.stderr


def test_a_key_read_from_the_keyring_is_noted(home: Home, alice: SandboxUser, service: SecretService) -> None:
    """A key that an earlier version or another program has put there, and one that was removed by another."""
    forget_notes(home)
    have_session(home, alice.devices[0])
    environ = dict(home.environ)
    lose(home, service, "absent")
    assert home.run("login", "--force", "--code", "123456").returncode == 7
    home.environ = environ
    assert home.run_program("keyring", "del", "mfasession", "key/default").returncode == 0
    assert home.run("login", "--force", "--code", "123456").returncode == 3
    lose(home, service, "absent")
    assert home.run("login", "--force", "--code", "123456").returncode == 3


def test_a_key_that_was_removed_is_not_noted(home: Home, service: SecretService) -> None:
    """`keys remove`, and the keyring is gone afterwards."""
    assert home.run("keys", "remove", "--yes").returncode == 0
    lose(home, service, "absent")
    assert home.run("login", "--code", "123456").returncode == 3
    assert home.run("keys", "list").returncode == 0


@pytest.mark.parametrize("how", WAYS)
def test_a_key_that_was_not_kept_is_not_noted(keyring_home: Home, service: SecretService, how: str) -> None:
    """`keys protect` that fails leaves the key in the file, and it is not looked for in the keyring later."""
    lose(keyring_home, service, how)
    before = keyring_home.credentials.read_bytes()
    assert keyring_home.run("keys", "protect").returncode == 7
    assert keyring_home.credentials.read_bytes() == before
    keyring_home.write_credentials("[default]\nregion = eu-west-1\n")
    keyring_home.environ |= NO_KEYRING
    assert keyring_home.run("login", "--code", "123456").returncode == 3


def test_the_list_names_the_others(home: Home, service: SecretService) -> None:
    """What a file holds is listed all the same."""
    home.write_credentials(key_pair("work"))
    lose(home, service, "absent")
    done = home.run("keys", "list", "--json")
    assert done.returncode == 7
    assert [row["access_key_id"] for row in json.loads(done.stdout)] == [KEY_ID]


def test_a_seed_that_waits_in_a_keyring_that_is_gone(keyring_home: Home, aws: Sandbox, service: SecretService) -> None:
    """`mfa enroll` does not make a second device while the first one's seed is in the keyring."""
    bare = aws.add_user(f"bare-{keyring_home.folder.name}")
    keyring_home.write_credentials(key_pair("default", bare.key.access_key_id, bare.key.secret_access_key.reveal()))
    words = ("mfa", "enroll", "--png", "code.png", "--codes", "-")
    assert keyring_home.run(*words, stdin="000000\n000001\n").returncode == 4
    environ = dict(keyring_home.environ)
    lose(keyring_home, service, "absent")
    done = keyring_home.run(*words, stdin="000000\n000001\n")
    assert (done.returncode, done.stderr) == (
        7,
        complaint(
            "there is no keyring here, and the seed of a new device is stored in it", f"{START}, then run it again"
        ),
    )
    keyring_home.environ = environ
    assert keyring_home.run(*words, stdin="000000\n000001\n").returncode == 4
    assert len([call for call in aws.calls("CreateVirtualMFADevice") if call.user == bare.arn]) == 1
