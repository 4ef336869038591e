"""Writes into `config.toml`: the settings of one profile, in its table or in a new one behind all that is there."""

import os
from collections.abc import Mapping

from mfasession import files, hints
from mfasession.config import edit, schema
from mfasession.errors import ConfigurationError
from mfasession.files import paths, shared_edit


def add_profile(environ: Mapping[str, str], name: str, settings: Mapping[str, str]) -> str:
    """Put these settings into `[profiles.NAME]`, and return the path; every other byte of the file stays.

    A profile that has these settings already is left as it is. Raises ConfigurationError: the file cannot be read or
    understood, or has another value for one of them. Raises StoreError: it cannot be written.
    """
    edit.edit(environ, lambda path, text: with_profile(path, text, name, settings))
    return files.config_file(environ)


def check(environ: Mapping[str, str], name: str, settings: Mapping[str, str]) -> bool:
    """Return whether `add_profile` would change the file. Raises what it would raise, as far as can be known now."""
    path = files.config_file(environ)
    text = files.read_trusted(path) or ""
    is_new = with_profile(path, text, name, settings) != text
    if is_new:
        shared_edit.check(path, paths.unfinished_file(environ, os.path.realpath(path)))
    return is_new


def with_profile(path: str, text: str, name: str, settings: Mapping[str, str]) -> str:
    """Return the text of the file with these settings of a profile. Raises ConfigurationError."""
    import tomli_w

    before = schema.read(path, text)
    own = {key[2]: value for key, value in before.items() if len(key) == 3 and key[1] == name}
    if all(own.get(key) == value for key, value in settings.items()):
        return text
    if ("profiles", name) in before:
        return _with_settings(path, text, name, own, settings)
    lines = tomli_w.dumps({"profiles": {name: dict(settings)}})
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    added = text + gap + lines.replace("\n", newline)
    wanted: dict[tuple[str, ...], schema.Scalar] = {("profiles", name): ""}
    for key, value in settings.items():
        wanted["profiles", name, key] = value
    if schema.read(path, added) != before | wanted:
        raise ConfigurationError(f"{path} cannot take a table for profile {name}", "add it there in an editor")
    return added


def _with_settings(
    path: str, text: str, name: str, own: Mapping[str, schema.Scalar], settings: Mapping[str, str]
) -> str:
    """The text with what the table of a profile lacks. Raises ConfigurationError when it has another value."""
    for key, value in settings.items():
        if own.get(key, value) != value:
            raise ConfigurationError(
                f"{path} has another {key} for profile {name}",
                hints.command_line("config", "set", key, value, profile=name),
            )
        text = edit.with_value(path, text, ("profiles", name, key), value)
    return text
