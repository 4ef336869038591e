"""`mfasession console`: a browser for each profile, several pages at once, and the address for a phone."""

import json
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mfasession.sandbox import Sandbox, SandboxRole, SandboxUser
from tests.helpers.browsing import Browser, program
from tests.helpers.checks import complaint, have_session
from tests.helpers.enrolling import scanned
from tests.helpers.patience import wait_for
from tests.helpers.seat import APART, Seat, seat
from tests.helpers.support import MFASESSION, Home
from tests.scripts.test_roles import profile

CORRECT = "correct browser in config.toml, or run it again with --print"


@pytest.fixture
def admin(aws: Sandbox, alice: SandboxUser) -> SandboxRole:
    """A role that trusts Alice."""
    return aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])


@pytest.fixture
def live(aws: Sandbox, alices_home: Home, alice: SandboxUser, admin: SandboxRole) -> Home:
    """Alice's home with her session, and two profiles for the role."""
    alices_home.config.write_text(profile("admin", admin.arn) + profile("audit", admin.arn))
    have_session(alices_home, alice.devices[0])
    aws.forget_calls()
    return alices_home


def browser_setting(record: Path, *, at_its_end: bool = False) -> str:
    """The line of config.toml that names a browser which keeps a record."""
    words = shlex.split(program(record))
    return f"browser = {{ command = {json.dumps(words[:-1] if at_its_end else words)} }}\n"


@pytest.mark.parametrize("at_its_end", [False, True], ids=["%s", "last word"])
def test_each_profile_has_its_browser(live: Home, admin: SandboxRole, *, at_its_end: bool) -> None:
    """The profile's, else the common one; neither asks $BROWSER."""
    common, own = live.folder / "common", live.folder / "own"
    live.write_settings(
        f"{browser_setting(common, at_its_end=at_its_end)}[profiles.audit]\n"
        f"{browser_setting(own, at_its_end=at_its_end)}"
    )
    for name, record in (("admin", common), ("audit", own)):
        done = live.run("console", "-p", name, environ={"BROWSER": "false"})
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        wait_for(record.exists)
        assert f"assumed-role/{admin.name}/" in json.loads(record.read_text())["page"]["text"]
        record.unlink()
    assert not common.exists()
    assert not own.exists()


def test_a_configured_browser_that_is_not_there(aws: Sandbox, live: Home) -> None:
    """Reported before AWS is asked for anything; with --print it is not needed."""
    live.write_settings('browser = { command = ["no-such-browser"] }\n')
    done = live.run("console", "-p", "admin")
    message = complaint("there is no program no-such-browser, the configured browser", CORRECT)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", message)
    assert aws.calls() == []
    assert live.run("console", "-p", "admin", "--print").returncode == 0


def test_several_services(live: Home) -> None:
    """One page each, each signed in by itself."""
    done = live.run("console", "-p", "admin", "--print", "--service", "s3", "--service", "ec2")
    assert done.returncode == 0, done.stderr
    pages = [Browser().open(line).url for line in done.stdout.splitlines()]
    assert [urlsplit(page).path for page in pages] == ["/s3/home", "/ec2/home"]
    assert "anyone with one of these addresses is signed in" in done.stderr


def test_several_services_in_the_browser(live: Home) -> None:
    """The browser is started once for each page."""
    log = live.folder / "log"
    live.write_settings(f"browser = {{ command = {json.dumps(['sh', '-c', browsing(log), '%s'])} }}\n")
    done = live.run("console", "-p", "admin", "--service", "s3", "--service", "ec2")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    wait_for(lambda: log.exists() and log.read_text().count("\n") == 2)
    assert [urlsplit(line).path for line in log.read_text().splitlines()] == ["/s3/home", "/ec2/home"]


def browsing(log: Path) -> str:
    """A script that goes to the page and notes where it has ended."""
    return f"curl -sL -b none -o /dev/null -w '%{{url_effective}}\n' \"$0\" >>{shlex.quote(str(log))}"


def printed(sitting: Seat) -> str:
    """Wait for the end of a command that ran APART and went well: its stderr."""
    sitting.end()
    said = (sitting.home.folder / "err").read_text()
    assert (sitting.home.folder / "code").read_text() == "0\n", said
    return said


def test_for_a_phone(live: Home, admin: SandboxRole) -> None:
    """`--print --qr`: what a phone reads is the address on stdout."""
    with seat(live, *APART, MFASESSION, "console", "-p", "admin", "--print", "--qr", columns=200, rows=100) as sitting:
        said = printed(sitting)
    assert said.startswith("mfasession: anyone with this address")
    address = (live.folder / "out").read_text().strip()
    assert scanned(sitting.seen, live.folder) == address
    assert f"assumed-role/{admin.name}/" in Browser().open(address).text


def test_a_window_that_is_too_small_for_the_code(live: Home) -> None:
    """The address is printed all the same."""
    with seat(live, *APART, MFASESSION, "console", "-p", "admin", "--print", "--qr", columns=40) as sitting:
        said = printed(sitting)
    assert "mfasession: the QR code needs a window of " in said
    assert (live.folder / "out").read_text().startswith("http")


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("--qr",), 2, complaint("--qr shows the address that --print prints", "add --print")),
        (("--qr", "--print"), 6, complaint("no terminal to show a QR code on", "leave --qr out")),
    ],
)
def test_no_place_for_the_code(aws: Sandbox, live: Home, words: tuple[str, ...], status: int, message: str) -> None:
    """Reported before AWS is asked for anything."""
    done = live.run("console", "-p", "admin", *words)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", message)
    assert aws.calls() == []
