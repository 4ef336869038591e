"""`mfasession config edit`: the whole file in an editor, and checked before it takes its place."""

import os
import shlex
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mfasession import files, terminal
from mfasession.commands.config import settings
from mfasession.config import edit, schema
from mfasession.errors import ConfigurationError, InputNeeded, MfaSessionError
from mfasession.files import replace, trust
from mfasession.messages import complain, say
from mfasession.programs import helper
from mfasession.values import Value

if TYPE_CHECKING:
    from mfasession.commands.config import ConfigContext

SUMMARY = "Edit the file in $VISUAL or $EDITOR; it is replaced only when it is right"
EXAMPLES = (
    ("mfasession config edit", "edit the file"),
    ("EDITOR=nano mfasession config edit", "edit it in another editor"),
)
_USUAL = "vi"
"""The editor where the variables name none (POSIX has it)."""


class Flags(Value):
    """The flags of `config edit`: none."""


def run(context: "ConfigContext", _flags: Flags) -> int:
    """Let the user edit a copy until it is right, then replace the file.

    Raises InputNeeded, ConfigurationError: no editor, or it failed, or the text is wrong and stays so; StoreError.
    """
    editor = _editor(context)
    path = settings.file_of(context)
    before = files.read_trusted(path)
    copy = _copied(path, before or "")
    is_kept = False
    try:
        after = _edited(editor, copy, path)
        if after == (before or ""):
            say("nothing was changed")
            return 0
        is_kept = True
        edit.replace(context.environ, before or "", after)
        is_kept = False
    except MfaSessionError as failure:
        if is_kept:
            raise type(failure)(f"{failure.message}; the edited text is in {copy}", failure.hint) from None
        raise
    finally:
        if not is_kept:
            os.unlink(copy)
    say(f"changed {path}")
    return 0


def _editor(context: "ConfigContext") -> helper.Helper:
    """Return the editor. Raises InputNeeded without a person, ConfigurationError when a variable is not a command."""
    environ: Mapping[str, str] = context.environ
    named = next((name for name in ("VISUAL", "EDITOR") if environ.get(name)), "")
    if context.options.no_input or not (named or terminal.is_ours()):
        raise InputNeeded("there is no terminal for an editor", "mfasession config set KEY VALUE")
    try:
        words = tuple(shlex.split(environ[named] if named else _USUAL))
    except ValueError:
        words = ()
    if not words:
        raise ConfigurationError(f"{named} is not a command", "export EDITOR=nano")
    return helper.Helper(words=words, advice="export EDITOR=nano")


def _copied(path: str, text: str) -> str:
    """Return the path of a private copy beside the file. Raises StoreError, ConfigurationError."""
    folder = os.path.dirname(path)
    trust.check_folders(path)
    replace.make_folder(folder)
    try:
        descriptor, copy = tempfile.mkstemp(prefix="config.edit-", suffix=".toml", dir=folder)
    except OSError as error:
        raise replace.unwritten(path, path, error) from error
    with open(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)
    return copy


def _edited(editor: helper.Helper, copy: str, path: str) -> str:
    """Return a right text. Raises ConfigurationError: the editor failed, or the user gives up on a wrong text."""
    while True:
        _run(editor, copy)
        text = files.read_text(copy)
        if text is None:
            raise ConfigurationError("the editor has removed the file; nothing was changed", editor.advice)
        try:
            schema.read(path, text)
        except ConfigurationError as fault:
            if not terminal.is_ours():
                raise
            complain(fault.message, fault.hint)
            if not terminal.agrees("edit it again? No discards the changes"):
                raise ConfigurationError("nothing was changed", "mfasession config set KEY VALUE") from None
        else:
            return text


def _run(editor: helper.Helper, copy: str) -> None:
    with terminal.attended() as person, _signals_left_to_editor():
        way = person.fileno() if person else None
        started = editor.replace(words=(*editor.words, copy)).start(stdin=way, stdout=way, stderr=way)
        status = started.wait()
    if status:
        ended = helper.how_ended(status)
        raise ConfigurationError(f"{editor.name} failed ({ended}), and nothing was changed", editor.advice)


@contextmanager
def _signals_left_to_editor() -> Iterator[None]:
    """The terminal sends ctrl-C to the whole group; the editor, which stays in ours for ctrl-Z, handles it."""
    numbers = (signal.SIGINT, signal.SIGQUIT)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        # Not SIG_IGN, which the editor would inherit.
        if before[number] != signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
