"""The whole command line through argparse; imported only when `cli.read_hit` does not know the words."""

import argparse
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from mfasession import hints, terminal
from mfasession.cli import mistakes, parsers, registry, topics
from mfasession.cli.errors import ChoiceNeeded
from mfasession.commands import Options
from mfasession.errors import MfaSessionError, UsageError
from mfasession.redaction import redacted
from mfasession.text import nearest


class _Line:
    """A command line, read from left to right: the program's flags, the command's, its action's, and what it runs."""

    def __init__(self, words: Sequence[str]) -> None:
        self._left = list(words)
        self.own: list[str] = []
        """The words that are ours, as they were typed."""
        self.found = argparse.Namespace()
        self.unknown: list[str] = []
        self.picks = False
        """Whether -p stands without a name, at a terminal where one can be chosen."""

    def take_flags(self, parser: parsers.Parser) -> None:
        """Read what stands before the next word that is no flag."""
        self._read(parser, parser.first_word(self._left))

    def take_rest(self, parser: parsers.Parser) -> None:
        """Read all that is left before `--`."""
        self._read(parser, self._left.index("--") if "--" in self._left else len(self._left))

    def take_word(self) -> str | None:
        """Return the next word; None when there is none, or `--`."""
        if not self._left or self._left[0] == "--":
            return None
        self.own.append(self._left[0])
        return self._left.pop(0)

    def behind(self) -> tuple[str, ...] | None:
        """Return the words of a command to run, which may follow `--`; None when there are none, nor `--`."""
        if not self._left:
            return None
        return tuple(self._left[1:] if self._left[0] == "--" else self._left)

    def rest(self) -> list[str]:
        """Return the words that have not been read."""
        return self._left

    def _read(self, parser: parsers.Parser, count: int) -> None:
        taken, self._left = self._left[:count], self._left[count:]
        if self._is_choice(taken):
            self.picks = True
            taken = taken[:-1]
        self.own += taken
        # Interleaved: an argument that may be missing may stand behind a flag, as in `keys add --force -`.
        self.unknown += parser.parse_known_intermixed_args(taken, self.found)[1]

    def _is_choice(self, taken: Sequence[str]) -> bool:
        """Whether the last word of ours is a -p without a name. Any word behind it, but `--`, would be the name."""
        if taken[-1:] not in (["-p"], ["--profile"]) or self._left[:1] not in ([], ["--"]):
            return False
        return "--no-input" not in (*self.own, *taken) and terminal.is_ours()


def parse(words: Sequence[str]) -> Options:
    """Return the options. Raises UsageError; prints and leaves with SystemExit for --help and --version only."""
    if len(words) == 2 and words[0] == "help" and words[1] in topics.TOPICS:
        sys.stdout.write(topics.TOPICS[words[1]].shown())
        raise SystemExit(0)
    if words[:1] in (["help"], ("help",)) and len(words) == 2:
        _check_topic(words[1])
    line = _Line(_asks_for_help(words))
    line.take_flags(parsers.program())
    command, module = _command(line)
    name, action = command, ""
    if registry.has_actions(module):
        line.take_flags(parsers.group(command, module))
        action, module = _action(line, command, module)
        name = f"{command} {action}"
    parser = parsers.leaf(name, module)
    if registry.runs_words(module):
        line.take_flags(parser)
    else:
        line.take_rest(parser)
    if line.unknown:
        raise mistakes.unknown(line.own, line.unknown, name, parser, line.rest())
    behind = line.behind()
    if behind is not None and not registry.takes_words(module):
        raise UsageError(f"{name} runs no command", "only exec and sandbox take words behind --")
    return _options(line, command, action, module, behind)


def words_of(name: str) -> list[str]:
    """Return the flags of a command or an action (`keys list`); for an empty name, all commands and the program's."""
    flags = parsers.of(name).flags()
    return flags if name else [*registry.names(), "help", *flags]


def values_of(name: str, flag: str) -> list[str]:
    """Return what may stand behind a flag of a command or an action, where only some words may."""
    return parsers.of(name).values(flag)


def takes_value(name: str, flag: str) -> bool:
    """Return whether a flag of a command or an action is followed by a value."""
    return parsers.of(name).takes_value(flag)


def takes_words(name: str) -> bool:
    """Return whether a command or an action has arguments that are no flags."""
    return bool(parsers.of(name).arguments())


def completions(name: str, words: Sequence[str]) -> Sequence[str]:
    """Return what the next argument of a command or an action may be, behind these words of the whole line."""
    command, _, action = name.partition(" ")
    module = registry.find(command)
    module = registry.action(module, action) if module is not None and action else module
    if module is None:
        return ()
    parser, left, given = parsers.of(name), list(words), []
    while left := left[parser.first_word(left) :]:
        given.append(left.pop(0))
    return registry.completions(module, given[len(name.split()) :])


def actions_of(command: str) -> list[str]:
    """Return the words of which a command takes one first, as in `keys list`; none for most."""
    module = registry.find(command)
    if module is None:
        return []
    return list(registry.actions(module)) or parsers.leaf(command, module).choices()


def own(words: Sequence[str]) -> list[str]:
    """Return the words that are ours, without those of a command to run; all of a line that cannot be read."""
    line = _Line(words)
    try:
        line.take_flags(parsers.program())
        name = line.take_word() or ""
        module = registry.find(name)
        if module is not None and registry.runs_words(module):
            line.take_flags(parsers.leaf(name, module))
            return line.own
    except UsageError:
        pass
    return list(words)


def _asks_for_help(words: Sequence[str]) -> Sequence[str]:
    """Return `login --help` for `help login`; other words as they are."""
    return [*words[1:], "--help"] if words[:1] == ["help"] or words[:1] == ("help",) else words


def _check_topic(word: str) -> None:
    """Raise UsageError for a word that is likely a misspelt topic of help."""
    commands = [*registry.names(), "help"]
    near = nearest(word, [*commands, *topics.TOPICS])
    if word not in commands and near in topics.TOPICS and near not in commands:
        raise UsageError(f"there is no help on {redacted(word)}", f"did you mean: mfasession help {near}")


def _command(line: _Line) -> tuple[str, ModuleType]:
    word = line.take_word()
    module = registry.find(word) if word is not None else None
    if word is not None and module is not None:
        return word, module
    parser = parsers.program()
    if line.unknown:
        raise mistakes.unknown(line.own, line.unknown, "", parser, line.rest())
    if word is None:
        raise ChoiceNeeded("no command was given", "mfasession --help", parser.listed())
    raise mistakes.unknown_command(line.own, word, line.rest())


def _action(line: _Line, command: str, module: ModuleType) -> tuple[str, ModuleType]:
    word = line.take_word()
    found = registry.action(module, word) if word is not None else None
    if word is not None and found is not None:
        return word, found
    parser = parsers.group(command, module)
    if line.unknown:
        raise mistakes.unknown(line.own, line.unknown, command, parser, line.rest())
    if word is None:
        raise ChoiceNeeded(f"{command} needs an action", f"mfasession {command} --help", parser.listed())
    raise mistakes.unknown_action(line.own, word, command, list(parser.listed()), line.rest())


def _options(line: _Line, command: str, action: str, module: ModuleType, behind: tuple[str, ...] | None) -> Options:
    given = {name: value for name, value in vars(line.found).items() if value is not None}
    named = list(given.pop("profiles", ()))
    if line.picks:
        from mfasession.cli import picker

        named.append(picker.pick())
    given |= _profiles(command, module, tuple(dict.fromkeys(named)))
    flags = registry.flags(module)
    if flags is not None:
        given["flags"] = flags(**{name: given.pop(name) for name in flags.__fields__ if name in given})
    for name in given:
        if name not in Options.__fields__:
            flag = f"--{name.replace('_', '-')}"
            raise MfaSessionError(
                f"{command} adds {flag}, and there is no field {name} to keep it in",
                f"add {name} to class Flags in {module.__name__}",
            )
    given |= {"action": action} if action else {}
    return Options(command=command, words=behind or (), typed=hints.repeatable(line.own), **given)


def _profiles(command: str, module: ModuleType, named: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields that -p sets. Raises UsageError for several profiles where one is meant."""
    if len(named) > 1 and not registry.takes_profiles(module):
        raise UsageError(f"{command} takes one profile, and -p names several: {', '.join(named)}", "name one of them")
    return {"profile": named[-1], **({"profiles": named} if len(named) > 1 else {})} if named else {}
