"""The few words that are run a thousand times a day, read without argparse, which costs as much as Python itself.

Whatever is not exactly one of these forms is left to `arguments.parse`, and a test holds the two to one answer.
"""

from mfasession.options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = ("env", "exec", "process", "status", "login")


def parse(words: "Sequence[str]") -> "Options | None":
    """Return the options of a command with -p, --profile, --no-input, --shell or --json alone; None for all else."""
    if not words or words[0] not in COMMANDS:
        return None
    command, profile, shell, no_input, json = words[0], "", "", False, False
    behind: tuple[str, ...] = ()
    rest = iter(words[1:])
    for word in rest:
        if word in ("-p", "--profile"):
            is_second, profile = bool(profile), next(rest, "-")
            if profile[:1] in ("", "-") or (is_second and command == "exec"):
                return None
        elif word == "--no-input":
            no_input = True
        elif word == "--shell" and command == "env":
            shell = next(rest, "-")
            if not _is_shell(shell):
                return None
        elif word == "--json" and command == "status":
            json = True
        elif word == "--" and command == "exec":
            behind = tuple(rest)
        else:
            return None
    return Options(command=command, profile=profile, shell=shell, no_input=no_input, json=json, words=behind)


def _is_shell(name: str) -> bool:
    from mfasession.outlets import shells

    return name in shells.NAMES
