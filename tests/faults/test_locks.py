"""One lock for many processes: holders that end, are killed or never come, and places where there can be no lock."""

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mfasession.errors import StoreError
from mfasession.files import locks
from tests.helpers.patience import scaled, wait_for
from tests.helpers.support import need

HOLDER = """
import sys
from mfasession.files import locks
with locks.hold(sys.argv[1], shared=sys.argv[2] == "shared"):
    print("held", flush=True)
    sys.stdin.read()
"""
WAITER = """
import sys
from mfasession.files import locks
print("ready", flush=True)
try:
    with locks.hold(sys.argv[1], timeout=float(sys.argv[2] or 600)):
        print("held", flush=True)
except locks.LockTimeout:
    print("timeout", flush=True)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture
def lock(tmp_path: Path) -> str:
    """The path of a lock whose folder is missing."""
    return str(tmp_path / "state" / "locks" / "login.lock")


@contextlib.contextmanager
def holder(path: str, *, shared: bool = False) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the lock until its stdin is closed."""
    with started(HOLDER, path, "shared" if shared else "alone") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


@contextlib.contextmanager
def started(code: str, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A Python process with pipes, at its end when the block ends."""
    command = [sys.executable, "-c", code, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(30)


def test_the_lock_file_is_private_and_stays(lock: str) -> None:
    """The file has mode 0600 in folders of 0700, holds nothing, and is there after the lock is given back."""
    with locks.hold(lock):
        assert locks.is_held(lock)
    assert not locks.is_held(lock)
    status = Path(lock).stat()
    assert (stat.S_IMODE(status.st_mode), status.st_size) == (0o600, 0)
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in list(Path(lock).parents)[:2]] == [0o700, 0o700]


def test_asking_makes_no_file(lock: str) -> None:
    """Looking whether a lock is held leaves no file behind."""
    assert not locks.is_held(lock)
    assert not Path(lock).parent.exists()


@pytest.mark.parametrize("timeout", [0.0, 0.05])
def test_a_lock_that_another_process_holds(lock: str, timeout: float) -> None:
    """A wait that ends without the lock is an error of its own; when the holder is done the lock is free."""
    with holder(lock):
        assert locks.is_held(lock)
        with (
            pytest.raises(locks.LockTimeout, match="another mfasession is busy") as raised,
            locks.hold(lock, timeout=timeout),
        ):
            pass
        assert raised.value.hint == f"wait for it, or see what it does: ps -fp {locks.holder(lock)}"
    with locks.hold(lock, timeout=timeout):
        assert locks.is_held(lock)


def test_a_holder_that_is_killed(lock: str) -> None:
    """The kernel takes the lock from a process that is killed: the next one, already waiting, goes on."""
    with holder(lock) as process, started(WAITER, lock, "") as waiter:
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGKILL)
        assert waiter.stdout.readline() == "held\n"
    assert process.returncode == -signal.SIGKILL
    assert waiter.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a lock")
def test_the_holder_is_named(lock: str) -> None:
    """Who waits for a question in a forgotten window learns which process asks it; a free lock has no holder."""
    assert locks.holder(lock) is None
    with holder(lock) as process:
        with started(WAITER, lock, "") as waiter:
            assert waiter.stdout is not None
            assert waiter.stdout.readline() == "ready\n"
            assert locks.holder(lock) == process.pid
            waiter.kill()
        process.communicate("")
    assert locks.holder(lock) is None
    with holder(lock, shared=True):
        assert locks.holder(lock) is None


def test_an_exception_gives_the_lock_back(lock: str) -> None:
    """However the block ends, the lock is free after it."""
    with pytest.raises(ZeroDivisionError), locks.hold(lock):
        raise ZeroDivisionError
    assert not locks.is_held(lock)


@pytest.mark.parametrize("timeout", ["", "60"])
def test_a_wait_ends_with_ctrl_c(lock: str, timeout: str) -> None:
    """ctrl-C ends the wait at once."""
    with holder(lock), started(WAITER, lock, timeout) as waiter:
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == "ready\n"
        _until(lambda: _has_open(waiter.pid, lock))
        waiter.send_signal(signal.SIGINT)
        assert waiter.wait(30) == 130


def test_one_at_a_time(lock: str, tmp_path: Path) -> None:
    """Many processes that count in one file under the lock lose no step, with and without a time limit."""
    code = """
import sys, pathlib
from mfasession.files import locks
counter = pathlib.Path(sys.argv[2])
for number in range(25):
    with locks.hold(sys.argv[1], timeout=60):
        counter.write_text(str(int(counter.read_text()) + 1))
"""
    counter = tmp_path / "counter"
    counter.write_text("0")
    processes = [subprocess.Popen([sys.executable, "-c", code, lock, str(counter)]) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    assert counter.read_text() == "100"


def test_shared_holders_hold_together(lock: str) -> None:
    """Those who only look hold the lock together, and keep out who wants it alone."""
    with holder(lock, shared=True), locks.hold(lock, timeout=0, shared=True):
        assert not locks.is_held(lock)
        with pytest.raises(locks.LockTimeout), locks.hold(lock, timeout=0):
            pass
    with holder(lock), pytest.raises(locks.LockTimeout), locks.hold(lock, timeout=0, shared=True):
        pass


def test_a_lock_file_that_was_removed(lock: str) -> None:
    """Whoever waited on a removed file waits again on the new one: there are never two holders."""
    with contextlib.ExitStack() as old, holder_waiting(lock, old) as waiter:
        Path(lock).unlink()
        with locks.hold(lock, timeout=0):
            old.close()
            assert waiter.stdout is not None
            assert waiter.stdout.read() == "timeout\n"


@contextlib.contextmanager
def holder_waiting(path: str, held: contextlib.ExitStack) -> Iterator["subprocess.Popen[str]"]:
    """Hold the lock in `held`, and another process that has it open and waits for it."""
    held.enter_context(locks.hold(path))
    with started(WAITER, path, "2") as waiter:
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == "ready\n"
        _until(lambda: _has_open(waiter.pid, path))
        yield waiter


def test_a_child_does_not_keep_the_lock(lock: str) -> None:
    """A child forked while the lock was held, which has the file open too, does not hold on to it."""
    code = """
import os, signal, sys
from mfasession.files import locks
with locks.hold(sys.argv[1]):
    child = os.fork()
    if child == 0:
        signal.pause()
print(locks.is_held(sys.argv[1]))
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, lock], capture_output=True, text=True, timeout=scaled(60), check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize("obstacle", ["file for folder", "link", "folder"])
def test_places_where_no_lock_can_be(lock: str, obstacle: str) -> None:
    """A file where the folder should be, and a link or a folder where the lock should be, are reported with a hint."""
    folder = Path(lock).parent
    folder.parent.mkdir()
    if obstacle == "file for folder":
        folder.write_text("")
    else:
        folder.mkdir()
        if obstacle == "link":
            Path(lock).symlink_to(folder.parent / "elsewhere")
        else:
            Path(lock).mkdir()
    with pytest.raises(StoreError) as raised, locks.hold(lock):
        pass
    assert not isinstance(raised.value, locks.LockTimeout)
    assert raised.value.hint
    assert not (folder.parent / "elsewhere").exists()


@pytest.mark.parametrize("timeout", ["", "1"])
@pytest.mark.parametrize(
    ("fault", "word"), [("ENOLCK", "no locks available"), ("EOPNOTSUPP", "operation not supported")]
)
def test_a_file_system_without_locks(lock: str, fault: str, word: str, timeout: str) -> None:
    """A network file system that cannot lock is reported as that, not waited for."""
    code = """
import json, sys
from mfasession import errors
from mfasession.files import locks
try:
    with locks.hold(sys.argv[1], timeout=float(sys.argv[2] or 600)):
        pass
except errors.StoreError as error:
    print(json.dumps([type(error).__name__, error.message, error.hint]))
"""
    strace = shutil.which("strace")
    assert strace, "strace is not installed: .ci/run installs it"
    failing = (strace, "-qq", "-o", os.devnull, "-e", "trace=flock", "-e", f"inject=flock:error={fault}")
    done = subprocess.run(
        [*failing, sys.executable, "-c", code, lock, timeout],
        capture_output=True,
        text=True,
        timeout=scaled(60),
        check=True,
    )
    kind, message, hint = json.loads(done.stdout)
    assert (kind, message) == ("StoreError", f"no lock at {lock}: {word}")
    assert "XDG_STATE_HOME" in hint


def test_a_lock_that_cannot_be_given_back_in_words(lock: str) -> None:
    """A network file system that has gone away keeps no work from being done: closing the file gives the lock back."""
    code = """
import sys
from mfasession.files import locks
with locks.hold(sys.argv[1]):
    pass
with locks.hold(sys.argv[1], timeout=1):
    print("held again")
"""
    fault = "inject=flock:error=EIO:when=2"
    words = [
        need("strace"),
        "-qq",
        "-o",
        os.devnull,
        "-e",
        "trace=flock",
        "-e",
        fault,
        sys.executable,
        "-c",
        code,
        lock,
    ]
    done = subprocess.run(words, capture_output=True, text=True, timeout=scaled(60), check=False)
    assert (done.stdout, done.stderr) == ("held again\n", "")


def test_no_locks_on_native_windows(lock: str) -> None:
    """Where Python has no fcntl (native Windows) the message says so."""
    code = """
import sys
sys.modules["fcntl"] = None
from mfasession import errors
from mfasession.files import locks
try:
    with locks.hold(sys.argv[1]):
        print("held")
except errors.StoreError as error:
    print(error.message, error.hint, sep="|")
"""
    done = subprocess.run(
        [sys.executable, "-c", code, lock], capture_output=True, text=True, timeout=scaled(60), check=True
    )
    assert done.stdout == (
        "files cannot be locked here: native Windows is not supported yet|use mfasession inside WSL\n"
    )


def _has_open(process: int, path: str) -> bool:
    links = Path(f"/proc/{process}/fd")
    return any(os.path.realpath(link) == path for link in links.iterdir())


def _until(true: Callable[[], bool]) -> None:
    wait_for(true)
