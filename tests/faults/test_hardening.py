"""Memory that holds secrets stays where it is: no core dumps, no looking in for other processes of the same user."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mfasession.sandbox import SandboxUser
from tests.helpers.faults.held import core_of, stuck
from tests.helpers.patience import wait_for
from tests.helpers.seat import CLOCK, Seat, seat
from tests.helpers.support import MFASESSION, Home, key_pair, need, session_section

UNLIMITED = ("bash", "--norc", "-c", 'ulimit -c unlimited && exec "$@"', "-")
"""Runs the words behind it as a developer has it, who wants cores of his own programs."""
ENDINGS = [signal.SIGQUIT, signal.SIGSEGV, signal.SIGABRT]


@pytest.fixture
def unprivileged() -> tuple[str, ...]:
    """What makes root an ordinary user who may look into his own processes alone."""
    if os.geteuid() != 0:
        return ()
    looking = "-sys_ptrace,-perfmon,-sys_admin"
    return (need("setpriv"), f"--bounding-set={looking}", f"--inh-caps={looking}")


@pytest.fixture
def dumping(home: Home) -> None:
    """A computer that writes cores; elsewhere there is nothing to see."""
    child = subprocess.Popen([*UNLIMITED, "sleep", "60"], cwd=home.folder, stderr=subprocess.DEVNULL)
    while Path(f"/proc/{child.pid}/comm").read_text() != "sleep\n":
        assert child.poll() is None
    child.send_signal(signal.SIGQUIT)
    _, status = os.waitpid(child.pid, 0)
    child.returncode = -signal.SIGQUIT
    if not core_of(home, status):
        pytest.skip("no program leaves a core here")
    for core in home.folder.rglob("core*"):
        core.unlink()


@pytest.fixture
def asking(alices_home: Home) -> Iterator[Seat]:
    """A login that stands and waits for a code."""
    with seat(alices_home, *UNLIMITED, MFASESSION, "login") as terminal:
        terminal.see(CLOCK)
        yield terminal


@pytest.mark.usefixtures("dumping")
@pytest.mark.parametrize("number", ENDINGS)
def test_a_prompt_leaves_no_core(asking: Seat, number: signal.Signals) -> None:
    r"""Ctrl-\ at the question, and a crash: the key is in memory and gets into no file."""
    os.kill(asking.process, number)
    assert asking.end() == 128 + number
    assert isinstance(asking.tty.status, int)
    assert not core_of(asking.home, asking.tty.status)


@pytest.mark.usefixtures("dumping")
@pytest.mark.parametrize("words", [("process",), ("env",), ("status",)], ids=" ".join)
@pytest.mark.parametrize("number", ENDINGS)
def test_a_hit_leaves_no_core(home: Home, words: tuple[str, ...], number: signal.Signals) -> None:
    """The quick commands hold a session: the same."""
    home.write_credentials(key_pair() + session_section())
    with stuck(home, *UNLIMITED, MFASESSION, *words) as child:
        child.send_signal(number)
        _, status = os.waitpid(child.pid, 0)
        child.returncode = -number
        assert os.WTERMSIG(status) == number
        assert not core_of(home, status)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere cores go to files alone")
def test_a_program_that_takes_cores_gets_none(home: Home) -> None:
    """systemd-coredump and apport read cores from a pipe whatever the limit, but for 1: then they are not started."""
    home.write_credentials(key_pair() + session_section())
    with stuck(home, *UNLIMITED, MFASESSION, "process") as child:
        limits = Path(f"/proc/{child.pid}/limits").read_text()
    assert next(line.split()[4] for line in limits.splitlines() if line.startswith("Max core file size")) == "1"


@pytest.mark.parametrize("limit", ["0", "1024", "unlimited"])
def test_the_limits_of_a_command_are_its_own(home: Home, limit: str) -> None:
    """`exec` puts back what it took: CMD may write cores as if it stood there alone."""
    home.write_credentials(key_pair() + session_section())
    line = f'ulimit -Sc {limit} && exec {MFASESSION} exec -- sh -c "ulimit -Sc; ulimit -Hc"'
    alone = home.run_program("bash", "-c", f'ulimit -Sc {limit} && sh -c "ulimit -Sc; ulimit -Hc"')
    assert home.run_program("bash", "-c", line).stdout == alone.stdout != ""


def looked_into(process: int, unprivileged: tuple[str, ...]) -> set[str]:
    """What another process of the same user may open of this one. Yama (ptrace_scope) may forbid mem in any case."""
    look = (
        "import sys\nfor name in ('environ', 'maps', 'mem'):\n"
        " try: open(f'/proc/{sys.argv[1]}/{name}', 'rb').read(0 if name == 'mem' else 1)\n"
        " except PermissionError: continue\n print(name)"
    )
    done = subprocess.run([*unprivileged, sys.executable, "-c", look, str(process)], capture_output=True, check=True)
    return set(done.stdout.decode().split())


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
@pytest.mark.parametrize("words", [("login",), ("keys", "rotate"), ("exec", "--", "true")], ids=" ".join)
def test_other_processes_cannot_read_a_prompts_memory(
    alices_home: Home, unprivileged: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """The long-term key is there until the question is answered: /proc/PID/mem is closed to others of the same user."""
    with subprocess.Popen([*unprivileged, "sleep", "60"]) as other:
        # Until then it is the program that takes the privileges away.
        wait_for(lambda: Path(f"/proc/{other.pid}/comm").read_text() == "sleep\n")
        assert looked_into(other.pid, unprivileged) >= {"environ", "maps"}
        other.kill()
    with seat(alices_home, *unprivileged, MFASESSION, *words) as terminal:
        terminal.see(CLOCK)
        assert looked_into(terminal.process, unprivileged) == set()
        terminal.type("\x03")
        assert terminal.end() == 130


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_command_can_be_debugged(alices_home: Home, alice: SandboxUser, unprivileged: tuple[str, ...]) -> None:
    """What `exec` becomes is the user's own program, also when a code was asked for on the way."""
    with seat(alices_home, *unprivileged, MFASESSION, "exec", "--", "sh", "-c", "echo up; exec sleep 60") as terminal:
        terminal.see(CLOCK)
        terminal.line(alice.devices[0].code())
        terminal.see("up")
        assert looked_into(terminal.process, unprivileged) >= {"environ", "maps"}
