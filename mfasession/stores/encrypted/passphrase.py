"""The passphrase of the encrypted file: from a person at the terminal, or from MFASESSION_PASSPHRASE_COMMAND.

It is never in an argument, in the environment or in a file. A process remembers it for a few minutes.
"""

import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NoReturn

from mfasession import terminal
from mfasession.errors import Cancelled, ConfigurationError, InputNeeded, StoreError
from mfasession.programs.helper import Helper
from mfasession.terminal import Terminal
from mfasession.values import Secret

VARIABLE = "MFASESSION_PASSPHRASE_COMMAND"
TRIES = 3
"""How often a person is asked."""
TIME_LIMIT = 30.0
"""Seconds for one run of the command, a touch or a password included."""
REMEMBERED = 600.0
"""Seconds for which one process needs no second answer."""
_BY_ITSELF = f"run the command in {VARIABLE} by itself and see what it prints: the passphrase, on its first line"


class Passphrases:
    """Where passphrases of one run come from."""

    def __init__(self, environ: Mapping[str, str], *, no_input: bool) -> None:
        self._command = environ.get(VARIABLE, "")
        self._no_input = no_input

    @property
    def tries(self) -> int:
        """How many answers may be wrong: a command gives the same one again."""
        return 1 if self._command else TRIES

    @property
    def advice(self) -> str:
        """The hint for a wrong passphrase."""
        return f"correct {VARIABLE}, or unset it to be asked" if self._command else "run it again with the right one"

    @contextmanager
    def asked(self, path: str) -> Iterator[Callable[[], Secret]]:
        """Yield what asks for the passphrase of an existing file.

        While the block lasts nothing that is typed is shown: an answer may be typed while the one before is tried.
        Raises InputNeeded, Cancelled, and ConfigurationError: the command failed, was too slow or printed none.
        """
        if self._command:
            words = _words(self._command)
            yield lambda: from_command(words)
            return
        with self._person(path) as person:
            yield lambda: _ask(person, f"passphrase of {path}: ")

    def new(self, path: str) -> Secret:
        """Return the passphrase for a new file; a person types it twice. Raises as `asked`, and StoreError."""
        return from_command(_words(self._command)) if self._command else self.chosen(path)

    def chosen(self, path: str) -> Secret:
        """Return a new passphrase, which a person types twice. Raises InputNeeded, Cancelled, StoreError."""
        # One block: between two questions nothing that is typed is shown, either.
        with self._person(path) as person:
            for _ in range(TRIES):
                first = _ask(person, f"new passphrase for {path}: ")
                if not first:
                    person.say("the passphrase cannot be empty")
                elif _ask(person, "the same again: ") == first:
                    return first
                else:
                    person.say("the two differ")
        raise StoreError(f"no passphrase was chosen for {path}", "run it again and type the same passphrase twice")

    @contextmanager
    def _person(self, path: str) -> Iterator[Terminal]:
        """Open the terminal without echo; whatever ends the block, it echoes again. Raises InputNeeded, Cancelled."""
        if self._no_input or not terminal.is_ours():
            raise InputNeeded(
                f"no terminal to ask for the passphrase of {path} on",
                f"run it in a terminal, or set {VARIABLE} to a command that prints it",
            )

        def stop() -> NoReturn:
            raise Cancelled("interrupted")

        with Terminal() as ours, ours.interruptible(), terminal.signals_held(stop), ours.settings_kept():
            ours.hide_typing()
            yield ours


def _ask(person: Terminal, question: str) -> Secret:
    person.write(question)
    line = person.read_line()
    person.write("\n")
    return Secret(line.rstrip("\r\n"))


def from_command(words: tuple[str, ...]) -> Secret:
    """Return the first line that a command prints.

    Raises ConfigurationError: not found, failed, too slow, an empty line. Raises Cancelled.
    """
    helper = Helper(words=words, advice=_BY_ITSELF, if_missing=f"correct {VARIABLE}")
    with terminal.attended() as person:
        stdin = person.fileno() if person else subprocess.DEVNULL
        with helper.running(person, stdin=stdin, stdout=subprocess.PIPE) as child:
            output = _output(child, words[0])
    helper.check(child.returncode, "gave no passphrase")
    line = output.decode("utf-8", "surrogateescape").partition("\n")[0].removesuffix("\r")
    if not line:
        raise ConfigurationError(f"{words[0]} printed no passphrase", _BY_ITSELF)
    return Secret(line)


def _output(child: "subprocess.Popen[bytes]", name: str) -> bytes:
    try:
        return child.communicate(timeout=TIME_LIMIT)[0]
    except subprocess.TimeoutExpired:
        raise ConfigurationError(f"{name} gave no passphrase within {TIME_LIMIT:g} s", _BY_ITSELF) from None
    except KeyboardInterrupt:
        raise Cancelled("interrupted") from None


def _words(command: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(command))
    except ValueError:
        words = ()
    if not words:
        raise ConfigurationError(f"{VARIABLE} is not a command", f"export {VARIABLE}='pass show mfasession'")
    return words


class Memory:
    """Passphrases that this process knows, by the path of their file."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Secret, float]] = {}

    def get(self, path: str) -> Secret | None:
        """Return the passphrase that was remembered lately."""
        found, until = self._known.get(path, (None, 0.0))
        if found is None or time.monotonic() < until:
            return found
        del self._known[path]
        return None

    def keep(self, path: str, passphrase: Secret) -> None:
        """Remember it for a while."""
        self._known[path] = passphrase, time.monotonic() + REMEMBERED
