"""The program: words to a command, errors to exit codes. Nothing below prints an error or leaves the process."""

import gc
import os
import sys

from mfasession import process_memory
from mfasession.errors import MfaSessionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from mfasession.commands import Options

HITS = ("env", "exec", "process", "status", "login")
"""The commands that are run a thousand times a day: their usual words are read here, see `read_hit`."""


def program() -> "NoReturn":
    """Be the program: run the command of `sys.argv` and leave.

    The interpreter's own tidying up takes a fifth of a hit's instructions, and there is nothing to tidy up: `main` has
    flushed what was written, and no command leaves work to `atexit`.
    """
    # One look for garbage costs a hundredth of a hit, which leaves none.
    gc.set_threshold(20_000)
    try:
        code = main()
    except KeyboardInterrupt:
        # It came while an error was being reported.
        code = _interrupted()
    os._exit(code)


def main(words: "Sequence[str] | None" = None) -> int:
    """Run one command and return its exit code. `words` are the command line's, without the program's own name."""
    words = sys.argv[1:] if words is None else words
    if sys.stdout is None or sys.stderr is None:
        _open_closed_streams()
    if sys.stdout.encoding != "utf-8":
        _show_what_it_cannot()
    try:
        try:
            code = _run_words(words)
        finally:
            _flush()
    except BrokenPipeError:
        # The reader went away.
        _drop_stdout()
        return 1
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # one line for people, the traceback behind --debug
        from mfasession.cli import reporting

        return reporting.report(error, words)
    return code


def _interrupted() -> int:
    # Not `signal`, which imports enough to be interrupted again.
    from _signal import SIG_IGN, SIGINT, signal  # type: ignore[import-not-found]  # typeshed has `signal` alone

    signal(SIGINT, SIG_IGN)
    from mfasession.cli import reporting

    return reporting.report(KeyboardInterrupt(), sys.argv[1:])


def _run_words(words: "Sequence[str]") -> int:
    options = read_hit(words)
    if options is None:
        from mfasession.cli import arguments

        try:
            options = arguments.parse(words)
        except SystemExit:
            # --help and --version have said what they say.
            return 0
    return _run(options)


def _run(options: "Options") -> int:
    from mfasession.commands import CommandContext

    if sys.platform == "win32":
        from mfasession.installation import unsupported

        raise unsupported()
    process_memory.disable_core_dumps()
    if "MFASESSION_SETTINGS" in os.environ:
        from mfasession.sessions import destination

        # They are the profile's that an earlier `env` or `exec` was for; this run may be for another.
        destination.take_back(os.environ)
    if (options.command, options.action) == ("shell", "complete"):
        from mfasession.cli import completion

        # The one action that needs the parsers of all commands, which stand above the commands.
        return completion.run(CommandContext(os.environ, options))
    # Not importlib's import_module: importing that costs more than all the rest of a hit.
    command = __import__(f"mfasession.commands.{options.command.replace('-', '_')}", fromlist=["run"])
    context = getattr(command, "context", CommandContext)(os.environ, options)
    code: int = command.run(context) if options.flags is None else command.run(context, options.flags)
    return code


def _open_closed_streams() -> None:
    """Python gives a program that was started with a closed stdout or stderr none.

    What is said goes nowhere; data must not, so this stdout cannot be written to: `_flush` will fail.
    """
    sys.stdout = sys.stdout or open(os.open(os.devnull, os.O_RDONLY), "w")  # noqa: SIM115  # for as long as we run
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115  # for as long as we run


def _show_what_it_cannot() -> None:
    r"""Let stdout write as `\xe9` what its encoding does not have, as stderr does, instead of failing.

    In the locale C, which says nothing of the encoding, it gets UTF-8, as Python does it itself unless PYTHONUTF8=0
    (PEP 540).
    """
    from io import TextIOWrapper

    if not isinstance(sys.stdout, TextIOWrapper):
        return
    if (sys.stdout.encoding, sys.stdout.errors) == ("ascii", "surrogateescape"):
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
    elif sys.stdout.errors in ("strict", "surrogateescape"):
        sys.stdout.reconfigure(errors="backslashreplace")


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        from errno import EBADF

        from mfasession.files import system_errors

        _drop_stdout()
        reason = "it is closed" if error.errno == EBADF else system_errors.plain(error)
        raise MfaSessionError(f"stdout cannot be written: {reason}", "see where it leads, then run it again") from None


def _drop_stdout() -> None:
    from mfasession.cli import reporting

    reporting.drop_stdout()


def read_hit(words: "Sequence[str]") -> "Options | None":
    """Return the options of a command with -p, --profile, --no-input, --shell or --json alone; None for all else.

    argparse costs as much as Python itself. Whatever is not exactly one of these forms is left to `arguments.parse`,
    and a test holds the two to one answer.
    """
    if not words or words[0] not in HITS:
        return None
    command, profile, shell, no_input, json = words[0], "", "", False, False
    behind: tuple[str, ...] = ()
    rest = iter(words[1:])
    for word in rest:
        if word in ("-p", "--profile"):
            is_second, profile = bool(profile), next(rest, "-")
            if is_second or profile[:1] in ("", "-"):
                return None
        elif word == "--no-input":
            no_input = True
        elif word == "--shell" and command == "env":
            shell = next(rest, "-")
            if not _is_shell(shell):
                return None
        elif word == "--json" and command == "status":
            json = True
        elif command == "exec" and (word == "--" or word[:1] not in ("", "-")):
            behind = tuple(rest) if word == "--" else (word, *rest)
        else:
            return None
    # After `program` has put off the look for garbage, which these imports would set off.
    from mfasession.commands import Options

    return Options(command=command, profile=profile, shell=shell, no_input=no_input, json=json, words=behind)


def _is_shell(name: str) -> bool:
    from mfasession import shells

    return shells.is_known(name)
