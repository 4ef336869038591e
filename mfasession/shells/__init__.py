"""Text that a shell evaluates to set and unset environment variables: which dialect, how to quote, how to fail.

This module is imported on each `mfasession env`, so it holds the common dialect only, that of the Bourne family
(POSIX.1-2017, XCU 2.2.2: between single quotes every character is itself). Each file beside it is another dialect,
found by being there: it holds a `Dialect` as `DIALECT`, and its name is the dialect's. `detection` finds out which
shell is asking when that is not obvious.
"""

import os
import sys

from mfasession.errors import ConfigurationError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

BOURNE_FAMILY = ("sh", "bash", "zsh", "dash", "ksh")
LINE_BREAKS = "\n\r"
STOP = "${{mfasession_env?these lines are for {name}: name yours with --shell}}"
"""Makes a Bourne shell fail (POSIX.1-2017, XCU 2.6.2), and fish, tcsh, Elvish and xonsh refuse the line.

A guard keeps it from its own shell's eyes: in quotes that are quotes there alone, or in a comment.
"""


PROGRAM_ENDS = ("sh", "shell")
"""How the other names of a shell's program end: the dialects are not loaded to look for another program's name."""


class Dialect:
    """How one shell, or one kind of file, sets variables. Names and values have been checked by `render`."""

    programs: tuple[str, ...] = ()
    """Names of programs that speak it, besides its own; each with one of PROGRAM_ENDS."""
    is_file_format = False
    """Whether it is a kind of file: no shell reads it, and it needs no guard."""
    guard = ""
    """The first line, which does nothing in this shell and makes every other one fail before it sees a secret.

    `tests/contracts/test_wrong_shells.py` shows what each shell does with those of the others.
    """
    end = ""
    """The last line, when there has to be one."""
    failure = ""
    """The line that makes the evaluation fail; may hold `{exit_code}`. Empty where the reader has no way to fail."""
    how_to = "COMMAND"
    """The line that a person types to evaluate what COMMAND prints."""

    def line(self, name: str, value: str | None) -> str:
        """Return one command that sets a variable, or unsets it for None.

        Raises `ConfigurationError` for a value that cannot be written.
        """
        raise NotImplementedError

    def text(self, values: "Mapping[str, str | None]") -> str:
        """Return all lines, the guard first, with a newline at the end."""
        lines = [self.guard] if self.guard else []
        lines += [self.line(name, value) for name, value in values.items()]
        if self.end:
            lines.append(self.end)
        return "\n".join(lines) + "\n"


class Bourne(Dialect):
    r"""sh and its relatives.

    Their guard: fish reads `\'` as a quote inside quotes, and so a message and `return`; tcsh and Elvish refuse
    `${name-}`; PowerShell begins a comment at `<#`.
    """

    guard = (
        r""": '\''; echo "mfasession: these lines are for sh: add --shell fish" >&2; return 1 #' """
        r""""\" <#" ${mfasession_env-};"""
    )
    failure = "(exit {exit_code})"
    how_to = 'eval "$(COMMAND)"'

    def line(self, name: str, value: str | None) -> str:
        """Return one command of the Bourne family.

        The backslash keeps aliases of `export` and `unset` out; the semicolon keeps commands apart when the quotes
        around `$(...)` are forgotten and newlines become spaces.
        """
        if value is None:
            return f"\\unset {name};"
        quoted = value.replace("'", "'\\''")
        return f"\\export {name}='{quoted}';"


def names() -> tuple[str, ...]:
    """Return the names of all dialects, the Bourne family's first."""
    from mfasession import plugins

    return (*BOURNE_FAMILY, *plugins.names("shells"))


def is_known(shell: str) -> bool:
    """Return whether there is a dialect of that name."""
    if shell in BOURNE_FAMILY:
        return True
    # Not `names`: this is on the path of `env --shell fish`.
    is_name = shell.isidentifier() and not shell.startswith("_")
    return is_name and os.path.exists(os.path.join(os.path.dirname(__file__), f"{shell}.py"))


def dialect(shell: str) -> Dialect:
    """Return a dialect by its name. Raises `UsageError` for an unknown one."""
    if shell in BOURNE_FAMILY:
        return Bourne()
    if not is_known(shell):
        raise UsageError(f"unknown shell {shell!r}", f"choose one of {' '.join(names())}")
    # Not importlib's import_module: importing that costs more than the rest of `env`.
    found: Dialect = __import__(f"mfasession.shells.{shell}", fromlist=["DIALECT"]).DIALECT
    return found


def calling(environ: "Mapping[str, str]", *, reads_stdout: bool = True) -> str:
    """Return the dialect of the shell that reads our stdout: the nearest parent that is a shell, else `$SHELL`.

    Without `reads_stdout` that of the shell that runs us, for what a person types there.

    `$SHELL` names the login shell, which need not be the one that asks (ocaml/opam#3275, rbenv/rbenv#453). A shell's
    own variables do not reach its children, and what does (`NU_VERSION`) other shells inherit, so neither says more.
    """
    # The usual case, with next to no code: a parent whose program has its dialect's name, and reads what we write.
    if sys.platform == "linux":
        parent = f"/proc/{os.getppid()}"
        try:
            program = os.readlink(parent + "/exe").rpartition("/")[2]
            if is_shell(program) and os.readlink(parent + "/fd/1") != os.readlink("/proc/self/fd/1"):
                return program
        except OSError:
            # Another user's, or gone: its ancestors may be seen.
            pass
    from mfasession.shells import detection

    return detection.nearest(reads_stdout=reads_stdout) or detection.detect(environ.get("SHELL", ""))


def is_shell(name: str) -> bool:
    """Return whether a dialect of that name is evaluated by a shell, and not the format of a file."""
    return name in BOURNE_FAMILY or (is_known(name) and not dialect(name).is_file_format)


def render(shell: str, values: "Mapping[str, str | None]") -> str:
    """Return the text that sets each variable to its value, or unsets it where the value is None, in the order given.

    Its first line makes any other shell fail before it has shown a value: put nothing secret into the first two (nu
    shows the lines around what it does not understand). The file formats have no such line. The text ends with a
    newline and holds secrets: write it once, to stdout only. Characters that are not ASCII are kept as they are; write
    with `os.fsencode` so that undecodable bytes (PEP 383) come out as they came in.

    Raises `UsageError` for an unknown shell, `ValueError` for a name that is not one of a variable (ASCII letters,
    digits, underscores), `ConfigurationError` for a value that the dialect cannot hold; the value is never in the
    message.
    """
    found = dialect(shell)
    for name, value in values.items():
        if not (name.isascii() and name.isidentifier()):
            raise ValueError(f"not the name of an environment variable: {name!r}")
        if value is not None and "\0" in value:
            raise ConfigurationError(f"{name} holds a NUL character, which no environment can take")
    return found.text(values)


def failure(shell: str, exit_code: int) -> str:
    r"""Return the line, newline included, that makes the evaluation fail too; "" where the reader has no way to fail.

    Needed because `eval "$(false)"` succeeds, even under `set -e` (POSIX.1-2017, eval: no command, status zero).
    The Bourne family, tcsh and cmd pass the exit code on; the others just fail.
    Raises `UsageError` for an unknown shell.
    """
    line = dialect(shell).failure.replace("{exit_code}", str(exit_code))
    return line and line + "\n"


def how_to(shell: str, command: str) -> str:
    """Return the line that a person types to evaluate the output of `command` in that shell.

    `command` comes without `--shell`, as in `mfasession env -p work`; it is added outside the Bourne family.
    Raises `UsageError` for an unknown shell.
    """
    whole = command if shell in BOURNE_FAMILY else f"{command} --shell {shell}"
    return dialect(shell).how_to.replace("COMMAND", whole)


def refuse(shell: str, name: str, value: str, forbidden: str) -> None:
    """Raise `ConfigurationError` when the value holds one of the forbidden characters; it names them, not the value."""
    found = [character for character in forbidden if character in value]
    if found:
        raise ConfigurationError(
            f"{name} holds {found[0]!a}, which cannot be written for {shell}",
            "run the command with exec instead, which needs no quoting",
        )
