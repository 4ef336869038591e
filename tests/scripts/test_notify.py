"""`mfasession notify`: a real notification daemon shows it, once for each session; the timer that runs it."""

import os
import plistlib
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.setup import notify_timer
from tests.helpers.checks import complaint, have_session
from tests.helpers.desktop import Desktop, desktop
from tests.helpers.patience import scaled
from tests.helpers.support import MFASESSION, Home, need
from tests.scripts.test_roles import age, profile

USE_WATCH = "run it inside a desktop, or use: mfasession status --watch"
NAMES = ("mfasession-notify.service", "mfasession-notify.timer")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """A desktop for all tests of the module."""
    with desktop(tmp_path_factory.mktemp("desktop") / "bus") as found:
        yield found


@pytest.fixture
def live(alices_home: Home, alice: SandboxUser) -> Home:
    """Alice's home with her session."""
    have_session(alices_home, alice.devices[0])
    return alices_home


def notified(home: Home, running: Desktop, *words: str) -> list[tuple[str, str]]:
    """What is shown by one run."""
    before = len(running.shown())
    done = home.run("notify", *words, environ=running.environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stderr
    return running.shown()[before:]


def test_a_session_that_is_about_to_end(live: Home, running: Desktop, aws: Sandbox) -> None:
    """Within ten minutes: its profile, its account, its end, and the command that renews it. Once."""
    age(live, "default-mfa", 660, aws)
    assert notified(live, running) == []
    age(live, "default-mfa", 590, aws)
    (shown,) = notified(live, running)
    assert shown[0] == "AWS session of default in 123456789012 ends in 10 min"
    assert re.fullmatch(r"At \d\d:\d\d\. mfasession login", shown[1])
    assert notified(live, running) == []


def test_the_next_session_is_another_one(live: Home, running: Desktop, aws: Sandbox) -> None:
    """What was said of the one before does not count."""
    age(live, "default-mfa", 300, aws)
    assert len(notified(live, running)) == 1
    age(live, "default-mfa", 500, aws)
    assert len(notified(live, running)) == 1


@pytest.mark.parametrize(("left", "count"), [(-60, 1), (-3500, 1), (-3700, 0)])
def test_one_that_has_ended_meanwhile(live: Home, running: Desktop, aws: Sandbox, left: int, count: int) -> None:
    """The computer slept through its last minutes: for an hour that is still news."""
    age(live, "default-mfa", left, aws)
    shown = notified(live, running)
    assert len(shown) == count
    assert all(title == "AWS session of default in 123456789012 has ended" for title, _ in shown)


def test_earlier(live: Home, running: Desktop, aws: Sandbox) -> None:
    """`--before`."""
    age(live, "default-mfa", 1700, aws)
    assert notified(live, running) == []
    assert len(notified(live, running, "--before", "30m")) == 1


def test_a_role_is_renewed_by_itself(live: Home, running: Desktop, aws: Sandbox, alice: SandboxUser) -> None:
    """Nobody has to do anything for it."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    live.config.write_text(profile("admin", role.arn))
    assert live.run("process", "-p", "admin").returncode == 0
    age(live, "admin-mfa", 300, aws)
    assert notified(live, running) == []


def test_another_profile_is_none_of_its_business(live: Home, running: Desktop, aws: Sandbox) -> None:
    """`-p`."""
    live.write_credentials(live.credentials.read_text() + "[other]\nmfa_serial = arn:aws:iam::123456789012:mfa/x\n")
    age(live, "default-mfa", 300, aws)
    assert notified(live, running, "-p", "other") == []
    assert len(notified(live, running, "-p", "default")) == 1


def test_a_name_is_no_markup(live: Home, running: Desktop, aws: Sandbox) -> None:
    """The text of a notification may hold markup (Desktop Notifications Specification), a profile's name does not."""
    text = live.credentials.read_text().replace("[default", "[a<b>&c")
    live.write_credentials(text)
    age(live, "a<b>&c-mfa", 300, aws)
    ((title, body),) = notified(live, running)
    assert "a<b>&c in 123456789012" in title
    assert "mfasession login -p 'a&lt;b&gt;&amp;c'" in body


def test_no_desktop(live: Home, aws: Sandbox) -> None:
    """Reported, and not remembered: the next run tries again."""
    age(live, "default-mfa", 300, aws)
    for environ, why in (
        ({}, "DBUS_SESSION_BUS_ADDRESS is not set"),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere/bus"}, "[Errno 2] No such file or directory"),
    ):
        done = live.run("notify", environ=environ)
        message = complaint(f"no desktop to show a notification on: {why}", USE_WATCH)
        assert (done.returncode, done.stdout, done.stderr) == (3, "", message)
    assert not (live.folder / ".local/state/mfasession/notified").exists()


def test_nothing_due_needs_no_desktop(live: Home) -> None:
    """The timer is silent all day."""
    done = live.run("notify")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def systemctl(tmp_path: Path) -> Path:
    """A folder for PATH whose `systemctl` notes its words: there is no systemd of a user here."""
    folder = tmp_path / "programs"
    folder.mkdir()
    program = folder / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >>{shlex.quote(str(folder / "log"))}\n')
    program.chmod(0o755)
    return folder


def test_the_timer(live: Home, systemctl: Path) -> None:
    """`--install` shows the files, writes and starts them; again it changes nothing; `--uninstall` takes all away."""
    environ = {"PATH": f"{systemctl}:{live.environ['PATH']}"}
    done = live.run("notify", "--before", "15m", "--install", "--yes", environ=environ)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    folder = live.folder / ".config/systemd/user"
    written = {name: (folder / name).read_text() for name in NAMES}
    for line in written[NAMES[0]].splitlines():
        assert f"\n  +{line}\n" in done.stderr
    assert f'ExecStart="{MFASESSION}" "notify" "--before" "900s" "--no-input"\n' in written[NAMES[0]]
    assert "a notification comes 15 min before a session ends" in done.stderr
    again = live.run("notify", "--before", "15m", "--install", environ=environ)
    assert again.returncode == 0, again.stderr
    assert {name: (folder / name).read_text() for name in NAMES} == written
    done = live.run("notify", "--uninstall", "--yes", environ=environ)
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == []
    start = ["--user daemon-reload", "--user enable --now mfasession-notify.timer"]
    stop = ["--user disable --now mfasession-notify.timer"]
    assert (systemctl / "log").read_text().splitlines() == [*start, *start, *stop]
    assert "there is no timer" in live.run("notify", "--uninstall", environ=environ).stderr


def test_the_timer_asks(live: Home, systemctl: Path) -> None:
    """Without a terminal and without `--yes`: exit code 6, and nothing is written."""
    done = live.run("notify", "--install", environ={"PATH": f"{systemctl}:{live.environ['PATH']}"})
    assert done.returncode == 6, done.stderr
    assert "hint: mfasession notify --install --yes" in done.stderr
    assert not (live.folder / ".config/systemd").exists()


def test_a_file_that_is_not_ours(live: Home, systemctl: Path) -> None:
    """It stays."""
    path = live.folder / ".config/systemd/user/mfasession-notify.timer"
    path.parent.mkdir(parents=True)
    path.write_text("[Timer]\n")
    environ = {"PATH": f"{systemctl}:{live.environ['PATH']}"}
    for word in ("--install", "--uninstall"):
        done = live.run("notify", word, "--yes", environ=environ)
        assert (done.returncode, done.stderr) == (3, complaint(f"{path} is not from mfasession", "move it away"))
    assert path.read_text() == "[Timer]\n"


def test_without_systemd(live: Home, tmp_path: Path) -> None:
    """The files are there, and the hint has the command that is left."""
    folder = tmp_path / "failing"
    folder.mkdir()
    (folder / "systemctl").write_text("#!/bin/sh\necho 'Failed to connect to bus' >&2; exit 1\n")
    (folder / "systemctl").chmod(0o755)
    environ = {"PATH": f"{folder}:{live.environ['PATH']}"}
    done = live.run("notify", "--install", "--yes", environ=environ)
    assert done.returncode == 3
    assert done.stderr.endswith(
        complaint(
            "systemctl failed: Failed to connect to bus", "when you are logged in: systemctl --user daemon-reload"
        )
    )


def test_systemd_reads_what_is_written(tmp_path: Path) -> None:
    """The reader of systemd takes the files, whatever characters are in a path."""
    program = tmp_path / 'a "b" 100%s $HOME \\x'
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    environ = {"HOME": str(tmp_path), "AWS_CONFIG_FILE": str(tmp_path / "with space/config")}
    timer = notify_timer.of(environ, (str(program), "notify", "-p", "50% off"), "linux")
    for path, text in timer.texts:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
    done = subprocess.run(
        [need("systemd-analyze"), "--user", "verify", *(path for path, _ in timer.texts)],
        env={**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True, text=True, timeout=scaled(60), check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_launchd_reads_what_is_written(tmp_path: Path) -> None:
    """macOS: a property list with the words as they are. It was not run there."""
    timer = notify_timer.of({"HOME": str(tmp_path)}, ("/a b/mfasession", "notify"), "darwin")
    ((path, text),) = timer.texts
    assert path == str(tmp_path / "Library/LaunchAgents/local.mfasession-notify.plist")
    agent = plistlib.loads(text.encode())
    assert (agent["ProgramArguments"], agent["StartInterval"]) == (["/a b/mfasession", "notify"], 60)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--install", "--uninstall"),
            complaint("--install and --uninstall exclude each other", "leave one of them out"),
        ),
        (("--yes",), complaint("--yes goes with --install or --uninstall", "leave --yes out")),
    ],
)
def test_a_wrong_command_line(home: Home, words: tuple[str, ...], message: str) -> None:
    """Exit code 2."""
    done = home.run("notify", *words)
    assert (done.returncode, done.stderr) == (2, message)


def test_what_is_remembered_does_not_grow(live: Home, running: Desktop, aws: Sandbox) -> None:
    """A session that can be notified of no more is forgotten."""
    path = live.folder / ".local/state/mfasession/notified"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{int(time.time()) - 4000} file old-mfa\nnonsense\n")
    path.chmod(0o600)
    age(live, "default-mfa", 300, aws)
    assert len(notified(live, running)) == 1
    assert re.fullmatch(r"\d+ file default-mfa\n", path.read_text())
