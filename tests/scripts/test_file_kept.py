"""`login` and `logout` change one section of the credentials file and keep every other byte."""

import os
import stat
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, have_session, keys_of
from tests.helpers.support import KEY_ID, SECRET, Home, key_pair, session_section

FOREIGN = (
    "# my keys, and why\n"
    "[other]\n"
    "AWS_Access_Key_Id:{key_id}\n"
    "; a note of 2019 \u2014 caf\u00e9\n"
    "aws_secret_access_key   =   {secret}   \n"
    "s3 =\n"
    "  max_concurrent_requests = 20\n"
    "\n\n\n"
    "[default]\n"
    "aws_access_key_id = {own_id}\n"
    "aws_secret_access_key = {own_secret}\n"
    "# at the end, without a line end"
)


def text_for(user: SandboxUser) -> str:
    """A file that users and other tools have written into for years."""
    return FOREIGN.format(
        key_id=KEY_ID,
        secret=SECRET,
        own_id=user.key.access_key_id,
        own_secret=user.key.secret_access_key.reveal(),
    )


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_all_other_bytes_stay(alices_home: Home, alice: SandboxUser, newline: str) -> None:
    """broamski/aws-mfa#39, 99designs/aws-vault#288: comments, order, spelling, spaces and line ends."""
    before = text_for(alice).replace("\n", newline).encode()
    alices_home.credentials.write_bytes(before)
    have_session(alices_home, alice.devices[0])
    after = alices_home.credentials.read_bytes()
    head, mark, body = after.partition(b"[default-mfa]")
    assert head == before + newline.encode() * 2
    assert mark
    assert body.count(newline.encode()) == body.count(b"\n")
    have_session(alices_home, alice.devices[0], "--force", steps=1)
    assert alices_home.credentials.read_bytes().startswith(head + mark)
    assert alices_home.run("logout").returncode == 0
    left = alices_home.credentials.read_bytes()
    assert left.rstrip(b"\r\n") == before
    assert left in (before, before + newline.encode())


def test_a_session_in_the_middle_keeps_its_place(alices_home: Home, alice: SandboxUser) -> None:
    """The section is edited where it stands, with what was added to it and written around it."""
    own = keys_of(alice)
    head = f"{own}\n# the session, do not touch\n"
    middle = session_section(key_id="AKIAOLDOLDOLDOLDOLD1", extra="output = json\n# mine\n")
    tail = "\n# behind\n" + key_pair("other")
    alices_home.write_credentials(head + middle + tail)
    have_session(alices_home, alice.devices[0])
    after = alices_home.credentials.read_text()
    assert after.startswith(f"{head}[default-mfa]\nmanager = mfasession\naws_access_key_id = ASIA")
    assert after.endswith(tail)
    assert "output = json\n" in after
    assert "# mine\n" in after
    assert "AKIAOLD" not in after


@pytest.mark.parametrize(
    ("line", "fault", "hint"),
    [
        (
            b"# cl\xe9s\n",
            " is not text in UTF-8, or botocore and the AWS CLI cannot parse it",
            "see what they say: aws configure list --profile default",
        ),
        (
            b"[x]\ns3 =\n  no value here\n",
            ", line 3: a nested value without =",
            "fix line 3: botocore and the AWS CLI refuse the file as it is, though some SDKs read it",
        ),
    ],
    ids=["latin-1", "nested"],
)
def test_a_file_that_botocore_cannot_read(
    alices_home: Home, alice: SandboxUser, line: bytes, fault: str, hint: str
) -> None:
    """A comment in Latin-1 from another decade: said before a code is spent, and every byte stays."""
    before = line + text_for(alice).encode()
    alices_home.credentials.write_bytes(before)
    done = alices_home.run("login", "--code", alice.devices[0].code())
    assert (done.returncode, done.stderr) == (
        3,
        complaint(f"{alices_home.credentials}{fault}", hint),
    )
    assert alices_home.credentials.read_bytes() == before


def test_the_mode_is_0600_and_the_folders_0700(alices_home: Home, alice: SandboxUser) -> None:
    """Whatever the umask says, and however private the file was before; ours likewise."""
    alices_home.credentials.chmod(0o400)
    done = alices_home.run_program("sh", "-c", 'umask 0; exec mfasession login --code "$0"', alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    assert mode(alices_home.credentials) == 0o600
    state = alices_home.folder / ".local"
    made = [state, *state.rglob("*")]
    assert [path for path in made if mode(path) != (0o700 if path.is_dir() else 0o600)] == []
    assert sorted(path.name for path in alices_home.aws.iterdir()) == ["credentials"]


@pytest.mark.parametrize("relative", [True, False])
def test_a_symbolic_link_stays_a_link(alices_home: Home, alice: SandboxUser, *, relative: bool) -> None:
    """Dotfiles kept elsewhere: the file behind the link is the one that changes."""
    place = alices_home.folder / "dotfiles" / "aws-credentials"
    place.parent.mkdir()
    alices_home.credentials.rename(place)
    alices_home.credentials.symlink_to(os.path.relpath(place, alices_home.aws) if relative else place)
    have_session(alices_home, alice.devices[0])
    assert alices_home.credentials.is_symlink()
    assert not place.is_symlink()
    assert "[default-mfa]" in place.read_text()
    assert mode(place) == 0o600


def test_the_files_that_the_environment_names(alices_home: Home, alice: SandboxUser) -> None:
    """broamski/aws-mfa#66: AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE, with ~ and $VARIABLES, and no other."""
    elsewhere = alices_home.folder / "team" / "keys"
    elsewhere.parent.mkdir()
    alices_home.credentials.rename(elsewhere)
    (elsewhere.parent / "settings").write_text("[default]\nregion = eu-south-2\n")
    alices_home.environ |= {
        "AWS_SHARED_CREDENTIALS_FILE": "~/$TEAM/keys",
        "AWS_CONFIG_FILE": "${HOME}/team/settings",
        "TEAM": "team",
    }
    have_session(alices_home, alice.devices[0])
    assert "[default-mfa]" in elsewhere.read_text()
    assert "region = eu-south-2" in elsewhere.read_text()
    assert list(alices_home.aws.iterdir()) == []


@pytest.mark.parametrize("command", ["login", "env", "exec", "process", "status", "logout"])
def test_a_section_of_another_tool_is_never_touched(home: Home, command: str) -> None:
    """As awsume has it: no `manager = mfasession`, not ours to write, read or remove."""
    home.write_credentials(key_pair() + "\n" + key_pair("default-mfa", "ASIASOMEBODY"))
    before = home.credentials.read_bytes()
    done = home.run(command, "-p", "default", *(["--code", "123456"] if command == "login" else []))
    expected = {
        "logout": (0, "mfasession: no session to forget\n"),
        "status": (1, complaint("no valid session for profile default", "mfasession login -p default")),
    }
    refusal = complaint(
        f"section [default-mfa] of {home.credentials} is not ours: it has no manager = mfasession",
        "keep the session elsewhere (session_profile in config.toml), or remove that section",
    )
    assert (done.returncode, done.stderr) == expected.get(command, (3, refusal))
    assert home.credentials.read_bytes() == before


def test_session_profile_keeps_the_session_elsewhere(alices_home: Home, alice: SandboxUser) -> None:
    """The hint of that refusal works."""
    own = keys_of(alice)
    alices_home.write_credentials(own + "\n" + key_pair("default-mfa", "ASIASOMEBODY"))
    alices_home.write_settings('[profiles.default]\nsession_profile = "today"\n')
    have_session(alices_home, alice.devices[0])
    text = alices_home.credentials.read_text()
    assert "[today]\nmanager = mfasession\n" in text
    assert "[default-mfa]\naws_access_key_id = ASIASOMEBODY\n" in text
    assert alices_home.run("process").returncode == 0


def test_a_name_that_no_section_can_have(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """What cannot be kept is reported before a code is spent on it."""
    alices_home.write_credentials(keys_of(alice, "[x]"))
    before = alices_home.credentials.read_bytes()
    done = alices_home.run("login", "-p", "[x]", "--code", alice.devices[0].code())
    assert (done.returncode, done.stderr) == (
        7,
        complaint("a session cannot be written to section [[x]-mfa]", "choose another session_profile"),
    )
    assert asked(aws, alice) == []
    assert alices_home.credentials.read_bytes() == before


@pytest.mark.parametrize("name", ["my work", "a'b", "caf\u00e9", "\u65e5\u672c", "x/y", "%d"])
def test_profile_names_of_all_kinds(alices_home: Home, alice: SandboxUser, name: str) -> None:
    """Spaces, apostrophes, other alphabets, in whatever locale."""
    alices_home.write_credentials(keys_of(alice, name))
    have_session(alices_home, alice.devices[0], "-p", name)
    for locale in ("C", "C.UTF-8", "en_US.ISO-8859-1"):
        done = alices_home.run("env", "-p", name, environ={"LC_ALL": locale})
        assert (done.returncode, done.stderr) == (0, "")


def test_the_first_credentials_file(alices_home: Home, alice: SandboxUser) -> None:
    """The key pair is in the configuration file: the other one is made, private, and that one stays as it is."""
    alices_home.credentials.rename(alices_home.config)
    before = alices_home.config.read_bytes()
    have_session(alices_home, alice.devices[0])
    assert mode(alices_home.credentials) == 0o600
    assert alices_home.credentials.read_text().startswith("[default-mfa]\nmanager = mfasession\n")
    assert alices_home.config.read_bytes() == before


def test_a_session_profile_that_holds_the_key(alices_home: Home, alice: SandboxUser) -> None:
    """`session_profile` must never destroy the long-term key, as aws configure mfa-login does."""
    alices_home.write_settings('[profiles.default]\nsession_profile = "default"\n')
    before = alices_home.credentials.read_bytes()
    done = alices_home.run("login", "--code", alice.devices[0].code())
    assert done.returncode == 3
    assert done.stderr.startswith(f"mfasession: section [default] of {alices_home.credentials} is not ours")
    assert alices_home.credentials.read_bytes() == before


def test_another_name_of_the_file(alices_home: Home, alice: SandboxUser) -> None:
    """A hard link still has the session after a logout: that is said, with the command that finds it."""
    have_session(alices_home, alice.devices[0])
    other = alices_home.folder / "backup"
    os.link(alices_home.credentials, other)
    done = alices_home.run("logout")
    message, _, hint = done.stderr.partition("\n  hint: find and delete it: ")
    assert done.returncode == 0
    what = f"{alices_home.credentials} had another name (a hard link), which still holds what was removed here"
    assert message == f"mfasession: {what}"
    command = hint.partition("\n")[0]
    assert command.endswith(f" -xdev -inum {other.stat().st_ino}")
    assert "aws_session_token" in other.read_text()
    # The whole disk is too much for a test.
    found = alices_home.run_program("find", str(alices_home.folder), *command.split()[2:])
    assert found.stdout == f"{other}\n"
    assert "hard link" not in alices_home.run("logout").stderr
