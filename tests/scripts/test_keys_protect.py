"""`mfasession keys protect` and `remove`: out of plain text into the keyring, and out of everything."""

import time
from collections.abc import Sequence

import pytest

from mfasession.policy import rule
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, have_session, keys_of
from tests.helpers.kept_keys import NO_KEYRING, Files, foreign, line_for_sdks, places, two_lines, without_key
from tests.helpers.secret_service import SecretService
from tests.helpers.support import KEY_ID, Home, key_pair

IN_THE_CONSOLE = "until it is deleted there: IAM console, Security credentials\n"


@pytest.fixture
def home(keyring_home: Home, alice: SandboxUser) -> Home:
    """A keyring, and a credentials file as users write it."""
    keyring_home.write_credentials(foreign(alice))
    return keyring_home


def add(home: Home, user: SandboxUser, *words: str) -> None:
    """Have a user's key in the keyring."""
    done = home.run("keys", "add", "-", *words, stdin=two_lines(user))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_protect_moves_the_key(home: Home, alice: SandboxUser, newline: str) -> None:
    """The two lines go and every other byte stays; sessions, login and SDKs' way to them go on."""
    home.credentials.write_bytes(foreign(alice).replace("\n", newline).encode())
    done = home.run("keys", "protect")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        f"mfasession: key {alice.key.access_key_id} of profile default is in the keyring, and no longer in "
        f"{home.credentials}\n" + line_for_sdks(home)
    )
    assert home.credentials.read_bytes() == without_key(foreign(alice), alice).replace("\n", newline).encode()
    assert home.credentials.stat().st_mode & 0o777 == 0o600
    assert ("default", alice.key.access_key_id, "keyring") in places(home)
    have_session(home, alice.devices[0])
    home.config.write_text(done.stderr.splitlines()[-1].strip().join(("[default]\nregion = eu-west-1\n", "\n")))
    assert home.run_program("aws", "s3", "ls").returncode == 0
    assert "put this line" not in home.run("keys", "protect").stderr


def test_a_profile_that_another_one_serves(home: Home, alice: SandboxUser) -> None:
    """The README's set-up: `[profile work]` runs us for `work-key`, so SDKs have their way already."""
    home.write_credentials(keys_of(alice, "work-key"))
    home.config.write_text("[profile work]\ncredential_process = /usr/bin/mfasession process --profile=work-key\n")
    done = home.run("keys", "protect", "-p", "work")
    assert done.returncode == 0
    assert "put this line" not in done.stderr
    assert places(home) == [("work-key", alice.key.access_key_id, "keyring")]


def test_a_session_stays_when_its_key_moves(home: Home, alice: SandboxUser) -> None:
    """It is the same key: no code is asked for again."""
    have_session(home, alice.devices[0])
    assert home.run("keys", "protect").returncode == 0
    assert home.run("status", "-p", "default").returncode == 0
    assert home.run("env").returncode == 0


def test_protect_twice(home: Home, alice: SandboxUser) -> None:
    """The second time says that it is done."""
    assert home.run("keys", "protect").returncode == 0
    files = Files(home)
    done = home.run("keys", "protect")
    assert (done.returncode, done.stderr) == (
        0,
        f"mfasession: key {alice.key.access_key_id} of profile default is in the keyring already\n"
        + line_for_sdks(home),
    )
    files.assert_same()


def test_protect_goes_on_where_it_was_ended(home: Home, alice: SandboxUser) -> None:
    """Killed between the two: the key is in both, and the next run takes it out of the file."""
    before = home.credentials.read_bytes()
    assert home.run("keys", "protect").returncode == 0
    home.credentials.write_bytes(before)
    assert home.run("keys", "protect").returncode == 0
    assert home.credentials.read_text() == without_key(foreign(alice), alice)
    assert ("default", alice.key.access_key_id, "keyring") in places(home)


def test_protect_never_takes_another_keys_place(home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """Another key in the keyring: refused without --force, and with it that one's sessions are forgotten."""
    text = home.credentials.read_text()
    bob = aws.add_user(f"bob-{time.monotonic_ns()}")
    home.write_credentials("[default]\n")
    add(home, bob)
    have_session(home, bob.add_device(f"phone-{bob.name}"))
    home.write_credentials(text + "\n\n" + home.credentials.read_text().partition("[default]\n")[2].lstrip("\n"))
    files = Files(home)
    done = home.run("keys", "protect")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            f"profile default has two keys: {alice.key.access_key_id} in {home.credentials}, "
            f"{bob.key.access_key_id} in the keyring",
            "remove one of them, or put the first in its place: mfasession keys move --to keyring --force",
        ),
    )
    files.assert_same()
    assert home.run("keys", "protect", "--force").returncode == 0
    assert ("default", alice.key.access_key_id, "keyring") in places(home)
    assert "[default-mfa]" not in home.credentials.read_text()


def test_protect_a_key_in_the_configuration_file(home: Home, alice: SandboxUser) -> None:
    """Keys may stand there too, under a quoted name; the file's mode is then as a secret's."""
    home.credentials.unlink()
    pair = keys_of(alice).partition("\n")[2]
    home.config.write_text(f'# mine\n[profile "my work"]\n{pair}region = eu-west-1\n')
    assert home.run("keys", "protect", "-p", "my work").returncode == 0
    assert home.config.read_text() == '# mine\n[profile "my work"]\nregion = eu-west-1\n'
    assert places(home) == [("my work", alice.key.access_key_id, "keyring")]


def test_protect_of_a_role_is_of_its_source(home: Home, alice: SandboxUser) -> None:
    """The key is the source profile's."""
    home.config.write_text(
        "[profile admin]\nrole_arn = arn:aws:iam::123456789012:role/admin\nsource_profile = default\n"
    )
    assert home.run("keys", "protect", "-p", "admin").returncode == 0
    assert ("default", alice.key.access_key_id, "keyring") in places(home)


def test_protect_reports_copies(home: Home, alice: SandboxUser) -> None:
    """The same key under another name is still in plain text."""
    home.write_credentials(keys_of(alice) + keys_of(alice, "copy"))
    done = home.run("keys", "protect")
    assert complaint("profile copy has the same key in plain text", "mfasession keys protect -p copy") in done.stderr


@pytest.mark.parametrize("how", ["absent", "locked"])
def test_protect_without_a_keyring(home: Home, service: SecretService, how: str) -> None:
    """Exit 7, and the file is as it was."""
    files = Files(home)
    if how == "locked":
        assert home.run("keys", "list").returncode == 0
        service.end_daemon()
        service.start_daemon(unlocked=False)
    done = home.run("keys", "protect", environ=NO_KEYRING if how == "absent" else {})
    assert done.returncode == 7
    files.assert_same()


@pytest.mark.parametrize("action", ["protect", "rotate"])
def test_a_profile_without_a_key(home: Home, action: str) -> None:
    """Exit 3, with the command that gives it one."""
    home.config.write_text("[profile empty]\noutput = json\n")
    done = home.run("keys", action, "-p", "empty")
    assert (done.returncode, done.stderr) == (
        3,
        complaint("profile empty has no long-term key", "mfasession keys add -p empty"),
    )


def test_a_key_that_stands_in_the_default_section_of_all(home: Home, alice: SandboxUser) -> None:
    """`[DEFAULT]` is part of every section: the lines cannot be taken out of one."""
    home.write_credentials(keys_of(alice, "DEFAULT") + "[work]\noutput = json\n")
    files = Files(home)
    done = home.run("keys", "protect", "-p", "work")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            f"the key in {home.credentials} stands in [DEFAULT], which is part of every section",
            "move its lines to the profile's own section",
        ),
    )
    files.assert_same()


# remove


def test_remove_takes_key_and_sessions(home: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault leaves sessions behind. And AWS still honours the key: said."""
    before = home.credentials.read_text()
    have_session(home, alice.devices[0])
    done = home.run("keys", "remove", "--yes")
    key_id = alice.key.access_key_id
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        f"mfasession: removed {key_id} ({home.credentials}) and its sessions\n"
        f"mfasession: AWS honours {key_id} {IN_THE_CONSOLE}"
    )
    assert home.credentials.read_text().rstrip("\n") == without_key(before, alice)
    assert alice.key_statuses() == {key_id: "Active"}
    done = home.run("keys", "remove", "--yes")
    assert (done.returncode, done.stderr) == (0, "mfasession: profile default has no long-term key here\n")


def test_remove_from_both_places(home: Home, alice: SandboxUser) -> None:
    """Whatever is in the keyring goes too, and sessions that were kept there."""
    before = home.credentials.read_bytes()
    assert home.run("keys", "protect").returncode == 0
    have_session(home, alice.devices[0], "--store", "keyring")
    home.credentials.write_bytes(before)
    key_id = alice.key.access_key_id
    done = home.run("keys", "remove", "--yes")
    assert done.stderr.startswith(f"mfasession: removed {key_id} ({home.credentials}), {key_id} (the keyring) and its")
    assert [place for place in places(home) if place[0] == "default"] == []
    assert home.run("status", "--json").stdout == "[]\n"


@pytest.mark.parametrize("words", [(), ("--no-input",), ("--in-aws",)], ids=str)
def test_remove_without_a_terminal(home: Home, alice: SandboxUser, words: Sequence[str]) -> None:
    """Exit 6 and nothing changed: a key is not removed by accident."""
    files = Files(home)
    done = home.run("keys", "remove", *words)
    assert (done.returncode, done.stderr) == (
        6,
        complaint(
            f"there is no terminal to confirm the removal of {alice.key.access_key_id} ({home.credentials})",
            " ".join(("mfasession keys remove", *words, "--yes")),
        ),
    )
    files.assert_same()


@pytest.mark.parametrize("how", ["session", "code"])
def test_remove_in_aws(home: Home, aws: Sandbox, alice: SandboxUser, how: str) -> None:
    """Deleted at AWS with the session that is there, or with one code; then gone from here."""
    code = ("--code", alice.devices[0].code()) if how == "code" else ()
    if not code:
        have_session(home, alice.devices[0])
    aws.forget_calls()
    done = home.run("keys", "remove", "--yes", "--in-aws", *code)
    assert done.returncode == 0
    assert done.stderr.endswith(f"mfasession: {alice.key.access_key_id} is deleted at AWS\n")
    assert alice.key_statuses() == {}
    assert len(aws.calls("GetSessionToken")) == len(code) // 2
    assert alice.key.access_key_id not in home.credentials.read_text()


def test_remove_in_aws_without_a_code(home: Home, alice: SandboxUser) -> None:
    """No session and no terminal: exit 6, and the key stays in both places."""
    files = Files(home)
    done = home.run("keys", "remove", "--yes", "--in-aws")
    assert done.returncode == 6
    assert done.stderr.endswith("  hint: mfasession login\n")
    files.assert_same()
    assert alice.key_statuses() == {alice.key.access_key_id: "Active"}


def test_remove_in_aws_that_is_denied(home: Home, aws: Sandbox) -> None:
    """Exit 4 with what is where; the key stays here, so that the same command can go on."""
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "iam:DeleteAccessKey", "Resource": "*"}],
    }
    bob = aws.add_user(f"bob-{time.monotonic_ns()}", [rule.ALLOW_ALL, document])
    home.write_credentials(keys_of(bob))
    key_id = bob.key.access_key_id
    code = bob.add_device(f"phone-{bob.name}").code()
    files = Files(home)
    done = home.run("keys", "remove", "--yes", "--in-aws", "--code", code)
    assert done.returncode == 4
    assert done.stderr.startswith("mfasession: AWS denied DeleteAccessKey: ")
    assert f"; {key_id} is inactive at AWS, and still in {home.credentials}\n" in done.stderr
    assert done.stderr.endswith("; then run it again\n")
    files.assert_same()


def test_remove_says_what_a_locked_keyring_keeps(home: Home, service: SecretService, alice: SandboxUser) -> None:
    """The file's key goes; then exit 7, for the keyring may hold another."""
    assert home.run("keys", "list").returncode == 0
    service.end_daemon()
    service.start_daemon(unlocked=False)
    done = home.run("keys", "remove", "--yes")
    assert done.returncode == 7
    assert alice.key.access_key_id not in home.credentials.read_text()


@pytest.mark.parametrize(
    ("words", "what", "hint"),
    [
        (("list", "--csv", "x"), "unknown flag --csv", "--csv is a flag of keys add"),
        (("add", "--in-aws"), "unknown flag --in-aws", "--in-aws is a flag of keys remove"),
        (("protect", "--code", "123456"), "unknown flag --code", "--code is a flag of keys rotate and keys remove"),
        (("rotate", "-"), "unexpected argument -", "see mfasession keys rotate --help"),
        (("add", "-", "--csv", "x"), "the key comes from --csv or from stdin, not from both", "leave one of them out"),
    ],
)
def test_flags_of_another_action(home: Home, words: tuple[str, ...], what: str, hint: str) -> None:
    """Exit 2: no flag is silently without effect."""
    done = home.run("keys", *words)
    assert (done.returncode, done.stderr) == (2, complaint(what, hint))


@pytest.mark.parametrize("words", [(KEY_ID,), (KEY_ID, "hunter2"), ("hunter2",)])
def test_a_key_on_the_command_line(home: Home, words: tuple[str, ...]) -> None:
    """Exit 2, and what stands there is not repeated: stderr may be kept in a log."""
    done = home.run("keys", "add", *words)
    assert done.returncode == 2
    assert done.stderr == complaint(
        "keys takes no key from the command line, where every user of this computer can read it",
        "leave it out: keys add asks for it",
    )


def test_half_a_pair_in_each_file(home: Home) -> None:
    """SDKs take it; a key that is to be moved or rotated must stand in one file."""
    home.write_credentials(f"[w]\naws_access_key_id = {KEY_ID}\n")
    home.config.write_text(f"[profile w]\n{key_pair().splitlines()[2]}\n")
    files = Files(home)
    done = home.run("keys", "protect", "-p", "w")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            "one half of the key pair of profile w is in each AWS file", f"put both lines into {home.credentials}"
        ),
    )
    files.assert_same()
