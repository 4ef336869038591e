"""A seat at a terminal: real programs run there in the foreground, and a user sees and types."""

import re
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from mfasession.sandbox import SandboxUser
from tests.helpers.patience import scaled
from tests.helpers.support import Home, key_pair, need, session_section
from tests.helpers.window import Window

CLOCK = r"this code lives \d+ s"
"""The prompt stands and waits for a code."""
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[()=>].?|\][^\x07]*\x07)")
SHELLS = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "-i"],
    "tcsh": ["-f", "-i"],
    "dash": ["-i"],
    "ksh": ["-i"],
    "mksh": ["-i"],
    "elvish": ["-norc"],
}
APART = (
    "bash",
    "--norc",
    "-c",
    'trap : INT; stty -g >before; "$@" </dev/null >out 2>err; echo $? >code; stty -g >after',
    "-",
)
"""Runs the words behind it in the foreground, with stdin, stdout and stderr leading away from the terminal."""

STOPPED_JOB = """import signal, threading

def say_each_time():
    while signal.sigwait({signal.SIGCONT}):
        print("BACK", flush=True)

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCONT})
threading.Thread(target=say_each_time, daemon=True).start()
print("READY", flush=True)
print(f"GOT={input()}")
"""
"""For Python: a command that says when it goes on. A trap of bash would wait for a line when it comes before read()."""


def question(user: SandboxUser) -> str:
    """The pattern of the whole question, as it stands when AWS has said whose key it is."""
    return rf"MFA code for {user.name} in 123456789012 \(device {user.devices[0].name}\): +\({CLOCK}\)"


PROMPT = "[$#%>] "
"""How the prompts of all shells here end."""


class Seat(Window):
    """One terminal and the program on it, in a user's home."""

    def __init__(
        self, home: Home, *words: str, columns: int = 100, rows: int = 24, environ: Mapping[str, str] | None = None
    ) -> None:
        self.home = home
        variables = {**home.environ, "LANG": "C.UTF-8", **(environ or {})}
        super().__init__(
            [need(words[0]), *words[1:]], home.folder, variables, columns=columns, rows=rows, patience=scaled(60)
        )

    def line(self, text: str) -> None:
        """Type a line."""
        self.type(text + "\r")

    @property
    def process(self) -> int:
        """The ID of the program on the terminal."""
        assert self.tty.pid is not None
        return self.tty.pid

    def end(self) -> int:
        """Wait until the program has ended and return its exit code, as a shell would report it."""
        self.close()
        status = self.tty.exitstatus
        return status if status is not None else 128 + (self.tty.signalstatus or 0)

    def hang_up(self) -> None:
        """Close the terminal's window: only the kernel notifies the processes."""
        self.tty.ptyproc.fileobj.close()  # type: ignore[attr-defined]  # not in types-pexpect

    def reads_lines(self) -> bool:
        """Return whether the terminal gives whole lines to whoever reads it, as no shell and no drawn prompt has it."""
        return bool(termios.tcgetattr(self.tty.child_fd)[3] & termios.ICANON)

    @property
    def shown(self) -> str:
        """Everything that was seen, without escape sequences."""
        return ESCAPES.sub("", self.seen)


def expired(user: SandboxUser) -> str:
    """Return a credentials file: a key pair and a session that is over."""
    return _kept(user, timedelta(days=-1))


def aging(user: SandboxUser) -> str:
    """Return a credentials file: a key pair and a session with less than `refresh_margin` left."""
    return _kept(user, timedelta(minutes=10))


def _kept(user: SandboxUser, left: timedelta) -> str:
    key_id = user.key.access_key_id
    expires = datetime.now(UTC) + left
    return (
        "# mine, and not to be touched\n"
        + key_pair("default", key_id, user.key.secret_access_key.reveal())
        + session_section(expires=expires.strftime("%Y-%m-%dT%H:%M:%SZ"), key_id=key_id)
    )


@contextmanager
def seat(
    home: Home, *words: str, columns: int = 100, rows: int = 24, environ: Mapping[str, str] | None = None
) -> Iterator[Seat]:
    """Sit down; whatever still runs there is ended in the end."""
    sitting = Seat(home, *words, columns=columns, rows=rows, environ=environ)
    try:
        yield sitting
    finally:
        sitting.tty.close(force=True)


def outcome(sitting: Seat) -> tuple[int, str]:
    """Wait for the end of a command that ran APART: its exit code and stderr. The terminal must be as it was before."""
    sitting.end()
    left = {name: (sitting.home.folder / name).read_text() for name in ("before", "after", "out", "code", "err")}
    assert left["after"] == left["before"]
    assert left["out"] == ""
    return int(left["code"]), left["err"]


@contextmanager
def shell(home: Home, name: str, *, columns: int = 100, environ: Mapping[str, str] | None = None) -> Iterator[Seat]:
    """Sit down at an interactive shell with job control."""
    own = {"SHELL": need(name), "PS1": "$ ", **(environ or {})}
    with seat(home, name, *SHELLS[name], columns=columns, environ=own) as sitting:
        sitting.see("[$#%>@]")
        yield sitting
