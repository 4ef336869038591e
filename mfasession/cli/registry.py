"""The commands and their actions: whatever lies in `mfasession/commands`. Nothing is listed but their order.

A command is a module with a `SUMMARY`, a sentence without its full stop, and `run`; with flags it has `add_arguments`,
and with flags of its own `Flags`, a `Value` that `run` gets. A package is a command with actions, each a module of the
same kind. Modules without a `SUMMARY` help others. `complete` returns the words that an argument may be, for the Tab
key. `context` makes what `run` gets where that is no CommandContext.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from types import ModuleType

from mfasession import commands as package
from mfasession.values import Value

ORDER = (
    *("init", "login", "env", "exec", "process", "serve", "console", "status", "notify", "profiles", "whoami"),
    *("logout", "doctor", "config", "keys", "import", "mfa", "policy", "shell", "sandbox", "demo", "uninstall"),
)
"""The order in which help lists the commands; others follow by name."""


def commands() -> dict[str, ModuleType]:
    """Return the modules of all commands by name, in the order of help."""
    return _all(package, ORDER)


def names() -> list[str]:
    """Return the names of all commands, in the order of help. Imports none of those that `ORDER` lists."""
    return [name for name in _known(package, ORDER) if name in ORDER or _find(package, name) is not None]


def find(name: str) -> ModuleType | None:
    """Return the module of a command; None when there is none of this name. Imports no other command."""
    return _find(package, name)


def actions(command: ModuleType) -> dict[str, ModuleType]:
    """Return the actions of a command by name, in the order of help; none for most."""
    return _all(command, getattr(command, "ORDER", ()))


def has_actions(command: ModuleType) -> bool:
    """Whether the command takes an action first, as in `keys list`."""
    return hasattr(command, "__path__")


def action(command: ModuleType, name: str) -> ModuleType | None:
    """Return the module of an action of a command; None when it has no such action."""
    return _find(command, name)


def flags(module: ModuleType) -> type[Value] | None:
    """Return the class of a command's own flags; None for one that has only those that several commands have."""
    found: type[Value] | None = getattr(module, "Flags", None)
    return found


def runs_words(module: ModuleType) -> bool:
    """Whether the first word that is no flag of ours starts a command to run."""
    return getattr(module, "RUNS_WORDS", False)


def takes_words(module: ModuleType) -> bool:
    """Whether words may follow `--`."""
    return runs_words(module) or getattr(module, "TAKES_WORDS", False)


def takes_profiles(module: ModuleType) -> bool:
    """Whether -p may be given several times."""
    return getattr(module, "TAKES_PROFILES", False)


def completions(module: ModuleType, given: Sequence[str]) -> Sequence[str]:
    """Return the words that may be the next argument of a command or an action, behind those that are given."""
    complete = getattr(module, "complete", None)
    return complete(given) if complete else ()


def _all(folder: ModuleType, order: Iterable[str]) -> dict[str, ModuleType]:
    found = ((name, _find(folder, name)) for name in _known(folder, order))
    return {name: module for name, module in found if module is not None}


def _known(folder: ModuleType, order: Iterable[str]) -> list[str]:
    place = {name: number for number, name in enumerate(order)}
    return sorted(_modules(folder), key=lambda name: (place.get(name, len(place)), name))


def _find(folder: ModuleType, name: str) -> ModuleType | None:
    if name not in _modules(folder):
        return None
    module = import_module(f"{folder.__name__}.{name.replace('-', '_')}")
    return module if hasattr(module, "SUMMARY") else None


def _modules(folder: ModuleType) -> Iterator[str]:
    # Not pkgutil's iter_modules: it imports `inspect`, which takes longer than all else that the Tab key waits for.
    for path in getattr(folder, "__path__", ()):
        for entry in os.scandir(path):
            name, _, ending = entry.name.partition(".")
            is_package = not ending and os.path.isfile(os.path.join(entry.path, "__init__.py"))
            if (ending == "py" and name != "__init__") or is_package:
                yield name.replace("_", "-")
