"""Runs a command as a child process with its own signals, job control and exit code, as if it ran alone.

It stays in our process group, so that ctrl-C, ctrl-Z and `fg` reach it from the terminal by themselves.
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from mfasession import process_memory, terminal
from mfasession.programs import limits, start
from mfasession.programs.guard import inherited

PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
FROM_THE_TERMINAL = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
"""In the foreground the terminal sends these to the whole group; otherwise we pass them on."""
_SETTLES = 0.05
"""Seconds in which `fg` reaches the whole group."""


class Child:
    """One run of a command."""

    def __init__(self, words: Sequence[str], environ: Mapping[str, str], listening: int) -> None:
        """`listening` is the descriptor of the endpoint's socket.

        The command gets it as well: no other program can bind the port until both have ended.
        """
        self._words = words
        self._listening = listening
        self._environ = environ
        self._pid = 0
        self._is_started = threading.Event()

    async def run(self) -> int:
        """Start the command and return its wait status (waitpid(2)) when it has ended. Raises CannotRun."""
        loop = asyncio.get_running_loop()
        # What the terminal sends before the command is there would not reach it: `_start` passes that on.
        signal.pthread_sigmask(signal.SIG_BLOCK, FROM_THE_TERMINAL)
        for number in (*PASSED_ON, *FROM_THE_TERMINAL):
            # The command also ignores the signals that nohup or the shell made us ignore.
            if signal.getsignal(number) != signal.SIG_IGN:
                loop.add_signal_handler(number, self._pass_on, number)
        ended: asyncio.Future[int] = loop.create_future()
        try:
            # Before the command: when no thread can be started, no command is left running.
            threading.Thread(target=self._follow, args=(loop, ended), daemon=True).start()
            self._start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, FROM_THE_TERMINAL)
            self._is_started.set()
        return await ended

    def _start(self) -> None:
        process_memory.restore_core_limit()
        try:
            with limits.as_started(), inherited(self._listening):
                early = signal.sigpending().intersection(FROM_THE_TERMINAL)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, FROM_THE_TERMINAL)
                # Files that our caller has opened for the command, as bash does for `<(…)`, stay open.
                started = start(self._words, self._environ, close_fds=False)
        finally:
            process_memory.disable_core_dumps()
        # `_follow` waits for it.
        self._pid, started.returncode = started.pid, 0
        if terminal.is_ours():
            for number in early:
                self._send(number)

    def _pass_on(self, number: int) -> None:
        # Terminals and shells send SIGTSTP to the whole group. Passed on after `bg`, it would stop the command again.
        if number == signal.SIGTSTP or (number in FROM_THE_TERMINAL and terminal.is_ours()):
            return
        self._send(number)

    def _send(self, number: int) -> None:
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, number)

    def _follow(self, loop: asyncio.AbstractEventLoop, ended: "asyncio.Future[int]") -> None:
        """Wait for the end. When the command has stopped, stop too: the shell waits only for us.

        Not before: the shell would take the terminal while the command is still reading from it, or restoring it.
        Without a terminal no shell would continue us.
        """
        self._is_started.wait()
        if not self._pid:
            return
        pid, status = os.waitpid(self._pid, os.WUNTRACED)
        while not (os.WIFEXITED(status) or os.WIFSIGNALED(status)):
            if os.WIFSTOPPED(status) and terminal.is_there():
                # This thread itself: nothing below runs before SIGCONT.
                signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
                # The shell continues the whole group, others perhaps only us.
                time.sleep(_SETTLES)
                pid, status = os.waitpid(self._pid, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
                if pid:
                    continue
                self._send(signal.SIGCONT)
            pid, status = os.waitpid(self._pid, os.WUNTRACED)
        loop.call_soon_threadsafe(ended.set_result, status)


def end_as(status: int) -> int:
    """Return the exit code of a wait status; when a signal ended the command, end by the same signal."""
    if not os.WIFSIGNALED(status):
        return os.WEXITSTATUS(status)
    number = os.WTERMSIG(status)
    with suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number
