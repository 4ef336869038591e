"""A server at a terminal: it asks ahead of time, outside any request, and never takes the terminal from a command."""

import os
import re
import signal
import time
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.patience import promised, wait_for
from tests.helpers.seat import CLOCK, PROMPT, STOPPED_JOB, aging, expired, question, seat, shell
from tests.helpers.serving import ask
from tests.helpers.support import MFASESSION, SESSION_ID, Home, in_seconds

pytestmark = pytest.mark.usefixtures("device_known")

LIVE = "2099-01-01T00:00:00Z"
ASK_FOR_KEY = (
    'curl -s -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" $AWS_CONTAINER_CREDENTIALS_FULL_URI'
    " | sed 's/.*AccessKeyId\": \"\\(....\\).*/\\1/'"
)

SLOW_JOB = """import os, signal, time

def stop(*_):
    time.sleep(1)
    os.write(1, b"TIDIED\\n")
    os.kill(os.getpid(), signal.SIGSTOP)

signal.signal(signal.SIGTSTP, stop)
os.write(1, b"READY\\n")
while True:
    signal.pause()
"""
"""For Python: a command that does something before it stops."""


class Endpoint:
    """What a `serve` at a terminal said of itself."""

    def __init__(self, home: Home, uri: str) -> None:
        self._uri = uri
        folder = home.folder / ".local/state/mfasession"
        (file,) = folder.glob("served-*/token")
        self.token = file.read_text()

    def key(self) -> str:
        """The access key ID that is served now; empty when none is."""
        return str(ask(self._uri, self.token).json.get("AccessKeyId", ""))


def fresh(user: SandboxUser) -> str:
    """A credentials file: a key pair and a session until 2099."""
    return re.sub(r"(expires = )\S+", rf"\g<1>{LIVE}", aging(user))


def test_it_asks_ahead_of_time(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """The old session is served, at once, while the question stands; and after the answer the new one."""
    alices_home.write_credentials(fresh(alice))
    with seat(alices_home, MFASESSION, "serve") as terminal:
        endpoint = Endpoint(alices_home, terminal.see(r"is served at (\S+)\r\n")[1])
        assert endpoint.key() == SESSION_ID
        assert "MFA code" not in terminal.shown
        alices_home.write_credentials(aging(alice))
        terminal.see(question(alice))
        begun = time.monotonic()
        assert endpoint.key() == SESSION_ID
        assert time.monotonic() - begun < promised(2)
        terminal.line(alice.devices[0].code())
        terminal.see("mfasession: session for default until")
        wait_for(lambda: endpoint.key() not in ("", SESSION_ID))
        terminal.type("\x03")
        assert terminal.end() == 0
    assert len([call for call in aws.calls("GetSessionToken") if call.user == alice.arn]) == 1


def test_a_role_asks_for_the_session_behind_it(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Nothing is left to renew the role with: one code brings both, while the role's last minutes are served."""
    role = aws.add_role(f"asked-{alice.name}", [alice.arn])
    alices_home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    done = alices_home.run("login", "-p", "admin", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    with seat(alices_home, MFASESSION, "serve", "-p", "admin") as terminal:
        endpoint = Endpoint(alices_home, terminal.see(r"is served at (\S+)\r\n")[1])
        old = endpoint.key()
        before, mark, own = alices_home.credentials.read_text().partition("[admin-mfa]")
        before = re.sub(r"(expires = )\S+", rf"\g<1>{in_seconds(-5)}", before)
        own = re.sub(r"(expires = )\S+", rf"\g<1>{in_seconds(600)}", re.sub(r"mfasession_issued = .*\n", "", own))
        alices_home.write_credentials(before + mark + own)
        terminal.see(question(alice))
        assert endpoint.key() == old
        terminal.line(alice.devices[0].code(1))
        terminal.see("mfasession: session for admin until")
        wait_for(lambda: endpoint.key() not in ("", old))
        terminal.type("\x03")
        assert terminal.end() == 0


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_no_is_an_answer(alices_home: Home, alice: SandboxUser, term: str) -> None:
    """Ctrl-C at the question ends the question alone: the old session is served on, with no new question."""
    alices_home.write_credentials(fresh(alice))
    with seat(alices_home, MFASESSION, "serve", environ={"TERM": term}) as terminal:
        endpoint = Endpoint(alices_home, terminal.see(r"is served at (\S+)\r\n")[1])
        alices_home.write_credentials(aging(alice))
        terminal.see(CLOCK)
        terminal.type("\x03")
        terminal.see("mfasession: interrupted")
        assert endpoint.key() == SESSION_ID
        terminal.type("\x03")
        assert terminal.end() == 0


def test_a_question_does_not_outlive_its_session(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """No answer: it is taken back, so that a login elsewhere does not wait for it; then reported, and fixed there."""
    alices_home.write_credentials(fresh(alice))
    with seat(alices_home, MFASESSION, "serve") as terminal:
        endpoint = Endpoint(alices_home, terminal.see(r"is served at (\S+)\r\n")[1])
        alices_home.write_credentials(re.sub(r"(expires = )\S+", rf"\g<1>{in_seconds(5)}", aging(alice)))
        terminal.see(CLOCK)
        terminal.see("mfasession: the session of profile default has expired\r\n  hint: mfasession login -p default")
        assert endpoint.key() == ""
        assert terminal.reads_lines()
        done = alices_home.run("login", "--code", alice.devices[0].code())
        assert done.returncode == 0, done.stderr
        wait_for(endpoint.key)
        terminal.type("\x03")
        assert terminal.end() == 0
    assert aws.calls("GetSessionToken")


def test_a_closed_window_ends_it_with_its_question(alices_home: Home, alice: SandboxUser) -> None:
    """SIGHUP: nothing listens, asks or lies around any more."""
    alices_home.write_credentials(fresh(alice))
    with seat(alices_home, MFASESSION, "serve") as terminal:
        terminal.see("is served at")
        alices_home.write_credentials(aging(alice))
        terminal.see(CLOCK)
        pid = terminal.tty.pid or 0
        terminal.hang_up()
        os.kill(pid, signal.SIGHUP)
        wait_for(lambda: Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z")
    assert list((alices_home.folder / ".local/state/mfasession").glob("served-*")) == []
    assert alices_home.run("login", "--code", alice.devices[0].code()).returncode == 0


def test_the_first_question_comes_before_all(alices_home: Home, alice: SandboxUser) -> None:
    """Without a session the code first, then the lines."""
    alices_home.write_credentials(expired(alice))
    with seat(alices_home, MFASESSION, "serve") as terminal:
        terminal.see(question(alice))
        assert "AWS_CONTAINER" not in terminal.shown
        terminal.line(alice.devices[0].code())
        endpoint = Endpoint(alices_home, terminal.see(r"is served at (\S+)\r\n")[1])
        assert endpoint.key().startswith("ASIA")
        terminal.type("\x03")
        assert terminal.end() == 0


# exec --server


def test_no_question_stands_in_a_commands_way(alices_home: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault#362, #779, #888: the command has the terminal; one line says what to do elsewhere."""
    alices_home.write_credentials(fresh(alice))
    with seat(
        alices_home, MFASESSION, "exec", "--server", "--", "sh", "-c", "echo READY; read -r x; echo GOT=$x"
    ) as terminal:
        terminal.see("READY")
        alices_home.write_credentials(aging(alice))
        terminal.see(
            r"mfasession: the session of profile default ends at .*, and there is no terminal to ask for a code\r\n"
        )
        terminal.see("  hint: mfasession login -p default\r\n")
        assert terminal.reads_lines()
        terminal.line("123456")
        terminal.see("GOT=123456")
        assert terminal.end() == 0
    assert "MFA" not in terminal.shown


def test_a_command_that_does_not_read_leaves_room_for_a_question(alices_home: Home, alice: SandboxUser) -> None:
    """Its stdin is elsewhere: the question can stand on the terminal, and its answer goes nowhere else."""
    alices_home.write_credentials(fresh(alice))
    job = f"echo READY; while :; do key=$({ASK_FOR_KEY}); test -e stop && break; sleep 0.1; done; echo KEY=$key"
    (alices_home.folder / "job").write_text(job)
    with seat(alices_home, "bash", "-c", f"{MFASESSION} exec --server -- sh job </dev/null") as terminal:
        terminal.see("READY")
        alices_home.write_credentials(aging(alice))
        terminal.see(CLOCK)
        terminal.line(alice.devices[0].code())
        terminal.see("mfasession: session for default until")
        (alices_home.folder / "stop").touch()
        terminal.see("KEY=ASIA")
        assert terminal.end() == 0


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_ctrl_z_and_fg(alices_home: Home, alice: SandboxUser, name: str) -> None:
    """Stopped as any other job, and back in the foreground with the terminal; twice."""
    alices_home.write_credentials(fresh(alice))
    (alices_home.folder / "job").write_text(STOPPED_JOB)
    with shell(alices_home, name) as terminal:
        terminal.line("mfasession exec --server -- python3 job")
        terminal.see("READY")
        for _ in range(2):
            terminal.type("\x1a")
            terminal.see("(?i)stopped|suspended")
            # What is typed before fish has its prompt back is lost.
            terminal.see(PROMPT)
            terminal.line("fg")
            terminal.see("BACK")
        terminal.line("afterwards")
        terminal.see("GOT=afterwards")
        terminal.see(PROMPT)
        terminal.line("exit")
        assert terminal.end() == 0


def test_ctrl_z_waits_for_the_command(alices_home: Home, alice: SandboxUser) -> None:
    """Until it has stopped, as vim does when it has restored the screen, the terminal is the command's."""
    alices_home.write_credentials(fresh(alice))
    (alices_home.folder / "job").write_text(SLOW_JOB)
    with shell(alices_home, "bash") as terminal:
        terminal.line("mfasession exec --server -- python3 job")
        terminal.see("READY")
        terminal.type("\x1a")
        terminal.see("Stopped")
        assert "TIDIED" in terminal.shown
        terminal.see(PROMPT)
        terminal.line("kill %1; fg; exit")
        assert terminal.end() == 143


def test_a_command_that_stops_itself_stops_us(alices_home: Home, alice: SandboxUser) -> None:
    """The shell shows a stopped job, not one that hangs; and going on goes on."""
    alices_home.write_credentials(fresh(alice))
    (alices_home.folder / "job").write_text('echo "REA"DY; kill -STOP $$; echo "BA"CK')
    with shell(alices_home, "bash") as terminal:
        terminal.line("mfasession exec --server -- bash job")
        terminal.see("READY")
        terminal.see("Stopped")
        terminal.see(PROMPT)
        terminal.line("fg; exit")
        terminal.see("BACK")
        assert terminal.end() == 0


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_ctrl_z_and_bg(alices_home: Home, alice: SandboxUser, name: str) -> None:
    """What was stopped goes on in the background, as often as one likes."""
    alices_home.write_credentials(fresh(alice))
    (alices_home.folder / "job").write_text(STOPPED_JOB.replace("input()", "signal.pause()"))
    with shell(alices_home, name) as terminal:
        terminal.line("mfasession exec --server -- python3 job")
        terminal.see("READY")
        for _ in range(5):
            terminal.type("\x1a")
            terminal.see("(?i)stopped|suspended")
            terminal.see(PROMPT)
            terminal.line("bg")
            terminal.see("BACK")
            # Until a late ctrl-Z would have stopped it again.
            time.sleep(0.15)
            assert "T" not in states_below(terminal.process)
            terminal.line("fg")
            wait_for(terminal.reads_lines)
            if name == "fish":
                # It continues what goes on already, too, and a stop just before that with it.
                terminal.see("BACK")


def states_below(process: int) -> list[str]:
    """The states of the programs that a process has started, and of those that these have (proc(5))."""
    started = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    states = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[0] for each in started]
    return states + [state for each in started for state in states_below(int(each))]


def test_ctrl_c_reaches_the_command_once(alices_home: Home, alice: SandboxUser) -> None:
    """From the terminal, not from the terminal and from us; its exit code is ours."""
    alices_home.write_credentials(fresh(alice))
    (alices_home.folder / "job").write_text(
        "n=0; trap 'n=$((n + 1))' INT; echo READY; read -r word; echo COUNT=$n; exit 7"
    )
    with shell(alices_home, "bash") as terminal:
        terminal.line("mfasession exec --server -- bash job")
        terminal.see("READY")
        terminal.type("\x03")
        terminal.see(r"\^C")
        terminal.line("go")
        terminal.see("COUNT=1")
        terminal.line('echo "END="$?')
        terminal.see("END=7")
    assert "interrupted" not in terminal.shown


def test_a_shell_of_its_own(alices_home: Home, alice: SandboxUser) -> None:
    """Without CMD: interactive, with job control, served; and back to the first one at its end."""
    alices_home.write_credentials(fresh(alice))
    with shell(alices_home, "bash") as terminal:
        terminal.line("mfasession exec --server")
        terminal.see(r"[$#] ")
        terminal.line(f'echo "KEY="$({ASK_FOR_KEY}) "MODE="$-')
        terminal.see(r"KEY=ASIA MODE=\w*i\w*m")
        terminal.line("exit 5")
        terminal.line('echo "END="$? "URI="$AWS_CONTAINER_CREDENTIALS_FULL_URI.')
        terminal.see(r"END=5 URI=\.")
        terminal.line("exit")
        assert terminal.end() == 0
