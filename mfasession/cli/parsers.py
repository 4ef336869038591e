"""Parsers of the command line, one for each command and action: argparse with our errors and our help."""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, NoReturn

from mfasession import __version__
from mfasession.cli import registry, topics
from mfasession.errors import UsageError
from mfasession.redaction import redacted
from mfasession.text import nearest

_DESCRIPTION = "One MFA code in the morning, temporary AWS credentials all day"
_EXAMPLES = (
    ("mfasession login", "log in, in the morning"),
    ('eval "$(mfasession env)"', "set the session's credentials in this shell"),
    ("mfasession exec -- aws s3 ls", "run one command with the session's credentials"),
    ("mfasession help login", "show the flags of a command"),
    ("mfasession help stores", "read about a topic"),
)
_MISSING = " is missing"
_PLAIN = {
    "expected one argument": "needs a value",
    "expected at least one argument": "needs a value",
}
"""argparse's words for what is wrong with a flag, in ours."""


class Parser(argparse.ArgumentParser):
    """argparse that raises instead of printing and leaving, and whose help starts with a sentence, not with usage."""

    def __init__(self, prog: str, summary: str, *, usage: str | None = None) -> None:
        super().__init__(prog=prog, usage=usage, description=summary, allow_abbrev=False)
        self._positionals.title = "arguments"
        self.title = ""
        """What is chosen with the next word: commands or actions."""
        self.listed: Callable[[], Mapping[str, str]] = dict
        """Their names and sentences: asked for by help alone, for it imports them all."""
        self.topics: Mapping[str, str] = {}
        """What `help` has texts about, and their sentences."""
        self.examples: Sequence[tuple[str, str]] = ()
        """Command lines, each with what it does."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with argparse's message in plain words."""
        plain = _plain(message)
        choices = " or ".join(self.choices()) if plain.endswith(_MISSING) else ""
        raise UsageError(plain, f"{choices and choices + '; '}see {self.prog} --help")

    def format_help(self) -> str:
        """Return the sentence, usage, the commands or actions, the flags, and examples."""
        usage = self.format_usage()
        parts = [f"{self.description}.\n", usage]
        if self.title:
            parts.append(f"{self.title}:\n" + "".join(f"  {line}\n" for line in table(self.listed())))
        formatter = self._get_formatter()
        for group in self._action_groups:
            formatter.start_section(group.title)
            formatter.add_text(group.description)
            formatter.add_arguments(group._group_actions)  # noqa: SLF001  # argparse's own format_help does this
            formatter.end_section()
        parts.append(formatter.format_help())
        if self.topics:
            parts.append("topics:\n" + "".join(f"  {line}\n" for line in table(self.topics)))
        if self.examples:
            lines = (f"  # {what}\n  {line}\n" for line, what in self.examples)
            parts.append("examples:\n" + "\n".join(lines))
        return "\n".join(parts)

    def flags(self) -> list[str]:
        """Return all that starts with a dash."""
        return list(self._option_string_actions)

    def values(self, flag: str) -> list[str]:
        """Return what may stand behind a flag, where only some words may."""
        action = self._option_string_actions.get(flag)
        return [str(each) for each in (action.choices if action else None) or ()]

    def takes_value(self, flag: str) -> bool:
        """Return whether a flag is followed by a value."""
        action = self._option_string_actions.get(flag)
        return action is not None and action.nargs is None

    def choices(self) -> list[str]:
        """Return what may stand as the first argument, where only some words may."""
        first = next((each for each in self._actions if not each.option_strings), None)
        return list(map(str, first.choices or ())) if first is not None else []

    def arguments(self) -> list[str]:
        """Return the arguments that are no flags, as usage shows them: `[FILE …]`."""
        shapes = {None: "{}", "?": "[{}]", "+": "{} …", "*": "[{} …]"}
        return [
            shapes[str(each.nargs) if each.nargs else None].format(each.metavar or each.dest)
            for each in self._actions
            if not each.option_strings
        ]

    def first_word(self, words: Sequence[str]) -> int:
        """Return the place of the first word that is neither a flag nor its value, or of `--`; else the length."""
        place = 0
        while place < len(words) and words[place].startswith("-") and words[place] not in ("-", "--"):
            has_value = words[place + 1 : place + 2] not in ([], ["--"])
            place += 2 if self.takes_value(words[place]) and has_value else 1
        return min(place, len(words))

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        # argparse's own words for this change from one Python to the next.
        if action.choices is not None and value not in action.choices:
            name = action.option_strings[-1] if action.option_strings else action.metavar or action.dest
            choices = [str(choice) for choice in action.choices]
            near = nearest(str(value), choices)
            raise UsageError(
                f"{name} cannot be {redacted(str(value))}",
                f"did you mean {near}?" if near else f"one of {', '.join(choices)}",
            )


def program() -> Parser:
    """Return the parser of what stands before the command."""
    parser = Parser("mfasession", _DESCRIPTION, usage="mfasession COMMAND [options]")
    _add_common(parser)
    parser.add_argument("--version", action="version", version=f"mfasession {__version__}", help="show the version")
    parser.title = "commands"
    parser.listed = lambda: {name: module.SUMMARY for name, module in registry.commands().items()}
    parser.topics = {name: topic.summary for name, topic in topics.TOPICS.items()}
    parser.examples = _EXAMPLES
    return parser


def group(name: str, module: ModuleType) -> Parser:
    """Return the parser of what stands between a command and its action."""
    parser = Parser(f"mfasession {name}", module.SUMMARY, usage=f"mfasession {name} ACTION [options]")
    _add_common(parser)
    parser.title = "actions"
    parser.listed = lambda: {action: each.SUMMARY for action, each in registry.actions(module).items()}
    parser.examples = getattr(module, "EXAMPLES", ())
    return parser


def leaf(name: str, module: ModuleType) -> Parser:
    """Return the parser of what stands behind a command or an action. `name`: `login`, `keys list`."""
    parser = Parser(f"mfasession {name}", module.SUMMARY)
    if hasattr(module, "add_arguments"):
        module.add_arguments(parser)
    words = ["[--] [CMD …]"] if registry.runs_words(module) else parser.arguments()
    parser.usage = " ".join((f"mfasession {name} [options]", *words))
    _add_common(parser, several=registry.takes_profiles(module))
    parser.examples = getattr(module, "EXAMPLES", ())
    return parser


def of(name: str) -> Parser:
    """Return the parser of the program for an empty name, else that of a command or an action. Raises UsageError."""
    command, _, action = name.partition(" ")
    module = registry.find(command)
    if module is None:
        return program()
    if not registry.has_actions(module):
        return leaf(command, module)
    found = registry.action(module, action)
    return leaf(name, found) if found is not None else group(command, module)


def _add_common(parser: Parser, *, several: bool = False) -> None:
    """Add the flags of every command. With `several`, each -p counts."""
    # SUPPRESS: what stands behind the command must not undo what stood before it.
    suppress = argparse.SUPPRESS
    profile = "the AWS profile (AWS_PROFILE, default); without NAME: choose it from a list"
    parser.add_argument(
        "-p",
        "--profile",
        dest="profiles",
        action="append",
        metavar="NAME",
        default=suppress,
        help=f"{profile}; may be repeated" if several else profile,
    )
    parser.add_argument("--no-input", action="store_true", default=suppress, help="never ask; fail with exit code 6")
    parser.add_argument("--debug", action="store_true", default=suppress, help="show a traceback when it fails")


def table(rows: Mapping[str, str]) -> list[str]:
    """Return a line for each name, with its sentence."""
    width = max(map(len, rows), default=0)
    return [f"{name.ljust(width)}  {what}" for name, what in rows.items()]


def _plain(message: str) -> str:
    """Return argparse's message in plain words: `argument -p/--profile: expected one argument` and its like."""
    if missing := re.fullmatch(r"the following arguments are required: (.*)", message):
        return f"{missing[1]}{_MISSING}"
    flag = re.fullmatch(r"argument ([^:]*): (.*)", message, re.DOTALL)
    if flag is None:
        return redacted(message)
    if flag[2].startswith("ignored explicit argument"):
        return f"{flag[1]} takes no value"
    return f"{flag[1]}{' ' if flag[2] in _PLAIN else ': '}{redacted(_PLAIN.get(flag[2], flag[2]))}"
