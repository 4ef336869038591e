"""`mfasession serve`: lines to use, many clients, hostile ones among them, renewed by itself, and a good end."""

import os
import re
import resource
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.helpers.checks import complaint
from tests.helpers.patience import promised, scaled, wait_for
from tests.helpers.serving import Served, ask, serve
from tests.helpers.support import MFASESSION, SECRET, SESSION_ID, Home, key_pair, session_section


@pytest.fixture
def live(home: Home) -> Home:
    """Two profiles with sessions that live until 2099."""
    home.write_credentials(
        key_pair() + session_section() + key_pair("my work") + session_section("my work-mfa").replace("FwoG", "Other")
    )
    home.config.write_text("[default]\nregion = eu-north-1\n")
    return home


def test_the_printed_lines(live: Home) -> None:
    """The lines to eval elsewhere; the token is in a file of its owner's alone, without a newline, and on no screen."""
    with serve(live) as served:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/profile/default", served.uri)
        assert len(served.token) == 43
        assert stat.S_IMODE(served.token_file.stat().st_mode) == 0o600
        assert served.value("AWS_REGION") == "eu-north-1"
        unset = {line.split()[1].rstrip(";") for line in served.lines if line.startswith("\\unset")}
        assert {"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN"} <= unset
        assert f"mfasession: profile default is served at {served.uri}\n" in served.said
        assert served.token not in "".join(served.lines) + served.said
        answer = served.ask()
        assert (answer.status, answer.json["AccessKeyId"]) == (200, SESSION_ID)
        assert set(answer.json) == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}
    assert not served.token_file.parent.exists()


def test_the_token_is_new_each_time(live: Home) -> None:
    """256 bits from the system's generator; yesterday's opens nothing."""
    with serve(live) as first, serve(live) as second:
        assert first.token != second.token
        assert ask(second.uri, first.token).status == 401


def test_the_runtime_folder_holds_the_token(live: Home) -> None:
    """Where there is one, it is gone with the user's session even after a power cut."""
    runtime = live.folder / "run"
    runtime.mkdir(mode=0o700)
    with serve(live, environ={"XDG_RUNTIME_DIR": str(runtime)}) as served:
        assert served.token_file.parent.parent == runtime / "mfasession"


@pytest.mark.parametrize("how", ["missing", "shared"])
def test_a_runtime_folder_that_is_not_ours_alone_is_not_used(live: Home, how: str) -> None:
    """One of another user, or none at all, as `su` and containers leave the variable."""
    runtime = live.folder / "run"
    if how == "shared":
        runtime.mkdir()
        runtime.chmod(0o755)
    with serve(live, environ={"XDG_RUNTIME_DIR": str(runtime)}) as served:
        assert served.token_file.parent.parent == live.folder / ".local/state/mfasession"


@pytest.mark.parametrize("shell", ["fish", "json"])
def test_other_shells(live: Home, shell: str) -> None:
    """The dialects of `env`."""
    process = subprocess.Popen(
        [MFASESSION, "serve", "--shell", shell],
        env=live.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = process.stdout.readline() + process.stdout.readline()
        assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" in lines
        assert "export" not in lines
    finally:
        process.terminate()
        process.communicate(timeout=scaled(60))


def test_one_path_a_profile(live: Home) -> None:
    """One endpoint for all of them; the printed lines are for the first."""
    with serve(live, "-p", "my work", "-p", "default") as served:
        assert served.uri.endswith("/profile/my%20work")
        assert served.ask().json["Token"].startswith("Other")
        assert served.ask("default").json["Token"].startswith("FwoG")
        refused = served.ask("other")
        assert (refused.status, refused.json["Code"]) == (404, "NoSuchPath")


def test_only_loopback_listens(live: Home) -> None:
    """No other machine reaches it: the kernel's own list says 127.0.0.1."""
    with serve(live) as served:
        with open("/proc/net/tcp", encoding="ascii") as table:
            listening = [row.split()[1] for row in table if row.split()[3] == "0A"]
        assert f"0100007F:{served.port:04X}" in listening
        assert f"00000000:{served.port:04X}" not in listening


def test_a_port_of_ones_own(live: Home) -> None:
    """`ssh -R` wants it known; one that is taken is reported."""
    with serve(live) as served:
        done = live.run("serve", "--port", str(served.port))
    expected = f"port {served.port} of 127.0.0.1 cannot be served: address already in use"
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == complaint(expected, "choose another --port, or leave it out")
    with serve(live, "--port", str(served.port)) as again:
        assert again.port == served.port


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_good_end(live: Home, number: signal.Signals) -> None:
    """SIGTERM, ctrl-C, the window closed: exit code 0, and no file stays."""
    with serve(live) as served:
        assert served.ask().status == 200
        served.process.send_signal(number)
        assert served.process.wait(60) == 0
        assert not served.token_file.exists()
        assert "Traceback" not in served.said


def test_a_signal_right_after_the_first_line(live: Home) -> None:
    """Whoever reads its first line may end it: it is heard already, and no file stays."""
    for _ in range(5):
        with subprocess.Popen(
            [MFASESSION, "serve", "--shell", "bash"],
            env=live.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.terminate()
            assert process.wait(60) == 0
    assert list(live.folder.rglob("token")) == []


def test_nohup_outlives_the_terminal(live: Home) -> None:
    """An ignored hang-up ends nothing."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with serve(live) as served:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            served.process.send_signal(signal.SIGHUP)
            assert served.ask().status == 200
            assert served.process.poll() is None
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def test_without_a_session_it_does_not_start(home: Home) -> None:
    """No terminal: exit code 6, before anything listens."""
    home.write_credentials(key_pair())
    done = home.run("serve")
    assert (done.returncode, done.stdout) == (6, "")
    assert "there is no session for profile default" in done.stderr


def test_the_secrets_are_nowhere_else(live: Home) -> None:
    """Neither in its words nor on its streams; and no log of who asked."""
    with serve(live) as served:
        for token in (served.token, "wrong"):
            ask(served.uri, token)
        with open(f"/proc/{served.process.pid}/cmdline", "rb") as words:
            line = words.read()
        said = served.said + "".join(served.lines)
        assert not any(secret in said or secret.encode() in line for secret in (SECRET, "FwoG", served.token))
        assert len(served.said.splitlines()) == 2


# Hostile clients


@contextmanager
def connected(served: Served, count: int, words: bytes = b"") -> Iterator[list[socket.socket]]:
    """So many connections at once, on each of which the words were sent."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, count + 500), hard), hard))
    with ExitStack() as stack:
        clients = []
        for _ in range(count):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=scaled(30)))
            if words:
                client.sendall(words)
            clients.append(client)
        yield clients


def request_of(served: Served, token: str = "") -> bytes:
    """The bytes of one right request."""
    path = served.uri.partition(f":{served.port}")[2]
    host = f"127.0.0.1:{served.port}"
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token or served.token}\r\n\r\n".encode()


def received(client: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    data = b""
    try:
        while chunk := client.recv(65536):
            data += chunk
    except ConnectionResetError:
        pass
    return data


def test_a_thousand_at_once(live: Home) -> None:
    """Each of a thousand open connections is answered."""
    with serve(live) as served, connected(served, 1000, request_of(served)) as clients:
        assert all(client.recv(65536).startswith(b"HTTP/1.1 200 ") for client in clients)


@pytest.mark.parametrize("words", [b"", b"GET /profile/default HTTP/1.1\r\nX: y"], ids=["silent", "slow"])
def test_silent_connections_do_not_keep_others_out(live: Home, words: bytes) -> None:
    """Slow-loris: more connections than we hold, and the next client is served at once; the oldest ones are closed."""
    with serve(live) as served, connected(served, 2100, words) as clients:
        assert served.ask().status == 200
        clients[0].settimeout(scaled(60))
        received(clients[0])


def test_a_slow_client_is_given_up(live: Home) -> None:
    """After ten seconds, with a word for it; one that stays silent is closed without."""
    begun = b"GET /profile/default HTTP/1.1\r\n"
    with serve(live) as served, connected(served, 1, begun) as (slow,), connected(served, 1) as (silent,):
        assert received(slow).startswith(b"HTTP/1.1 408 ")
        assert received(silent) == b""
        assert served.ask().status == 200


def test_requests_that_arrive_together(live: Home) -> None:
    """Pipelining: a hundred in one piece, answered in turn, and the last one closes."""
    with serve(live) as served:
        last = request_of(served).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        with connected(served, 1, request_of(served) * 99 + last) as (client,):
            assert received(client).count(b"HTTP/1.1 200 OK\r\n") == 100


def test_a_client_that_never_reads(live: Home) -> None:
    """It gets no more than buffers hold, others are served, and memory stays what it was."""

    def size() -> int:
        with open(f"/proc/{served.process.pid}/statm", encoding="ascii") as table:
            return int(table.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    with serve(live) as served, connected(served, 5) as clients:
        served.ask()
        before = size()
        for client in clients:
            client.settimeout(0.5)
            with pytest.raises(OSError, match=r"timed out|reset|[Bb]roken"):
                client.sendall(request_of(served) * 100_000)
            assert served.ask().status == 200
        assert size() - before < 64 * 1024 * 1024


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000, b"431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
        (b"\0" * 1000 + b"\r\n\r\n", b"400"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400"),
        (b"POST /profile/default HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", b"400"),
    ],
    ids=["huge", "tls", "zeros", "http2", "body"],
)
def test_noise_is_refused_and_closed(live: Home, words: bytes, status: bytes) -> None:
    """One answer, the end of the connection, and a server that goes on."""
    with serve(live) as served:
        with connected(served, 1, words) as (client,):
            assert received(client).startswith(b"HTTP/1.1 " + status)
        assert served.ask().status == 200


def test_a_page_in_a_browser_gets_nothing(live: Home) -> None:
    """DNS rebinding: its own name gives it away, even with the token."""
    with serve(live) as served:
        refused = ask(served.uri, served.token, headers={"Host": f"evil.example:{served.port}"})
        assert (refused.status, refused.json["code"]) == (403, "ForeignHost")
        assert ask(served.uri, served.token, method="OPTIONS").status == 405


def test_the_answer_is_quick(live: Home) -> None:
    """Fifty milliseconds are promised; the median of many on a busy computer."""
    with serve(live) as served:
        times = []
        for _ in range(50):
            begun = time.monotonic()
            assert served.ask().status == 200
            times.append(time.monotonic() - begun)
    assert sorted(times)[25] < promised(0.05)


# Sessions that change


def test_a_login_elsewhere_is_served(live: Home) -> None:
    """The files are watched: a new session, no session, a session again."""
    with serve(live) as served:
        text = live.credentials.read_text()
        live.write_credentials(text.replace("FwoG", "Newer"))
        wait_for(lambda: served.ask().json["Token"].startswith("Newer"))
        assert live.run("logout").returncode == 0
        refused = wait_for(lambda: (answer := served.ask()).status != 200 and answer)
        assert (refused.status, refused.json["code"]) == (403, "NoSession")
        assert refused.json["message"].endswith("run mfasession login -p default")
        live.write_credentials(text)
        wait_for(lambda: served.ask().status == 200)


def test_broken_files_do_not_end_what_lives(live: Home) -> None:
    """An editor saves half a file: the session is served on."""
    with serve(live) as served:
        text = live.credentials.read_text()
        live.write_credentials("[default\n", mode=0o644)
        live.run("process")
        assert served.ask().status == 200
        live.write_credentials(text.replace("FwoG", "Newer"))
        wait_for(lambda: served.ask().json["Token"].startswith("Newer"))


def test_a_file_that_is_empty_while_it_is_saved(live: Home) -> None:
    """A program that does not replace it empties it first: for a moment there is no session in it."""
    with serve(live) as served, live.credentials.open("r+") as file:
        text = file.read()
        for _ in range(50):
            began = time.monotonic()
            file.truncate(0)
            time.sleep(0.03)
            answer = served.ask()
            file.seek(0)
            file.write(text)
            file.flush()
            # A moment is shorter than what it may take on a busy machine.
            if time.monotonic() - began < 0.08:
                break
            wait_for(lambda: served.ask().status == 200)
        else:
            pytest.fail("the machine is too busy")
        assert answer.status == 200
