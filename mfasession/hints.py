"""Command lines for hints: those that a person can paste, for the profile that the failing command was run for.

A hint never names the command that was just run: where running it again is all there is to do, it says so in words.
"""

from collections.abc import Sequence
from shlex import quote

PROGRAM = "mfasession"


def command_line(*words: str, profile: str = "") -> str:
    """Return the line that runs mfasession with these words; `profile` is empty where none has to be named.

    -p stands behind the command and its action, as in `mfasession keys rotate -p work --force`, and before `--`.
    """
    place = next((number for number, word in enumerate(words) if word.startswith("-") and word != "-"), len(words))
    option = ("-p", profile) if profile else ()
    return " ".join(map(quote, (PROGRAM, *words[:place], *option, *words[place:])))


def by_session(command: str, profile: str = "") -> str:
    """Return the line that runs a shell's command with a profile's session: its bare key may be denied that."""
    return f"{command_line('exec', profile=profile)} -- {command}"


def repeatable(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a command line of ours that may be run again: a code is used up, and -p is named anew."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        name, _, value = word.partition("=")
        if name in ("--code", "-p", "--profile"):
            value = value or next(rest, "")
            # From stdin comes another one.
            kept += ["--code", "-"] if (name, value) == ("--code", "-") else []
        elif word.startswith("--") or not word.startswith("-p"):
            kept.append(word)
    return tuple(kept)
