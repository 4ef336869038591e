"""What becomes of an error: its exit code, and its words for people. Imported when there is one."""

import os
import sys

from mfasession import errors, exit_codes
from mfasession.cli.errors import ChoiceNeeded
from mfasession.files import system_errors
from mfasession.messages import complain, say
from mfasession.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def report(error: BaseException, words: "Sequence[str]") -> int:
    """Print what went wrong, for people, and for a shell that evaluates our lines; return the exit code."""
    code = exit_codes.of(error)
    # What stands behind -- is another command's.
    words = words[: list(words).index("--")] if "--" in words else words
    if "--debug" in words and _is_ours("--debug", words):
        from mfasession.redaction import traceback_of
        from mfasession.text import printable

        lines = traceback_of(error).rstrip("\n").split("\n")
        sys.stderr.write("".join(f"{printable(line)}\n" for line in lines))
    if isinstance(error, ChoiceNeeded):
        say(error.message)
        width = max(map(len, error.choices))
        sys.stderr.write("".join(f"  {name.ljust(width)}  {what}\n" for name, what in error.choices.items()))
        sys.stderr.write(f"  hint: {error.hint}\n")
    elif isinstance(error, errors.MfaSessionError):
        complain(error.message, error.hint)
    elif undeclared := _undeclared(error, _command(words)):
        complain(*undeclared)
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


def _is_ours(flag: str, words: "Sequence[str]") -> bool:
    """Whether a flag is ours, and not one of a command that `exec` runs without `--` before it."""
    from mfasession.cli import arguments

    return flag in arguments.own(words)


def _command(words: "Sequence[str]") -> str:
    """Return the command that is named, however wrong the rest of the line is; empty when there is none."""
    rest = iter(words)
    for word in rest:
        if word in ("-p", "--profile"):
            next(rest, "")
        elif not word.startswith("-"):
            return word
    return ""


def _undeclared(error: BaseException, command: str) -> tuple[str, str] | None:
    """Return message and hint for a command that reads a flag which it has not declared; None for another error."""
    if not isinstance(error, AttributeError) or not isinstance(error.obj, Value) or not error.name:
        return None
    kind = type(error.obj)
    if kind.__name__ not in ("Flags", "Options"):
        return None
    where = f"in {kind.__module__}" if kind.__name__ == "Flags" else "of the command"
    flag = f"--{error.name.replace('_', '-')}"
    return f"{command} reads {flag}, which it does not declare", f"add {error.name} to class Flags {where}"


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
