"""The whole command line through argparse; imported only when `cli.read_hit` does not know the words."""

import argparse
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from mfasession import __version__, hints
from mfasession.commands import argument_types
from mfasession.errors import UsageError
from mfasession.options import Options
from mfasession.redaction import redacted

if TYPE_CHECKING:
    from mfasession.values import Value

COMMANDS = (
    "login",
    "env",
    "exec",
    "process",
    "serve",
    "console",
    "status",
    "logout",
    "keys",
    "mfa",
    "policy",
    "shell",
    "sandbox",
    "demo",
)
RUNS_WORDS = ("exec", "sandbox")
"""The commands that run what follows `--`."""
TAKES_WORDS = (*RUNS_WORDS, "shell")
HAVE_ACTIONS = ("mfa", "policy")
"""The commands of which each action is a module with a `Flags` of its own, in a folder of the command's name."""
_LONGEST_LINE = 500
"""Characters of somebody else's command that a hint repeats."""
TAKES_PROFILES = ("exec", "serve")
"""The commands for which -p may be said more than once."""
PROFILE_PLACES = ("profiles_first", "profiles_of_command", "profiles_of_action")
"""Where argparse puts each -p: before the command, behind it, and behind its action. One would hide the other."""


def parse(words: Sequence[str]) -> Options:
    """Return the options. Raises UsageError; prints and leaves with SystemExit for --help and --version only."""
    before, behind = _cut(words)
    parsed, unknown = _parsers()[""].parse_known_args(before)
    found = vars(parsed)
    command = found.pop("command", None)
    if command == "keys" and unknown == ["-"] and not found["name"]:
        # argparse fills an argument that may be missing before it has seen what stands behind a flag.
        unknown, found["name"] = [], "-"
    if unknown:
        raise _unknown(unknown[0], command, before)
    if command is None:
        raise UsageError("which command?", f"one of {', '.join(COMMANDS)}; see mfasession --help")
    if behind is not None and command not in TAKES_WORDS:
        raise UsageError(f"{command} runs no command", "only exec and sandbox take words behind --")
    given = {name: value for name, value in found.items() if value is not None}
    if actions := _actions(command):
        if "action" not in given:
            raise UsageError(f"{command} what?", f"one of {', '.join(actions)}; see mfasession {command} --help")
        flags: type[Value] = actions[given["action"]].Flags
        given["flags"] = flags(**{name: given.pop(name) for name in flags.__fields__ if name in given})
    if named := [name for place in PROFILE_PLACES for name in given.pop(place, ())]:
        given["profile"] = named[-1]
        several = tuple(dict.fromkeys(named))
        if command in TAKES_PROFILES and len(several) > 1:
            given["profiles"] = several
        elif len(several) > 1:
            names = ", ".join(several)
            raise UsageError(f"{command} is about one profile, and -p names several: {names}", "name one of them")
    return Options(command=command, words=tuple(behind or ()), typed=hints.repeatable(before), **given)


def words_of(command: str) -> list[str]:
    """Return the flags of a command; without one, those of the program and its commands."""
    flags = _parsers()[command].flags()
    return flags if command else [*COMMANDS, *flags]


def parsed_apart(command: str) -> list[str]:
    """Return `mfa list` and the like: the actions of a command that have flags of their own."""
    return [f"{command} {action}" for action in _actions(command)]


def actions_of(command: str) -> list[str]:
    """Return the words of which a command takes one first, as in `keys list`; none for most."""
    return _parsers()[command].actions() if command else []


def _unknown(word: str, command: str | None, words: Sequence[str]) -> UsageError:
    if command == "keys" and not word.startswith("-"):
        return argument_types.key_in_words()
    hint = f"see mfasession {command} --help" if command else "see mfasession --help"
    if command in RUNS_WORDS and not word.startswith("-"):
        hint = f"put -- before the command: {_with_dashes(words, word)}"
    # Not what follows the = of a flag that nobody knows: --password=…
    shown = word.partition("=")[0] if word.startswith("-") else word
    return UsageError(f"unknown argument {redacted(shown)}", hint)


def _with_dashes(words: Sequence[str], first: str) -> str:
    """Return the line that was meant: -- before the first word that is not ours."""
    places = [place for place, word in enumerate(words) if word == first]
    place = next((place for place in places if _is_whole(words[:place])), places[0])
    ours = [redacted(word) for word in words[:place]]
    meant = hints.command_line(*ours, "--", *(redacted(word) for word in words[place:]))
    return meant if len(meant) <= _LONGEST_LINE else f"{hints.command_line(*ours, '--', redacted(first))} …"


def _is_whole(words: Sequence[str]) -> bool:
    """Whether these words are a command line by themselves: the last one is no flag that waits for its value."""
    try:
        return not _parsers()[""].parse_known_args(words)[1]
    except UsageError:
        return False


def _cut(words: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """Part our own words from those of a command to run, which may look like ours."""
    if "--" not in words:
        return list(words), None
    place = list(words).index("--")
    return list(words[:place]), list(words[place + 1 :])


class _Parser(argparse.ArgumentParser):
    """argparse with our errors: it raises instead of printing and leaving."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(redacted(message), f"see {self.prog} --help")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        # argparse's own words for this change from one Python to the next.
        if action.choices is not None and value not in action.choices:
            name = (*action.option_strings, action.dest)[0]
            what = "there is no command" if name == "command" else f"{name} cannot be"
            raise UsageError(f"{what} {redacted(value)}", argument_types.near_name(value, tuple(action.choices)))

    def flags(self) -> list[str]:
        """Return all that starts with a dash."""
        return list(self._option_string_actions)

    def actions(self) -> list[str]:
        """Return the choices of the first positional argument."""
        return [str(choice) for action in self._actions if action.dest == "action" for choice in action.choices or ()]


def _parsers() -> dict[str, _Parser]:
    """Return the program's parser under the empty name, that of each command, and those of actions: `mfa list`."""
    common = _common(PROFILE_PLACES[0])
    parser = _Parser(
        prog="mfasession",
        description="One MFA code in the morning, temporary AWS credentials all day.",
        parents=[common],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"mfasession {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    parsers = {"": parser}
    for name in COMMANDS:
        module = import_module(f"mfasession.commands.{name}")
        usage = f"mfasession {name} [options] [-- CMD …]" if name in RUNS_WORDS else None
        parsers[name] = commands.add_parser(
            name,
            help=module.HELP,
            description=module.HELP,
            parents=[_common(PROFILE_PLACES[1], several=name in TAKES_PROFILES)],
            allow_abbrev=False,
            usage=usage,
        )
        if actions := _actions(name):
            nested = parsers[name].add_subparsers(dest="action", metavar="ACTION", title="actions")
            for action, its_module in actions.items():
                parser = nested.add_parser(
                    action,
                    help=its_module.HELP,
                    description=its_module.HELP,
                    parents=[_common(PROFILE_PLACES[2])],
                    allow_abbrev=False,
                )
                its_module.add_arguments(parser)
                parsers[f"{name} {action}"] = parser
        else:
            module.add_arguments(parsers[name])
    return parsers


def _actions(command: str) -> dict[str, ModuleType]:
    """Return the modules of a command whose actions have flags of their own, by their names; none for most."""
    package = f"mfasession.commands.{command}"
    if command not in HAVE_ACTIONS:
        return {}
    return {action: import_module(f"{package}.{action}") for action in import_module(package).ACTIONS}


def _common(place: str, *, several: bool = False) -> _Parser:
    """Return the flags of every command, with each -p in a list at `place`; with `several`, each of them counts."""
    # SUPPRESS: the command's own default must not undo what stood before the command.
    suppress = argparse.SUPPRESS
    parser = _Parser(add_help=False)
    profile = "the AWS profile (AWS_PROFILE, default)"
    parser.add_argument(
        "-p",
        "--profile",
        dest=place,
        action="append",
        metavar="NAME",
        default=suppress,
        help=f"{profile}; each of several is served" if several else profile,
    )
    parser.add_argument("--no-input", action="store_true", default=suppress, help="never ask; fail with exit code 6")
    parser.add_argument("--debug", action="store_true", default=suppress, help="show a traceback when it fails")
    return parser
