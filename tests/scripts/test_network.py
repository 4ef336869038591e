"""The way to AWS fails: exit code 5, who did not answer, and a code that may have arrived is not sent again."""

import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mfasession.files import locks
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, log_in
from tests.helpers.listener import dripping, listening
from tests.helpers.patience import wait_for
from tests.helpers.support import MFASESSION, Home, key_pair, need, session_section

AGAIN = "look at the network, then run it again"
NEXT_CODE = "this code may be used up: wait for the next one on the device, then run it again"
SENT = complaint(
    "that code was sent to AWS before, and AWS takes each only once",
    "wait for the next code on the device, then run it again",
)
BUSY = complaint("AWS is busy and refuses to answer now (throttled)", "wait a minute, then run it again")


def failed(home: Home, *words: str, environ: dict[str, str] | None = None) -> str:
    """What a login says that did not reach AWS: every byte of the file as it was."""
    before = home.credentials.read_bytes()
    done = home.run("login", *words, environ=environ)
    assert (done.returncode, done.stdout) == (5, "")
    assert home.credentials.read_bytes() == before
    return done.stderr


def test_nothing_listens(home: Home) -> None:
    """No network, as a closed port has it."""
    home.write_credentials(key_pair())
    assert failed(home, "--code", "123456") == complaint("127.0.0.1 cannot be reached", AGAIN)


def test_an_endpoint_that_is_not_a_url(home: Home) -> None:
    """A mistake of the configuration, not of the network."""
    home.write_credentials(key_pair())
    done = home.run("login", "--code", "123456", environ={"AWS_ENDPOINT_URL": "sts.example"})
    assert (done.returncode, done.stderr) == (
        3,
        complaint("the endpoint_url is not a URL", "fix endpoint_url or AWS_ENDPOINT_URL"),
    )


def test_an_invalid_region(home: Home) -> None:
    """Reported as the region, wherever it stands."""
    home.write_credentials(key_pair())
    done = home.run("login", "--code", "123456", environ={"AWS_REGION": "eu west 1"})
    assert (done.returncode, done.stderr) == (
        3,
        complaint("the region is not a region's name", "fix region or AWS_REGION"),
    )


@pytest.mark.parametrize("port", ["closed", "refusing"])
def test_a_proxy_that_refuses(home: Home, port: str) -> None:
    """The proxy is named as the culprit, not AWS."""
    home.write_credentials(key_pair())
    with listening(answer=b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as (number, heard):
        proxy = f"http://127.0.0.1:{9 if port == 'closed' else number}"
        environ = {"AWS_ENDPOINT_URL": "https://sts.eu-west-1.amazonaws.com", "HTTPS_PROXY": proxy}
        assert failed(home, "--code", "123456", environ=environ) == complaint(
            "the proxy did not let the request through", "look at HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
        )
        assert all(line.startswith(b"CONNECT sts.eu-west-1.amazonaws.com:443 ") for line in heard)
        assert bool(heard) == (port == "refusing")


@pytest.fixture
def untrusted(tmp_path: Path) -> ssl.SSLContext:
    """A self-signed certificate."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
        f"-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout {key} -out {certificate}"
    )
    subprocess.run([need("openssl"), *words.split()], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_an_untrusted_certificate(home: Home, untrusted: ssl.SSLContext, tmp_path: Path) -> None:
    """Nothing is sent to whoever answers; behind a company proxy AWS_CA_BUNDLE fixes it."""
    home.write_credentials(key_pair())
    with listening(untrusted, b"HTTP/1.1 503 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as (port, heard):
        environ = {"AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}"}
        assert failed(home, "--code", "123456", environ=environ) == complaint(
            "the certificate of 127.0.0.1 is not trusted: another machine may be answering",
            "behind a company proxy, name its certificates: AWS_CA_BUNDLE=FILE",
        )
        assert not any(b"POST" in line for line in heard)
        environ["AWS_CA_BUNDLE"] = str(tmp_path / "certificate.pem")
        said = failed(home, "--code", "123456", environ=environ)
        assert said == complaint("AWS failed to answer GetCallerIdentity (503)", "run it again in a moment")
        assert any(b"POST" in line for line in heard)


def test_the_consoles_sign_in_checks_the_certificate(home: Home, untrusted: ssl.SSLContext, tmp_path: Path) -> None:
    """A role's session itself is sent there: not to whoever answers, and AWS_CA_BUNDLE counts as for every call."""
    role = "arn:aws:iam::123456789012:role/admin"
    home.config.write_text(f"[profile admin]\nrole_arn = {role}\nsource_profile = default\n")
    home.write_credentials(key_pair() + session_section("admin-mfa", extra=f"mfasession_role_arn = {role}\n"))
    with listening(untrusted, b"HTTP/1.1 503 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as (port, heard):
        environ = {"AWS_ENDPOINT_URL_SIGNIN": f"https://127.0.0.1:{port}"}
        done = home.run("console", "-p", "admin", "--print", environ=environ)
        assert done.returncode == 5
        assert done.stderr.startswith("mfasession: the certificate of 127.0.0.1 is not trusted")
        assert not any(b"POST" in line for line in heard)
        environ["AWS_CA_BUNDLE"] = str(tmp_path / "certificate.pem")
        done = home.run("console", "-p", "admin", "--print", environ=environ)
        said = complaint("AWS failed to answer getSigninToken (503)", "run it again in a moment")
        assert (done.returncode, done.stderr) == (5, said)
        assert any(b"POST /federation " in line for line in heard)


def test_an_invalid_ca_bundle(home: Home) -> None:
    """The file that AWS_CA_BUNDLE names is not there."""
    home.write_credentials(key_pair())
    environ = {"AWS_ENDPOINT_URL": "https://127.0.0.1:9", "AWS_CA_BUNDLE": "/no/such/file"}
    done = home.run("login", "--code", "123456", environ=environ)
    assert (done.returncode, done.stderr) == (
        3,
        complaint("there are no certificates at /no/such/file", "fix AWS_CA_BUNDLE, or ca_bundle in the profile"),
    )


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("lose_answer", "127.0.0.1 did not answer GetSessionToken"),
        ("hang_up", "127.0.0.1 did not answer GetSessionToken"),
        ("cut_answer", "something other than AWS answered GetSessionToken"),
        ("error500", "AWS failed to answer GetSessionToken (InternalFailure)"),
    ],
)
def test_a_lost_answer_is_not_asked_for_again(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, kind: str, message: str
) -> None:
    """The code may be used up: it is sent once, never again, and the next one makes the session."""
    code = alice.devices[0].code()
    aws.faults.add("GetSessionToken", kind)
    assert failed(alices_home, "--code", code) == complaint(message, NEXT_CODE)
    assert asked(aws, alice).count("GetSessionToken") == 1
    done = alices_home.run("login", "--code", code)
    assert (done.returncode, done.stderr) == (4, SENT)
    assert asked(aws, alice).count("GetSessionToken") == 1
    log_in(alices_home, alice.devices[0], steps=1)


@pytest.mark.parametrize("action", ["GetCallerIdentity", "ListMFADevices", "GetSessionToken"])
def test_throttled_for_a_moment(aws: Sandbox, alices_home: Home, alice: SandboxUser, action: str) -> None:
    """AWS has not looked at a throttled request: the same one goes out again, with the same code."""
    aws.faults.add(action, "throttle", times=2)
    log_in(alices_home, alice.devices[0])
    assert asked(aws, alice).count(action) == 3


def test_throttled_for_good(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Four tries and no more; the code was not looked at and is still good."""
    code = alice.devices[0].code()
    aws.faults.add("GetSessionToken", "throttle", times=9)
    assert failed(alices_home, "--code", code) == BUSY
    assert asked(aws, alice).count("GetSessionToken") == 4
    aws.faults.clear()
    assert alices_home.run("login", "--code", code).returncode == 0


@pytest.mark.parametrize("kind", ["hang_up", "lose_answer", "cut_answer", "error500"])
@pytest.mark.parametrize("action", ["GetCallerIdentity", "ListMFADevices"])
def test_a_question_that_costs_nothing_is_asked_again(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, action: str, kind: str
) -> None:
    """A hiccup on the way is not a failure."""
    aws.faults.add(action, kind, times=2)
    log_in(alices_home, alice.devices[0])
    assert asked(aws, alice).count(action) == 3


def test_a_code_is_still_good_when_aws_was_never_asked(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """No network now, network again: the same code a few seconds later is not a second use."""
    code = alice.devices[0].code()
    assert failed(alices_home, "--code", code, environ={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}).startswith(
        "mfasession: 127.0.0.1 cannot be reached\n"
    )
    aws.faults.add("GetCallerIdentity", "hang_up", times=9)
    assert failed(alices_home, "--code", code) == complaint("127.0.0.1 did not answer GetCallerIdentity", AGAIN)
    aws.faults.clear()
    assert alices_home.run("login", "--code", code).returncode == 0


def test_a_live_session_needs_no_network(home: Home) -> None:
    """Everything but a login works on the train."""
    home.write_credentials(key_pair() + session_section())
    for words in (("env",), ("process",), ("exec", "--", "true"), ("status",), ("login",)):
        assert home.run(*words).returncode == 0


@pytest.mark.parametrize("place", ["server", "proxy", "TLS"])
def test_a_head_that_never_ends(home: Home, place: str) -> None:
    """A byte a second, from whoever is on the way: one deadline for all of it, and it is not asked again."""
    home.write_credentials(key_pair())
    with dripping() as port:
        environ = {"AWS_ENDPOINT_URL": f"http{'s' if place == 'TLS' else ''}://127.0.0.1:{port}"}
        if place == "proxy":
            environ = {
                "AWS_ENDPOINT_URL": "https://sts.eu-west-1.amazonaws.com",
                "HTTPS_PROXY": f"http://127.0.0.1:{port}",
            }
        said = failed(home, "--code", "123456", environ=environ)
    host = "sts.eu-west-1.amazonaws.com" if place == "proxy" else "127.0.0.1"
    if place == "TLS":
        assert said.startswith(f"mfasession: the certificate of {host} is not trusted")
    else:
        assert said == complaint(f"{host} did not answer GetCallerIdentity", AGAIN)


@contextmanager
def hanging(home: Home) -> Iterator["subprocess.Popen[str]"]:
    """A login that holds its lock and waits for a server that drips."""
    folder = home.folder / ".local" / "state" / "mfasession"
    with (
        dripping() as port,
        subprocess.Popen(
            [MFASESSION, "login", "--code", "123456"],
            env={**home.environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"},
            cwd=home.folder,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
        ) as login,
    ):
        wait_for(lambda: any(locks.holder(str(path)) == login.pid for path in folder.rglob("*") if path.is_file()))
        try:
            yield login
        finally:
            login.kill()


def test_waiting_for_a_hanging_login_is_reported(alices_home: Home, alice: SandboxUser) -> None:
    """Without a terminal, too: which process it is. The one that hangs ends by itself, and the other has its turn."""
    with hanging(alices_home) as login:
        done = alices_home.run("login", "--code", alice.devices[0].code())
        assert done.returncode == 0, done.stderr
        said = f"mfasession: waiting for process {login.pid} (mfasession login), which logs in for profile default\n"
        assert done.stderr.startswith(said)
        assert "123456" not in done.stderr
        assert login.communicate()[1] == complaint("127.0.0.1 did not answer GetCallerIdentity", AGAIN)
        assert login.returncode == 5


def test_waiting_for_a_stopped_login_ends(alices_home: Home, alice: SandboxUser) -> None:
    """A process that was stopped holds its lock for ever; here five minutes are three seconds."""
    program = (
        "import sys; from mfasession import cli; from mfasession.sessions import renew; renew.PATIENCE = 3.0; "
        "sys.exit(cli.main())"
    )
    with hanging(alices_home) as login:
        login.send_signal(signal.SIGSTOP)
        done = alices_home.run_program(sys.executable, "-c", program, "login", "--code", alice.devices[0].code())
    assert done.returncode == 6
    assert f"process {login.pid} (mfasession login) has not ended its login within 3 s" in done.stderr
    assert f"kill {login.pid}" in done.stderr


def test_no_other_address_is_contacted(alices_home: Home, alice: SandboxUser, aws: Sandbox) -> None:
    """No telemetry and no look for updates: what is connected to is AWS, by the address that the user set."""
    log = alices_home.folder / "connected"
    strace = (need("strace"), "-f", "-qq", "-o", str(log), "-e", "trace=connect,sendto,sendmsg")
    own = f'sin_port=htons({aws.url.rpartition(":")[2]}), sin_addr=inet_addr("127.0.0.1")'
    for words in (("login", "--code", alice.devices[0].code()), ("whoami",), ("uninstall", "--yes")):
        done = alices_home.run_program(*strace, MFASESSION, *words)
        assert done.returncode == 0, done.stderr
        asked_for = re.findall(r"sa_family=AF_INET6?,.*", log.read_text())
        assert bool(asked_for) == (words[0] != "uninstall")
        assert all(own in line for line in asked_for), asked_for
