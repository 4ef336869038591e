"""What every hint must be, whichever test has driven the command: a line that can be pasted, for the same profile."""

import re
import shlex
from collections.abc import Iterator, Sequence

from mfasession.cli import arguments
from mfasession.commands import Options
from mfasession.errors import UsageError

_HINT = re.compile(r"^  hint: (.*)$", re.MULTILINE)
_OURS = re.compile(r"(?<!\b(?:set|del|get) )\bmfasession(?= )")
"""Our program, and not the name of our items in `keyring set mfasession …`."""
_AWS = re.compile(r"\baws (?:iam|sts|s3|configure|sso|login)\b")
_ENDS = (",", ";", ":", ")", ')"')
"""What a command line in a sentence, or in `eval "$(…)"`, may end with."""
_NOT_TO_PASTE = ("shell", "sandbox", "demo")
"""Commands that no profile changes anything about; nor `policy show` and its like, nor `env --unset`."""


def faults(words: Sequence[str], stderr: str) -> list[str]:
    """Return what is wrong with the hints that a command line of ours, without the program's name, got on stderr."""
    return [f"{fault}: {hint}" for hint in _HINT.findall(stderr) for fault in _faults(list(words), hint)]


def _faults(words: list[str], hint: str) -> Iterator[str]:
    ours, ran = words[: words.index("--")] if "--" in words else words, _options(words)
    names_profile = any(word in ("-p", "--profile") or word.startswith(("-p", "--profile=")) for word in ours)
    for found in _OURS.finditer(hint):
        meant = _meant(hint[found.end() :])
        if meant is None:
            yield "no command line of ours"
        elif isinstance(meant, Options):
            is_not_to_paste = meant.command in _NOT_TO_PASTE or meant.unset or meant.action == "show"
            if names_profile and not meant.profile and not is_not_to_paste:
                yield "the profile that was given is missing"
            if meant == ran:
                yield "the command that was just run"
    for found in _AWS.finditer(hint):
        if "--profile" not in hint[found.end() :] and "mfasession exec" not in hint[: found.start()]:
            yield "aws would run with the bare key, or for another profile"


def _meant(text: str) -> Options | str | None:
    """The longest command line at the start of a text; a string for --help and --version, None when there is none."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    end = next((place + 1 for place, word in enumerate(words) if word.endswith(_ENDS)), len(words))
    words = [*words[: end - 1], *(word.rstrip(',;:)"') for word in words[end - 1 : end])]
    lines = (words[:length] for length in range(len(words), 0, -1))
    return next((options for line in lines if (options := _options(line)) is not None), None)


def _options(words: list[str]) -> Options | str | None:
    if "--help" in words:
        return "help" if words[-1] == "--help" else None
    if words == ["--version"]:
        return "version"
    try:
        return arguments.parse(words).replace(typed=())
    except (UsageError, SystemExit):
        return None
