"""The program: words to a command, errors to exit codes. Nothing below prints an error or leaves the process."""

import os
import sys

from mfasession import errors, hardening, hits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from mfasession.options import Options

INTERRUPTED = 130
EXIT_CODES: dict[type[BaseException], int] = {
    errors.NoSession: 1,
    errors.UsageError: 2,
    errors.ConfigurationError: 3,
    errors.AwsRefused: 4,
    errors.AwsUnreachable: 5,
    errors.InputNeeded: 6,
    errors.StoreError: 7,
    errors.Cancelled: INTERRUPTED,
    KeyboardInterrupt: INTERRUPTED,
}
"""The one table of exit codes; 0 is done, and whatever is not here is 1, an unexpected failure."""


def program() -> "NoReturn":
    """Be the program: run the command of `sys.argv` and leave.

    The interpreter's own tidying up takes a fifth of a hit's instructions, and there is nothing to tidy up: `main` has
    flushed what was written, and no command leaves work to `atexit`.
    """
    os._exit(main())


def main(words: "Sequence[str] | None" = None) -> int:
    """Run one command and return its exit code. `words` are the command line's, without the program's own name."""
    words = sys.argv[1:] if words is None else words
    if sys.stdout is None or sys.stderr is None:
        _open_closed_streams()
    try:
        try:
            code = _run_words(words)
        finally:
            _flush()
    except BrokenPipeError:
        # The reader went away.
        _drop_stdout()
        return 1
    except (errors.MfaSessionError, KeyboardInterrupt) as error:
        return _report(error, words)
    except Exception as error:  # noqa: BLE001  # the last resort: one line for people, the traceback behind --debug
        return _report(error, words)
    return code


def _run_words(words: "Sequence[str]") -> int:
    options = hits.parse(words)
    if options is None:
        from mfasession import arguments

        try:
            options = arguments.parse(words)
        except SystemExit:
            # --help and --version have said what they say.
            return 0
    return _run(options)


def _run(options: "Options") -> int:
    from mfasession.context import Context

    hardening.forbid_core()
    # Not importlib's import_module: importing that costs more than all the rest of a hit.
    command = __import__(f"mfasession.commands.{options.command}", fromlist=["run"])
    code: int = command.run(Context(os.environ, options))
    return code


def _open_closed_streams() -> None:
    """Python gives a program that was started with a closed stdout or stderr none: what is said goes nowhere."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115  # for as long as we run
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115  # for as long as we run


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _drop_stdout()
        reason = (error.strerror or "it failed").lower()
        raise errors.MfaSessionError(
            f"stdout cannot be written: {reason}", "see where it leads, then run it again"
        ) from None


def _drop_stdout() -> None:
    """What is left in the buffer must not be flushed into the broken stdout when the program ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def exit_code(error: BaseException) -> int:
    """Return the exit code of an error, by the nearest class in the table."""
    return next((EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES), 1)


def _report(error: BaseException, words: "Sequence[str]") -> int:
    code = exit_code(error)
    # What stands behind -- is another command's.
    words = words[: list(words).index("--")] if "--" in words else words
    if "--debug" in words:
        from mfasession.redaction import traceback_of
        from mfasession.text import printable

        lines = traceback_of(error).rstrip("\n").split("\n")
        sys.stderr.write("".join(f"{printable(line)}\n" for line in lines))
    from mfasession.messages import complain

    if isinstance(error, errors.MfaSessionError):
        complain(error.message, error.hint)
    elif code == INTERRUPTED:
        complain("interrupted")
    else:
        # Not its text: a foreign exception may quote what it choked on.
        complain(f"unexpected failure: {type(error).__name__}", "run it again with --debug and report what it shows")
    if _command(words) == "env":
        _fail_the_eval(code, words)
    try:
        sys.stdout.flush()
    except OSError:
        _drop_stdout()
    return code


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
    from mfasession.outlets import shells

    named = ""
    for word, behind in zip(words, (*words[1:], ""), strict=True):
        if word == "--shell":
            named = behind
        elif word.startswith("--shell="):
            named = word.partition("=")[2]
    shell = named if named in shells.NAMES else shells.detect(os.environ.get("SHELL", ""))
    sys.stdout.write(shells.failure(shell, code))
