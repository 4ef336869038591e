"""The controlling terminal, for questions and notices, wherever stdin, stdout and stderr lead.

The only module that opens /dev/tty. There is no terminal to ask on when it does not open (cron, an IDE) or when our
process group is not in its foreground: the kernel stops a background job that reads it (POSIX, 11.1.4), and the person
types for another program.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Self

from mfasession.errors import Cancelled, InputNeeded
from mfasession.text import printable

try:
    import termios
except ModuleNotFoundError:
    # Windows, where help is shown and nothing else runs.
    termios = None  # type: ignore[assignment]

PATH = "/dev/tty"
_HARMLESS = ("SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH")
_NOT_OURS = ("SIGKILL", "SIGSTOP", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL")
"""Signals that cannot be caught, and those of a fault that would only repeat."""
_OF_JOBS = ("SIGTSTP", "SIGTTIN", "SIGTTOU")
_ENDING = sorted(signal.valid_signals() - {getattr(signal, name, 0) for name in (*_HARMLESS, *_NOT_OURS, *_OF_JOBS)})
"""Signals that end a process that does not handle them (signal(7))."""


class Terminal:
    """The terminal, opened for reading and writing; a context manager. Raises InputNeeded without one."""

    def __init__(self) -> None:
        try:
            self._descriptor = _opened()
        except OSError:
            raise InputNeeded("no terminal to ask on", "run it in a terminal") from None
        if not self.is_ours():
            os.close(self._descriptor)
            raise InputNeeded("a background job cannot ask on the terminal", "bring it to the foreground: fg")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def fileno(self) -> int:
        """Return the descriptor; this object closes it."""
        return self._descriptor

    def is_ours(self) -> bool:
        """Return whether the terminal still answers and our process group is its foreground one."""
        return _in_foreground(self._descriptor)

    def size(self) -> tuple[int, int]:
        """Return the window's columns and lines; 80 by 24 where the terminal reports none (serial lines)."""
        try:
            size = os.get_terminal_size(self._descriptor)
        except OSError:
            return 80, 24
        return size.columns or 80, size.lines or 24

    def write(self, text: str) -> None:
        """Write text unchanged. Raises Cancelled when the terminal hung up."""
        rest = text.encode("utf-8", "replace")
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            raise hung_up() from None

    def say(self, text: str) -> None:
        """Write one line, made safe to show. Raises Cancelled when the terminal hung up."""
        self.write(printable(text) + "\n")

    def read_line(self) -> str:
        """Return one line; the kernel echoes and edits it. Raises Cancelled on ctrl-D and hang-up."""
        try:
            line = os.read(self._descriptor, 4096)
        except OSError:
            raise hung_up() from None
        if not line.endswith(b"\n"):
            self.write("\n")
        if not line:
            raise Cancelled("cancelled")
        return line.decode("utf-8", "replace")

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Turn ctrl-C in a block that asks line by line into Cancelled, with the cursor on a new line."""
        try:
            yield
        except KeyboardInterrupt:
            self.write("\n")
            raise Cancelled("interrupted") from None

    def forget_typed(self) -> None:
        """Drop unread input, so that the shell does not take it for a command."""
        with suppress(termios.error):
            termios.tcflush(self._descriptor, termios.TCIFLUSH)

    def hide_typing(self) -> None:
        """Keep the kernel from echoing; for use inside `settings_kept`."""
        with suppress(termios.error):
            settings = termios.tcgetattr(self._descriptor)
            settings[3] &= ~termios.ECHO
            termios.tcsetattr(self._descriptor, termios.TCSANOW, settings)

    def read_key_by_key(self) -> None:
        """Deliver each key at once without echo; for use inside `settings_kept`. Raises Cancelled on hang-up.

        Ctrl-C stays a signal. Ctrl-Z does nothing: the shell would turn the echo on again.
        """
        try:
            settings = termios.tcgetattr(self._descriptor)
            settings[3] &= ~(termios.ECHO | termios.ICANON)
            settings[6][termios.VSUSP] = os.fpathconf(self._descriptor, "PC_VDISABLE").to_bytes(1, "big")
            settings[6][termios.VMIN], settings[6][termios.VTIME] = 1, 0
            termios.tcsetattr(self._descriptor, termios.TCSANOW, settings)
        except termios.error:
            raise hung_up() from None

    def read_key(self) -> bytes:
        """Return one key's byte, and nothing at the end of input. Raises Cancelled on hang-up."""
        try:
            return os.read(self._descriptor, 1)
        except OSError:
            raise hung_up() from None

    @contextmanager
    def settings_kept(self) -> Iterator[None]:
        """Restore the terminal's settings at the end; inside `signals_held` also when a signal ends the block."""
        try:
            before = termios.tcgetattr(self._descriptor)
        except termios.error:
            raise hung_up() from None
        try:
            yield
        finally:
            # A terminal that has hung up has no settings any more.
            with suppress(termios.error), _unstopped():
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, before)

    @contextmanager
    def lent_to(self, group: int) -> Iterator[None]:
        """Make another process group of our session the foreground one, so that it may read, for the block."""
        with self.settings_kept():
            self._give_to(group)
            try:
                # It may have been stopped when it read before it had the terminal.
                with suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGCONT)
                yield
            finally:
                self._give_to(os.getpgrp())

    def _give_to(self, group: int) -> None:
        # The group may have ended, or the terminal may have hung up.
        with suppress(OSError), _unstopped():
            os.tcsetpgrp(self._descriptor, group)


def is_ours() -> bool:
    """Return whether a person can answer now: there is a controlling terminal and we are in its foreground."""
    try:
        descriptor = _opened()
    except OSError:
        return False
    try:
        return _in_foreground(descriptor)
    finally:
        os.close(descriptor)


def is_there() -> bool:
    """Return whether there is a controlling terminal."""
    try:
        os.close(_opened())
    except OSError:
        return False
    return True


def is_in_background() -> bool:
    """Return whether there is a controlling terminal and another process group has its foreground."""
    try:
        descriptor = _opened()
    except OSError:
        return False
    try:
        return not _in_foreground(descriptor)
    finally:
        os.close(descriptor)


def parent() -> str:
    """Return the name of the program that started this one; empty where it is unknown (proc(5))."""
    try:
        with open(f"/proc/{os.getppid()}/comm", encoding="utf-8", errors="replace") as name:
            return name.read().strip()
    except OSError:
        return ""


def is_dumb() -> bool:
    """Return whether the terminal may lack cursor movements (TERM unset, dumb or unknown)."""
    return os.environ.get("TERM", "").lower() in ("", "dumb", "unknown")


def say(text: str) -> None:
    """Write one line to the terminal, made safe to show; do nothing without a terminal."""
    if is_ours():
        with Terminal() as terminal:
            terminal.say(text)


def choose(question: str, options: Sequence[str]) -> int:
    """Ask for one of the options until the answer is valid; return its index. Raises Cancelled, InputNeeded."""
    numbers = [str(number) for number in range(1, len(options) + 1)]
    with Terminal() as terminal, terminal.interruptible():
        terminal.say(question)
        for number, option in zip(numbers, options, strict=True):
            terminal.say(f"  {number}) {option}")
        while True:
            terminal.write(f"number (1-{len(options)}): ")
            answer = terminal.read_line().strip()
            if answer in numbers:
                return numbers.index(answer)
            terminal.say(f"type a number from 1 to {len(options)}")


def agrees(question: str) -> bool:
    """Ask a yes-or-no question; only yes returns True. Input typed before it is dropped. Raises Cancelled."""
    with Terminal() as terminal, terminal.interruptible():
        terminal.forget_typed()
        terminal.write(f"{printable(question)} [y/N] ")
        return terminal.read_line().strip().lower() in ("y", "yes")


@contextmanager
def attended() -> Iterator[Terminal | None]:
    """Open the terminal for the block; yield None without a terminal."""
    try:
        ours = Terminal()
    except InputNeeded:
        yield None
        return
    with ours:
        yield ours


@contextmanager
def signals_held(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on the first signal that would end us; deliver the signal when the block has cleaned up.

    SIGTSTP (ctrl-Z) does nothing meanwhile: the shell would get a terminal without echo.

    `stop` runs between any two instructions of the main thread, so it should only ask the block to end: an exception
    while a program is being started would leave that program running. Ignored signals (nohup) stay ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) == 1:
            stop()

    before = {number: signal.getsignal(number) for number in (*_ENDING, signal.SIGTSTP)}
    caught = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}
    for number in caught:
        # Not SIG_IGN, which the programs that we start would inherit.
        signal.signal(number, note if number != signal.SIGTSTP else lambda *_: None)
    try:
        yield
    finally:
        for number, handler in caught.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])


def _opened() -> int:
    if termios is None:
        raise OSError("no terminal of POSIX")
    return os.open(PATH, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)


def _in_foreground(descriptor: int) -> bool:
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False


def hung_up() -> Cancelled:
    """Return the error for a terminal that is gone."""
    return Cancelled("the terminal hung up")


@contextmanager
def _unstopped() -> Iterator[None]:
    """Let a background process change the terminal without being stopped (POSIX, tcsetpgrp)."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
