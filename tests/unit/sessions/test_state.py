"""What is remembered between commands: the device of a key, and the codes that were sent of late."""

import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from mfasession.aws.model import Device
from mfasession.errors import ConfigurationError
from mfasession.sessions.state import State
from tests.helpers.patience import scaled
from tests.helpers.support import KEY_ID

PHONE = Device(serial="arn:aws:iam::123456789012:mfa/phone", user="alice")
TOKEN = Device(serial="GAHT12345678")


class StateFolder:
    """A user's state folder."""

    def __init__(self, folder: Path) -> None:
        self.environ = {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
        self.file = folder / "state" / "mfasession" / "state.toml"

    def opened(self) -> State:
        """What another process would have."""
        return State(self.environ)

    def write(self, text: str) -> None:
        """Put a text where the state is kept."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(text.encode("utf-8", "surrogateescape"))

    def move_clock(self, seconds: int) -> None:
        """Let what was sent look as if the clock had moved by so many seconds since."""
        tree = tomllib.loads(self.file.read_text())
        for sent in tree["codes"].values():
            for each in sent:
                each["at"] -= seconds
        self.file.write_text(tomli_w.dumps(tree))


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    """An empty one."""
    return StateFolder(tmp_path)


def test_nothing_is_remembered_at_first(state: StateFolder) -> None:
    """And asking leaves no file."""
    remembered = state.opened()
    assert remembered.device(KEY_ID) is None
    assert not remembered.was_sent(PHONE.serial, "123456")
    remembered.forget_device(KEY_ID)
    assert not state.file.exists()


def test_the_device_of_a_key(state: StateFolder) -> None:
    """Kept for the next command, replaced, forgotten; each key has its own."""
    state.opened().remember_device(KEY_ID, PHONE)
    state.opened().remember_device("AKIAOTHER", TOKEN)
    assert (state.opened().device(KEY_ID), state.opened().device("AKIAOTHER")) == (PHONE, TOKEN)
    state.opened().remember_device(KEY_ID, TOKEN)
    assert state.opened().device(KEY_ID) == TOKEN
    state.opened().forget_device(KEY_ID)
    assert (state.opened().device(KEY_ID), state.opened().device("AKIAOTHER")) == (None, TOKEN)


def test_the_same_device_is_not_written_again(state: StateFolder) -> None:
    """The usual login changes no file but the one with the session."""
    state.opened().remember_device(KEY_ID, PHONE)
    before = state.file.stat().st_ino
    state.opened().remember_device(KEY_ID, PHONE)
    assert state.file.stat().st_ino == before


def test_a_sent_code_is_known_to_every_process(state: StateFolder) -> None:
    """Noovolari/leapp#317: AWS refuses a code the second time, so it is not sent a second time."""
    state.opened().record_sent(PHONE.serial, "123456")
    assert state.opened().was_sent(PHONE.serial, "123456")
    assert not state.opened().was_sent(PHONE.serial, "123457")
    assert not state.opened().was_sent(TOKEN.serial, "123456")


def test_a_code_that_did_not_arrive_is_as_good_as_before(state: StateFolder) -> None:
    """The others stay sent."""
    for code in ("123456", "234567"):
        state.opened().record_sent(PHONE.serial, code)
    state.opened().forget_sent(PHONE.serial, "123456")
    assert not state.opened().was_sent(PHONE.serial, "123456")
    assert state.opened().was_sent(PHONE.serial, "234567")
    state.opened().forget_sent(PHONE.serial, "234567")
    assert not state.opened().was_sent(PHONE.serial, "234567")


def test_a_code_cannot_be_read_from_the_file(state: StateFolder) -> None:
    """Only the owner may read it, and it holds digests with a salt of their own each."""
    for _ in range(2):
        state.opened().record_sent(PHONE.serial, "123456")
    text = state.file.read_text()
    assert "123456" not in text.replace("123456789012", "")
    one, other = tomllib.loads(text)["codes"][PHONE.serial]
    assert one["salt"] != other["salt"]
    assert one["digest"] != other["digest"]
    assert state.file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("moved", "known"),
    [(0, True), (150, True), (181, False), (86_400, False), (-2, True), (-150, True), (-400, False), (-86_400, False)],
)
def test_a_code_is_known_while_aws_could_take_it_again(state: StateFolder, moved: int, *, known: bool) -> None:
    """Three minutes, whichever way the clock was set meanwhile; what a wrong clock left lasts no longer."""
    state.opened().record_sent(PHONE.serial, "123456")
    state.move_clock(moved)
    assert state.opened().was_sent(PHONE.serial, "123456") is known


def test_old_codes_do_not_pile_up(state: StateFolder) -> None:
    """A year of logins leaves one line."""
    for _ in range(3):
        state.opened().record_sent(PHONE.serial, "123456")
        state.move_clock(3600)
    state.opened().record_sent(PHONE.serial, "123456")
    assert len(tomllib.loads(state.file.read_text())["codes"][PHONE.serial]) == 1


def test_a_no_holds_for_the_question_and_the_terminal(state: StateFolder) -> None:
    """Whoever cancels is not asked the same thing at once again, and a user at another terminal is."""
    state.opened().record_refusal("login-1", 7)
    at = state.opened().refused_at("login-1", 7)
    assert abs(at - time.time()) < 60
    assert state.opened().refused_at("login-1", 8) == 0
    assert state.opened().refused_at("login-2", 7) == 0
    state.opened().record_refusal("login-1", 8)
    assert state.opened().refused_at("login-1", 7) == 0


@pytest.mark.parametrize(
    "entry",
    ["1", "{}", "{ at = 'now', terminal = 7 }", "{ at = 1.5 }", "{ at = 1e12, terminal = 7 }", "{ terminal = 7 }"],
)
def test_a_damaged_refusal_is_ignored(state: StateFolder, entry: str) -> None:
    """Nor is one from the future, that a wrong clock left."""
    state.write(f"[refusals]\nlogin-1 = {entry}\n")
    assert state.opened().refused_at("login-1", 7) == 0
    state.opened().record_refusal("login-1", 7)
    assert state.opened().refused_at("login-1", 7) > 0


SENT = f'[codes]\n"{PHONE.serial}" = '


@pytest.mark.parametrize(
    "text",
    [
        "]",
        "\x00",
        "\udcff",
        "a = " + "9" * 5000,
        "a = " + "[" * 5000,
        "devices = 1\ncodes = 1\n",
        'devices = "x"\ncodes = []\n',
        "[[devices]]\n[[codes]]\n",
        f"[devices]\n{KEY_ID} = 1\n{SENT} 1\n",
        f"[devices]\n{KEY_ID} = []\n{SENT} '123456'\n",
        f"[devices.{KEY_ID}]\nserial = 1\n{SENT} [1, 'x', [], {{}}]\n",
        f"[devices.{KEY_ID}]\nuser = 'alice'\n{SENT} [{{ at = 'now', salt = '', digest = '' }}]\n",
        f"[devices.{KEY_ID}]\nserial = ''\n{SENT} [{{ at = 1, salt = 1, digest = 1 }}]\n",
        f"{SENT} [{{ at = {10**400}, salt = '', digest = '' }}]\n",
        f"{SENT} [{{ at = nan, salt = '', digest = '' }}]\n",
        f"{SENT} [{{ at = {int(time.time())}, salt = '\udcff', digest = '\udcff' }}]\n",
        f"{SENT} [{{ at = {int(time.time())}, salt = '\xe9', digest = '\xe9' }}]\n",
    ],
    ids=range(17),
)
def test_a_damaged_file_is_an_empty_one(state: StateFolder, text: str) -> None:
    """Whatever stands in it: nothing is lost with it, no command fails for it, and it repairs itself."""
    state.write(text)
    assert state.opened().device(KEY_ID) is None
    assert not state.opened().was_sent(PHONE.serial, "123456")
    state.opened().forget_device(KEY_ID)
    state.opened().forget_sent(PHONE.serial, "123456")
    state.write(text)
    state.opened().record_sent(PHONE.serial, "123456")
    state.opened().remember_device(KEY_ID, PHONE)
    assert state.opened().was_sent(PHONE.serial, "123456")
    assert state.opened().device(KEY_ID) == PHONE


def test_lines_that_were_added_are_kept(state: StateFolder) -> None:
    """A later version's tables survive an earlier one."""
    state.write("[later]\nkey = 1\n")
    state.opened().remember_device(KEY_ID, PHONE)
    assert tomllib.loads(state.file.read_text())["later"] == {"key": 1}


def test_a_folder_in_its_place_is_reported(state: StateFolder) -> None:
    """Not made by mistake, and we remove no folder of others."""
    state.file.mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=r"state\.toml is a directory"):
        state.opened().device(KEY_ID)


def test_many_processes_lose_no_code(state: StateFolder) -> None:
    """Two logins at two terminals with one device: both codes are known afterwards (aws/aws-cli#9632)."""
    script = (
        "import os, sys; from mfasession.sessions.state import State; sys.stdin.readline()\n"
        "for code in sys.argv[1:]: State(os.environ).record_sent('GAHT12345678', code)"
    )
    codes = [[f"{process}0000{number}" for number in range(4)] for process in range(4)]
    running = [
        subprocess.Popen([sys.executable, "-c", script, *each], env=state.environ, stdin=subprocess.PIPE)
        for each in codes
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.close()
    assert [process.wait(timeout=scaled(60)) for process in running] == [0] * len(running)
    remembered = state.opened()
    assert [code for each in codes for code in each if not remembered.was_sent(TOKEN.serial, code)] == []


@settings(max_examples=20)
@given(serial=st.text(min_size=1), code=st.from_regex(r"[0-9]{6}", fullmatch=True))
def test_any_serial_number(tmp_path_factory: pytest.TempPathFactory, serial: str, code: str) -> None:
    """Quotes, dots and control characters in a name do no harm to the file."""
    state = StateFolder(tmp_path_factory.mktemp("state"))
    state.opened().record_sent(serial, code)
    assert state.opened().was_sent(serial, code)
