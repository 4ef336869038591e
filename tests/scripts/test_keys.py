"""`mfasession keys add`: a long-term key into the keyring or the file, looked at by AWS first."""

import time

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, have_session
from tests.helpers.kept_keys import NO_KEYRING, Files, foreign, line_for_sdks, places, two_lines, whose, without_key
from tests.helpers.support import KEY_ID, SECRET, SESSION_ID, Home, key_pair

CSV = "\ufeffAccess key ID,Secret access key\r\n{},{}\r\n"


@pytest.fixture
def bobs_home(keyring_home: Home) -> Home:
    """A home with a keyring and without any key."""
    keyring_home.credentials.unlink()
    return keyring_home


def test_add_keeps_a_key_in_the_keyring(bobs_home: Home, alice: SandboxUser) -> None:
    """It says whose key it is; login then works, and no file has held the secret for a moment."""
    bobs_home.config.write_text("# mine\n[profile other]\nregion = eu-west-1  \n")
    before = bobs_home.config.read_bytes()
    bobs_home.config.chmod(0o640)
    done = bobs_home.run("keys", "add", "-", "-p", "work", stdin=two_lines(alice))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        f"mfasession: {whose(alice)} is in the keyring, for profile work\n"
        f"mfasession: [profile work] was added to {bobs_home.config}\n" + line_for_sdks(bobs_home, "work")
    )
    assert bobs_home.config.read_bytes() == before + b"\n[profile work]\n"
    assert bobs_home.config.stat().st_mode & 0o777 == 0o640
    assert not bobs_home.credentials.exists()
    have_session(bobs_home, alice.devices[0], "-p", "work")
    assert places(bobs_home) == [("work", alice.key.access_key_id, "keyring")]
    done = bobs_home.run("exec", "-p", "work", "--", "sh", "-c", 'echo "$AWS_ACCESS_KEY_ID"')
    assert done.stdout.startswith("ASIA")


def test_add_on_a_new_computer(bobs_home: Home, alice: SandboxUser) -> None:
    """No files at all: `[default]` is made, and `mfasession login` works."""
    bobs_home.aws.rmdir()
    assert bobs_home.run("keys", "add", "-", stdin=two_lines(alice)).returncode == 0
    assert bobs_home.config.read_text() == "[default]\n"
    assert bobs_home.config.stat().st_mode & 0o777 == 0o600
    have_session(bobs_home, alice.devices[0])


def test_add_leaves_a_profile_as_it_is(bobs_home: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault#288: `add` destroys comments and order. Here it does not touch the file."""
    bobs_home.config.write_text("[profile work]\noutput = json ; not a comment\n# mine")
    files = Files(bobs_home)
    done = bobs_home.run("keys", "add", "-", "-p", "work", stdin=two_lines(alice))
    assert done.returncode == 0
    assert "was added" not in done.stderr
    files.assert_same()


def test_add_from_the_consoles_file(bobs_home: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault#1236: the CSV of the console; and the file with the secret is not forgotten."""
    path = bobs_home.folder / "alice accessKeys.csv"
    path.write_text(CSV.format(alice.key.access_key_id, alice.key.secret_access_key.reveal()))
    done = bobs_home.run("keys", "add", "--csv", str(path))
    assert done.returncode == 0
    assert complaint(f"{path} holds the secret in plain text", f"rm '{path}'") in done.stderr
    assert places(bobs_home) == [("default", alice.key.access_key_id, "keyring")]
    assert path.exists()


def test_add_from_a_pipe(bobs_home: Home, alice: SandboxUser) -> None:
    """`--csv <(…)`, as a password manager prints it: there is no file to remove afterwards."""
    text = CSV.format(alice.key.access_key_id, alice.key.secret_access_key.reveal())
    line = 'mfasession keys add --csv <(printf %s "$TEXT")'
    done = bobs_home.run_program("bash", "-c", line, environ={"TEXT": text})
    assert done.returncode == 0, done.stderr
    assert "rm " not in done.stderr
    assert places(bobs_home) == [("default", alice.key.access_key_id, "keyring")]


def test_add_from_a_file_that_is_not_there(bobs_home: Home) -> None:
    """Exit 3, and no path is guessed."""
    done = bobs_home.run("keys", "add", "--csv", "nowhere.csv")
    assert (done.returncode, done.stderr) == (
        3,
        complaint("there is no file nowhere.csv", "name the file that the AWS console gave you"),
    )


def test_add_with_stdin_closed(bobs_home: Home) -> None:
    """`<&-`: no key, and no traceback."""
    done = bobs_home.run_program("sh", "-c", "mfasession keys add - <&-")
    assert done.returncode == 3
    assert done.stderr.startswith("mfasession: the key was not given as two lines\n")


def test_add_to_the_file(alices_home: Home, aws: Sandbox) -> None:
    """`--store file`: a section of its own at the end, mode 0600, and no keyring is needed."""
    bob = aws.add_user(f"bob-{time.monotonic_ns()}")
    before = alices_home.credentials.read_bytes()
    done = alices_home.run("keys", "add", "-", "-p", "b", "--store", "file", stdin=two_lines(bob), environ=NO_KEYRING)
    assert done.stderr == f"mfasession: {whose(bob)} is in {alices_home.credentials}, for profile b\n"
    section = key_pair("b", bob.key.access_key_id, bob.key.secret_access_key.reveal())
    assert alices_home.credentials.read_bytes() == before + b"\n" + section.encode()
    assert alices_home.credentials.stat().st_mode & 0o777 == 0o600
    assert not alices_home.config.exists()


@pytest.mark.parametrize("wrong", ["deleted", "inactive", "secret"])
def test_add_refuses_a_key_that_aws_does_not_take(bobs_home: Home, alice: SandboxUser, wrong: str) -> None:
    """Exit 4, and nothing is kept, not even with --force."""
    stdin = two_lines(alice)
    if wrong == "secret":
        stdin = f"{alice.key.access_key_id}\n{SECRET}\n"
    elif wrong == "deleted":
        alice.delete_key(alice.key.access_key_id)
    else:
        alice.set_key_status(alice.key.access_key_id, "Inactive")
    files = Files(bobs_home)
    for flags in ((), ("--force",)):
        done = bobs_home.run("keys", "add", "-", *flags, stdin=stdin)
        assert (done.returncode, done.stdout) == (4, "")
        assert alice.key.access_key_id in done.stderr
        assert SECRET not in done.stderr
    files.assert_same()
    assert places(bobs_home) == []


def test_add_when_aws_is_not_reached(bobs_home: Home, alice: SandboxUser) -> None:
    """Exit 5 and nothing kept; with --force it is kept, and the message says that it was not checked."""
    away = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    done = bobs_home.run("keys", "add", "-", stdin=two_lines(alice), environ=away)
    assert done.returncode == 5
    assert f"key {alice.key.access_key_id} was not stored, because its owner could not be checked" in done.stderr
    assert done.stderr.endswith(", or store it unchecked: --force\n")
    assert not bobs_home.config.exists()
    done = bobs_home.run("keys", "add", "-", "--force", stdin=two_lines(alice), environ=away)
    assert done.returncode == 0
    assert done.stderr.startswith(f"mfasession: key {alice.key.access_key_id} is in the keyring, for profile default\n")
    assert complaint("AWS was not reached, so the key has not been checked", "mfasession login") in (done.stderr)
    assert places(bobs_home) == [("default", alice.key.access_key_id, "keyring")]


@pytest.mark.parametrize(
    ("stdin", "what"),
    [
        (f"{SESSION_ID}\n{SECRET}\n", "that is a temporary key, which expires"),
        (f"{SECRET}\n{KEY_ID}\n", "that is not an access key ID and may be the secret: are they swapped?"),
        (f"{KEY_ID}\n\n", "that is not a secret access key"),
        (f"{KEY_ID}\n", "the key was not given as two lines"),
        ("", "the key was not given as two lines"),
    ],
)
def test_add_refuses_other_credentials(bobs_home: Home, aws: Sandbox, stdin: str, what: str) -> None:
    """Before AWS is asked, exit 3, and nothing of it is quoted."""
    aws.forget_calls()
    done = bobs_home.run("keys", "add", "-", stdin=stdin)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(f"mfasession: {what}\n  hint: ")
    assert SECRET not in done.stderr
    assert aws.calls() == []


def test_add_refuses_the_root_users_key(bobs_home: Home, aws: Sandbox) -> None:
    """No rule binds root; kept only with --force."""
    key = aws.root_key()
    stdin = f"{key.access_key_id}\n{key.secret_access_key.reveal()}\n"
    done = bobs_home.run("keys", "add", "-", stdin=stdin)
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            f"key {key.access_key_id} belongs to the root user of 123456789012: the rule does not apply",
            "make a key for an IAM user and delete this one; --force stores it anyway",
        ),
    )
    assert places(bobs_home) == []
    assert bobs_home.run("keys", "add", "-", "--force", stdin=stdin).returncode == 0
    assert places(bobs_home) == [("default", key.access_key_id, "keyring")]


@pytest.mark.parametrize("store", ["file", "keyring"])
def test_add_never_takes_another_keys_place(keyring_home: Home, alice: SandboxUser, store: str) -> None:
    """Exit 3 unless --force is given; then the old key is nowhere here, and its session neither."""
    old, second = alice.key.access_key_id, alice.add_key()
    keyring_home.write_credentials(foreign(alice))
    have_session(keyring_home, alice.devices[0])
    stdin = f"{second.access_key_id}\n{second.secret_access_key.reveal()}\n"
    files = Files(keyring_home)
    done = keyring_home.run("keys", "add", "-", "--store", store, stdin=stdin)
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            f"profile default has another key already: {old}, in {keyring_home.credentials}",
            "mfasession keys rotate makes a new one; --force puts this one in its place",
        ),
    )
    files.assert_same()
    done = keyring_home.run("keys", "add", "-", "--store", store, "--force", stdin=stdin)
    assert done.returncode == 0, done.stderr
    assert f"mfasession: {old} is no longer here, and AWS honours it until it is deleted there\n" in done.stderr
    assert ("default", second.access_key_id, store) in places(keyring_home)
    text = keyring_home.credentials.read_text()
    assert old not in text
    assert "[default-mfa]" not in text
    kept = without_key(foreign(alice), alice)
    if store == "file":
        secret = second.secret_access_key.reveal()
        kept = foreign(alice).replace(old, second.access_key_id).replace(alice.key.secret_access_key.reveal(), secret)
    assert text.rstrip("\n") == kept
    assert alice.key_statuses()[old] == "Active"


def test_add_of_the_same_key_moves_it(keyring_home: Home, alice: SandboxUser) -> None:
    """From plain text into the keyring, no --force needed; the session stays, for its key has not changed."""
    have_session(keyring_home, alice.devices[0])
    assert keyring_home.run("keys", "add", "-", stdin=two_lines(alice)).returncode == 0
    assert places(keyring_home) == [("default", alice.key.access_key_id, "keyring")]
    assert keyring_home.run("status", "-p", "default").returncode == 0


def test_add_completes_half_a_key_pair(bobs_home: Home, alice: SandboxUser) -> None:
    """With --force, because something is there."""
    bobs_home.write_credentials("[default]\naws_access_key_id = AKIAHALF\n# mine\n")
    assert bobs_home.run("keys", "add", "-", "--store", "file", stdin=two_lines(alice)).returncode == 3
    assert bobs_home.run("keys", "add", "-", "--store", "file", "--force", stdin=two_lines(alice)).returncode == 0
    pair = key_pair("default", alice.key.access_key_id, alice.key.secret_access_key.reveal())
    assert bobs_home.credentials.read_text() == pair + "# mine\n"


def test_add_without_a_keyring(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Exit 7 before anything is asked, and never plain text instead."""
    files, aws_before = Files(alices_home), len(aws.calls())
    done = alices_home.run("keys", "add", "-", stdin=two_lines(alice), environ=NO_KEYRING)
    assert (done.returncode, done.stderr) == (
        7,
        complaint("there is no keyring here", "start one (gnome-keyring, KWallet), or use --store file"),
    )
    files.assert_same()
    assert len(aws.calls()) == aws_before


def test_add_without_a_terminal(bobs_home: Home) -> None:
    """No terminal: exit 6, and both other ways are named."""
    for words in (("keys", "add", "--store", "file"), ("keys", "add", "--store", "file", "--no-input")):
        done = bobs_home.run(*words, "-p", "work")
        assert (done.returncode, done.stderr) == (
            6,
            complaint(
                "there is no terminal to type a key on",
                f"give two lines on stdin: mfasession keys add -p work {' '.join(words[2:])} -; or a file: --csv FILE",
            ),
        )


@pytest.mark.parametrize("name", ["a]b", "two\nlines"])
def test_add_refuses_a_name_that_no_profile_can_have(bobs_home: Home, alice: SandboxUser, name: str) -> None:
    """Before anything is asked."""
    done = bobs_home.run("keys", "add", "-", "-p", name, stdin=two_lines(alice))
    assert done.returncode == 3
    assert done.stderr.endswith("  hint: choose letters, digits and dashes\n")
    assert not bobs_home.config.exists()


def test_add_for_a_name_with_a_space(bobs_home: Home, alice: SandboxUser) -> None:
    """The header is quoted as the AWS CLI does it, and the profile is found again."""
    assert bobs_home.run("keys", "add", "-", "-p", "my work", stdin=two_lines(alice)).returncode == 0
    assert bobs_home.config.read_text() == "[profile 'my work']\n"
    have_session(bobs_home, alice.devices[0], "-p", "my work")
