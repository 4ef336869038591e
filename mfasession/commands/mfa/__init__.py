"""`mfasession mfa …`: the user's own devices, under the rule itself. One module an action."""

from importlib import import_module
from typing import TYPE_CHECKING

from mfasession import process_memory

if TYPE_CHECKING:
    from mfasession.commands import CommandContext
    from mfasession.values import Value

SUMMARY = "Manage your own MFA devices: enroll, list, resync, remove"
EXAMPLES = (
    ("mfasession mfa enroll", "create and enable your first device"),
    ("mfasession mfa list", "show your devices"),
)
ORDER = ("enroll", "list", "resync", "remove")


def run(context: "CommandContext", flags: "Value") -> int:
    """Run the action."""
    process_memory.deny_ptrace()
    code: int = import_module(f"{__name__}.{context.options.action.replace('-', '_')}").run(context, flags)
    return code
