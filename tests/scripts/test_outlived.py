"""A program that outlives its server: no other program gets the port that it trusts, and nothing stays behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mfasession.programs import guard_program
from tests.helpers.patience import wait_for
from tests.helpers.serving import Served, ask, serve
from tests.helpers.support import MFASESSION, Home, need

THIEF = """
import socket, sys
thief = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
for option in sys.argv[3:]:
    thief.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
try:
    thief.bind((sys.argv[1], int(sys.argv[2])))
    thief.listen()
except OSError as error:
    sys.exit(error.strerror)
"""
ADDRESSES = ("127.0.0.1", "0.0.0.0", "::ffff:127.0.0.1")
OPTIONS = ((), ("SO_REUSEADDR",), ("SO_REUSEPORT",), ("SO_REUSEADDR", "SO_REUSEPORT"))
WAITS = 'echo "$$ $AWS_CONTAINER_CREDENTIALS_FULL_URI ${AWS_CONFIG_FILE%/*}"; '


def port_of(uri: str) -> int:
    """The port in a URL."""
    return int(uri.split(":")[2].partition("/")[0])


def taken_by_another_user(port: int) -> list[str]:
    """The ways in which another user of this computer gets to listen on the port."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    other = (need("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c", THIEF)
    ways = [(address, str(port), *options) for address in ADDRESSES for options in OPTIONS]
    done = [subprocess.run([*other, *way], capture_output=True, text=True, check=False, cwd="/") for way in ways]
    assert all(each.returncode == 0 or each.stderr == "Address already in use\n" for each in done)
    return [" ".join(way) for way, each in zip(ways, done, strict=True) if each.returncode == 0]


def guards(port: int) -> list[int]:
    """The processes that guard a port."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(guard_program.__file__) in words and f"http://127.0.0.1:{port}/".encode() in words:
            found.append(int(place.name))
    return found


@contextmanager
def outlived(home: Home, *words: str) -> Iterator[tuple[int, str, Path]]:
    """A command whose `exec --server` was killed: its process, the URI and the folder of its files."""
    with subprocess.Popen(
        [MFASESSION, "exec", "--server", "--", *words],
        env=home.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as server:
        assert server.stdout is not None
        process, uri, folder = server.stdout.readline().split()
        try:
            server.kill()
            server.wait()
            yield int(process), uri, Path(folder)
        finally:
            os.kill(int(process), signal.SIGKILL)


def test_a_thief_may_get_a_port_that_is_not_held(live: Home) -> None:
    """The test itself: a port that is free is taken in every way."""
    done = live.run("exec", "--server", "--", "sh", "-c", WAITS)
    port = port_of(done.stdout.split()[1])
    wait_for(lambda: not guards(port))
    assert len(taken_by_another_user(port)) == len(ADDRESSES) * len(OPTIONS)


@pytest.mark.parametrize(
    "command",
    [
        ("sh", "-c", f"{WAITS} exec sleep 100"),
        (
            "bash",
            "-c",
            f"{WAITS} for n in /proc/self/fd/*; do eval exec ${{n##*/}}'>&-'; done; while :; do sleep 1; done",
        ),
        (sys.executable, "-c", f"import subprocess; subprocess.run(['sh', '-c', {WAITS + 'exec sleep 100'!r}])"),
        ("setsid", "--fork", "sh", "-c", f"{WAITS} exec sleep 100"),
    ],
    ids=["keeps", "closes", "grandchild", "daemon"],
)
def test_the_port_of_a_killed_server(live: Home, command: tuple[str, ...]) -> None:
    """Whatever the command does with the files that it was given, the port is not free while it lives."""
    with outlived(live, *command) as (_, uri, folder):
        wait_for(lambda: not folder.exists())
        assert taken_by_another_user(port_of(uri)) == []


def test_the_port_of_a_server_without_standard_streams(live: Home) -> None:
    """No descriptor that is handed on has the number of a stream; and the command has none, either (POSIX, `<&-`)."""
    script = f"{WAITS} cat; sleep 100 >/dev/null 2>&1 & echo $!"
    done = live.run_program("sh", "-c", f"{MFASESSION} exec --server -- sh -c '{script}' <&-")
    (_, uri, _), (job,) = (line.split() for line in done.stdout.splitlines())
    try:
        assert "Bad file descriptor" in done.stderr
        assert taken_by_another_user(port_of(uri)) == []
    finally:
        os.kill(int(job), signal.SIGTERM)


def test_the_command_holds_the_port_by_itself(live: Home) -> None:
    """The guard was killed, too: the socket that the command inherited is enough."""
    with outlived(live, "sh", "-c", f"{WAITS} exec sleep 100") as (_, uri, _folder):
        for guard in guards(port_of(uri)):
            os.kill(guard, signal.SIGKILL)
        wait_for(lambda: not guards(port_of(uri)))
        assert taken_by_another_user(port_of(uri)) == []


def test_the_command_is_not_kept_waiting(live: Home) -> None:
    """A request to a server that was killed is refused at once, with what can be done about it."""
    with outlived(live, "sh", "-c", f"{WAITS} exec sleep 100") as (_, uri, _folder):
        answer = ask(uri, "token")
        assert (answer.status, answer.json["Code"], answer.json["code"]) == (403, "Ended", "Ended")
        assert answer.json["message"] == guard_program.MESSAGE


def test_the_port_is_free_once_it_is_no_longer_trusted(live: Home) -> None:
    """The command has ended: the guard ends, too."""
    with outlived(live, "sh", "-c", f"{WAITS} exec sleep 100") as (process, uri, _folder):
        wait_for(lambda: guards(port_of(uri)))
        os.kill(process, signal.SIGTERM)
        wait_for(lambda: not guards(port_of(uri)))


def test_a_job_left_in_the_background(live: Home) -> None:
    """The command has ended well, and a job that it has left in the background trusts the port still."""
    script = f"{WAITS} sleep 100 >/dev/null 2>&1 & echo $!"
    done = live.run("exec", "--server", "--", "sh", "-c", script)
    (_, uri, _), (job,) = (line.split() for line in done.stdout.splitlines())
    try:
        assert taken_by_another_user(port_of(uri)) == []
    finally:
        os.kill(int(job), signal.SIGTERM)
    wait_for(lambda: not guards(port_of(uri)))


def test_files_of_dead_runs_are_removed(live: Home) -> None:
    """Server and guard were killed together: the next run removes their files, and those of one that lives stay."""
    with serve(live) as running, outlived(live, "sh", "-c", f"{WAITS} exec sleep 100") as (_, uri, folder):
        for guard in guards(port_of(uri)):
            os.kill(guard, signal.SIGKILL)
        wait_for(lambda: not guards(port_of(uri)))
        # The guard may have removed it before it was killed.
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "lock").touch(mode=0o600)
        (folder / "token").write_text("t")
        assert live.run("exec", "--server", "--", "true").returncode == 0
        assert not folder.exists()
        assert running.token_file.exists()


def test_a_killed_serve_leaves_no_token(live: Home) -> None:
    """Programs in other shells read the token's file at each request: without it they send nothing."""
    with serve(live, ending=signal.SIGKILL) as served:
        assert served.token_file.exists()
        served.process.kill()
        wait_for(lambda: not served.token_file.parent.exists())


def test_the_port_of_a_killed_serve(live: Home) -> None:
    """A program that was started with its lines holds the port; a new `serve` of the user gets it all the same."""
    with serve(live, ending=signal.SIGKILL) as served:
        client = subprocess.Popen(["sleep", "100"], env=environ_of(served))
        try:
            served.process.kill()
            wait_for(lambda: not served.token_file.parent.exists())
            assert taken_by_another_user(served.port) == []
            with serve(live, "--port", str(served.port)) as again:
                assert again.ask().status == 200
        finally:
            client.kill()
            client.wait()


def environ_of(served: Served) -> dict[str, str]:
    """The variables that a shell has by the printed lines."""
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": served.uri}


SANDBOX = "import sys; from mfasession.sandbox.run import run; sys.exit(run(sys.argv[1:]))"


def test_the_port_of_a_killed_sandbox(home: Home) -> None:
    """Its command would take anyone's answers for those of AWS."""
    script = 'echo "$$ $AWS_ENDPOINT_URL ${AWS_CONFIG_FILE%/*/*}"; exec sleep 100'
    with subprocess.Popen(
        [sys.executable, "-c", SANDBOX, "sh", "-c", script], env=home.environ, stdout=subprocess.PIPE, text=True
    ) as sandbox:
        assert sandbox.stdout is not None
        process, url, folder = sandbox.stdout.readline().split()
        try:
            sandbox.kill()
            sandbox.wait()
            wait_for(lambda: not Path(folder).exists())
            assert taken_by_another_user(port_of(f"{url}/")) == []
        finally:
            os.kill(int(process), signal.SIGKILL)
