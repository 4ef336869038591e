"""`mfasession policy …`: the rule itself, shown, explained, checked, tested, audited, applied. One module an action."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mfasession.sessions.context import Context

HELP = "the rule itself: show it, explain, check, test and audit it, apply it"
ACTIONS = ("show", "explain", "lint", "test", "audit", "apply")


def run(context: "Context") -> int:
    """Do what the action says."""
    code: int = import_module(f"{__name__}.{context.options.action}").run(context, context.options.flags)
    return code
