"""`mfasession mfa …`: the user's own devices, under the rule itself. One module an action."""

from importlib import import_module
from typing import TYPE_CHECKING

from mfasession import process_memory

if TYPE_CHECKING:
    from mfasession.sessions.context import Context

HELP = "your own MFA devices: enrolled, listed, brought back into step, removed"
ACTIONS = ("enroll", "list", "resync", "remove")


def run(context: "Context") -> int:
    """Do what the action says."""
    process_memory.forbid_looking()
    code: int = import_module(f"{__name__}.{context.options.action}").run(context, context.options.flags)
    return code
