"""Writes into the AWS configuration file: one section more, every other byte kept (99designs/aws-vault#288)."""

import os
from collections.abc import Mapping

from mfasession import files
from mfasession.awsfiles import headers, ini, ini_edit, malformed, parse
from mfasession.errors import ConfigurationError
from mfasession.files import attributes, locks, paths, shared_edit


def check(path: str, name: str, environ: Mapping[str, str]) -> None:
    """Raise what `add_profile` would raise, as far as can be told now."""
    _added(path, name, files.read_trusted(path) or "")
    attributes.check_writable(path)
    shared_edit.check(path, _unfinished(path, environ))


def add_profile(path: str, name: str, environ: Mapping[str, str]) -> str:
    """Add an empty profile at the end of the file, which keeps its mode, or is made with mode 0600; return its header.

    Raises ConfigurationError: the file cannot be read or understood, or the name cannot be one of a profile. Raises
    StoreError: it cannot be written.
    """
    with locks.hold(paths.lock_file(environ, "file", os.path.realpath(path))):
        attributes.check_writable(path)
        shared_edit.edit(
            path,
            lambda: files.read_trusted(path) or "",
            lambda text: _added(path, name, text),
            _unfinished(path, environ),
            mode=None,
        )
    return headers.written(name)


def _unfinished(path: str, environ: Mapping[str, str]) -> str:
    return paths.unfinished_file(environ, os.path.realpath(path))


def _added(path: str, name: str, text: str) -> str:
    parse(path, text)
    header = headers.written(name)
    try:
        added = ini_edit.set_section(text, header, {})
    except ini.MalformedIni as fault:
        raise malformed(path, fault) from None
    except ValueError:
        added = text
    if name not in headers.headers(parse(path, added)):
        raise ConfigurationError(f"{name!r} is no name that a profile can have", "choose letters, digits and dashes")
    return added
