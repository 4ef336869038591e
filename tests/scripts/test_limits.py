"""Limits of the system: no more threads, programs, open files or memory is said to be that, with what raises it."""

import json
import subprocess
import sys

import pytest

from mfasession.files import system_errors
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.support import MFASESSION, Home, key_pair

NO_THREADS = "ulimit -s 4000000; ulimit -v 3000000; "
"""A thread's stack has no room: the same error as beyond RLIMIT_NPROC, which does not hold for root."""
FULL = """
import json, os, resource, sys
from mfasession import errors, files
from mfasession.files import locks, replace, system_errors
import errno, fcntl, shlex
path = sys.argv[1]
def hold():
    with locks.hold(path + "/lock"):
        pass
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
said = []
for do in (lambda: files.read_text(path + "/file"), lambda: replace.replace(path + "/file", "x"), hold):
    try:
        do()
    except errors.MfaSessionError as error:
        said.append([type(error).__name__, error.message, error.hint])
print(json.dumps(said))
"""


def test_no_more_threads(live: Home) -> None:
    """The command is not left running without its server; the message names the limit."""
    words = f"{NO_THREADS} exec {MFASESSION} exec --server -- touch started"
    done = live.run_program("bash", "-c", words)
    reason, hint = system_errors.explain_unexpected(RuntimeError("can't start new thread")) or ("", "")
    assert (done.returncode, done.stderr) == (1, f"mfasession: {reason}\n  hint: {hint}\n")
    assert "ulimit -u" in hint
    assert not (live.folder / "started").exists()


def test_no_more_threads_for_a_call_to_aws(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """It is the limit, and not something else that answers in the place of AWS."""
    home.write_credentials(key_pair("default", alice.key.access_key_id, alice.key.secret_access_key.reveal()))
    environ = {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-west-1"}
    words = f"{NO_THREADS} exec {MFASESSION} login --code {alice.devices[0].code()}"
    done = home.run_program("bash", "-c", words, environ=environ)
    reason, hint = system_errors.explain_unexpected(RuntimeError("can't start new thread")) or ("", "")
    assert (done.returncode, done.stderr) == (1, f"mfasession: {reason}\n  hint: {hint}\n")


def test_no_more_open_files(home: Home) -> None:
    """`ls -ld` would say nothing of it: the limit is named wherever a file is opened."""
    (home.folder / "file").touch()
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(home.folder)], capture_output=True, text=True, check=True, timeout=60
    )
    said = json.loads(done.stdout)
    assert [kind for kind, _, _ in said] == ["ConfigurationError", "StoreError", "StoreError"]
    for _, message, hint in said:
        assert message.endswith("this program has too many files open")
        assert hint == "raise the limit: ulimit -n 1024"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(24, "Too many open files"), "this program has too many files open"),
        (MemoryError(), "no memory is left"),
        (OSError(28, "No space left on device"), "no space is left on the disk"),
        (OSError(2, "No such file"), None),
        (RuntimeError("SECRET"), None),
    ],
)
def test_reasons_of_unexpected_failures(error: BaseException, reason: str | None) -> None:
    """What says only that the system is full needs no report; any other failure does."""
    found = system_errors.explain_unexpected(error)
    assert (found[0] if found else None) == reason
