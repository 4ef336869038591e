"""The prompt hook: whether the start-up files of the shells take the one that is made for them."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mfasession import files
from mfasession.setup import shell_hook
from mfasession.setup.checks import WARNING, Finding, Seen
from mfasession.setup.file_change import FileChange
from mfasession.shells import hooks
from mfasession.values import Secret

if TYPE_CHECKING:
    from mfasession.sessions import Context

_HOOK = re.compile(r"^[^#\n]*\bmfasession shell init (\w+)", re.MULTILINE)
_SHOWN = re.compile(r"^[^#\n]*\bMFASESSION_PS\b", re.MULTILINE)


def check(context: "Context") -> Iterator[Finding | Seen]:
    """Yield start-up files with the hook of another shell, or with a prompt that no hook fills."""
    for shell in hooks.names():
        paths = shell_hook.start_up_files(context.environ, shell)
        yield from _of_shell(shell, {path: text for path in paths if (text := files.read_text(path))})


def _of_shell(shell: str, texts: Mapping[str, str]) -> Iterator[Finding | Seen]:
    evaluated = {path: _evaluated(shell, text) for path, text in texts.items()}
    for path, found in evaluated.items():
        if shell in found:
            # Hooks of other shells beside it may be behind a condition.
            yield Seen(what="shell hook", found=f"{shell}, in {path}")
        elif found:
            yield Finding(
                name="hook-of-another-shell",
                message=f"{path} evaluates the hook of {found[0]}",
                hint=f"write there: mfasession shell init {shell}",
                severity=WARNING,
                fix=_change(path, texts[path], shell) if len(found) == 1 else None,
            )
    if not any(evaluated.values()):
        for path in (path for path, text in texts.items() if _SHOWN.search(text)):
            yield Finding(
                name="prompt-without-hook",
                message=f"{path} shows MFASESSION_PS, and no hook sets it",
                hint=f"evaluate there: mfasession shell init {shell}",
                severity=WARNING,
            )


def _evaluated(shell: str, text: str) -> list[str]:
    """The shells whose hooks a start-up file takes."""
    return [shell] if shell_hook.is_whole(shell, text) else _HOOK.findall(text)


def _change(path: str, text: str, shell: str) -> FileChange:
    found = _HOOK.search(text)
    assert found is not None  # the caller has found one
    after = text[: found.start(1)] + shell + text[found.end(1) :]
    return FileChange(path=path, before=Secret(text), after=Secret(after), context_lines=0)
