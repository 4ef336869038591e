"""What a wrong word of the command line is answered with: the nearest right line, as far as there is one."""

import re
from collections.abc import Sequence
from shlex import quote

from mfasession.cli import parsers, registry
from mfasession.commands.argument_types import key_in_words
from mfasession.errors import UsageError
from mfasession.hints import PROGRAM
from mfasession.redaction import redacted
from mfasession.text import nearest

__all__ = ["unknown", "unknown_action", "unknown_command"]

_LONGEST_LINE = 500
"""Characters of a line that a hint repeats."""
_CODE = re.compile(r"\d{3} ?\d{3}")


def unknown_command(own: Sequence[str], word: str, rest: Sequence[str]) -> UsageError:
    """Return the error for a first word that is no command. `own` ends with it, `rest` follows it."""
    near = nearest(word, [*registry.names(), "help", "version"])
    if near == "version":
        return UsageError(f"unknown command {redacted(word)}", _meant([*own[:-1], "--version"]))
    hint = _meant([*own[:-1], near, *rest]) if near else "see mfasession --help"
    return UsageError(f"unknown command {redacted(word)}", hint)


def unknown_action(
    own: Sequence[str], word: str, command: str, known: Sequence[str], rest: Sequence[str]
) -> UsageError:
    """Return the error for a word that is no action of a command. `own` ends with it, `rest` follows it."""
    near = nearest(word, known)
    hint = _meant([*own[:-1], near, *rest]) if near else f"see mfasession {command} --help"
    return UsageError(f"{command} has no action {redacted(word)}", hint)


def unknown(
    own: Sequence[str], unknown: Sequence[str], name: str, parser: parsers.Parser, rest: Sequence[str]
) -> UsageError:
    """Return the error for words that a command or action does not take. `rest`: the words behind those in `own`."""
    word = unknown[0]
    if word.startswith("-") and word != "-":
        return _unknown_flag(own, word, name, parser, rest)
    if name.startswith("keys ") and word != "-":
        return key_in_words()
    return UsageError(f"unexpected argument {redacted(word)}", _place_of(own, unknown, parser, rest) or _see(name))


def _unknown_flag(own: Sequence[str], word: str, name: str, parser: parsers.Parser, rest: Sequence[str]) -> UsageError:
    # Not what follows the = of a flag that is not ours: --password=…
    flag, equals, _ = word.partition("=")
    names = {each.lstrip("-"): each for each in parser.flags()}
    near = names.get(nearest(flag.lstrip("-"), names), "")
    place = list(own).index(word)
    hint = _taker(flag, name)
    if near and not hint:
        hint = f"did you mean {near}?" if equals else _meant([*own[:place], near, *own[place + 1 :]], rest)
    return UsageError(f"unknown flag {redacted(flag)}", hint or _see(name))


def _place_of(own: Sequence[str], unknown: Sequence[str], parser: parsers.Parser, rest: Sequence[str]) -> str:
    """Return the line in which an unexpected word is a flag or the value of one; empty when none is likely."""
    if len(unknown) > 1:
        return ""
    (word,) = unknown
    kept = list(own)
    place = len(kept) - 1 - kept[::-1].index(word)
    before, after = kept[:place], kept[place + 1 :]
    if _CODE.fullmatch(word):
        return _meant([*before, *after, "--code", "-"], rest) if "--code" in parser.flags() else ""
    if f"--{word}" in parser.flags():
        return _meant([*before, f"--{word}", *after], rest)
    has_profile = any(each.startswith(("-p", "--profile")) for each in own)
    return "" if has_profile or not word or word == "-" else _meant([*before, "-p", word, *after], rest)


def _taker(flag: str, name: str) -> str:
    """Return which command or action has a flag; empty when none has."""
    command, _, action = name.partition(" ")
    module = registry.find(command)
    siblings = [f"{command} {each}" for each in registry.actions(module)] if action and module else registry.names()
    takers = [each for each in siblings if flag in parsers.of(each).flags()]
    listed = " and ".join(filter(None, (", ".join(takers[:-1]), *takers[-1:])))
    return f"{flag} is a flag of {listed}" if takers else ""


def _see(name: str) -> str:
    return f"see {PROGRAM} {name} --help" if name else f"see {PROGRAM} --help"


def _meant(words: Sequence[str], rest: Sequence[str] = ()) -> str:
    """Return a question for the line of our words and those of a command to run: a code is not repeated."""
    if "--" in words:
        place = list(words).index("--")
        words, rest = words[:place], [*words[place:], *rest]
    kept: list[str] = []
    left = iter(words)
    for word in left:
        if word.partition("=")[0] != "--code":
            kept.append(redacted(word))
        elif (word if "=" in word else next(left, "")).endswith("-"):
            kept += ["--code", "-"]
    line = " ".join(quote(word) for word in (PROGRAM, *kept, *map(redacted, rest)))
    return f"did you mean: {line}" if len(line) <= _LONGEST_LINE else f"did you mean: {line[:_LONGEST_LINE]}…"
