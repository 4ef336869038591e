"""IAM policies as functions over frozen values: read, evaluate, what stays open without MFA, lint, explain.

The names of `__all__` are public; docs/python-policy.md shows how to use them, docs/stability.md what may change. The
modules in this folder are internal, and nothing outside it imports them. A name is imported when it is first used.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mfasession.policy.callers import CALLERS, Caller, Person, person
    from mfasession.policy.document import (
        MANAGED_SIZE,
        ROLE_SIZE,
        Document,
        Kind,
        Line,
        Malformed,
        Problem,
        Statement,
    )
    from mfasession.policy.evaluation import (
        BOUNDARY,
        IDENTITY,
        ORGANIZATION,
        RESOURCE,
        RESOURCE_CONTROL,
        SESSION,
        TRUST,
        Answer,
        Decision,
        Level,
        Match,
        Policies,
        PolicyStatement,
        Request,
        check,
        evaluate,
        match,
        statements,
    )
    from mfasession.policy.explainer import explain
    from mfasession.policy.linter.engine import ATTACHED_TO, RULES, Repair, fix, lint
    from mfasession.policy.linter.findings import Finding, Rule, Severity
    from mfasession.policy.located_json import Place
    from mfasession.policy.matrix import Cell, Decider, default_actions, is_action, table
    from mfasession.policy.patterns import Context, like
    from mfasession.policy.principals import Principal, named_accounts
    from mfasession.policy.reading import Extracted, Policy, extract, read
    from mfasession.policy.rule import PARTITIONS, allow_all, deny_all_without_mfa
    from mfasession.policy.users import allows, coverage
    from mfasession.policy.verdict import Verdict

_MODULES = {
    "callers": ("CALLERS", "Caller", "Person", "person"),
    "document": ("MANAGED_SIZE", "ROLE_SIZE", "Document", "Kind", "Line", "Malformed", "Problem", "Statement"),
    "evaluation": (
        *("BOUNDARY", "IDENTITY", "ORGANIZATION", "RESOURCE", "RESOURCE_CONTROL", "SESSION", "TRUST"),
        *("Answer", "Decision", "Level", "Match", "Policies", "PolicyStatement", "Request"),
        *("check", "evaluate", "match", "statements"),
    ),
    "explainer": ("explain",),
    "linter.engine": ("ATTACHED_TO", "RULES", "Repair", "fix", "lint"),
    "linter.findings": ("Finding", "Rule", "Severity"),
    "located_json": ("Place",),
    "matrix": ("Cell", "Decider", "default_actions", "is_action", "table"),
    "patterns": ("Context", "like"),
    "principals": ("Principal", "named_accounts"),
    "reading": ("Extracted", "Policy", "extract", "read"),
    "rule": ("PARTITIONS", "allow_all", "deny_all_without_mfa"),
    "users": ("allows", "coverage"),
    "verdict": ("Verdict",),
}
"""The module of each name."""

__all__ = [
    "ATTACHED_TO",
    "BOUNDARY",
    "CALLERS",
    "IDENTITY",
    "MANAGED_SIZE",
    "ORGANIZATION",
    "PARTITIONS",
    "RESOURCE",
    "RESOURCE_CONTROL",
    "ROLE_SIZE",
    "RULES",
    "SESSION",
    "TRUST",
    "Answer",
    "Caller",
    "Cell",
    "Context",
    "Decider",
    "Decision",
    "Document",
    "Extracted",
    "Finding",
    "Kind",
    "Level",
    "Line",
    "Malformed",
    "Match",
    "Person",
    "Place",
    "Policies",
    "Policy",
    "PolicyStatement",
    "Principal",
    "Problem",
    "Repair",
    "Request",
    "Rule",
    "Severity",
    "Statement",
    "Verdict",
    "allow_all",
    "allows",
    "check",
    "coverage",
    "default_actions",
    "deny_all_without_mfa",
    "evaluate",
    "explain",
    "extract",
    "fix",
    "is_action",
    "like",
    "lint",
    "match",
    "named_accounts",
    "person",
    "read",
    "statements",
    "table",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a name when it is first used: who reads a policy need not load the linter."""
        module = next((module for module, names in _MODULES.items() if name in names), "")
        if not module:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found: object = getattr(__import__(f"{__name__}.{module}", fromlist=[name]), name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        """The public names, whether they are imported yet or not."""
        return __all__
