"""Our lines in files of others: `credential_process` in the AWS files, shell hooks, and the timer of `notify`."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from mfasession import files
from mfasession.awsfiles import AwsFiles, headers, ini, ini_edit, parse
from mfasession.errors import ConfigurationError
from mfasession.files import replace
from mfasession.profiles import process_line
from mfasession.setup import notify_timer, shell_hook
from mfasession.setup.file_change import FileChange
from mfasession.setup.uninstall.part import Part
from mfasession.shells import hooks
from mfasession.values import Secret

_OF_A_TOOL = {"credential_process", "region"}
"""All that `init --tool-profile` writes into a section."""


def parts(environ: Mapping[str, str], aws_files: AwsFiles) -> list[Part]:
    """Return the changes and files. Raises ConfigurationError: a file cannot be read, or is not what it seems."""
    in_aws = [_aws_change(aws_files.config_path), _aws_change(aws_files.credentials_path)]
    found = [_of_change(environ, each, "lines that run mfasession", each.diff()) for each in in_aws if each is not None]
    in_shells = [each for name in hooks.names() for each in shell_hook.removals(environ, name)]
    found += [_of_change(environ, each, "the shell hook", ()) for each in in_shells]
    timer = notify_timer.of(environ, ("mfasession", "notify"))
    with suppress(ConfigurationError):
        # A file of that name which is not ours stays.
        paths = timer.installed()
        found += [Part([f"{path}: the timer of `notify`" for path in paths], lambda: _stop(timer))] if paths else []
    paths_of_others = [aws_files.config_path, aws_files.credentials_path]
    paths_of_others += [path for name in hooks.names() for path in shell_hook.start_up_files(environ, name)]
    left = [each for path in paths_of_others for each in replace.strays(path)]
    return [
        *found,
        *(Part([f"{each}: left by a command that was killed"], partial(replace.remove, each)) for each in left),
    ]


def notes(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what stays because somebody else wrote it, each with its hint."""
    paths = dict.fromkeys(path for name in hooks.names() for path in shell_hook.written_by_hand(environ, name))
    return [(f"the hook is in a line of your own in {path}", "delete that line") for path in paths]


def _of_change(environ: Mapping[str, str], change: FileChange, what: str, diff: Sequence[str]) -> Part:
    change.check(environ)
    # nushell reads a folder of files, and one of them is ours alone.
    is_ours = not change.after and os.path.basename(change.path).startswith(files.NAME)

    def make() -> None:
        change.make(environ)
        if is_ours:
            replace.remove(change.path)

    return Part([f"{change.path}: {what}"], make, diff)


def _aws_change(path: str) -> FileChange | None:
    before = text = files.read_text(path) or ""
    sections = parse(path, text)
    names = {header: name for name, header in headers.headers(sections).items()}
    for header, keys in sections.items():
        if process_line.runs_us(keys):
            try:
                text = _without_us(text, header, keys, names.get(header, header))
            except ini.MalformedIni as fault:
                raise ini.malformed(path, fault) from None
    return None if text == before else FileChange(path=path, before=Secret(before), after=Secret(text))


def _without_us(text: str, header: str, keys: Mapping[str, str], name: str) -> str:
    is_for_tools = process_line.served_by(keys) != name
    if set(keys) == {"credential_process"} or (is_for_tools and set(keys) <= _OF_A_TOOL):
        return ini_edit.remove_section(text, header)
    return ini_edit.set_section(text, header, {"credential_process": None})


def _stop(timer: notify_timer.Timer) -> None:
    try:
        notify_timer.run(timer.stopping)
    finally:
        for path in timer.installed():
            notify_timer.remove(path)
