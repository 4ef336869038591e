"""Adds one section to the AWS configuration file and keeps every other byte (99designs/aws-vault#288)."""

import os
from collections.abc import Mapping

from mfasession import files
from mfasession.awsfiles import headers, ini_edit, outline
from mfasession.errors import ConfigurationError
from mfasession.files import attributes, locks, paths, shared_edit

_EMPTY: Mapping[str, str] = {}


def check(path: str, name: str, environ: Mapping[str, str], values: Mapping[str, str] = _EMPTY) -> None:
    """Raise what `add_profile` would raise, as far as that is known now."""
    with_profile(path, name, files.read_trusted(path) or "", values)
    attributes.check_writable(path)
    shared_edit.check(path, _unfinished(path, environ))


def add_profile(path: str, name: str, environ: Mapping[str, str], values: Mapping[str, str] = _EMPTY) -> str:
    """Add a profile at the end of the file; return its header. A profile that is there gets the values that it lacks.

    The file keeps its mode; a new one gets mode 0600. Raises ConfigurationError when the file cannot be read or parsed,
    the name is not valid for a profile, or it has another value; StoreError when the file cannot be written.
    """
    with locks.hold(paths.lock_file(environ, "file", os.path.realpath(path))):
        attributes.check_writable(path)
        shared_edit.edit(
            path,
            lambda: files.read_trusted(path) or "",
            lambda text: with_profile(path, name, text, values),
            _unfinished(path, environ),
            mode=None,
        )
    return headers.written(name)


def _unfinished(path: str, environ: Mapping[str, str]) -> str:
    return paths.unfinished_file(environ, os.path.realpath(path))


def with_profile(path: str, name: str, text: str, values: Mapping[str, str] = _EMPTY) -> str:
    """Return the text of the file with the profile and these values. Raises ConfigurationError."""
    sections = outline.of_file(path, text)
    header = headers.headers(sections.names).get(name) or headers.written(name)
    before = sections.keys((header,)).get(header, {})
    if other := next((key for key, value in values.items() if before.get(key, value) != value), ""):
        raise ConfigurationError(f"[{header}] of {path} has another {other}", f"change or remove its line {other} = …")
    try:
        added = ini_edit.with_sections(sections, {header: values})
    except ValueError:
        added = text
    if name not in headers.headers(outline.of_file(path, added).names):
        raise ConfigurationError(f"{name!r} is not a valid profile name", "choose letters, digits and dashes")
    return added
