"""`mfasession keys protect --all`: every key out of plain text, one after the other."""

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, have_session, keys_of
from tests.helpers.kept_keys import NO_KEYRING, Files, places, two_lines
from tests.helpers.support import Home

ALL = ("keys", "protect", "--all")


@pytest.fixture
def bob(aws: Sandbox, alice: SandboxUser) -> SandboxUser:
    """Another user."""
    return aws.add_user(f"bob-{alice.name}")


@pytest.fixture
def home(keyring_home: Home, alice: SandboxUser, bob: SandboxUser) -> Home:
    """Two keys and a session in the credentials file, one key in the configuration."""
    keyring_home.write_credentials("# mine\n" + keys_of(alice) + "region=eu-west-1\n\n; theirs\n" + keys_of(bob, "bob"))
    have_session(keyring_home, alice.devices[0])
    pair = keys_of(bob).partition("\n")[2]
    keyring_home.config.write_text(f"# mine\n[profile also]\n{pair}region = eu-west-1\n")
    return keyring_home


def test_all_of_them(home: Home, alice: SandboxUser, bob: SandboxUser) -> None:
    """Their lines go, every other byte stays, sessions too, and a second run has nothing to do."""
    session = home.credentials.read_text().partition("[default-mfa]")[2]
    done = home.run(*ALL, "--yes")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert home.credentials.read_text() == (
        f"# mine\n[default]\nregion=eu-west-1\n\n; theirs\n[bob]\n\n[default-mfa]{session}"
    )
    assert home.config.read_text() == "# mine\n[profile also]\nregion = eu-west-1\n"
    assert sorted(places(home), key=str) == [
        ("also", bob.key.access_key_id, "keyring"),
        ("bob", bob.key.access_key_id, "keyring"),
        ("default", alice.key.access_key_id, "keyring"),
    ]
    assert home.run("status", "-p", "default").returncode == 0
    files = Files(home)
    done = home.run(*ALL)
    assert (done.returncode, done.stderr) == (0, "mfasession: no long-term key is in plain text\n")
    files.assert_same()


def test_without_an_answer_nothing_moves(home: Home, alice: SandboxUser, bob: SandboxUser) -> None:
    """The plan is shown, and the line that needs no terminal."""
    files = Files(home)
    done = home.run(*ALL)
    assert (done.returncode, done.stderr) == (
        6,
        (
            "mfasession: move to the keyring:\n"
            f"mfasession:   {alice.key.access_key_id}  profile default  from {home.credentials}\n"
            f"mfasession:   {bob.key.access_key_id}  profile bob      from {home.credentials}\n"
            f"mfasession:   {bob.key.access_key_id}  profile also     from {home.config}\n"
            + complaint("there is no terminal to ask for a confirmation on", "mfasession keys protect --all --yes")
        ),
    )
    files.assert_same()


def test_one_that_cannot_move_stops_no_other(home: Home, alice: SandboxUser, bob: SandboxUser) -> None:
    """The keyring has another key for one profile: that one stays, the others move, and the exit code says so."""
    text = home.credentials.read_text()
    home.write_credentials("")
    assert home.run("keys", "add", "-", "-p", "bob", stdin=two_lines(alice)).returncode == 0
    home.write_credentials(text)
    done = home.run(*ALL, "--yes")
    assert done.returncode == 3
    assert f"profile bob has two keys: {bob.key.access_key_id} in {home.credentials}" in done.stderr
    assert bob.key.access_key_id in home.credentials.read_text()
    assert ("default", alice.key.access_key_id, "keyring") in places(home)
    assert ("also", bob.key.access_key_id, "keyring") in places(home)


def test_without_a_keyring(home: Home) -> None:
    """Each key stays where it is."""
    files = Files(home)
    assert home.run(*ALL, "--yes", environ=NO_KEYRING).returncode == 7
    files.assert_same()


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ((*ALL, "-p", "bob"), "--all means every profile, and -p names one", "leave one of them out"),
        (
            ("keys", "protect", "--yes"),
            "--yes belongs to --all: one key is moved without a question",
            "leave --yes out",
        ),
    ],
)
def test_words_that_cannot_be(home: Home, words: tuple[str, ...], message: str, hint: str) -> None:
    """Two lines, and nothing is changed."""
    files = Files(home)
    done = home.run(*words)
    assert (done.returncode, done.stderr) == (2, complaint(message, hint))
    files.assert_same()
