"""`mfasession mfa enroll` at a terminal: the QR code is scanned, two codes are typed, and the session is there."""

import os
import re
import signal
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.enrolling import DARK_TERMINAL, LIGHT_TERMINAL, App, bare_user, home_of, kept_seeds, scanned
from tests.helpers.patience import wait_for
from tests.helpers.seat import APART, Seat, outcome, question, seat
from tests.helpers.support import MFASESSION, Home

ENROLL = (MFASESSION, "mfa", "enroll")
FIRST, SECOND = r"first code of device [^:]+: +\(", r"second code of device [^:]+: +\("


@pytest.fixture
def bare(aws: Sandbox) -> SandboxUser:
    """A user with a key pair and nothing else."""
    return bare_user(aws)


@pytest.fixture
def home(bare: SandboxUser, aws: Sandbox, tmp_path: Path) -> Home:
    """The home of that user."""
    return home_of(bare, aws, tmp_path)


def scanning(sitting: Seat, aws: Sandbox, colours: tuple[int, int] = DARK_TERMINAL) -> App:
    """Wait for the first question and scan what stands above it."""
    sitting.see(FIRST)
    return App(aws, scanned(sitting.seen, sitting.home.folder, colours))


@pytest.mark.parametrize("colours", [DARK_TERMINAL, LIGHT_TERMINAL], ids=["dark", "light"])
def test_from_a_bare_key_to_a_session(home: Home, aws: Sandbox, bare: SandboxUser, colours: tuple[int, int]) -> None:
    """No administrator, no console: scan, two codes, and the whole day; stdout and stderr show nothing of the seed."""
    aws.forget_calls()
    with seat(home, *APART, *ENROLL) as sitting:
        app = scanning(sitting, aws, colours)
        assert app.label == f"AWS:{bare.name}@123456789012"
        first, second = app.pair()
        sitting.line(first)
        sitting.see(SECOND)
        sitting.line(second)
        status, said = outcome(sitting)
    assert status == 0
    assert (
        f"device {bare.name} of {bare.name} in 123456789012 is enabled\n"
        "mfasession: clear this window and its history: the QR code in it is a copy of your device\n"
    ) in said
    assert re.search(r"session for default until .* \(12 h left\)\n$", said)
    assert app.seed not in said
    assert home.run("exec", "--", "true").returncode == 0
    serial = f"arn:aws:iam::123456789012:mfa/{bare.name}"
    assert home.credentials.read_text().count(serial) == 1
    assert kept_seeds(home) == []


def typed(sitting: Seat, codes: tuple[str, str]) -> None:
    """Type both codes, the second one when it is asked for."""
    sitting.line(codes[0])
    sitting.see(SECOND)
    sitting.line(codes[1])


@pytest.mark.parametrize("ending", ["ctrl-C", "ctrl-D", "SIGTERM", "SIGHUP", "SIGKILL"])
@pytest.mark.parametrize("at", ["first", "second"])
def test_an_interrupted_enrolment_goes_on(home: Home, aws: Sandbox, bare: SandboxUser, at: str, ending: str) -> None:
    """The seed that AWS shows once is not lost: the next run shows the same code, and AWS makes no second device."""
    with seat(home, *ENROLL) as sitting:
        app = scanning(sitting, aws)
        if at == "second":
            sitting.line(app.code(-1))
            sitting.see(SECOND)
        if ending.startswith("SIG"):
            os.kill(sitting.process, getattr(signal, ending))
        else:
            sitting.type({"ctrl-C": "\x03", "ctrl-D": "\x04"}[ending])
        status = sitting.end()
    assert status == (128 + getattr(signal, ending) if ending.startswith("SIG") else 130)
    if not ending.startswith("SIG"):
        assert f"; device {bare.name} waits for its codes\r\n" in sitting.shown
        assert "hint: run it again: it continues with this device" in sitting.shown
    with seat(home, *APART, *ENROLL) as sitting:
        assert scanning(sitting, aws).uri == app.uri
        typed(sitting, app.pair())
        status, said = outcome(sitting)
    assert (status, bare.device_serials) == (0, [f"arn:aws:iam::123456789012:mfa/{bare.name}"])
    assert f"continuing with device {bare.name}, which waits for its codes\n" in said
    assert len([call for call in aws.calls("CreateVirtualMFADevice") if call.user == bare.arn]) == 1
    assert kept_seeds(home) == []


def test_typed_codes_are_checked_against_the_seed(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """A wrong code, the first one again, one that was missed: reported at once, and AWS is asked once."""
    with seat(home, *APART, *ENROLL) as sitting:
        app = scanning(sitting, aws)
        early, (first, second) = app.code(-4), app.pair()
        sitting.line(app.foreign_code())
        sitting.see("that is not a code of this device: check the entry in the app")
        sitting.see(FIRST)
        sitting.line(early)
        sitting.see(SECOND)
        sitting.line(early)
        sitting.see("that is the first code again: type the next one")
        sitting.see(SECOND)
        sitting.line(first)
        sitting.see("that code does not follow the first one: type the next one")
        sitting.see(SECOND)
        sitting.line(second)
        status, _ = outcome(sitting)
    assert status == 0
    assert [call.outcome for call in aws.calls("EnableMFADevice") if call.user == bare.arn] == ["ok"]


def test_three_wrong_pairs(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Where the seed is unknown, AWS judges: both are asked for anew with its reason, and after three exit 4."""
    device = alice.devices[0]
    with seat(alices_home, *APART, MFASESSION, "mfa", "resync") as sitting:
        for number in range(3):
            if number:
                sitting.see(r"AWS refused the two codes: [^;]+; two new ones, please")
            sitting.see(FIRST)
            typed(sitting, (device.code(), device.code(-1)))
        status, said = outcome(sitting)
    assert (status, said.startswith("mfasession: AWS refused 3 pairs of codes\n")) == (4, True)
    sent = [call.outcome for call in aws.calls("ResyncMFADevice") if call.user == alice.arn]
    assert sent == ["InvalidAuthenticationCode"] * 3


def test_the_seed_in_letters(home: Home, aws: Sandbox) -> None:
    """`--secret`, for an app that cannot scan: in groups of four, and the address; and the code too."""
    with seat(home, *APART, *ENROLL, "--secret", columns=200) as sitting:
        sitting.see(r"seed: ((?:[A-Z2-7]{4} ?){16})\r\n")
        grouped = sitting.tty.match
        assert isinstance(grouped, re.Match)
        app = scanning(sitting, aws)
        assert grouped[1].replace(" ", "") == app.seed
        assert f"address: {app.uri}\r\n" in sitting.shown
        typed(sitting, app.pair())
        status, said = outcome(sitting)
    assert status == 0
    assert app.seed not in said


@pytest.mark.parametrize(
    ("columns", "term", "why"),
    [
        (40, "xterm-256color", r"the QR code needs a window of \d+ columns and \d+ lines; type this into the app:"),
        (100, "dumb", "this terminal cannot show a QR code; type this into the app:"),
    ],
)
def test_a_terminal_that_cannot_show_a_qr_code(home: Home, aws: Sandbox, columns: int, term: str, why: str) -> None:
    """A small window, a terminal without colours: the seed in letters instead, and what a code would take."""
    with seat(home, *APART, *ENROLL, columns=columns, environ={"TERM": term}) as sitting:
        sitting.see(why)
        sitting.see(r"address: (otpauth:.+?)\r\n")
        found = sitting.tty.match
        assert isinstance(found, re.Match)
        sitting.see("first code")
        assert "\u2580" not in sitting.seen
        app = App(aws, found[1].replace("\r\n", ""))
        sitting.line(app.code(-1))
        sitting.see("second code")
        sitting.line(app.code())
        status, _ = outcome(sitting)
    assert status == 0


def test_a_second_device_asks_for_the_first_ones_code(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """AWS-2023-001; the session that this makes is kept, and the seed waits in a file as no keyring is here."""
    name = f"second-{alice.name}"
    with seat(alices_home, *APART, *ENROLL, "--name", name) as sitting:
        sitting.see(question(alice))
        sitting.line(alice.devices[0].code())
        app = scanning(sitting, aws)
        typed(sitting, app.pair())
        status, said = outcome(sitting)
    assert status == 0, said
    assert f"{alice.name} has a device already, and AWS needs its code to add another one\n" in said
    assert len(alice.device_serials) == 2
    assert alices_home.run("process").returncode == 0


def test_a_program_that_takes_the_seed_has_the_terminal(home: Home, aws: Sandbox) -> None:
    """It may ask there for a password of its own, or for a touch; then two codes are asked for."""
    script = "read -r uri; printf 'touch it' >&2; read -r answer </dev/tty; echo \"$uri $answer\" >taken"
    (home.folder / "taker").write_text(script)
    with seat(home, *APART, *ENROLL, "--to-command", "sh taker") as sitting:
        sitting.see("touch it")
        sitting.line("touched")
        sitting.see(FIRST)
        uri, answer = (home.folder / "taken").read_text().split()
        assert (answer, "otpauth:" in sitting.seen, "\u2580" in sitting.seen) == ("touched", False, False)
        typed(sitting, App(aws, uri).pair())
        status, _ = outcome(sitting)
    assert status == 0


def test_ctrl_c_ends_that_program_too(home: Home, bare: SandboxUser) -> None:
    """Exit 130, and the device waits."""
    # Without `exec`, dash takes ctrl-C only after the sleep when it comes while dash starts it (vfork).
    with seat(home, *APART, *ENROLL, "--to-command", "sh -c 'echo waiting >&2; exec sleep 100'") as sitting:
        sitting.see("waiting")
        sitting.type("\x03")
        status, said = outcome(sitting)
    assert status == 130, said
    assert f"interrupted; device {bare.name} waits for its codes\n" in said


def test_ctrl_c_while_aws_hears_of_it(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """The device is enabled, and the seed forgotten: exit 130, and `login` is all that is missing."""
    aws.set_enrolment_lag(600)
    with seat(home, *APART, *ENROLL) as sitting:
        app = scanning(sitting, aws)
        typed(sitting, app.pair())
        wait_for(lambda: "again in" in (home.folder / "err").read_text())
        sitting.type("\x03")
        status, _ = outcome(sitting)
    aws.set_enrolment_lag(0)
    assert (status, len(bare.device_serials), kept_seeds(home)) == (130, 1, [])
    assert home.run("login", "--code", app.code(1)).returncode == 0


def test_a_code_that_aws_takes_no_longer(home: Home, aws: Sandbox, bare: SandboxUser) -> None:
    """STS takes so long to hear of the device that the second code has died: one more is asked for."""
    aws.set_enrolment_lag(300)
    with seat(home, *APART, *ENROLL) as sitting:
        app = scanning(sitting, aws)
        typed(sitting, app.pair())
        wait_for(lambda: "again in" in (home.folder / "err").read_text())
        aws.clock.move(310)
        sitting.see(f"MFA code for {bare.name} in 123456789012")
        sitting.line(app.code())
        status, said = outcome(sitting)
    assert status == 0, said
    assert "the device is enabled, but that code is too old now: type the next one\n" in said


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("", 130), ("n", 130), ("\x03", 130)])
def test_remove_asks(alices_home: Home, alice: SandboxUser, answer: str, status: int) -> None:
    """What it means is said first; only yes is yes, and then AWS wants a code."""
    with seat(alices_home, *APART, MFASESSION, "mfa", "remove", columns=200) as sitting:
        sitting.see(
            rf"remove device {alice.devices[0].name}, the last of {alice.name} that gives codes: [^?]+\? \[y/N\] "
        )
        sitting.type(answer if answer == "\x03" else f"{answer}\r")
        if status == 0:
            sitting.see(question(alice))
            sitting.line(alice.devices[0].code())
        code, said = outcome(sitting)
    assert code == status, said
    assert (alice.device_serials == []) is (status == 0)


def test_resync_asks_which_one_and_for_two_codes(alices_home: Home, alice: SandboxUser) -> None:
    """A user chooses by number where none is in use."""
    device = alice.devices[0]
    alice.add_hardware_device(f"GAHR{alice.name.removeprefix('alice').zfill(8)}")
    with seat(alices_home, *APART, MFASESSION, "mfa", "resync") as sitting:
        sitting.see(r"number \(1-2\): ")
        sitting.line("1")
        sitting.see(FIRST)
        typed(sitting, (device.code(-1), device.code()))
        status, said = outcome(sitting)
    assert (status, said) == (
        0,
        f"mfasession: device {device.name} of {alice.name} in 123456789012 is in step with AWS again\n",
    )
