"""Replacing a file while the disk fails, the process dies or another one writes: the old text or the new one, whole.

Faults come from the kernel's side: strace makes one system call of a real process fail, or ends the process there.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mfasession import files
from mfasession.errors import ConfigurationError
from mfasession.files import replace
from tests.helpers.patience import scaled

OLD, NEW = "old\n" * 50, "new\n" * 50

DRIVER = """
import json, signal, sys
from mfasession import files
from mfasession.files import replace
from mfasession.errors import MfaSessionError
action, path, text = sys.argv[1:]
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
actions = {
    "replace": lambda: replace.replace(path, text),
    "check": lambda: replace.check_replaceable(path),
    "read": lambda: files.read_private(path),
}
try:
    actions[action]()
    print("{}")
except KeyboardInterrupt:
    sys.exit(130)
except MfaSessionError as error:
    print(json.dumps({"error": type(error).__name__, "message": error.message, "hint": error.hint}))
"""


def need(program: str) -> str:
    """Return the path of a program; a missing one fails the test."""
    found = shutil.which(program)
    assert found, f"{program} is not installed: .ci/run installs it"
    return found


def driven(
    action: str, path: Path, *, around: tuple[str, ...] = (), faults: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    """Run one action in a process of its own; `faults` are strace's, such as `fsync:error=EIO:when=1`."""
    calls = ",".join(dict.fromkeys(fault.partition(":")[0] for fault in faults))
    injected = [word for fault in faults for word in ("-e", f"inject={fault}")]
    strace = [need("strace"), "-qq", "-o", os.devnull, "-e", f"trace={calls}", *injected] if faults else []
    return subprocess.run(
        [*strace, *around, sys.executable, "-c", DRIVER, action, str(path), NEW],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=scaled(60),
        check=False,
    )


def without_root_rights() -> tuple[str, ...]:
    """What makes root obey permission bits; nothing for everybody else, who does so anyway."""
    if os.geteuid() != 0:
        return ()
    return (need("setpriv"), "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown")


def failure(done: "subprocess.CompletedProcess[str]", kind: str) -> str:
    """Return the message of an action that failed as it should, with a hint and nothing else."""
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    assert answer.get("error") == kind, answer
    assert answer["hint"]
    return str(answer["message"])


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    """A private file with the old text, in a folder of its own."""
    path = tmp_path / "aws" / "credentials"
    path.parent.mkdir(mode=0o700)
    path.write_text(OLD)
    path.chmod(0o600)
    return path


def beside(path: Path) -> list[Path]:
    """Return what else lies in the folder."""
    return [entry for entry in path.parent.iterdir() if entry != path]


def identity(path: Path) -> tuple[int, ...]:
    """Return what changes when a file is replaced or written to."""
    status = path.stat()
    return (status.st_ino, status.st_mode, status.st_uid, status.st_size, status.st_mtime_ns)


WRITE_FAULTS = [
    ("write:error=ENOSPC:when=1", "no space is left on the disk"),
    ("fsync:error=ENOSPC:when=1", "no space is left on the disk"),
    ("write:error=EDQUOT:when=1", "your disk quota is used up"),
    ("write:error=EFBIG:when=1", "the file is larger than allowed here"),
    ("fsync:error=EIO:when=1", "the disk failed"),
    ("fchmod:error=EPERM:when=1", "no permission in its folder"),
]
RENAME_FAULTS = [
    ("renameat:error=EBUSY:when=1", "the file is itself a mount point"),
    ("renameat:error=EROFS:when=1", "its file system is read-only"),
    ("renameat:error=EACCES:when=1", "no permission in its folder"),
    ("renameat:error=EXDEV:when=1", "invalid cross-device link"),
]


@pytest.mark.parametrize(("fault", "reason"), WRITE_FAULTS + RENAME_FAULTS)
def test_a_disk_that_fails_leaves_the_old_text(credentials: Path, fault: str, reason: str) -> None:
    """Each fault has its own words, the file is as it was to the inode, and no temporary stays."""
    before = identity(credentials)
    message = failure(driven("replace", credentials, faults=(fault,)), "StoreError")
    assert message == f"{credentials} was not written: {reason}"
    assert credentials.read_text() == OLD
    assert identity(credentials) == before
    assert beside(credentials) == []


@pytest.mark.parametrize(("fault", "reason"), WRITE_FAULTS)
def test_a_check_reports_the_fault_beforehand(credentials: Path, fault: str, reason: str) -> None:
    """What would fail while writing fails before a code is spent on it."""
    message = failure(driven("check", credentials, faults=(fault,)), "StoreError")
    assert message == f"{credentials} was not written: {reason}"
    assert beside(credentials) == []


@pytest.mark.parametrize("fault", ["write:error=ENOSPC:when=1", "fsync:error=EIO:when=1"])
def test_the_first_fault_is_the_one_that_is_reported(credentials: Path, fault: str) -> None:
    """A disk that cannot remove the temporary either: the first fault is reported; the next replacement clears up."""
    done = driven("replace", credentials, faults=(fault, "unlinkat:error=EIO:when=1"))
    assert failure(done, "StoreError") in {
        f"{credentials} was not written: no space is left on the disk",
        f"{credentials} was not written: the disk failed",
    }
    (stray,) = beside(credentials)
    assert stat.S_IMODE(stray.stat().st_mode) == 0o600
    long_ago = time.time() - 2 * replace.STRAY_AGE
    os.utime(stray, (long_ago, long_ago))
    replace.replace(str(credentials), NEW)
    assert beside(credentials) == []


@pytest.mark.parametrize(("code", "succeeds"), [("EINVAL", True), ("EOPNOTSUPP", True), ("EIO", False)])
def test_a_folder_that_cannot_be_synced(credentials: Path, code: str, *, succeeds: bool) -> None:
    """File systems that cannot sync a folder are fine; one that fails at it is not, and the new text is whole."""
    done = driven("replace", credentials, faults=(f"fsync:error={code}:when=2",))
    assert (done.stdout == "{}\n") is succeeds
    assert credentials.read_text() == NEW
    assert beside(credentials) == []


KILL_POINTS = ["write:when=1", "fchmod:when=1", "fsync:when=1", "renameat:when=1", "fsync:when=2"]


@pytest.mark.parametrize("point", KILL_POINTS)
def test_killed_at_any_point(credentials: Path, point: str) -> None:
    """The old file or the new one; what a killed process leaves is private and goes with the next replacement."""
    done = driven("replace", credentials, faults=(f"{point}:signal=KILL",))
    assert done.returncode in (-9, 137)
    assert credentials.read_text() in (OLD, NEW)
    long_ago = time.time() - 2 * replace.STRAY_AGE
    for stray in beside(credentials):
        assert stat.S_IMODE(stray.stat().st_mode) == 0o600
        os.utime(stray, (long_ago, long_ago))
    replace.replace(str(credentials), NEW)
    assert credentials.read_text() == NEW
    assert beside(credentials) == []


@pytest.mark.parametrize("point", KILL_POINTS)
@pytest.mark.parametrize(("signal", "status"), [("INT", 130), ("TERM", 143)])
def test_interrupted_at_any_point(credentials: Path, point: str, signal: str, status: int) -> None:
    """ctrl-C, and a SIGTERM that Python handles: the old or the new text and no temporary."""
    done = driven("replace", credentials, faults=(f"{point}:signal={signal}",))
    assert done.returncode == status
    assert credentials.read_text() in (OLD, NEW)
    assert beside(credentials) == []


@pytest.mark.parametrize("action", ["replace", "check"])
def test_a_folder_without_permission(credentials: Path, action: str) -> None:
    """A folder that we may not write in is named with its fix, and nothing changes."""
    credentials.parent.chmod(0o500)
    done = driven(action, credentials, around=without_root_rights())
    credentials.parent.chmod(0o700)
    assert failure(done, "StoreError") == f"{credentials} was not written: no permission in its folder"
    assert credentials.read_text() == OLD
    assert beside(credentials) == []


@pytest.mark.parametrize("action", ["replace", "check"])
def test_a_folder_that_cannot_be_made(tmp_path: Path, action: str) -> None:
    """A folder that is missing where none may be made is an error, also before a code is spent."""
    tmp_path.chmod(0o500)
    done = driven(action, tmp_path / "aws" / "credentials", around=without_root_rights())
    tmp_path.chmod(0o700)
    assert "was not written: no permission" in failure(done, "StoreError")
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_permission(credentials: Path) -> None:
    """A file that we may not read is reported as that, not as missing."""
    credentials.chmod(0o000)
    message = failure(driven("read", credentials, around=without_root_rights()), "ConfigurationError")
    assert message == f"{credentials} cannot be read: no permission"


def test_a_disk_that_fails_while_reading() -> None:
    """A read that fails with EIO, as the first page of a process's memory does, is an error and not an empty file."""
    with pytest.raises(ConfigurationError, match="/proc/self/mem cannot be read: the disk failed") as raised:
        files.read_private("/proc/self/mem")
    assert raised.value.hint


def test_a_private_file_of_a_third_user(tmp_path: Path) -> None:
    """A file that belongs to neither us nor root is not trusted, even where we have the right to read it."""
    if os.geteuid() == 0:
        path, reason = tmp_path / "credentials", "belongs to another user"
        path.write_text(OLD)
        path.chmod(0o600)
        os.chown(path, 65533, -1)
        capability = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
        around: tuple[str, ...] = (need("setpriv"), "--reuid=65534", "--clear-groups", *capability)
    else:
        path, reason, around = Path("/proc/1/environ"), "cannot be read: no permission", ()
    assert failure(driven("read", path, around=around), "ConfigurationError") == f"{path} {reason}"


def test_another_users_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root editing a user's file leaves it theirs; other users write only their own."""
    path = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    path.write_text(OLD)
    path.chmod(0o600)
    owner = 65534 if os.geteuid() == 0 else os.geteuid()
    os.chown(path, owner, -1)
    replace.replace(str(path), NEW)
    assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (owner, 0o600)
    assert files.read_private(str(path)) == NEW


def stray(credentials: Path, process: int, age: float, name: str = "") -> Path:
    """Leave a temporary as a process of that ID would have done, that many seconds ago."""
    path = credentials.parent / (name or f".credentials.mfasession-{process}-0a1b2c3d")
    path.write_text("half")
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def ended_process() -> int:
    """Return the ID of a process that is gone."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


def test_a_temporary_of_a_dead_process_is_removed(credentials: Path) -> None:
    """A temporary whose process is gone holds secrets that are of no use."""
    left = stray(credentials, ended_process(), replace.STRAY_AGE + 5)
    replace.replace(str(credentials), NEW)
    assert not left.exists()


def test_a_temporary_of_an_hour_is_removed(credentials: Path) -> None:
    """An ID may be in use again by another process: no write takes an hour."""
    left = stray(credentials, os.getpid(), replace.STRAY_AGE_AT_MOST + 5)
    replace.replace(str(credentials), NEW)
    assert not left.exists()


def test_other_files_are_left_alone(credentials: Path) -> None:
    """A living writer's temporary, a young one, another file's and other programs' files stay."""
    gone = ended_process()
    kept = [
        stray(credentials, os.getppid(), replace.STRAY_AGE + 5),
        stray(credentials, gone, 0),
        stray(credentials, 0, 99999, f".config.mfasession-{gone}-0a1b2c3d"),
        stray(credentials, 0, 99999, ".credentials.swp"),
        stray(credentials, 0, replace.STRAY_AGE + 5, ".credentials.mfasession-x-1"),
        stray(credentials, 0, 99999, "credentials~"),
    ]
    replace.replace(str(credentials), NEW)
    assert [path for path in kept if not path.exists()] == []


def test_readers_never_see_half_a_file(credentials: Path) -> None:
    """While several processes write different texts over and over, each look finds one of them, whole and private."""
    code = "import sys; from mfasession.files import replace\nfor _ in range(40): replace.replace(*sys.argv[1:])"
    writers = [subprocess.Popen([sys.executable, "-c", code, str(credentials), letter * 20000]) for letter in "abc"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        seen.add(files.read_private(str(credentials)))
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert seen <= {OLD, "a" * 20000, "b" * 20000, "c" * 20000}
    assert beside(credentials) == []
