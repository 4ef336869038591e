"""A plan that is shown, and one question before it is carried out."""

from typing import TYPE_CHECKING

from mfasession import terminal
from mfasession.errors import Cancelled, InputNeeded
from mfasession.messages import complain, say, show_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mfasession.commands import CommandContext
    from mfasession.errors import MfaSessionError


def confirm(
    context: "CommandContext", plan: "Sequence[str]", question: str, *, yes: bool, diff: "Sequence[str]" = ()
) -> None:
    """Show the lines of a plan and those of a diff, and ask unless `yes`.

    Raises InputNeeded without a terminal, and Cancelled for a no.
    """
    asks = not yes and not context.request.no_input and terminal.is_ours()
    for line in plan:
        if asks:
            terminal.say(f"mfasession: {line}")
        else:
            say(line)
    for line in diff:
        if asks:
            terminal.say(f"  {line}")
        else:
            show_line(line)
    if yes:
        return
    if not asks:
        raise InputNeeded("there is no terminal to ask for a confirmation on", context.again("--yes"))
    if not terminal.agrees(question):
        raise Cancelled("cancelled, and nothing was changed")


def raise_last(failures: "Sequence[MfaSessionError]") -> None:
    """Print all failures but the last, and raise that one; nothing without any."""
    for each in failures[:-1]:
        complain(each.message, each.hint)
    if failures:
        raise failures[-1]
