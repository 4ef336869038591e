"""`mfasession policy …`: the rule itself, shown, explained, checked, tested, audited, applied. One module an action."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mfasession.commands import CommandContext
    from mfasession.values import Value

SUMMARY = "Show, explain, check, test, audit and apply the policy that denies everything without MFA"
EXAMPLES = (
    ("mfasession policy show", "print the policy"),
    ("mfasession policy lint policy.json", "check a policy of your own"),
    ("mfasession policy test policy.json --action s3:GetObject", "see who may do what under it"),
)
ORDER = ("show", "explain", "lint", "test", "audit", "diff", "apply")


def run(context: "CommandContext", flags: "Value") -> int:
    """Run the action."""
    code: int = import_module(f"{__name__}.{context.options.action.replace('-', '_')}").run(context, flags)
    return code
