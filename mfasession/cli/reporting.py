"""What becomes of an error: its exit code, and its words for people. Imported when there is one."""

import os
import sys

from mfasession import errors, exit_codes
from mfasession.files import system_errors
from mfasession.messages import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def report(error: BaseException, words: "Sequence[str]") -> int:
    """Tell people what went wrong, and the shell that evals our lines too; return the exit code."""
    code = exit_codes.of(error)
    # What stands behind -- is another command's.
    words = words[: list(words).index("--")] if "--" in words else words
    if "--debug" in words:
        from mfasession.redaction import traceback_of
        from mfasession.text import printable

        lines = traceback_of(error).rstrip("\n").split("\n")
        sys.stderr.write("".join(f"{printable(line)}\n" for line in lines))
    if isinstance(error, errors.MfaSessionError):
        complain(error.message, error.hint)
    elif code == exit_codes.INTERRUPTED:
        complain("interrupted")
    elif system := system_errors.explain_unexpected(error):
        complain(*system)
    else:
        # Not its text: a foreign exception may quote what it choked on.
        complain(f"unexpected failure: {type(error).__name__}", "run it again with --debug and report what it shows")
    try:
        if _command(words) == "env" and not sys.stdout.isatty():
            _fail_the_eval(code, words)
        sys.stdout.flush()
    except OSError:
        drop_stdout()
    return code


def drop_stdout() -> None:
    """What is left in the buffer must not be flushed into the broken stdout when the program ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _command(words: "Sequence[str]") -> str:
    """Return the command that is named, however wrong the rest of the line is; empty when there is none."""
    rest = iter(words)
    for word in rest:
        if word in ("-p", "--profile"):
            next(rest, "")
        elif not word.startswith("-"):
            return word
    return ""


def _fail_the_eval(code: int, words: "Sequence[str]") -> None:
    """`eval "$(false)"` succeeds, even under `set -e`: print the one line that makes the eval fail too."""
    from mfasession import shells

    named = ""
    for word, behind in zip(words, (*words[1:], ""), strict=True):
        if word == "--shell":
            named = behind
        elif word.startswith("--shell="):
            named = word.partition("=")[2]
    shell = named if shells.is_known(named) else shells.calling(os.environ)
    sys.stdout.write(shells.failure(shell, code))
