"""Text that a shell evaluates to set and unset environment variables: which dialect, how to quote, how to fail.

This module is imported on each `mfasession env`, so it holds the common dialect only, that of the Bourne family
(POSIX.1-2017, XCU 2.2.2: between single quotes every character is itself). All others are in `rare_shells`, imported
when asked for. Which shell is asking is found out here in the usual case, and in `calling_shell` else.
"""

import os
import sys

from mfasession.errors import ConfigurationError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

BOURNE_FAMILY = ("sh", "bash", "zsh", "dash", "ksh")
NAMES = (*BOURNE_FAMILY, "fish", "tcsh", "powershell", "cmd", "nu", "elvish", "xonsh", "dotenv", "json")
FILE_FORMATS = ("dotenv", "json")
BOURNE_GUARD = (
    r""": '\''; echo "mfasession: these lines are for sh: add --shell fish" >&2; return 1 #' """
    r""""\" <#" ${mfasession_env-};"""
)
"""The first line for the Bourne family, which does nothing there and stops every other shell before it sees a secret.

fish reads `\'` as a quote inside quotes, and so a message and `return`; tcsh and Elvish refuse `${name-}`; PowerShell
begins a comment at `<#`. What each of them does with it, `tests/contracts/test_wrong_shells.py` shows.
"""


def calling(environ: "Mapping[str, str]", *, reads_stdout: bool = True) -> str:
    """Return the dialect of the shell that reads our stdout: the nearest parent that is a shell, else `$SHELL`.

    Without `reads_stdout` that of the shell that runs us, for what a person types there.

    `$SHELL` names the login shell, which need not be the one that asks (ocaml/opam#3275, rbenv/rbenv#453). A shell's
    own variables do not reach its children, and what does (`NU_VERSION`) other shells inherit, so neither says more.
    """
    # The usual case, with next to no code: a parent whose program is called as its dialect, and reads what we write.
    if sys.platform == "linux":
        parent = f"/proc/{os.getppid()}"
        try:
            program = os.readlink(parent + "/exe").rpartition("/")[2]
            is_dialect = program in BOURNE_FAMILY or program == "fish"
            if is_dialect and os.readlink(parent + "/fd/1") != os.readlink("/proc/self/fd/1"):
                return program
        except OSError:
            # Another user's, or gone: its ancestors may be seen.
            pass
    from mfasession.shells import detection

    return detection.nearest(reads_stdout=reads_stdout) or detection.detect(environ.get("SHELL", ""))


def render(shell: str, values: "Mapping[str, str | None]") -> str:
    """Return the text that sets each variable to its value, or unsets it where the value is None, in the order given.

    Its first line makes any other shell fail before it has shown a value: put nothing secret into the first two (nu
    shows the lines around what it does not understand). The file formats have no such line. The text ends with a
    newline and holds secrets: write it once, to stdout only. Characters that are not ASCII are kept as they are; write
    with `os.fsencode` so that undecodable bytes (PEP 383) come out as they came in.

    Raises `UsageError` for an unknown shell, `ValueError` for what is no variable name (ASCII letters, digits,
    underscores), `ConfigurationError` for a value that the dialect cannot hold; the value is never in the message.
    """
    require_known(shell)
    for name, value in values.items():
        if not (name.isascii() and name.isidentifier()):
            raise ValueError(f"not the name of an environment variable: {name!r}")
        if value is not None and "\0" in value:
            raise ConfigurationError(f"{name} holds a NUL character, which no environment can take")
    if shell in BOURNE_FAMILY:
        return "\n".join((BOURNE_GUARD, *(bourne_line(name, value) for name, value in values.items()), ""))
    from mfasession.shells import rare

    return rare.render(shell, values)


def bourne_line(name: str, value: str | None) -> str:
    """Return one command of the Bourne family.

    The backslash keeps aliases of `export` and `unset` out; the semicolon keeps commands apart when somebody forgets
    the quotes around `$(...)` and newlines become spaces.
    """
    if value is None:
        return f"\\unset {name};"
    quoted = value.replace("'", "'\\''")
    return f"\\export {name}='{quoted}';"


def failure(shell: str, exit_code: int) -> str:
    r"""Return the line, newline included, that makes the evaluation fail too; "" where the reader has no way to fail.

    Needed because `eval "$(false)"` succeeds, even under `set -e` (POSIX.1-2017, eval: no command, status zero).
    The Bourne family, tcsh and cmd pass the exit code on; the others just fail.
    Raises `UsageError` for an unknown shell.
    """
    require_known(shell)
    if shell in BOURNE_FAMILY:
        return f"(exit {exit_code})\n"
    from mfasession.shells import rare

    return rare.failure(shell, exit_code)


def how_to(shell: str, command: str) -> str:
    """Return the line that a person types to evaluate the output of `command` in that shell.

    `command` comes without `--shell`, as in `mfasession env -p work`; it is added outside the Bourne family.
    Raises `UsageError` for an unknown shell.
    """
    require_known(shell)
    if shell in BOURNE_FAMILY:
        return f'eval "$({command})"'
    from mfasession.shells import rare

    return rare.how_to(shell, command)


def require_known(shell: str) -> None:
    """Raise `UsageError` unless `shell` is one of `NAMES`."""
    if shell not in NAMES:
        raise UsageError(f"unknown shell {shell!r}", f"choose one of {' '.join(NAMES)}")
