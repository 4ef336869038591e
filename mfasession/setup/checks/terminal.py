"""The terminal: whether a code can be asked for here, and how the question looks."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession import terminal
from mfasession.setup.checks import Seen

if TYPE_CHECKING:
    from mfasession.sessions import Context


def check(context: "Context") -> Iterator[Seen]:
    """Yield what follows from the terminal for questions; none of it is wrong by itself."""
    if terminal.is_ours():
        yield Seen(what="terminal", found=_kind(context.environ.get("TERM", "")))
    elif terminal.is_in_background():
        yield Seen(what="terminal", found="in the background: no code can be asked for; fg brings it to the foreground")
    else:
        yield Seen(what="terminal", found="none: no code can be asked for here; log in at a terminal first")
    encoding = (sys.stderr.encoding or "").lower()
    if encoding.replace("-", "") != "utf8":
        yield Seen(
            what="encoding", found=f"{encoding or 'unknown'}: other characters are shown as \\x..; UTF-8 shows all"
        )


def _kind(name: str) -> str:
    if terminal.is_dumb():
        return f"TERM={name or 'unset'}: the question for a code is a plain line"
    return name
