"""Runs a program of the user's choice that reads a seed on its stdin, such as `pass otp insert NAME`."""

import subprocess

from mfasession import terminal
from mfasession.errors import ConfigurationError
from mfasession.programs.helper import Helper
from mfasession.values import Secret

TIME_LIMIT = 60.0
"""Seconds for one run, including a touch or a password."""
_BY_ITSELF = "run the command on its own with a line on its stdin to see its messages"


def give(words: tuple[str, ...], text: Secret) -> None:
    """Run a program with one line on its stdin; its stdout is dropped.

    It has the terminal, if there is one, for its messages and for a question of its own. Raises ConfigurationError,
    Cancelled.
    """
    helper = Helper(words=words, advice=_BY_ITSELF, if_missing="install it, or correct --to-command")
    with (
        terminal.attended() as person,
        helper.running(person, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child,
    ):
        try:
            child.communicate(f"{text.reveal()}\n".encode(), TIME_LIMIT)
        except subprocess.TimeoutExpired:
            raise ConfigurationError(f"{words[0]} did not take the seed within {TIME_LIMIT:g} s", _BY_ITSELF) from None
    helper.check(child.returncode, "did not take the seed")
