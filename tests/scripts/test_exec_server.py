"""`mfasession exec --server -- CMD`: CMD as if it stood there alone, with an endpoint for as long as it runs."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mfasession.sessions import environment
from tests.helpers.checks import CANNOT_BE_RUN, check_cannot_be_run, complaint
from tests.helpers.patience import scaled, wait_for
from tests.helpers.serving import ask
from tests.helpers.support import MFASESSION, SECRET, SESSION_ID, Home, key_pair, session_section

STEALS = "credential_process = touch stolen"
SERVER = ("exec", "--server")
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
ASK = """
import json, os, urllib.request
request = urllib.request.Request(
    os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
    headers={"Authorization": os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]},
)
print(urllib.request.urlopen(request).read().decode())
"""


@pytest.fixture
def live(home: Home, tmp_path: Path) -> Home:
    """A home with a session that lives until 2099, a profile with a region, and a folder for what lives with a run."""
    del home.environ["AWS_REGION"]
    home.write_credentials(key_pair() + session_section())
    home.config.write_text("[default]\nregion = eu-north-1\nretry_mode = adaptive\n")
    (tmp_path / "run").mkdir(mode=0o700)
    home.environ["XDG_RUNTIME_DIR"] = str(tmp_path / "run")
    return home


def left_behind(home: Home) -> list[str]:
    """The folders of files that are still there."""
    return [str(path) for path in Path(home.environ["XDG_RUNTIME_DIR"]).glob("mfasession/served-*")]


def test_it_is_served(live: Home) -> None:
    """The session by HTTP, and nothing of it in the environment."""
    done = live.run(*SERVER, "--", sys.executable, "-c", ASK)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["AccessKeyId"] == SESSION_ID


def test_its_environment(live: Home) -> None:
    """The endpoint and one token, twice; no keys, no profile, nothing that shadows it; the region; all else stays."""
    shadows = dict.fromkeys([*environment.SET, *environment.SHADOWS, *environment.OTHER_SOURCES], "stale")
    ours_before = {"MFASESSION_HOLDS": "stale/stale other", "MINE": "1"}
    done = live.run(*SERVER, "-p", "default", "--", sys.executable, "-c", SHOW, environ={**shadows, **ours_before})
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    token = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
    ours = {"AWS_CONTAINER_CREDENTIALS_FULL_URI", token, f"{token}_FILE"}
    kept = {"AWS_REGION", "AWS_DEFAULT_REGION", "MFASESSION_PROFILE", "AWSUME_PROFILE", "MFASESSION_HOLDS"}
    assert not ({*shadows} - ours - kept) & set(seen)
    assert (seen["AWS_REGION"], seen["MINE"], seen["HOME"]) == ("eu-north-1", "1", str(live.folder))
    assert "stale" not in seen.values()
    assert not any(secret in done.stdout for secret in (SECRET, SESSION_ID, "FwoG"))


def test_the_token_in_its_file(live: Home) -> None:
    """Rust's object_store (Polars, delta-rs) reads no variable, and botocore refuses a line end: the very same text."""
    line = 'printf %s "$AWS_CONTAINER_AUTHORIZATION_TOKEN" | cmp - "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"'
    done = live.run(*SERVER, "--", "sh", "-c", f'{line} && stat -c %a "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"')
    assert (done.returncode, done.stdout, done.stderr) == (0, "600\n", "")


def test_its_files(live: Home) -> None:
    """The profile's settings without its keys, for its owner alone, gone with the command."""
    words = ("sh", "-c", 'cat "$AWS_CONFIG_FILE" "$AWS_SHARED_CREDENTIALS_FILE"; ls -ld "${AWS_CONFIG_FILE%/*}"')
    done = live.run(*SERVER, "--", *words)
    assert done.stdout.startswith("[default]\nregion = eu-north-1\nretry_mode = adaptive\ndrwx------")
    assert left_behind(live) == []


def test_an_mfasession_inside_knows_the_users_files(live: Home) -> None:
    """The command in the endpoint's answer, `mfasession login`, works in a served shell; so does one more level."""
    status, process = f"{MFASESSION} status -p default --json", f"{MFASESSION} process"
    line = f"{status} && {process} && {MFASESSION} exec --server -- printenv AWS_REGION"
    done = live.run(*SERVER, "--", "sh", "-c", line)
    assert (done.returncode, done.stderr) == (0, "")
    assert SESSION_ID in done.stdout
    assert done.stdout.endswith("eu-north-1\n")
    assert left_behind(live) == []


@pytest.mark.parametrize(
    "settings",
    [
        f"services = x]\n  [profile default]\n  {STEALS}\n  [services y",
        f"s3 =\n  [default]\n  {STEALS}",
        f"s3 =\n  addressing_style = path\n  [profile default] ; odd\n  {STEALS}",
        f"services = own\n[services own]\nsts =\n  [default]\n  {STEALS}",
        f"output = json\n  {STEALS}",
    ],
    ids=["botocore", "first", "behind-a-key", "services", "second-line"],
)
def test_a_setting_that_would_be_a_section(live: Home, settings: str) -> None:
    """Refused: botocore, or the SDKs for Go and JavaScript, would read a credential_process in the copy and run it."""
    live.config.write_text(f"[default]\n{settings}\n")
    done = live.run(*SERVER, "--", "touch", "started")
    assert done.returncode == 3, done.stderr
    expected = "the settings of profile default cannot be copied into a file of their own"
    hint = f"look for line breaks and odd characters in its section: {live.config}"
    assert done.stderr == complaint(expected, hint)
    assert not {"stolen", "started"} & set(os.listdir(live.folder))
    assert left_behind(live) == []


@pytest.mark.parametrize("code", [0, 1, 6, 77, 255])
def test_the_exit_code_is_the_commands(live: Home, code: int) -> None:
    """Scripts go on as if it stood there alone."""
    done = live.run(*SERVER, "--", "sh", "-c", f"exit {code}")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGSEGV])
def test_a_signal_ends_it_as_the_command(live: Home, number: signal.Signals) -> None:
    """Whoever waits for us sees what ended the command, and no file is left."""
    done = live.run(*SERVER, "--", "sh", "-c", f"kill -{number.value} $$")
    assert (done.returncode, done.stderr) == (-number, "")
    assert left_behind(live) == []


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2]
)
def test_signals_are_passed_on(live: Home, number: signal.Signals) -> None:
    """A supervisor's signal to us reaches the command, which ends in its own way; without a terminal, ctrl-C's too."""
    name = number.name.removeprefix("SIG")
    script = f"trap 'echo CAUGHT; exit 9' {name}; echo READY; while :; do sleep 0.05; done"
    with subprocess.Popen(
        [MFASESSION, *SERVER, "--", "bash", "-c", script],
        env=live.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "READY\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=scaled(60))
    assert (process.returncode, out, err) == (9, "CAUGHT\n", "")
    assert left_behind(live) == []


def test_without_a_terminal_a_stopped_command_does_not_stop_us(live: Home) -> None:
    """No shell would continue us, as `cpulimit` continues the command: its credentials are served all the time."""
    script = "echo $$ $AWS_CONTAINER_CREDENTIALS_FULL_URI $AWS_CONTAINER_AUTHORIZATION_TOKEN; kill -STOP $$; echo BACK"
    with subprocess.Popen(
        [MFASESSION, *SERVER, "--", "bash", "-c", script],
        env=live.environ,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        command, uri, token = process.stdout.readline().split()
        wait_for(lambda: Path(f"/proc/{command}/stat").read_text().split()[2] == "T")
        assert ask(uri, token).status == 200
        os.kill(int(command), signal.SIGCONT)
        assert process.communicate(timeout=scaled(60))[0] == "BACK\n"
    assert process.returncode == 0


def test_ignored_signals_stay_ignored(live: Home) -> None:
    """`nohup mfasession exec --server -- job`: the hang-up reaches neither of us."""
    line = f"trap '' HUP; exec {MFASESSION} exec --server -- sh -c 'kill -HUP $PPID; kill -HUP $$; echo alive'"
    done = live.run_program("bash", "-c", line)
    assert (done.returncode, done.stdout) == (0, "alive\n")


def test_signals_are_as_the_shell_left_them(live: Home) -> None:
    """Python ignores SIGPIPE for itself; the command must not."""
    done = live.run(*SERVER, "--", "sh", "-c", "kill -PIPE $$; echo alive")
    assert (done.returncode, done.stdout) == (-signal.SIGPIPE, "")


def test_streams_and_words_go_through(live: Home) -> None:
    """Stdin is CMD's, its words are its own, and of our files the socket alone is open in it, which keeps the port."""
    show = "import os, sys; print(sys.argv[1:], sys.stdin.read(), len(os.listdir('/dev/fd')))"
    done = live.run(*SERVER, "--", sys.executable, "-c", show, "-p", "x y", "--", "", stdin="typed")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "['-p', 'x y', '--', ''] typed 5\n"


def test_files_that_the_shell_opens_for_the_command(live: Home) -> None:
    """`exec --server -- diff <(a) <(b)`: they are open in the command as they would be without us."""
    done = live.run_program("bash", "-c", f"{MFASESSION} exec --server -- cat <(echo one) <(echo two)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "one\ntwo\n", "")


def test_its_limits_are_its_own(live: Home) -> None:
    """We raise the number of open files and forbid cores for ourselves alone."""
    show = "ulimit -Sc; ulimit -Sn; ulimit -Hn"
    line = f"ulimit -c 1000; ulimit -Sn 300; {show}; exec {MFASESSION} exec --server -- bash -c '{show}'"
    done = live.run_program("bash", "-c", line)
    seen = done.stdout.split()
    assert seen[3:] == seen[:3]
    assert seen[1] == "300"


@pytest.mark.parametrize(("word", "code", "why"), CANNOT_BE_RUN)
def test_commands_that_cannot_be_run(live: Home, word: str, code: int, why: str) -> None:
    """127 and 126 as without --server, and nothing is left behind."""
    check_cannot_be_run(live, SERVER, word, code, why)
    assert left_behind(live) == []


def test_the_server_ends_with_the_command(live: Home) -> None:
    """Nothing listens any more."""
    done = live.run(*SERVER, "--", "sh", "-c", "echo $AWS_CONTAINER_CREDENTIALS_FULL_URI")
    port = int(done.stdout.rpartition(":")[2].partition("/")[0])

    def listens() -> bool:
        with open("/proc/net/tcp", encoding="ascii") as table:
            return f"0100007F:{port:04X} 00000000:0000 0A" in table.read()

    wait_for(lambda: not listens())


def test_two_at_once_do_not_interfere(live: Home) -> None:
    """Each has a port and a token of its own."""
    show = "echo $AWS_CONTAINER_CREDENTIALS_FULL_URI $AWS_CONTAINER_AUTHORIZATION_TOKEN; read -r _"
    words = [MFASESSION, *SERVER, "--", "sh", "-c", show]
    with (
        subprocess.Popen(words, env=live.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first,
        subprocess.Popen(words, env=live.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as second,
    ):
        assert first.stdout is not None
        assert second.stdout is not None
        ours, theirs = first.stdout.readline().split(), second.stdout.readline().split()
        assert ours[0] != theirs[0]
        assert ours[1] != theirs[1]
        for each in (first, second):
            each.communicate("\n", timeout=scaled(60))
            assert each.returncode == 0


def test_a_login_in_another_terminal_is_taken(live: Home) -> None:
    """The job that runs goes on with the new session, without a restart."""
    each_line = f"import sys\nfor _ in sys.stdin:\n exec({ASK!r})\n sys.stdout.flush()"
    with subprocess.Popen(
        [MFASESSION, *SERVER, "--", sys.executable, "-c", each_line],
        env=live.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as job:

        def token() -> str:
            assert job.stdin is not None
            assert job.stdout is not None
            job.stdin.write("\n")
            job.stdin.flush()
            return str(json.loads(job.stdout.readline())["Token"])

        assert token().startswith("FwoG")
        live.write_credentials(live.credentials.read_text().replace("FwoG", "Newer"))
        wait_for(lambda: token().startswith("Newer"))
        job.communicate(timeout=scaled(60))


def test_without_a_session_the_command_does_not_start(home: Home) -> None:
    """Half a job is worse than none."""
    home.write_credentials(key_pair())
    done = home.run(*SERVER, "--", "touch", "started")
    assert done.returncode == 6
    assert not (home.folder / "started").exists()
