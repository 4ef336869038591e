"""Command lines for hints, ready to paste, with the profile of the failing command.

A hint never names the command that was just run: if that has to be repeated, the hint says "run it again".
"""

from collections.abc import Sequence
from shlex import quote

PROGRAM = "mfasession"


def command_line(*words: str, profile: str = "") -> str:
    """Return the line that runs mfasession with these words; without -p if `profile` is empty.

    -p follows the command and its action, as in `mfasession keys rotate -p work --force`, and precedes `--`.
    """
    place = next((number for number, word in enumerate(words) if word.startswith("-") and word != "-"), len(words))
    option = ("-p", profile) if profile else ()
    return " ".join(map(quote, (PROGRAM, *words[:place], *option, *words[place:])))


def by_session(command: str, profile: str = "") -> str:
    """Return the line that runs a command with a profile's session, because its key alone may be denied."""
    return f"{command_line('exec', profile=profile)} -- {command}"


def repeatable(words: Sequence[str]) -> tuple[str, ...]:
    """Return our command line's words for running it again, without the used code and without -p."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        name, _, value = word.partition("=")
        if name in ("--code", "-p", "--profile"):
            value = value or next(rest, "")
            # stdin gives another code.
            kept += ["--code", "-"] if (name, value) == ("--code", "-") else []
        elif word.startswith("--") or not word.startswith("-p"):
            kept.append(word)
    return tuple(kept)
