"""Runs many commands at once, each in its own process session: no terminal, empty stdin, output by lines."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from mfasession import process_memory, programs
from mfasession.terminal.screen import Lines, Screen

GRACE = 5.0
"""Seconds from the signal that ends a command to SIGKILL."""
LINGERS = 1.0
"""Seconds that output is still read when a command has ended but a program that it started has not."""
_PIECE = 65536


class _Job:
    """One running command."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        self.name = name
        self.process = process
        self.pipes: set[int] = set()
        self.ended = 0.0
        """By the monotonic clock; 0 while it runs."""


class Jobs:
    """The running commands. A context manager: `received` is the signal that was sent to end all of them, or 0."""

    def __init__(self, words: Sequence[str], screen: Screen, found: str = "") -> None:
        """`found` is the path of the command, as in `programs.start`."""
        self._words = words
        self._found = found
        self._screen = screen
        self._running: list[_Job] = []
        self._selector = selectors.DefaultSelector()
        self._awake, self._waker = os.pipe()
        for descriptor in (self._awake, self._waker):
            os.set_blocking(descriptor, False)
        self._selector.register(self._awake, selectors.EVENT_READ)
        self._kill_at = 0.0
        self.received = 0

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Pass signals that end or stop us to all commands while the block runs. Ignored ones (nohup) stay ignored."""
        passed_on = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP)
        caught = [number for number in passed_on if signal.getsignal(number) != signal.SIG_IGN]
        before = {number: signal.getsignal(number) for number in (*caught, signal.SIGCHLD)}
        before_waker = signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        for number in before:
            signal.signal(number, self._note)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before_waker)
            for number, handler in before.items():
                signal.signal(number, handler)

    def __len__(self) -> int:
        return len(self._running)

    def wake(self) -> None:
        """Make `wait` return, from any thread."""
        with suppress(BlockingIOError):
            # A full pipe wakes `wait`, too.
            os.write(self._waker, b"!")

    def start(self, name: str, environ: Mapping[str, str]) -> None:
        """Start the command; `name` stands before each of its lines. Raises CannotRun."""
        process_memory.restore_core_limit()
        try:
            process = programs.start(
                self._words,
                environ,
                self._found,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        finally:
            process_memory.disable_core_dumps()
        job = _Job(name, process)
        self._running.append(job)
        prefix = os.fsencode(f"{name}: ")
        for pipe, target in ((process.stdout, self._screen.out), (process.stderr, self._screen.err)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                job.pipes.add(pipe.fileno())
                self._selector.register(pipe.fileno(), selectors.EVENT_READ, (job, Lines(prefix), target))
        if self.received:
            self._send(job, self.received)

    def wait(self, timeout: float | None) -> list[tuple[str, int]]:
        """Pass output on until something happens; return the commands that have ended, with their exit codes.

        The exit code is negative for a signal. `timeout` is in seconds. Raises BrokenPipeError when our own reader went
        away.
        """
        for key, _ in self._selector.select(self._patience(timeout)):
            if key.data is None:
                with suppress(BlockingIOError):
                    os.read(self._awake, _PIECE)
            else:
                self._hand_over(key.fd, *key.data)
        return [(job.name, job.process.returncode) for job in list(self._running) if self._is_over(job)]

    def end_all(self, number: int = signal.SIGTERM) -> None:
        """Send a signal to all commands and the programs that they started; SIGKILL follows after GRACE seconds."""
        self._kill_at = self._kill_at or time.monotonic() + GRACE
        for job in list(self._running):
            self._send(job, number)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGCHLD:
            return
        if number == signal.SIGTSTP:
            self._pause()
            return
        # Here and not in `wait`, which may be waiting for the reader of our output.
        self.end_all(signal.SIGKILL if self.received else number)
        self.received = self.received or number

    def _pause(self) -> None:
        """Stop together with all commands, until SIGCONT."""
        # They are not jobs of a shell: the kernel drops SIGTSTP in an orphaned group (POSIX, "Signal Actions").
        for job in self._running:
            self._send(job, signal.SIGSTOP)
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        for job in self._running:
            self._send(job, signal.SIGCONT)

    def _send(self, job: _Job, number: int) -> None:
        # The group exists while a process in it does, so its number is not reused.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(job.process.pid, number)

    def _has_left_something(self, job: _Job) -> bool:
        """Whether a process of its group is left: in a script, a job started with `&` ignores ctrl-C."""
        try:
            os.killpg(job.process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _patience(self, timeout: float | None) -> float | None:
        now = time.monotonic()
        ends = [job.ended + LINGERS - now for job in self._running if job.ended]
        if self._kill_at and self._running:
            ends.append(self._kill_at - now if now < self._kill_at else LINGERS)
        if timeout is not None:
            ends.append(timeout)
        return max(min(ends), 0.0) if ends else None

    def _hand_over(self, pipe: int, job: _Job, lines: Lines, target: int) -> None:
        try:
            data = os.read(pipe, _PIECE)
        except BlockingIOError:
            return
        self._screen.write(target, lines.of(data) if data else lines.rest())
        if not data:
            self._leave(pipe, job)

    def _leave(self, pipe: int, job: _Job) -> None:
        self._selector.unregister(pipe)
        job.pipes.discard(pipe)

    def _is_over(self, job: _Job) -> bool:
        now = time.monotonic()
        if self._kill_at and now >= self._kill_at:
            self._send(job, signal.SIGKILL)
        if job.process.poll() is None:
            return False
        job.ended = job.ended or now
        if self._kill_at > now and self._has_left_something(job):
            return False
        if job.pipes and now < job.ended + LINGERS:
            return False
        for pipe in list(job.pipes):
            _, lines, target = self._selector.get_key(pipe).data
            self._screen.write(target, lines.rest())
            self._leave(pipe, job)
        for stream in (job.process.stdout, job.process.stderr):
            if stream is not None:
                stream.close()
        self._running.remove(job)
        return True
