"""Stdout and stderr that lead nowhere: no traceback, the right exit code, and nothing half said."""

import subprocess
import sys

import pytest

from tests.helpers.checks import complaint
from tests.helpers.support import MFASESSION, Home, key_pair, session_section

NO_SESSION = complaint(
    "there is no session for profile default, and there is no terminal to ask for a code", "mfasession login"
)
FULL = complaint("stdout cannot be written: no space left on device", "see where it leads, then run it again")


def in_sh(home: Home, line: str) -> tuple[int, str, str]:
    """Run a line of shell; `mfasession` is the program under test."""
    done = home.run_program("sh", "-c", line.replace("mfasession", MFASESSION))
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("command", ["env", "process", "status", "status --json"])
def test_a_full_disk_behind_stdout(home: Home, command: str) -> None:
    """`mfasession process >file` on a full disk is a failure, reported in one line, and never exit code 0."""
    home.write_credentials(key_pair() + session_section())
    assert in_sh(home, f"mfasession {command} >/dev/full") == (1, "", FULL)


@pytest.mark.parametrize("command", ["env", "process", "status", "status --json"])
def test_a_full_disk_behind_an_unbuffered_stdout(home: Home, command: str) -> None:
    """Under PYTHONUNBUFFERED, as containers set it, each line fails at once; the line for eval does, too."""
    home.write_credentials(key_pair() + session_section())
    home.environ["PYTHONUNBUFFERED"] = "1"
    assert in_sh(home, f"mfasession {command} >/dev/full") == (
        1,
        "",
        complaint("no space is left on the disk", "free some, then again: df -h"),
    )


@pytest.mark.parametrize("command", ["env", "process", "status", "--help"])
def test_a_reader_that_went_away(home: Home, command: str) -> None:
    """`mfasession status | true` says nothing; the pipe's other end is gone."""
    home.write_credentials(key_pair() + session_section())
    code, out, err = in_sh(home, f"{{ sleep 0.3; mfasession {command}; echo $? >&2; }} | true")
    assert (code, out) == (0, "")
    assert err in ("1\n", "0\n") if command == "--help" else err == "1\n"


@pytest.mark.parametrize(
    ("command", "code"), [("env", 6), ("login", 6), ("login --force", 6), ("status -p default", 1), ("status", 0)]
)
def test_a_full_disk_behind_stderr_changes_no_exit_code(home: Home, command: str, code: int) -> None:
    """`mfasession login 2>log` on a full disk: done is done, and a failure keeps its code."""
    home.write_credentials(key_pair())
    assert in_sh(home, f"mfasession {command} 2>/dev/full")[0] == code


@pytest.mark.parametrize(("command", "code"), [("env", 6), ("login", 6), ("status -p default", 1), ("login -p x", 3)])
def test_a_closed_stderr_changes_no_exit_code(home: Home, command: str, code: int) -> None:
    """What cannot be said is still in the exit code; aws/aws-cli#8187's lesson: stdout stays data."""
    home.write_credentials(key_pair())
    line = "(exit 6)\n" if command == "env" else ""
    assert in_sh(home, f"mfasession {command} 2>&-") == (code, line, "")


@pytest.mark.parametrize(("command", "code", "said"), [("env", 6, NO_SESSION), ("process", 6, NO_SESSION)])
def test_a_closed_stdout_gives_no_traceback(home: Home, command: str, code: int, said: str) -> None:
    """Started by something that closed it."""
    home.write_credentials(key_pair())
    assert in_sh(home, f"mfasession {command} >&-") == (code, "", said)


CLOSED = complaint("stdout cannot be written: it is closed", "see where it leads, then run it again")


@pytest.mark.parametrize(
    "command", ["env", "process", "status", "status --json", "policy show", "shell init bash", "--version", "serve"]
)
def test_data_that_cannot_be_written_is_a_failure(home: Home, command: str) -> None:
    """`mfasession process >&-`: nothing was handed out, so it is not exit code 0."""
    home.write_credentials(key_pair() + session_section())
    assert in_sh(home, f"mfasession {command} >&-") == (1, "", CLOSED)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("command", ["status", "status --json", "keys list", "env", "process", "login", "policy show"])
def test_any_encoding_shows_something(home: Home, command: str, encoding: str) -> None:
    """A profile called `café-日本` under LC_ALL=C or a latin-1 terminal: shown as it can be, and no failure."""
    home.write_credentials(key_pair("café-日本") + session_section("café-日本-mfa"))
    for environ in ({"PYTHONIOENCODING": encoding}, {"LC_ALL": "C", "PYTHONIOENCODING": encoding}, {"LC_ALL": "C"}):
        variables = {**home.environ, **environ, "AWS_PROFILE": "café-日本"}
        done = subprocess.run(
            [MFASESSION, *command.split()], env=variables, cwd=home.folder, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        assert b"unexpected" not in done.stderr
        if command == "status" and environ.get("PYTHONIOENCODING") == "ascii":
            assert rb"caf\xe9-\u65e5\u672c" in done.stdout


@pytest.mark.parametrize("command", ["status", "profiles", "keys list"])
def test_the_locale_that_names_no_encoding(home: Home, command: str) -> None:
    """With PYTHONUTF8=0 Python writes ASCII in the locale C, and fails for the rest; else it writes UTF-8 there."""
    home.write_credentials(key_pair("café-日本") + session_section("café-日本-mfa"))
    seen = set()
    for mode in ("0", "1"):
        variables = {**home.environ, "LC_ALL": "C", "PYTHONUTF8": mode}
        done = subprocess.run(
            [MFASESSION, *command.split()], env=variables, cwd=home.folder, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        seen.add(done.stdout)
    assert len(seen) == 1
    assert "café-日本".encode() in seen.pop()


def test_an_encoding_that_was_asked_for_stays(home: Home) -> None:
    """Its user reads it; only what it lacks is escaped, also where bytes that are no text would go out as they are."""
    home.write_credentials(key_pair("café-日本") + session_section("café-日本-mfa"))
    for encoding in ("latin-1", "latin-1:surrogateescape"):
        variables = {**home.environ, "PYTHONIOENCODING": encoding}
        done = subprocess.run(
            [MFASESSION, "status"], env=variables, cwd=home.folder, capture_output=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"caf\xe9-\\u65e5\\u672c" in done.stdout


def test_all_streams_closed(home: Home) -> None:
    """A daemon's child still gets its exit code, and the command it becomes finds them as they were."""
    home.write_credentials(key_pair() + session_section())
    assert in_sh(home, "mfasession login <&- >&- 2>&-; echo $?") == (0, "0\n", "")
    assert in_sh(home, "mfasession exec -- sh -c 'echo x 2>/dev/null || exit 9' >&-; echo $?") == (0, "9\n", "")


TWICE = """
import sys
from mfasession import cli
from mfasession.cli import reporting
report = reporting.report
def interrupted(error, words):
    reporting.report = report
    raise KeyboardInterrupt
reporting.report = interrupted
cli.program()
"""


def test_ctrl_c_while_an_error_is_reported(home: Home) -> None:
    """One line and exit code 130: it once was Python's traceback, out of an import that the report made."""
    done = home.run_program(sys.executable, "-c", TWICE, "process")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "mfasession: interrupted\n")
