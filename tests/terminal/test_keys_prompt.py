"""`mfasession keys` at a terminal: a secret is typed or pasted there and never seen; only yes is yes."""

import os
import signal
import time
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.kept_keys import whose
from tests.helpers.seat import APART, CLOCK, outcome, question, seat, shell
from tests.helpers.support import KEY_ID, MFASESSION, SECRET, Home, key_pair

ID, HIDDEN = "AWS access key ID: ", r"AWS secret access key \(not shown\): "
ADD = (MFASESSION, "keys", "add", "--store", "file")


@pytest.fixture
def home(alices_home: Home) -> Home:
    """A home without a key."""
    alices_home.credentials.unlink()
    return alices_home


def pair(user: SandboxUser) -> tuple[str, str]:
    """A user's key pair as text."""
    return user.key.access_key_id, user.key.secret_access_key.reveal()


def test_the_id_is_shown_and_the_secret_is_not(home: Home, alice: SandboxUser) -> None:
    """Asked on the terminal wherever the streams lead, which carry no secret either."""
    key_id, secret = pair(alice)
    with seat(home, *APART, *ADD) as sitting:
        sitting.see(ID)
        sitting.line(key_id)
        sitting.see(key_id)
        sitting.see(HIDDEN)
        sitting.line(secret)
        status, said = outcome(sitting)
    assert (status, said) == (0, f"mfasession: {whose(alice)} is in {home.credentials}, for profile default\n")
    assert secret not in sitting.seen
    assert home.credentials.read_text() == key_pair("default", key_id, secret)


def test_both_lines_pasted_at_once(home: Home, alice: SandboxUser) -> None:
    """As from a password manager, before the second question stands: the terminal echoes nothing by itself."""
    key_id, secret = pair(alice)
    with seat(home, *APART, *ADD) as sitting:
        sitting.see(ID)
        sitting.type(f"  {key_id}\n{secret}\n")
        status, _ = outcome(sitting)
    assert status == 0
    assert key_id in sitting.seen
    assert secret not in sitting.seen


def test_lines_can_be_edited(home: Home, alice: SandboxUser) -> None:
    """Backspace takes back a character, ctrl-U the line; the terminal shows what is left."""
    key_id, secret = pair(alice)
    with seat(home, *APART, *ADD) as sitting:
        sitting.see(ID)
        sitting.type(f"AKIAX\x7f{key_id[4:-1]}ZZ\x7f\x7f{key_id[-1]}\r")
        sitting.see(HIDDEN)
        sitting.type(f"wrong\x15{secret}x\x7f\r")
        status, _ = outcome(sitting)
    assert status == 0
    assert home.credentials.read_text() == key_pair("default", key_id, secret)


def test_an_invalid_id_is_asked_for_again(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Three times at most; a secret that is pasted into the wrong line is not readable there."""
    _, secret = pair(alice)
    aws.forget_calls()
    with seat(home, *APART, *ADD) as sitting:
        for _ in range(3):
            sitting.see(ID)
            sitting.line(secret)
        status, said = outcome(sitting)
    assert status == 3
    assert said.startswith("mfasession: that ")
    assert sitting.shown.count("swapped?; an access key ID starts with AKIA") == 2
    assert secret not in sitting.seen + said
    assert aws.calls() == []


def test_another_key_is_refused_before_its_secret_is_asked_for(home: Home) -> None:
    """The user does not type forty characters in vain."""
    home.write_credentials(key_pair())
    with seat(home, *APART, *ADD) as sitting:
        sitting.see(ID)
        sitting.line("AKIAI44QH8DHBEXAMPLE")
        status, said = outcome(sitting)
    assert status == 3
    assert said.startswith(f"mfasession: profile default has another key already: {KEY_ID}, in ")
    assert "secret" not in sitting.shown
    assert home.credentials.read_text() == key_pair()


@pytest.mark.parametrize(("key", "said"), [("\x03", "interrupted"), ("\x04", "cancelled")], ids=["ctrl-C", "ctrl-D"])
@pytest.mark.parametrize("at", [ID, HIDDEN], ids=["ID", "secret"])
def test_a_no_leaves_terminal_and_files_in_order(home: Home, alice: SandboxUser, at: str, key: str, said: str) -> None:
    """Exit 130, the echo is back, nothing was written."""
    with seat(home, *APART, *ADD) as sitting:
        sitting.see(ID)
        if at == HIDDEN:
            sitting.line(alice.key.access_key_id)
            sitting.see(HIDDEN)
        sitting.type(f"half{key}")
        status, err = outcome(sitting)
    assert (status, err) == (130, f"mfasession: {said}\n")
    assert not home.credentials.exists()


def test_a_signal_brings_the_echo_back(home: Home, alice: SandboxUser) -> None:
    """Ended from elsewhere while the secret is typed: the shell behind it shows what is typed again."""
    with seat(home, *APART, *ADD) as sitting:
        sitting.see(ID)
        sitting.line(alice.key.access_key_id)
        sitting.see(HIDDEN)
        sitting.type(SECRET)
        (child,) = children(sitting.process)
        os.kill(child, signal.SIGTERM)
        status, _ = outcome(sitting)
    assert status == 128 + signal.SIGTERM
    assert SECRET not in sitting.seen


def test_a_stop_does_not_show_the_secret(home: Home, alice: SandboxUser) -> None:
    """Ctrl-Z does nothing while it is typed: the shell would bring the echo back."""
    key_id, secret = pair(alice)
    with shell(home, "bash") as sitting:
        sitting.line("mfasession keys add --store file")
        sitting.see(ID)
        sitting.line(key_id)
        sitting.see(HIDDEN)
        sitting.type("\x1a")
        sitting.line(secret)
        sitting.see("for profile default")
        sitting.line("exit")
        sitting.end()
    assert secret not in sitting.seen
    assert "Stopped" not in sitting.seen
    assert home.credentials.read_text() == key_pair("default", key_id, secret)


def test_stdin_that_is_the_terminal(home: Home) -> None:
    """`-` would read the secret where it is echoed: exit 2."""
    with seat(home, *ADD, "-") as sitting:
        assert sitting.end() == 2
    assert "stdin is a terminal, which would show the secret" in sitting.shown


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("yes", 0), ("n", 130), ("", 130), ("\x03", 130)])
def test_remove_asks(alices_home: Home, alice: SandboxUser, answer: str, status: int) -> None:
    """Only yes is yes."""
    before = alices_home.credentials.read_bytes()
    with seat(alices_home, *APART, MFASESSION, "keys", "remove") as sitting:
        sitting.see(r"AWS honours it until it is deleted there: --in-aws does that\? \[y/N\] ")
        sitting.type(answer if answer == "\x03" else answer + "\r")
        code, said = outcome(sitting)
    assert code == status
    assert alice.key.access_key_id in sitting.shown.replace("\r\n", "")
    assert (alices_home.credentials.read_bytes() == before) is (status != 0)
    if status:
        assert said in ("mfasession: cancelled, and nothing was changed\n", "mfasession: interrupted\n")


def test_rotate_asks_for_one_code(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """99designs/aws-vault#1110: one, where it took two."""
    old = alice.key.access_key_id
    aws.forget_calls()
    with seat(alices_home, *APART, MFASESSION, "keys", "rotate") as sitting:
        sitting.see(question(alice))
        sitting.line(alice.devices[0].code())
        status, said = outcome(sitting)
    (new,) = alice.key_statuses()
    assert status == 0
    assert f"profile default has the new key {new}, in {alices_home.credentials}; {old} is deleted at AWS\n" in said
    assert len(aws.calls("GetSessionToken")) == 1


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("n", 130)])
def test_rotate_asks_about_a_second_key(alices_home: Home, alice: SandboxUser, answer: str, status: int) -> None:
    """Which, when made, when used last; then the word of a user decides, whatever key it is."""
    alice.age_key(alice.key.access_key_id, 86400)
    other = alice.add_key().access_key_id
    with seat(alices_home, *APART, MFASESSION, "keys", "rotate", "--force") as sitting:
        sitting.see(CLOCK)
        sitting.line(alice.devices[0].code())
        _, said = outcome(sitting)
    assert f"{other} is active, made {time.strftime('%Y-%m-%d')}, never used" in said
    assert other not in alice.key_statuses()
    other = alice.add_key().access_key_id
    with seat(alices_home, *APART, MFASESSION, "keys", "rotate") as sitting:
        sitting.see(CLOCK)
        sitting.line(alice.devices[0].code(1))
        sitting.see(rf"delete {other} at AWS, to make room for a new one\? \[y/N\] ")
        sitting.line(answer)
        code, said = outcome(sitting)
    assert code == status
    assert len(alice.key_statuses()) == (1 if answer == "y" else 2)
    assert (other in alice.key_statuses()) is (answer == "n")


def children(process: int) -> list[int]:
    """The processes that a process has started (proc(5))."""
    text = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(number) for number in text.split()]
