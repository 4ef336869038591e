"""`mfasession exec -- CMD`: it becomes CMD, with the session and without whatever would shadow it."""

import json
import signal
import subprocess
import sys

import pytest

from mfasession import timestamps
from mfasession.sessions import environment
from tests.helpers.checks import CANNOT_BE_RUN, check_cannot_be_run
from tests.helpers.patience import scaled
from tests.helpers.support import MFASESSION, SECRET, SESSION_ID, Home, key_pair, session_section

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


@pytest.fixture
def live(home: Home) -> Home:
    """A home with a session that lives until 2099, in a profile with a region."""
    home.write_credentials(key_pair() + session_section())
    home.config.write_text("[default]\nregion = eu-north-1\n")
    return home


def test_it_becomes_the_command(live: Home) -> None:
    """execve: the process is the same, so that its parent's signals and job control reach CMD itself."""
    child = subprocess.Popen(
        [MFASESSION, "exec", "--", "sh", "-c", "echo $$"], env=live.environ, stdout=subprocess.PIPE, text=True
    )
    assert child.communicate(timeout=scaled(30))[0] == f"{child.pid}\n"
    assert child.returncode == 0


@pytest.mark.parametrize("code", [0, 1, 6, 77, 255])
def test_the_exit_code_is_the_commands(live: Home, code: int) -> None:
    """Scripts go on as if it stood there alone."""
    done = live.run("exec", "--", "sh", "-c", f"exit {code}")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_ends_it_as_the_command(live: Home, number: signal.Signals) -> None:
    """No handler of ours stands in between."""
    assert live.run("exec", "--", "sh", "-c", f"kill -{number.value} $$").returncode == -number


def test_signals_are_as_the_shell_left_them(live: Home) -> None:
    """Python ignores SIGPIPE for itself; `mfasession exec -- yes | head -1` must end."""
    line = f"{MFASESSION} exec -- yes | head -1; {MFASESSION} exec -- sh -c 'kill -PIPE $$; echo alive'; echo $?"
    done = live.run_program("bash", "-c", line)
    assert done.stdout.splitlines() == ["y", "141"]


def test_streams_and_words_go_through(live: Home) -> None:
    """Stdin is CMD's, and its words are its own, `--` and options and empty ones among them."""
    show = "import sys; print(sys.argv[1:], sys.stdin.read())"
    done = live.run("exec", "--", sys.executable, "-c", show, "-p", "x y", "--", "", "--no-input", stdin="typed")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "['-p', 'x y', '--', '', '--no-input'] typed\n"


def test_no_file_stays_open(live: Home) -> None:
    """CMD gets its three streams and nothing of ours."""
    done = live.run("exec", "--", sys.executable, "-c", "import os; print(sorted(os.listdir('/dev/fd')))")
    assert done.stdout == "['0', '1', '2', '3']\n"


def test_its_environment(live: Home) -> None:
    """Everything that `env` sets, nothing that shadows it (broamski/aws-mfa#44), and the rest as it was."""
    bearer = f"{environment.OTHER_SOURCES_BEGIN}BEDROCK"
    shadows = dict.fromkeys([*environment.SHADOWS, *environment.OTHER_SOURCES, bearer], "stale")
    old = {
        "AWS_ACCESS_KEY_ID": "old",
        "AWS_SESSION_TOKEN": "old",
        "AWS_REGION": "old",
        "MFASESSION_HOLDS": "old/ other",
    }
    done = live.run("exec", "-p", "default", "--", sys.executable, "-c", SHOW, environ={**shadows, **old, "MINE": "1"})
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert "stale" not in seen.values()
    assert {
        "AWS_ACCESS_KEY_ID": SESSION_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEXAMPLE",
        "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00Z",
        "AWS_REGION": "eu-north-1",
        "AWS_DEFAULT_REGION": "eu-north-1",
        "MFASESSION_PROFILE": "default",
        "AWSUME_PROFILE": "default",
        "MFASESSION_EXPIRES": str(timestamps.parse("2099-01-01T00:00:00Z")),
        "MFASESSION_HOLDS": "eu-north-1/eu-north-1 default",
        "MINE": "1",
        "HOME": str(live.folder),
        "AWS_ENDPOINT_URL": live.environ["AWS_ENDPOINT_URL"],
    }.items() <= seen.items()


def test_the_nested_one_sees_the_same_session(live: Home) -> None:
    """99designs/aws-vault#1266, #812: no error about nesting, no second question."""
    done = live.run("exec", "--", MFASESSION, "exec", "--", MFASESSION, "process")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["AccessKeyId"] == SESSION_ID


@pytest.mark.parametrize(("word", "code", "why"), CANNOT_BE_RUN)
def test_commands_that_cannot_be_run(live: Home, word: str, code: int, why: str) -> None:
    """127 and 126 as a shell has them, and one line; a script without its interpreter is there and cannot run."""
    check_cannot_be_run(live, ("exec",), word, code, why)


EXECVPE = "import os, sys; os.execvpe(sys.argv[1], sys.argv[1:], dict(os.environ))"
"""The standard library's own search along the PATH."""


PATHS = (
    *("good", "missing:good", "file:good", "folder:good", "forbidden:good", "forbidden:missing", "folder", "missing"),
    *("", ":good", "good:", "./good", "broken:good", "/dev/null:good", None),
)


@pytest.mark.parametrize("path", PATHS)
def test_the_path_is_searched_as_python_does(live: Home, path: str | None) -> None:
    """Folders that are not there or no folders, files that may not be run, the empty word: the same program or none."""
    for name in ("good", "forbidden", "broken"):
        (live.folder / name).mkdir()
        (live.folder / name / "tool").write_text("#!/bin/sh\necho $0\n" if name != "broken" else "#!/no/such\n")
        (live.folder / name / "tool").chmod(0o644 if name == "forbidden" else 0o755)
    (live.folder / "folder" / "tool").mkdir(parents=True)
    (live.folder / "file").write_text("")
    del live.environ["PATH"]
    if path is not None:
        live.environ["PATH"] = path
    theirs = live.run_program(sys.executable, "-c", EXECVPE, "tool")
    ours = live.run("exec", "--", "tool")
    assert ours.stdout == theirs.stdout
    assert (ours.returncode == 0) == (theirs.returncode == 0)
    if theirs.returncode:
        is_missing = "FileNotFoundError" in theirs.stderr or "NotADirectoryError" in theirs.stderr
        assert ours.returncode == (127 if is_missing else 126)


@pytest.mark.parametrize("words", [("exec",), ("exec", "--")], ids=["bare", "dashes"])
def test_no_command_is_the_users_shell(live: Home, words: tuple[str, ...]) -> None:
    """99designs/aws-vault#72: a shell with the session; $SHELL, else sh."""
    shell = live.folder / "my shell"
    shell.write_text("#!/bin/sh\necho my own shell $AWS_ACCESS_KEY_ID\n")
    shell.chmod(0o755)
    done = live.run(*words, environ={"SHELL": str(shell)})
    assert (done.returncode, done.stdout, done.stderr) == (0, f"my own shell {SESSION_ID}\n", "")
    done = live.run(*words, environ={"SHELL": ""}, stdin="echo $AWS_ACCESS_KEY_ID; exit 3\n")
    assert (done.returncode, done.stdout) == (3, f"{SESSION_ID}\n")


def test_without_a_session_the_command_does_not_start(home: Home) -> None:
    """Half a job is worse than none."""
    home.write_credentials(key_pair())
    done = home.run("exec", "--", "touch", "started")
    assert done.returncode == 6
    assert not (home.folder / "started").exists()


def test_a_secret_stands_in_no_argument(live: Home) -> None:
    """`ps` shows the command's words: the session is in its environment alone."""
    done = live.run("exec", "--", sys.executable, "-c", "print(open('/proc/self/cmdline').read())")
    assert SECRET not in done.stdout
    assert "FwoGZXIvYXdzEXAMPLE" not in done.stdout
