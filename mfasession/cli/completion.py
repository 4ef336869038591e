"""What may come next on the command line: for the Tab key of every shell, which ask us instead of knowing it."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from mfasession import shells
from mfasession.cli import arguments, registry, topics
from mfasession.profiles import regions

if TYPE_CHECKING:
    from mfasession.commands import CommandContext


def run(context: "CommandContext") -> int:
    """Print a line for each word that completes those behind `--`: `mfasession shell complete -- WORD …`."""
    names = candidates(context.options.words, lambda: _profile_names(context))
    sys.stdout.write("".join(f"{name}\n" for name in names if name.isprintable()))
    return 0


def candidates(words: Sequence[str], profile_names: Callable[[], Sequence[str]]) -> list[str]:
    """Return what the last word, which may be empty, can become; `words` are those behind the program's name.

    `profile_names` is asked only when a profile is wanted. Raises what it raises.
    """
    begun = words[-1] if words else ""
    if list(words[:-1]) == ["help"]:
        return [each for each in (*registry.names(), *topics.TOPICS) if each.startswith(begun)]
    before = words[-2] if len(words) > 1 else ""
    command = _command(words[:-1])
    actions = arguments.actions_of(command)
    chosen = next((word for word in words[:-1] if word in actions), "")
    name = f"{command} {chosen}".rstrip()
    values: Mapping[str, Callable[[], Sequence[str]]] = {
        "-p": profile_names,
        "--profile": profile_names,
        "--shell": shells.names,
        "--region": lambda: regions.KNOWN,
        **{flag: partial(arguments.values_of, name, flag) for flag in ("--store", "--to")},
    }
    flag, equals, value = begun.partition("=")
    if before in values:
        return [each for each in values[before]() if each.startswith(begun)]
    if equals and flag in values:
        return [f"{flag}={each}" for each in values[flag]() if each.startswith(value)]
    if arguments.takes_value(name, before):
        return [each for each in arguments.values_of(name, before) if each.startswith(begun)]
    behind = [] if actions and not chosen else arguments.completions(name, words[:-1])
    offered = [*([] if chosen else actions), *behind, *arguments.words_of(name)]
    if not begun:
        # Flags come with a dash, as few are wanted. Without a candidate the shell offers names of files.
        plain = [each for each in offered if not each.startswith("-")]
        return plain if plain or arguments.takes_words(name) else offered
    return [each for each in offered if each.startswith(begun)]


def _profile_names(context: "CommandContext") -> list[str]:
    managed = set(context.aws_files.managed_sections())
    return sorted({*context.aws_files.profile_names(), *context.config.profiles} - managed)


def _command(words: Sequence[str]) -> str:
    # Not by the names of all, which imports every command: the Tab key is to answer at once.
    return next((word for word in words if registry.find(word)), "")
