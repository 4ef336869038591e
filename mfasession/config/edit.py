"""Changes `config.toml` under our lock: one key of it, or its whole text."""

import os
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from mfasession import files, hints
from mfasession.config import schema, text_edit
from mfasession.errors import ConfigurationError
from mfasession.files import attributes, locks, paths, shared_edit, toml


def set_value(environ: Mapping[str, str], path: text_edit.Path, value: object) -> bool:
    """Set a key to a value that `schema` has checked; return whether the file was changed.

    Raises ConfigurationError: the file cannot be read, is not TOML, has other faults than a wrong value of this key, or
    has the key where it cannot be set here. Raises StoreError: it cannot be written.
    """
    return edit(environ, lambda file, text: with_value(file, text, path, value))


def with_value(file: str, text: str, path: text_edit.Path, value: object) -> str:
    """Return the text of a file with a key set as by `set_value`. Raises ConfigurationError."""
    tree = _tree(file, text)
    if _found(tree, path) == value:
        return text
    return _checked(file, path, text_edit.with_value(text, path, value), _changed(tree, path, value))


def unset(environ: Mapping[str, str], path: text_edit.Path) -> bool:
    """Remove a key; return whether it was there. Raises as `set_value`."""

    def change(file: str, text: str) -> str:
        tree = _tree(file, text)
        if _found(tree, path) is None:
            return text
        return _checked(file, path, text_edit.without(text, path), _changed(tree, path, None))

    return edit(environ, change)


def replace(environ: Mapping[str, str], before: str, after: str) -> None:
    """Put another text in place of the whole one. Raises ConfigurationError when it is not that any more.

    Raises StoreError: it cannot be written.
    """

    def change(file: str, text: str) -> str:
        if text not in (before, after):
            raise ConfigurationError(f"{file} has been changed by another program meanwhile", "run it again")
        return after

    edit(environ, change)


def edit(environ: Mapping[str, str], change: Callable[[str, str], str]) -> bool:
    """Change the text under our lock; return whether it was changed. `change` takes the file's path and its text.

    Raises what `change` and `shared_edit.edit` raise.
    """
    path = files.config_file(environ)
    unfinished = paths.unfinished_file(environ, os.path.realpath(path))
    was_changed = False

    def changed(text: str) -> str:
        nonlocal was_changed
        after = change(path, text)
        was_changed = was_changed or after != text
        return after

    with locks.hold(paths.lock_file(environ, "file", os.path.realpath(path))):
        attributes.check_writable(path)
        shared_edit.edit(path, lambda: files.read_trusted(path) or "", changed, unfinished, mode=None)
    return was_changed


def _tree(file: str, text: str) -> dict[str, Any]:
    try:
        return toml.read(text)
    except ValueError as error:
        raise schema.not_toml(file, error) from None


def _checked(file: str, path: text_edit.Path, after: str, wanted: Mapping[str, Any]) -> str:
    """Return the new text when it says just what is wanted."""
    try:
        is_wanted = toml.read(after) == wanted
    except ValueError:
        is_wanted = False
    if not is_wanted:
        raise ConfigurationError(
            f"{file} has this setting in a form that cannot be changed here",
            hints.command_line("config", "edit", profile=path[1] if len(path) > 1 else ""),
        )
    schema.read(file, after)
    return after


def _found(tree: Mapping[str, Any], path: text_edit.Path) -> object:
    found: Any = tree
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _changed(tree: Mapping[str, Any], path: text_edit.Path, value: object) -> dict[str, Any]:
    """Return the tree with a key set, or without it when the value is None."""
    changed = deepcopy(dict(tree))
    table: Any = changed
    for name in path[:-1]:
        table = table.setdefault(name, {}) if isinstance(table, dict) else {}
    if value is None:
        table.pop(path[-1], None)
    elif isinstance(table, dict):
        table[path[-1]] = value
    return changed
