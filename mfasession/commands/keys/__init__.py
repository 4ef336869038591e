"""`mfasession keys …`: long-term access keys. One module an action."""

from importlib import import_module
from typing import TYPE_CHECKING

from mfasession import process_memory

if TYPE_CHECKING:
    from mfasession.commands import CommandContext
    from mfasession.values import Value

SUMMARY = "Manage long-term keys: store, list, rotate, protect, move, remove"
EXAMPLES = (
    ("mfasession keys list", "show where your keys are, and how old"),
    ("mfasession keys protect --all --yes", "move all keys from plain text into the keyring"),
    ("mfasession keys rotate", "replace your key by a new one"),
)
ORDER = ("add", "list", "rotate", "protect", "move", "passphrase", "remove")


def run(context: "CommandContext", flags: "Value") -> int:
    """Run the action."""
    process_memory.deny_ptrace()
    code: int = import_module(f"{__name__}.{context.options.action.replace('-', '_')}").run(context, flags)
    return code
