"""Every source of codes keeps one contract; then what each does beyond it. Real programs, real terminals.

The subjects are the files in mfasession/codes: a new source is tested by being there. One that asks a user does so at
the terminal, unless `setup` says otherwise.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mfasession import codes, installation, plugins, totp
from mfasession.codes.pinentry import Pinentry
from mfasession.codes.presets import Preset
from mfasession.codes.question.window import WindowQuestion
from mfasession.errors import ConfigurationError, UsageError
from tests.helpers import code_programs as fakes
from tests.helpers.prompt_driver import PromptDriver, driver
from tests.helpers.support import need

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = "JBSWY3DPEHPK3PXP"
ASKS = "MFA code for alice in 123456789012"


def no_seed(_serial: str) -> None:
    """An empty keyring."""


def program(folder: Path, text: str, name: str = "program") -> str:
    """Write an executable Python program and return its path."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)
    return str(path)


FAKE_PINENTRY = """
import os, sys
answers = {answers!r}
def say(*lines):
    for line in lines:
        sys.stdout.write(line + chr(10))
    sys.stdout.flush()
say({greeting!r})
for line in sys.stdin:
    open("assuan", "a").write(line)
    if line.startswith("GETPIN"):
        answer = answers.pop(0)
        if answer is None:
            sys.exit(1)
        say(*answer)
    elif line.startswith("OPTION lc-ctype"):
        say("ERR 83886254 Unknown option <Pinentry>")
    else:
        say("# a comment", "S a status", "OK")
"""


def fake_pinentry(folder: Path, *answers: list[str] | None, greeting: str = "OK Pleased to meet you") -> str:
    """A pinentry that gives the answers it was made with: the real ones do not fail on demand."""
    return program(folder, FAKE_PINENTRY.format(answers=list(answers), greeting=greeting), "pinentry-fake")


def setup(source: str, folder: Path) -> dict[str, Any]:
    """Return what the driver needs to use a source: by default nothing but its name."""
    if source in (*PRESETS, *WINDOWS):
        return fakes.setup(source, folder)
    sources: dict[str, Callable[[], dict[str, Any]]] = {
        "prompt": lambda: {"code": "prompt"},
        "pinentry-curses": lambda: {"pinentry": need("pinentry-curses")},
        "command": lambda: {"code": [program(folder, "import time; time.sleep(0.4); print('your code: 123456.')")]},
        "totp": lambda: {"code": "totp", "seed": SEED},
        "given": lambda: {"given": "123 456"},
    }
    return sources[source]() if source in sources else {"code": source}


PRESETS = [name for name in codes.names() if issubclass(codes.source_class(name), Preset)]
WINDOWS = [name for name in codes.names() if issubclass(codes.source_class(name), WindowQuestion)]
PROGRAMS = {"pinentry": "pinentry-curses"}
SOURCES = (*(PROGRAMS.get(name, name) for name in plugins.names("codes")), "given")
INTERACTIVE = [
    PROGRAMS.get(name, name) for name in codes.names() if codes.source_class(name).interactive and name not in WINDOWS
]
QUESTIONS = {name: {"pinentry-curses": "Code:"}.get(name, ASKS) for name in INTERACTIVE}
"""What is seen when a user is asked on the terminal."""
GIVEN = (*QUESTIONS, *WINDOWS, *(name for name in PRESETS if name != "oathtool"), "command", "given")
"""Those whose answer is 123456 here."""


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("wait", [{}, {"wait": 1.2}])
def test_gives_six_digits(tmp_path: Path, source: str, wait: dict[str, float]) -> None:
    """Whoever answers, six digits come back, and not before their time when a code was used up."""
    dialog = PromptDriver(tmp_path, {**setup(source, tmp_path), **wait})
    if source in QUESTIONS:
        dialog.see(QUESTIONS[source])
        if wait:
            time.sleep(1.3)
        dialog.type("123456\r")
    out = dialog.leave()
    assert re.fullmatch(r"code \d{6} (in time|too early)\n", out)
    if source != "given":
        assert "in time" in out
    assert "123456" in out or source not in GIVEN


@pytest.mark.parametrize("source", ["prompt", "pinentry-curses", "command"])
def test_trouble_found_meanwhile_ends_the_question(tmp_path: Path, source: str) -> None:
    """What the preparation raises is raised at once, and the terminal is as it was."""
    words = setup(source, tmp_path)
    if source == "command":
        words["code"] = ["sleep", "60"]
    dialog = PromptDriver(tmp_path, {**words, "refused": "AWS does not know the key"})
    assert dialog.leave() == "AwsRefused AWS does not know the key / a hint\n"


@pytest.mark.parametrize("source", [name for name in SOURCES if name not in (*QUESTIONS, *WINDOWS, "given")])
def test_trouble_found_while_a_step_is_waited_out(tmp_path: Path, source: str) -> None:
    """Half a minute is long: it ends with the trouble."""
    dialog = PromptDriver(tmp_path, {**setup(source, tmp_path), "refused": "AWS does not know the key", "wait": 60})
    assert dialog.leave() == "AwsRefused AWS does not know the key / a hint\n"


@pytest.mark.parametrize("source", ["prompt", "pinentry-curses"])
def test_an_unexpected_failure_is_not_swallowed(tmp_path: Path, source: str) -> None:
    """Even one that looks like a terminal's: it is a bug's, and the terminal is as it was."""
    dialog = PromptDriver(tmp_path, {**setup(source, tmp_path), "broken": "a bug"})
    assert dialog.leave(err="OSError: a bug") == ""


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("prompt", ASKS),
        ("pinentry-curses", "Code:"),
        ("command", "ready"),
        ("command-waits", "waiting 60 s"),
        ("totp", "waiting 60 s"),
    ],
)
def test_ctrl_c_is_cancelled(tmp_path: Path, source: str, seen: str) -> None:
    """Whatever the user waits for."""
    words = setup(source.partition("-waits")[0], tmp_path)
    if source == "command":
        words["code"] = ["sh", "-c", "echo ready >&2; exec sleep 60"]
    elif seen == "waiting 60 s":
        words["wait"] = 60
    dialog = PromptDriver(tmp_path, words)
    dialog.see(seen)
    dialog.type("\x03")
    assert re.match(r"Cancelled (interrupted|cancelled) ", dialog.leave())


@pytest.mark.parametrize(
    ("source", "seen"), [("prompt", ASKS), ("pinentry-curses", "Code:"), ("command", "ready"), ("totp", "waiting 60 s")]
)
def test_sigterm_leaves_a_usable_terminal(tmp_path: Path, source: str, seen: str) -> None:
    """The process dies of the signal, after its own children and with the terminal as it was."""
    words = setup(source, tmp_path)
    if source == "command":
        words["code"] = ["sh", "-c", "stty -echo </dev/tty; echo ready >&2; sleep 60"]
    elif source == "totp":
        words["wait"] = 60
    dialog = PromptDriver(tmp_path, words)
    dialog.see(seen)
    os.kill(int(dialog.read("pid")), signal.SIGTERM)
    dialog.leave()
    assert dialog.code == 128 + signal.SIGTERM


@pytest.mark.parametrize("source", SOURCES)
def test_without_a_terminal(tmp_path: Path, source: str) -> None:
    """Sources that ask the user fail then, and say so before and when asked; programs answer all the same."""
    environ = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    words = setup(source, tmp_path)
    if source in WINDOWS:
        words["environ"].pop("DISPLAY")
        words.pop("platform", None)
    done = subprocess.run(
        driver(words), stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=tmp_path,
        start_new_session=True, check=False, env=environ,
    )  # fmt: skip
    assert done.stderr == ""
    if source in (*QUESTIONS, *WINDOWS):
        assert done.stdout.startswith("unavailable\nInputNeeded ")
    else:
        assert re.fullmatch(r"code \d{6} in time\n", done.stdout)


def test_each_name_has_its_source() -> None:
    """And says whether a user is asked, and how many refusals make sense."""
    for code, interactive in (
        ("prompt", True),
        ("pinentry", True),
        ("totp", False),
        (("command", "oathtool", "x"), False),
    ):
        source = codes.source_for(code, seed_reader=no_seed)
        assert source.interactive is interactive
        assert source.tries >= 2
    wrongs: tuple[str | list[str], ...] = ("nonsense", "", [], "command", ["command"], "question", "__init__")
    for wrong in wrongs:
        with pytest.raises(ConfigurationError, match="unknown source of codes") as failure:
            codes.source_for(wrong, seed_reader=no_seed)
        assert failure.value.hint


# A command's own ways to fail


def command(tmp_path: Path, *words: str, **more: Any) -> str:
    """Run a command as the source without a terminal, and return what the driver says."""
    done = subprocess.run(
        driver({"code": words, **more}), stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=tmp_path,
        start_new_session=True, check=False,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize(
    ("prints", "says"),
    [
        ("", "printed no six-digit code"),
        ("1234567", "printed no six-digit code"),
        ("12345", "printed no six-digit code"),
        ("x123456", "printed no six-digit code"),
        ("123456 654321", "printed 2 six-digit numbers"),
        ("\u0661\u0662\u0663\u0664\u0665\u0666", "printed no six-digit code"),
        ("976249x lasts 24s |---", "printed no six-digit code"),
    ],
)
def test_only_one_code_is_taken(tmp_path: Path, prints: str, says: str) -> None:
    """Exactly one run of six ASCII digits; what was printed is never shown, it may be a secret."""
    out = command(tmp_path, "printf", "%s", prints)
    assert out.startswith(f"ConfigurationError printf {says} / run the command by itself")
    assert not prints or prints not in out


@pytest.mark.parametrize("prints", ["123456", "123456\n", "AWS:alice  123456\n", "123456 lasts 24s |---"])
def test_a_code_among_words(tmp_path: Path, prints: str) -> None:
    """Without -s ykman names the account; gopass otp without -o adds a bar (gopasspw/gopass#2017)."""
    assert command(tmp_path, "printf", "%s", prints) == "code 123456 in time\n"


def test_oathtool(tmp_path: Path) -> None:
    """A real generator, of RFC 6238's seed at its time 59 s."""
    words = (need("oathtool"), "--totp", "--now=1970-01-01 00:00:59 UTC", "3132333435363738393031323334353637383930")
    assert command(tmp_path, *words) == "code 287082 in time\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["no-such-program"], "there is no program no-such-program"),
        (["/"], "/ cannot be run: permission denied"),
        (["./empty"], "./empty cannot be run: exec format error"),
        (["./script"], "./script cannot be run: no such file or directory"),
        (["sh", "-c", "echo 123456; exit 3"], "sh failed (exit code 3) and gave no code"),
        (["sh", "-c", "kill -9 $$"], "sh failed (signal 9) and gave no code"),
        (["yes", "123456"], "yes printed more than a code"),
    ],
)
def test_a_command_that_fails(tmp_path: Path, words: list[str], says: str) -> None:
    """The owner of the configuration must fix each."""
    (tmp_path / "empty").touch(mode=0o755)
    (tmp_path / "script").write_text("#!/no/such/interpreter\n")
    (tmp_path / "script").chmod(0o755)
    assert command(tmp_path, *words).startswith(f"ConfigurationError {says} / ")


def test_a_nul_byte_in_the_words() -> None:
    """No program can be given one."""
    with pytest.raises(ConfigurationError, match="echo cannot be run: not a program"):
        codes.source_for(["command", "echo", "\0"], seed_reader=no_seed).ask(codes.CodeRequest())


def test_a_slow_command_is_ended_with_all_it_started(tmp_path: Path) -> None:
    """Its process group ends with it, even what ignores the first signal."""
    script = "trap '' TERM; sleep 60 & echo $! >grandchild; wait; wait"
    out = command(tmp_path, "sh", "-c", script, time_limit=0.5)
    assert out.startswith("ConfigurationError sh gave no code within 0.5 s / ")
    grandchild = int((tmp_path / "grandchild").read_text())
    stat = Path(f"/proc/{grandchild}/stat")
    assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_helper_left_behind_does_not_hold_it_up(tmp_path: Path) -> None:
    """A daemon that keeps the output open (gpg-agent and the like) is not waited for, and not ended."""
    assert (
        command(tmp_path, "sh", "-c", "sleep 20 2>/dev/null & echo $! >helper; echo 123456") == "code 123456 in time\n"
    )
    os.kill(int((tmp_path / "helper").read_text()), signal.SIGTERM)


def test_a_command_may_ask_for_its_own_password(tmp_path: Path) -> None:
    """It has the terminal while it runs: ykman asks for a password there and asks for a touch on stderr."""
    script = "import getpass, sys; word = getpass.getpass('password: '); print('touch!', file=sys.stderr); print(word)"
    dialog = PromptDriver(tmp_path, {"code": [program(tmp_path, script)]})
    dialog.see("password: ")
    dialog.type("123456\r")
    dialog.see("touch!")
    assert dialog.leave() == "code 123456 in time\n"
    assert "123456" not in dialog.seen


def test_a_command_may_read_its_stdin(tmp_path: Path) -> None:
    """keepassxc-cli asks on stdin: that is the terminal, never our own stdin."""
    dialog = PromptDriver(tmp_path, {"code": ["sh", "-c", "echo ready >&2; read -r line; echo $line"]})
    dialog.see("ready")
    dialog.type("123456\r")
    assert dialog.leave() == "code 123456 in time\n"


# A seed


def test_a_seed_gives_the_code_of_now() -> None:
    """As the device itself would show."""
    source = codes.source_for("totp", seed_reader=lambda _: codes.Secret("jbsw y3dp ehpk 3pxp"))
    before = time.time()
    code = source.ask(codes.CodeRequest(serial="GAHT12345678"))
    assert code in {totp.code_at(totp.secret_of(SEED), when) for when in (before, time.time())}


@pytest.mark.parametrize(
    ("seed", "says"), [(None, "the keyring has no seed"), ("not base32!", "is not base32"), ("", "not base32")]
)
def test_an_invalid_seed(seed: str | None, says: str) -> None:
    """The hint names the command that keeps one; the seed is not shown."""
    secret = None if seed is None else codes.Secret(seed)
    source = codes.source_for("totp", seed_reader=lambda _: secret)
    with pytest.raises(ConfigurationError, match=says) as failure:
        source.ask(codes.CodeRequest(serial="GAHT12345678"))
    assert installation.keyring("set", "mfasession", "seed/GAHT12345678") in failure.value.hint
    assert not seed or seed not in failure.value.message


# A given code


@pytest.mark.parametrize("text", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "-12345", "123456\0"])
def test_a_given_code_that_is_invalid(text: str) -> None:
    """Refused before anything is asked or sent."""
    with pytest.raises(UsageError, match="not six digits"):
        codes.GivenCode(text)


# pinentry


def pinentry(tmp_path: Path, fake: str, **more: Any) -> str:
    """Ask through a fake pinentry on a display that does not exist, and return what the driver says."""
    done = subprocess.run(
        driver({"pinentry": fake, **more}), stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=tmp_path,
        start_new_session=True, check=False, env={**os.environ, "DISPLAY": ":99"},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (["D 123456", "OK"], "code 123456 in time"),
        (["# a comment", "S PASSWORD_FROM_CACHE", "D 123%20", "D 4%356", "OK"], "code 123456 in time"),
        (["ERR 83886179 Operation cancelled <Pinentry>"], "Cancelled cancelled"),
        (["ERR 83886278 Operation fully cancelled <Pinentry>"], "Cancelled cancelled"),
        (["ERR 83886142 Timeout <Pinentry>"], "InputNeeded the dialog was not answered in time"),
        (["ERR 83918950 Inappropriate ioctl for device <Pinentry>"], "InputNeeded pinentry-fake could not ask"),
        (["ERR"], "InputNeeded pinentry-fake could not ask"),
        (None, "ConfigurationError pinentry-fake ended without an answer"),
        (["D 1" + "0" * 100_000], "ConfigurationError pinentry-fake ended without an answer"),
    ],
)
def test_answers_of_a_pinentry(tmp_path: Path, answer: list[str] | None, says: str) -> None:
    """Data in one line or several, percent-escaped; every way to fail is one of ours."""
    assert pinentry(tmp_path, fake_pinentry(tmp_path, answer, None)).startswith(says)


def test_pinentry_shows_what_is_asked(tmp_path: Path) -> None:
    """The texts arrive on one line each, escaped, whatever they hold; without a terminal none is named."""
    fake = fake_pinentry(tmp_path, ["D 123456", "OK"])
    pinentry(tmp_path, fake, notice="100%\nGETPIN\x1b", user="a" * 2000)
    lines = (tmp_path / "assuan").read_text().splitlines()
    described = next(line for line in lines if line.startswith("SETDESC"))
    assert described.startswith("SETDESC 100%25?GETPIN?%0AMFA code for aaa")
    assert lines.count("GETPIN") == 1
    assert not any("ttyname" in line for line in lines)
    assert max(map(len, lines)) < 1000


def test_an_invalid_code_is_asked_for_again_three_times(tmp_path: Path) -> None:
    """With the reason in the dialog; then it ends."""
    out = pinentry(tmp_path, fake_pinentry(tmp_path, ["D 12345", "OK"], ["OK"], ["D abcdef", "OK"], None))
    assert out.startswith("ConfigurationError no code was given")
    asked = (tmp_path / "assuan").read_text()
    assert asked.count("SETERROR a code is six digits") == asked.count("GETPIN") == 3


def test_the_next_code_is_announced(tmp_path: Path) -> None:
    """The dialog says when it comes, and takes what is typed before."""
    fake = fake_pinentry(tmp_path, ["D 111111", "OK"])
    assert pinentry(tmp_path, fake, comes=20) == "code 111111 in time\n"
    asked = (tmp_path / "assuan").read_text()
    assert re.search(r"The next code comes at \d\d:\d\d:\d\d", asked)


@pytest.mark.parametrize("greeting", ["ERR 1 no", "nonsense"])
def test_a_program_that_is_not_a_pinentry(tmp_path: Path, greeting: str) -> None:
    """It is not waited for when it ends, and its refusal is reported."""
    text = f"print({greeting!r})"
    out = pinentry(tmp_path, program(tmp_path, text, "pinentry-fake"))
    assert out.startswith(("InputNeeded pinentry-fake could not ask", "ConfigurationError pinentry-fake ended"))


def test_a_pinentry_that_cannot_be_run(tmp_path: Path) -> None:
    """Not executable, or not there."""
    (tmp_path / "pinentry").write_text("")
    not_executable = pinentry(tmp_path, str(tmp_path / "pinentry"))
    assert not_executable.startswith("ConfigurationError pinentry cannot be run: permission denied / install pinentry")
    missing = pinentry(tmp_path, "/no/such/pinentry")
    assert missing.startswith("ConfigurationError there is no program pinentry / install pinentry")


def test_no_pinentry_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unavailable, and asked all the same it says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    source = Pinentry()
    assert not source.available()
    with pytest.raises(ConfigurationError, match="there is no pinentry"):
        source.ask(codes.CodeRequest())


def test_a_stubborn_pinentry_is_ended(tmp_path: Path) -> None:
    """One that ignores the end of its input and its signals does not outlive the question."""
    text = """
import os, signal, sys, time
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("stubborn", "w").write(str(os.getpid()))
print("OK", flush=True)
for line in sys.stdin:
    if line.startswith("GETPIN"):
        print("D 123456", flush=True)
    print("OK", flush=True)
while True:
    time.sleep(1)
"""
    assert pinentry(tmp_path, program(tmp_path, text, "pinentry-fake")) == "code 123456 in time\n"
    assert not Path(f"/proc/{(tmp_path / 'stubborn').read_text()}").exists()


def test_pinentry_curses_asks_again(tmp_path: Path) -> None:
    """The real one, on the terminal that we name to it."""
    dialog = PromptDriver(tmp_path, {"pinentry": need("pinentry-curses"), "notice": "AWS refused 100% of it"})
    dialog.see("AWS refused 100% of it")
    dialog.see("Code:")
    dialog.type("12345\r")
    dialog.see("a code is six digits")
    dialog.type("123 456\r")
    assert dialog.leave() == "code 123456 in time\n"
