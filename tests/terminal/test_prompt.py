"""The prompt on real terminals, with stdin, stdout and stderr leading elsewhere."""

import os
import pty
import re
import shlex
import signal
import subprocess
from pathlib import Path

import pexpect
import pytest

from tests.helpers.patience import scaled
from tests.helpers.prompt_driver import PromptDriver, driver
from tests.helpers.support import need
from tests.helpers.tmux import tmux

PROMPT = {"code": "prompt"}
QUESTION = r"MFA code for alice in 123456789012 \(device phone\): "
CLOCK = r"this code lives (\d+) s"


def test_names_whose_code_of_which_device_and_takes_it_with_spaces(tmp_path: Path) -> None:
    """User, account and device are named on the terminal; stdout gets the answer alone."""
    prompt = PromptDriver(tmp_path, PROMPT)
    prompt.see(QUESTION)
    prompt.type("123 456\r")
    assert prompt.leave() == "code 123456 in time\n"
    assert "WARNING" not in prompt.seen
    assert "\x1b[6n" not in prompt.seen


def test_letters_are_not_taken(tmp_path: Path) -> None:
    """Only digits count: letters, arrow keys and whatever else has no effect."""
    prompt = PromptDriver(tmp_path, PROMPT)
    prompt.see(QUESTION)
    prompt.type("a1b2\x1b[D\x1b[1;5C3-\u0664\u00e94\x1bOP5x6\r")
    assert prompt.leave() == "code 123456 in time\n"


def test_five_digits_are_refused_and_kept(tmp_path: Path) -> None:
    """Enter too early says what a code is; the sixth digit may follow."""
    prompt = PromptDriver(tmp_path, PROMPT)
    prompt.see(QUESTION)
    prompt.type("12345\r")
    prompt.see("a code is six digits")
    prompt.type("6\r")
    assert prompt.leave() == "code 123456 in time\n"


def test_a_seventh_digit_is_refused(tmp_path: Path) -> None:
    """What does not fit is not taken, and the six before it stay."""
    prompt = PromptDriver(tmp_path, PROMPT)
    prompt.see(QUESTION)
    prompt.type("1234567")
    prompt.see("a code is six digits")
    prompt.type("\r")
    assert prompt.leave() == "code 123456 in time\n"


def test_mistypings_are_taken_back(tmp_path: Path) -> None:
    """Backspace takes one digit, ctrl-U and ctrl-W all of them."""
    prompt = PromptDriver(tmp_path, PROMPT)
    prompt.see(QUESTION)
    prompt.type("999\x15888\x171239\x7f456\x0c\r")
    assert prompt.leave() == "code 123456 in time\n"


@pytest.mark.parametrize("paste", ["\x1b[200~123 456\n\x1b[201~", "123 456\n", "\x1b[200~ 123456 \x1b[201~\r"])
def test_a_pasted_code_is_taken(tmp_path: Path, paste: str) -> None:
    """Bracketed or not, with the line end of a copied line or without."""
    prompt = PromptDriver(tmp_path, PROMPT)
    prompt.see(QUESTION)
    prompt.type(paste)
    assert prompt.leave() == "code 123456 in time\n"


def test_a_paste_that_is_not_a_code_is_refused(tmp_path: Path) -> None:
    """A pasted account ID does not become a code."""
    prompt = PromptDriver(tmp_path, PROMPT)
    prompt.see(QUESTION)
    prompt.type("\x1b[200~123456789012\n\x1b[201~")
    prompt.see("a code is six digits")
    prompt.type("123456\r")
    assert prompt.leave() == "code 123456 in time\n"


def test_the_clock_is_shown(tmp_path: Path) -> None:
    """How long the code still lives, in seconds of its step of 30."""
    prompt = PromptDriver(tmp_path, PROMPT)
    first = int(prompt.see(CLOCK)[1])
    assert 1 <= first <= 30
    prompt.type("123456\r")
    assert prompt.leave() == "code 123456 in time\n"


def test_the_next_code_is_announced_and_any_other_is_taken(tmp_path: Path) -> None:
    """The prompt says when the next code comes; AWS may not have seen the one that the device shows now."""
    prompt = PromptDriver(tmp_path, {**PROMPT, "comes": 20, "notice": "that code was sent before"})
    prompt.see("that code was sent before")
    prompt.see(QUESTION)
    prompt.see(r"the next code comes in \d+ s")
    prompt.type("123456\r")
    assert prompt.leave() == "code 123456 in time\n"


@pytest.mark.parametrize(("key", "word"), [("\x03", "interrupted"), ("\x04", "cancelled")])
@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_the_user_may_cancel(tmp_path: Path, key: str, word: str, term: str) -> None:
    """ctrl-C and ctrl-D raise Cancelled, and the cursor is left at the start of a line."""
    prompt = PromptDriver(tmp_path, PROMPT, term=term)
    prompt.see(QUESTION)
    prompt.type(key)
    assert prompt.leave() == f"Cancelled {word} / \n"
    assert re.sub(r"\x1b\[[?\d]*[a-zA-Z]", "", prompt.seen).endswith("\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_and_the_terminal_is_as_before(tmp_path: Path, number: signal.Signals) -> None:
    """The signal does its work after the settings are restored (`leave` compares them)."""
    prompt = PromptDriver(tmp_path, PROMPT)
    prompt.see(CLOCK)
    os.kill(int(prompt.read("pid")), number)
    out = prompt.leave()
    if number == signal.SIGINT:
        # Python's own handler: KeyboardInterrupt, which is Cancelled for us.
        assert out == "Cancelled interrupted / \n"
    else:
        assert prompt.code == 128 + number


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
@pytest.mark.parametrize("trap", ["", "trap '' HUP; "])
def test_a_terminal_that_hangs_up_ends_it(tmp_path: Path, term: str, trap: str) -> None:
    """No process reads a dead terminal for ever, not even where SIGHUP is ignored (nohup)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        words = shlex.join(driver(PROMPT))
        # Descriptor 3: a terminal that is not open anywhere hangs up before it is asked on.
        script = f"{trap}exec 3<>/dev/tty; exec {words} </dev/null >out 2>err"
        os.execve("/bin/sh", ["sh", "-c", script], {**os.environ, "TERM": term})  # noqa: S606  # no shell is wanted
    seen = b""
    while b"device phone" not in seen:
        seen += os.read(terminal, 4096)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert (tmp_path / "err").read_text() == ""
    if not os.WIFSIGNALED(status):
        assert (tmp_path / "out").read_text() == "Cancelled the terminal hung up / \n"
    else:
        assert os.WTERMSIG(status) == signal.SIGHUP
        assert not trap


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_trouble_found_meanwhile_ends_it_at_once(tmp_path: Path, term: str) -> None:
    """A deleted key is reported before a code is typed in vain."""
    prompt = PromptDriver(tmp_path, {**PROMPT, "refused": "AWS does not know the key"}, term=term)
    assert prompt.leave() == "AwsRefused AWS does not know the key / a hint\n"


def test_trouble_found_meanwhile_leaves_an_empty_line(tmp_path: Path) -> None:
    """The question is cleared: the error stands where it stood."""
    prompt = PromptDriver(tmp_path, {**PROMPT, "refused": "AWS does not know the key"})
    prompt.leave()
    last = prompt.seen.rpartition("\x1b[J")
    assert "MFA" not in last[2]


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_a_name_learnt_meanwhile_is_shown(tmp_path: Path, term: str) -> None:
    """The profile's name stands in for the user's until AWS has answered."""
    prompt = PromptDriver(tmp_path, {**PROMPT, "user": "", "better": "bob"}, term=term)
    # A plain line shows it when it asks again.
    while "bob" not in prompt.see("profile work|bob")[0]:
        prompt.type("x\r")
    prompt.type("123456\r")
    assert prompt.leave() == "code 123456 in time\n"


@pytest.mark.parametrize("term", ["", "unknown"])
def test_an_unknown_terminal_gets_a_plain_line(tmp_path: Path, term: str) -> None:
    """No escape sequence is written."""
    prompt = PromptDriver(tmp_path, PROMPT, term=term)
    prompt.see(QUESTION + r"\(this code lives \d+ s\) ")
    prompt.type("123 456\n")
    assert prompt.leave() == "code 123456 in time\n"
    assert "\x1b" not in prompt.seen


def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path) -> None:
    """The same things are said and refused."""
    prompt = PromptDriver(tmp_path, {**PROMPT, "comes": 9, "notice": "again\x1b[2J"}, term="dumb")
    prompt.see(r"again\?\[2J")
    prompt.see(QUESTION + r"\(the next code comes in \d s\) ")
    prompt.type("12345\n")
    prompt.see("a code is six digits")
    prompt.type("123 456\n")
    assert prompt.leave() == "code 123456 in time\n"
    assert "\x1b" not in prompt.seen


def test_a_broken_prompt_toolkit_leaves_a_plain_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it a question is still a question, echo and all."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "prompt_toolkit.py").write_text("raise ImportError('broken')\n")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    prompt = PromptDriver(tmp_path, PROMPT)
    prompt.see(QUESTION + r"\(this code lives \d+ s\) ")
    prompt.type("123456\n")
    prompt.see("123456")
    assert prompt.leave() == "code 123456 in time\n"


@pytest.mark.parametrize("term", ["linux", "vt100", "screen"])
def test_other_terminals(tmp_path: Path, term: str) -> None:
    """The console of Linux and old terminals serve too."""
    prompt = PromptDriver(tmp_path, PROMPT, term=term, columns=40)
    prompt.see(r"MFA code for alice in")
    prompt.type("123456\r")
    assert prompt.leave() == "code 123456 in time\n"


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash --norc -i", "x=$({}); echo told: $x"),
        ("zsh -f -i", "x=$({}); echo told: $x"),
        ("fish --no-config -i", "set x ({}); echo told: $x"),
    ],
)
def test_inside_a_command_substitution(tmp_path: Path, shell: str, line: str) -> None:
    """`eval "$(mfasession env)"`: the shell captures stdout, the user answers on the terminal."""
    program, *options = shlex.split(shell)
    tty: pexpect.spawn[str] = pexpect.spawn(
        need(program), options, encoding="utf-8", timeout=scaled(20), dimensions=(24, 100), cwd=str(tmp_path),
        env={**os.environ, "TERM": "xterm-256color", "HOME": str(tmp_path)},
    )  # fmt: skip
    script = tmp_path / "ask"
    script.write_text(f"#!/bin/sh\nexec {shlex.join(driver(PROMPT))}\n")
    script.chmod(0o755)
    tty.sendline(line.format("./ask"))
    tty.expect(CLOCK)
    tty.send("123456\r")
    tty.expect("told: code 123456 in time")
    tty.sendline("exit")
    tty.close(force=True)


def test_a_background_job_never_reads_the_terminal(tmp_path: Path) -> None:
    """Its process group is not the terminal's: it counts as no terminal, and is not stopped either."""
    tty: pexpect.spawn[str] = pexpect.spawn(
        "bash", ["--norc", "-i"], encoding="utf-8", timeout=20, cwd=str(tmp_path), env={**os.environ, "TERM": "xterm"}
    )
    tty.sendline(f"{shlex.join(driver(PROMPT))} >out 2>err & wait; cat out; echo E''ND")
    tty.expect("END")
    tty.sendline("exit")
    tty.close(force=True)
    assert (tmp_path / "out").read_text().startswith("unavailable\nInputNeeded a background job cannot ask")


def test_without_a_terminal_there_is_no_prompt(tmp_path: Path) -> None:
    """Cron, systemd and IDEs get InputNeeded at once."""
    done = subprocess.run(
        driver(PROMPT), stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=tmp_path, start_new_session=True,
        check=False,
    )  # fmt: skip
    assert done.stdout == "unavailable\nInputNeeded no terminal to ask on / run it in a terminal\n"
    assert done.stderr == ""


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_choosing_one_of_several(tmp_path: Path, term: str) -> None:
    """A numbered list; nonsense is asked again; what is listed cannot write to the terminal."""
    prompt = PromptDriver(tmp_path, {"options": ["phone", "to\x1b]0;x\x07ken"]}, term=term)
    prompt.see(r"which one\?\r\n  1\) phone\r\n  2\) to\?\]0;x\?ken\r\nnumber \(1-2\): ")
    for nonsense in ("3", "", "phone", "0", "9" * 50):
        prompt.type(nonsense + "\n")
        prompt.see("type a number from 1 to 2")
    prompt.type(" 2 \n")
    assert prompt.leave() == "chosen 1\n"


def test_choosing_may_be_refused(tmp_path: Path) -> None:
    """ctrl-C is Cancelled."""
    prompt = PromptDriver(tmp_path, {"options": ["phone", "token"]})
    prompt.see("number")
    prompt.type("\x03")
    assert prompt.leave() == "Cancelled interrupted / \n"


def test_the_prompt_on_a_real_screen(tmp_path: Path) -> None:
    """Words stay whole in 40 columns, the clock runs, a new width is used, and a tidy transcript remains."""
    words = shlex.join(driver({**PROMPT, "notice": "AWS refused that code"}))
    (tmp_path / "ask").write_text(f"{words} >out 2>&1; cat out\n")
    with tmux(tmp_path, columns=40, lines=12) as window:
        window.run("send-keys", "clear; sh ask", "Enter")
        window.see("this code lives")
        window.run("send-keys", "1234")
        shown = window.see("123 4")
        assert shown[:3] == ["AWS refused that code", "MFA code for alice in", "123456789012 (device phone): 123 4"]
        counts = {shown[3]}
        while len(counts) < 3:
            counts.add(window.see("this code lives")[3])
        assert all(re.fullmatch(r"\(this code lives \d+ s\)", count) for count in counts)
        window.run("resize-window", "-x", "90")
        window.see("MFA code for alice in 123456789012 (device phone): 123 4   (this code lives ")
        window.run("send-keys", "56", "Enter")
        assert window.see("in time") == [
            "AWS refused that code",
            "MFA code for alice in 123456789012 (device phone): 123 456",
            "code 123456 in time",
            "$",
        ]
