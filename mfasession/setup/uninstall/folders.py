"""Our own files and folders: those of runs, the cache, `config.toml`, the data and the state."""

import os
import shutil
from collections.abc import Collection, Iterator, Mapping

from mfasession import files
from mfasession.files import paths, replace, system_errors
from mfasession.server import run_folder
from mfasession.setup.uninstall.part import Part


def parts(environ: Mapping[str, str], kept: Collection[str]) -> list[Part]:
    """Return what is there, without the files in `kept`, and without the folders of runs that go on."""
    config, data = files.config_file(environ), paths.encrypted_keys(environ)
    stays = {*kept, *_in_use(environ)}
    state = files.state_folder(environ)
    whole = {
        paths.run_folder(environ): "files of runs",
        files.cache_folder(environ): "the cache",
        state: "the state: devices, lists of sessions, locks",
    }
    found = [_file(config, "your settings")] if os.path.lexists(config) else []
    if os.path.lexists(data) and data not in stays:
        found.append(_file(data, "the encrypted file"))
    # The state says which stores and keys there are: it is the last.
    there = (each for each in sorted(whole, key=lambda each: each == state) if _is_to_go(each, stays))
    return [*found, *(_tree(each, f"{each}: {whole[each]}", stays) for each in there)]


def notes(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what stays for now, each with its hint."""
    return [(f"{path} is in use by a program that runs now", "end it, and run this again") for path in _in_use(environ)]


def _in_use(environ: Mapping[str, str]) -> list[str]:
    folder = paths.run_folder(environ)
    return [path for path in _entries(folder, ()) if run_folder.is_in_use(path)]


def _is_to_go(folder: str, stays: Collection[str]) -> bool:
    return os.path.isdir(folder) and (not os.listdir(folder) or any(True for _ in _entries(folder, stays)))


def _entries(folder: str, stays: Collection[str]) -> Iterator[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    yield from (path for name in names if (path := os.path.join(folder, name)) not in stays)


def _file(path: str, what: str) -> Part:
    def remove() -> None:
        for each in (path, *replace.strays(path)):
            _delete(each)
        _leave(os.path.dirname(path))

    return Part([f"{path}: {what}"], remove)


def _tree(folder: str, line: str, stays: Collection[str]) -> Part:
    def remove() -> None:
        for path in _entries(folder, stays):
            _delete(path)
        _leave(folder)

    return Part([line], remove)


def _delete(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        with system_errors.removing(path, "rm -r"):
            shutil.rmtree(path)
    else:
        replace.remove(path)


def _leave(folder: str) -> None:
    """Remove a folder of ours when nothing is in it any more."""
    if os.path.basename(folder) == files.NAME and os.path.isdir(folder) and not os.listdir(folder):
        with system_errors.removing(folder, "rmdir"):
            (os.unlink if os.path.islink(folder) else os.rmdir)(folder)
