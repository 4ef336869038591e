"""A program of the user's choice that takes a seed on its stdin, such as `pass otp insert NAME`."""

import signal
import subprocess
from contextlib import nullcontext

from mfasession import terminal
from mfasession.codes.command import end
from mfasession.errors import Cancelled, ConfigurationError
from mfasession.files import system_errors
from mfasession.terminal import Terminal
from mfasession.values import Secret

TIME_LIMIT = 60.0
"""Seconds for one run, a touch or a password included."""
_BY_ITSELF = "run the command by itself with a line on its stdin and see what it says"


def give(words: tuple[str, ...], text: Secret) -> None:
    """Run a program, without a shell, with one line on its stdin; what it prints on stdout is for nobody.

    It has the terminal, if there is one, for its words and for a question of its own. Raises ConfigurationError,
    Cancelled.
    """
    with terminal.attended() as person:
        child = _started(words, person)
        with person.lent_to(child.pid) if person else nullcontext():
            try:
                child.communicate(f"{text.reveal()}\n".encode(), TIME_LIMIT)
            except subprocess.TimeoutExpired:
                end(child)
                raise ConfigurationError(
                    f"{words[0]} did not take the seed within {TIME_LIMIT:g} s", _BY_ITSELF
                ) from None
            except BaseException:
                end(child)
                raise
    if child.returncode in (-signal.SIGINT, 128 + signal.SIGINT):
        raise Cancelled("interrupted")
    if child.returncode != 0:
        how = f"exit code {child.returncode}" if child.returncode > 0 else f"signal {-child.returncode}"
        raise ConfigurationError(f"{words[0]} failed ({how}) and did not take the seed", _BY_ITSELF)


def _started(words: tuple[str, ...], person: Terminal | None) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=person.fileno() if person else None,
            process_group=0,
        )
    except FileNotFoundError:
        raise ConfigurationError(f"there is no program {words[0]}", "install it, or mend --to-command") from None
    except (OSError, ValueError) as error:
        why, hint = system_errors.explain_start(error, _BY_ITSELF)
        raise ConfigurationError(f"{words[0]} cannot be run: {why}", hint) from None
