"""`mfasession keys rotate`: one code, a new key in place before the old one goes, and whatever ends it can go on."""

import re
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mfasession.policy import rule
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, have_session, keys_of
from tests.helpers.kept_keys import NO_KEYRING, Files, foreign, places, two_lines
from tests.helpers.patience import scaled, wait_for
from tests.helpers.support import MFASESSION, Home

if TYPE_CHECKING:
    from collections.abc import Iterator

AGAIN = "run it again: it continues where it stopped"


@pytest.fixture
def home(keyring_home: Home, alice: SandboxUser) -> Home:
    """A keyring, and a credentials file as users write it."""
    keyring_home.write_credentials(foreign(alice))
    return keyring_home


@pytest.fixture
def bob(aws: Sandbox) -> SandboxUser:
    """A user who may do everything but what a test denies."""
    user = aws.add_user(f"bob-{time.monotonic_ns()}")
    user.add_device(f"phone-{user.name}")
    return user


def deny(user: SandboxUser, *actions: str) -> None:
    """Deny a user some of IAM's calls; without any, allow them again."""
    denied = {"Effect": "Deny", "Action": [f"iam:{action}" for action in actions], "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [denied]} if actions else rule.ALLOW_ALL
    user.put_policy("denied", document)


@contextmanager
def running(home: Home, *words: str) -> "Iterator[subprocess.Popen[str]]":
    """A command at work; what is left of it is ended by its own process ID."""
    process = subprocess.Popen(
        [MFASESSION, *words],
        env=home.environ,
        cwd=home.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def key_here(home: Home, profile: str = "default") -> str:
    """The access key ID that counts for a profile."""
    return next(str(place[1]) for place in places(home) if place[0] == profile)


def rotate(home: Home, user: SandboxUser, *words: str, steps: int = 0) -> "subprocess.CompletedProcess[str]":
    """Rotate with the code that the device shows so many steps later."""
    return home.run("keys", "rotate", "--code", user.devices[0].code(steps), *words)


def test_one_code_for_a_new_key(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """99designs/aws-vault#1110 takes two codes and leaves the old key active. Every other byte of the file stays."""
    old, before = alice.key.access_key_id, home.credentials.read_text()
    aws.forget_calls()
    done = rotate(home, alice)
    new = key_here(home)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        f"mfasession: profile default has the new key {new}, in {home.credentials}; {old} is deleted at AWS\n"
        "mfasession: sessions of the old key are forgotten: mfasession login -p default makes one of the new\n"
    )
    assert alice.key_statuses() == {new: "Active"}
    assert [call.action for call in aws.calls() if call.action in ("GetSessionToken", "CreateAccessKey")] == [
        "GetSessionToken",
        "CreateAccessKey",
    ]
    (line,) = (line for line in home.credentials.read_text().splitlines() if "secret" in line and "other" not in line)
    secret = line.partition(" = ")[2]
    assert home.credentials.read_text() == before.replace(old, new).replace(
        alice.key.secret_access_key.reveal(), secret
    )
    assert home.credentials.stat().st_mode & 0o777 == 0o600
    assert secret not in done.stderr
    have_session(home, alice.devices[0], steps=1)


def test_the_session_that_is_there_needs_no_code(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """And it is forgotten afterwards, for its key is gone."""
    have_session(home, alice.devices[0])
    aws.forget_calls()
    assert home.run("keys", "rotate").returncode == 0
    assert aws.calls("GetSessionToken") == []
    assert home.run("status", "-p", "default").returncode == 1
    assert "[default-mfa]" not in home.credentials.read_text()
    assert len(alice.key_statuses()) == 1


def test_a_given_code_is_used_though_a_session_is_there(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """aws-vault ignores one silently."""
    have_session(home, alice.devices[0])
    aws.forget_calls()
    assert rotate(home, alice, steps=1).returncode == 0
    assert len(aws.calls("GetSessionToken")) == 1


def test_a_key_in_the_keyring(home: Home, alice: SandboxUser) -> None:
    """The new one is kept where the old one was, and no file sees it; the device need not be looked for again."""
    assert home.run("keys", "protect").returncode == 0
    files = Files(home)
    done = rotate(home, alice)
    assert done.returncode == 0
    new = key_here(home)
    assert f"has the new key {new}, in the keyring; {alice.key.access_key_id} is deleted at AWS\n" in done.stderr
    assert alice.key_statuses() == {new: "Active"}
    files.assert_same()
    have_session(home, alice.devices[0], steps=1)


def test_a_session_in_the_keyring_is_forgotten(home: Home, alice: SandboxUser) -> None:
    """A key in the keyring does not show by itself that a session is another key's."""
    assert home.run("keys", "protect").returncode == 0
    have_session(home, alice.devices[0], "--store", "keyring")
    assert home.run("keys", "rotate").returncode == 0
    assert home.run("status", "--json").stdout == "[]\n"
    assert home.run("env").returncode == 6


def test_without_a_keyring(home: Home, alice: SandboxUser) -> None:
    """A key in the file needs none."""
    done = home.run("keys", "rotate", "--code", alice.devices[0].code(), environ=NO_KEYRING)
    assert done.returncode == 0, done.stderr


def test_without_a_terminal(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """No session and no code: exit 6, and nothing was asked of AWS but nothing changed."""
    files = Files(home)
    aws.forget_calls()
    done = home.run("keys", "rotate")
    assert (done.returncode, done.stderr) == (
        6,
        complaint(
            "there is no session for profile default, and there is no terminal to ask for a code", "mfasession login"
        ),
    )
    files.assert_same()
    assert asked(aws, alice) == []


def test_a_device_by_its_serial_number(home: Home, alice: SandboxUser) -> None:
    """Of two, the one that the command line names; no question is asked."""
    tablet = alice.add_device(f"tablet-{alice.name}")
    done = home.run("keys", "rotate", "--serial", tablet.serial, "--code", "-", stdin=f"{tablet.code()}\n")
    assert done.returncode == 0, done.stderr
    assert alice.key_statuses() == {key_here(home): "Active"}


def test_a_role_rotates_its_sources_key(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """And the role's session goes with the key."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    have_session(home, alice.devices[0], "-p", "admin")
    assert home.run("keys", "rotate", "-p", "admin").returncode == 0
    assert len(alice.key_statuses()) == 1
    assert key_here(home) in alice.key_statuses()
    assert home.run("status", "--json").stdout == "[]\n"


def test_copies_get_the_new_key_too(home: Home, alice: SandboxUser) -> None:
    """The old key is deleted: whoever had it under another name would be locked out."""
    add = home.run("keys", "add", "-", "-p", "ring", stdin=two_lines(alice))
    assert add.returncode == 0
    home.write_credentials(keys_of(alice, "copy") + "\n" + keys_of(alice))
    done = rotate(home, alice)
    assert "mfasession: the new key is in place for copy, ring too\n" in done.stderr
    assert {place[1] for place in places(home)} == set(alice.key_statuses())


def test_aws_knows_the_new_key_late(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """IAM is eventually consistent: the old key goes when the new one is known, not before."""
    have_session(home, alice.devices[0])
    aws.faults.add("GetCallerIdentity", kind="unknown_key", times=2)
    done = home.run("keys", "rotate")
    assert done.returncode == 0
    new = key_here(home)
    assert done.stderr.startswith(f"mfasession: waiting until AWS knows the new key {new} everywhere\n")
    names = [call.action for call in aws.calls() if call.access_key_id == new]
    assert names == ["GetCallerIdentity"] * 3


# two keys already


def test_an_inactive_second_key(home: Home, alice: SandboxUser) -> None:
    """Reported with its last use; --force makes room."""
    have_session(home, alice.devices[0])
    other, ours = alice.add_key().access_key_id, alice.key.access_key_id
    alice.set_key_status(other, "Inactive")
    files = Files(home)
    done = home.run("keys", "rotate")
    today = time.strftime("%Y-%m-%d")
    two = (
        f"{alice.name} has two keys, which is all that AWS allows: {ours} is in place here, "
        f"{other} is inactive, made {today}, never used"
    )
    assert (done.returncode, done.stderr) == (
        6,
        complaint(f"{two}, and a third cannot be made", f"mfasession keys rotate --force deletes {other}"),
    )
    files.assert_same()
    assert len(alice.key_statuses()) == 2
    done = home.run("keys", "rotate", "--force")
    assert done.returncode == 0
    assert done.stderr.startswith(f"mfasession: {two}\nmfasession: key {other} of {alice.name} is deleted at AWS\n")
    assert alice.key_statuses() == {key_here(home): "Active"}


def test_a_newer_second_key_that_is_used(home: Home, alice: SandboxUser) -> None:
    """It is in use: not even --force deletes it without a confirmation."""
    other = alice.add_key()
    alice.age_key(alice.key.access_key_id, 86400)
    elsewhere = Home(home.folder / "elsewhere", home.environ)
    elsewhere.environ["HOME"] = str(elsewhere.folder)
    pair = two_lines(alice).replace(alice.key.access_key_id, other.access_key_id)
    pair = pair.replace(alice.key.secret_access_key.reveal(), other.secret_access_key.reveal())
    assert elsewhere.run("keys", "add", "-", "--store", "file", stdin=pair).returncode == 0
    have_session(home, alice.devices[0])
    done = home.run("keys", "rotate", "--force")
    assert done.returncode == 6
    assert f"{other.access_key_id} is active, made " in done.stderr
    assert "last used 20" in done.stderr
    assert done.stderr.endswith(
        f"  hint: see who uses {other.access_key_id} and delete it in the IAM console, or answer at a terminal\n"
    )
    assert len(alice.key_statuses()) == 2


# what goes wrong on the way


def test_a_key_that_cannot_be_created(home: Home, bob: SandboxUser) -> None:
    """CreateAccessKey denied: exit 4, and nothing has changed."""
    home.write_credentials(foreign(bob))
    deny(bob, "CreateAccessKey")
    files = Files(home)
    done = rotate(home, bob)
    assert done.returncode == 4
    assert done.stderr.startswith("mfasession: AWS denied CreateAccessKey: ")
    assert "is in place" not in done.stderr
    files.assert_same()
    assert len(bob.key_statuses()) == 1


@pytest.mark.parametrize("kind", ["lose_answer", "cut_answer"])
def test_a_new_key_whose_secret_never_came(home: Home, aws: Sandbox, alice: SandboxUser, kind: str) -> None:
    """The answer was lost: the key that AWS has made is deleted again, for its secret is lost."""
    have_session(home, alice.devices[0])
    files = Files(home)
    aws.faults.add("CreateAccessKey", kind=kind)
    done = home.run("keys", "rotate")
    assert done.returncode == 5
    assert alice.key_statuses() == {alice.key.access_key_id: "Active"}
    assert "is in place" not in done.stderr
    files.assert_same()
    assert home.run("keys", "rotate").returncode == 0


def test_a_new_key_that_cannot_be_taken_back(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """The answer was lost and AWS is gone: said, and the next run finds it and makes room."""
    have_session(home, alice.devices[0])
    aws.faults.add("CreateAccessKey", kind="lose_answer")
    aws.faults.add("DeleteAccessKey", kind="error500", times=4)
    done = home.run("keys", "rotate")
    assert done.returncode == 5
    (lost,) = alice.key_statuses().keys() - {alice.key.access_key_id}
    assert (
        f"; {alice.key.access_key_id} in {home.credentials} still works; AWS has {lost} too, but its secret is lost\n"
    ) in done.stderr
    assert done.stderr.endswith(f"; then {AGAIN}\n")
    assert home.run("keys", "rotate", "--force").returncode == 0
    assert alice.key_statuses() == {key_here(home): "Active"}


@pytest.mark.parametrize("in_keyring", [False, True], ids=["file", "keyring"])
def test_killed_before_the_answer(home: Home, aws: Sandbox, alice: SandboxUser, *, in_keyring: bool) -> None:
    """AWS has made a key whose secret is lost: the next run knows it, removes it with a message, and goes on."""
    if in_keyring:
        assert home.run("keys", "protect").returncode == 0
    have_session(home, alice.devices[0])
    aws.faults.add("CreateAccessKey", kind="late_answer", seconds=5)
    with running(home, "keys", "rotate") as process:
        wait_for(lambda: len(alice.key_statuses()) == 2)
        process.kill()
    (orphan,) = alice.key_statuses().keys() - {alice.key.access_key_id}
    assert key_here(home) == alice.key.access_key_id
    done = home.run("keys", "rotate")
    assert done.returncode == 0, done.stderr
    assert f"mfasession: key {orphan} is deleted at AWS: an interrupted rotation made it, " in done.stderr
    assert alice.key_statuses() == {key_here(home): "Active"}
    assert key_here(home) not in (orphan, alice.key.access_key_id)


def test_a_lost_request_that_aws_ends_late(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Its key is not there when the next run looks, nor when that fails: the note stays until the key is found."""
    have_session(home, alice.devices[0])
    aws.faults.add("CreateAccessKey", kind="error500", times=2)
    for _ in range(2):
        assert home.run("keys", "rotate").returncode == 5
    orphan = alice.add_key().access_key_id
    done = home.run("keys", "rotate")
    assert done.returncode == 0, done.stderr
    assert f"mfasession: key {orphan} is deleted at AWS: " in done.stderr
    assert alice.key_statuses() == {key_here(home): "Active"}


def test_a_key_made_elsewhere_meanwhile_is_not_taken_for_a_lost_one(
    home: Home, aws: Sandbox, alice: SandboxUser
) -> None:
    """It is used, or kept here, or older: the question about a second key stands as ever."""
    have_session(home, alice.devices[0])
    aws.faults.add("CreateAccessKey", kind="error500", times=9)
    with running(home, "keys", "rotate") as process:
        wait_for(lambda: len(aws.faults.pending()) < 9)
        process.kill()
    aws.faults.clear()
    second = alice.add_key()
    alice.age_key(second.access_key_id, -3600)
    done = home.run("keys", "rotate", "--no-input")
    assert done.returncode == 6
    assert f"{second.access_key_id} is active" in done.stderr
    assert second.access_key_id in alice.key_statuses()


@pytest.mark.parametrize("in_keyring", [False, True], ids=["file", "keyring"])
def test_killed_while_it_waits(home: Home, aws: Sandbox, alice: SandboxUser, *, in_keyring: bool) -> None:
    """The old key is in place and works, the new one beside it; the next run goes on and makes no third."""
    if in_keyring:
        assert home.run("keys", "protect").returncode == 0
    have_session(home, alice.devices[0])
    aws.faults.add("GetCallerIdentity", kind="unknown_key", times=20)
    aws.forget_calls()
    with running(home, "keys", "rotate") as process:
        wait_for(lambda: aws.calls("GetCallerIdentity"))
        process.kill()
    aws.faults.clear()
    assert key_here(home) == alice.key.access_key_id
    (new,) = alice.key_statuses().keys() - {alice.key.access_key_id}
    assert f"rotation not finished: {new} is to take its place" in home.run("keys", "list").stdout
    assert home.run("env").returncode == 0
    assert home.run("keys", "rotate").returncode == 0
    assert (key_here(home), alice.key_statuses()) == (new, {new: "Active"})
    made = [(call.outcome, call.at) for call in aws.calls("CreateAccessKey") if call.params["UserName"] == alice.name]
    assert [outcome for outcome, _ in made] == ["ok"], made
    assert "rotation not ended" not in home.run("keys", "list").stdout
    assert "mfasession_" not in home.credentials.read_text()


def test_interrupted_while_it_waits(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Ctrl-C: exit 130, and what is where and how to go on is said."""
    have_session(home, alice.devices[0])
    aws.faults.add("GetCallerIdentity", kind="unknown_key", times=20)
    aws.forget_calls()
    with running(home, "keys", "rotate") as process:
        wait_for(lambda: aws.calls("GetCallerIdentity"))
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=scaled(60))
    (new,) = alice.key_statuses().keys() - {alice.key.access_key_id}
    assert process.returncode == 130
    assert said.endswith(
        f"mfasession: interrupted; {alice.key.access_key_id} in {home.credentials} still works, "
        f"and the new {new} is stored beside it; AWS has both\n  hint: {AGAIN}\n"
    )


@pytest.mark.parametrize("in_keyring", [False, True], ids=["file", "keyring"])
@pytest.mark.parametrize(("denied", "state"), [("UpdateAccessKey", "active"), ("DeleteAccessKey", "inactive")])
def test_an_old_key_that_cannot_be_deleted(
    home: Home, bob: SandboxUser, denied: str, state: str, *, in_keyring: bool
) -> None:
    """Exit 4: the new key is in place, the message names the old one, and the same command ends it later."""
    home.write_credentials(foreign(bob))
    if in_keyring:
        assert home.run("keys", "protect").returncode == 0
    old = bob.key.access_key_id
    deny(bob, denied)
    done = rotate(home, bob)
    new = key_here(home)
    where = "the keyring" if in_keyring else home.credentials
    assert done.returncode == 4
    assert done.stderr.startswith(f"mfasession: AWS denied {denied}: ")
    assert f"; the new {new} is in {where}, and AWS still has {old} ({state})\n" in done.stderr
    assert done.stderr.endswith(f"; then {AGAIN}\n")
    assert bob.key_statuses() == {new: "Active", old: state.capitalize()}
    assert f"rotation not finished: {old} is to be deleted" in home.run("keys", "list").stdout
    deny(bob)
    done = rotate(home, bob, steps=1)
    assert done.returncode == 0
    assert (key_here(home), bob.key_statuses()) == (new, {new: "Active"})
    assert "mfasession_" not in home.credentials.read_text()


def test_an_old_key_that_is_gone_already(home: Home, alice: SandboxUser) -> None:
    """Deleted in the console meanwhile: that is what was wanted."""
    have_session(home, alice.devices[0])
    alice.delete_key(alice.key.access_key_id)
    assert home.run("keys", "rotate").returncode == 0
    assert alice.key_statuses() == {key_here(home): "Active"}


def test_a_lost_answer_to_the_deletion(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Asked again, AWS has it no longer: done."""
    have_session(home, alice.devices[0])
    aws.faults.add("UpdateAccessKey", kind="lose_answer")
    aws.faults.add("DeleteAccessKey", kind="lose_answer")
    assert home.run("keys", "rotate").returncode == 0
    assert alice.key_statuses() == {key_here(home): "Active"}


def test_a_file_that_cannot_be_written(home: Home, alice: SandboxUser) -> None:
    """Reported before AWS makes a key: exit 3, an open folder."""
    have_session(home, alice.devices[0])
    home.aws.chmod(0o777)
    done = home.run("keys", "rotate")
    assert done.returncode == 3
    assert alice.key_statuses() == {alice.key.access_key_id: "Active"}


def test_two_at_once(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """One rotates; the other says that one is at it, and no third key is made."""
    have_session(home, alice.devices[0])
    aws.faults.add("GetCallerIdentity", kind="unknown_key", times=3)
    aws.forget_calls()
    with running(home, "keys", "rotate") as process:
        wait_for(lambda: aws.calls("GetCallerIdentity"))
        done = home.run("keys", "rotate")
        process.communicate(timeout=scaled(60))
    assert process.returncode == 0
    assert done.returncode in (7, 6)
    assert len([call for call in aws.calls("CreateAccessKey") if call.params["UserName"] == alice.name]) == 1


def test_the_transcript_of_the_page(keyring_home: Home, alice: SandboxUser) -> None:
    """What docs/keys.md shows of `keys` is what these commands say, word for word, but for names, keys and days."""
    text = (Path(__file__).parents[2] / "docs" / "keys.md").read_text()
    (block,) = (block for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL) if "keys protect" in block)
    have_session(keyring_home, alice.devices[0])
    for part in block.rstrip().split("\n\n"):
        command, _, shown = part.partition("\n")
        done = keyring_home.run(*command.split()[2:])
        assert done.returncode == 0, done.stderr
        pattern = re.escape(shown + "\n")
        for written, real in (
            (r"/home/alice/\.aws", re.escape(str(keyring_home.aws))),
            (r"/home/alice/\.local/bin/mfasession", re.escape(MFASESSION)),
            ("alice", alice.name),
            ("412", r"\d+"),
            (r"2026\-11\-24", r"\d{4}-\d\d-\d\d"),
        ):
            pattern = pattern.replace(written, real)
        pattern = re.sub(r"AKIA\w+", r"AKIA\\w+", re.sub(r"(\\ ){2,}", " +", pattern))
        assert re.fullmatch(pattern, done.stdout + done.stderr), done.stdout + done.stderr
