"""Runs all rules on a document, and repeats that until everything that can be fixed is fixed."""

from collections.abc import Mapping

from mfasession.policy import document
from mfasession.policy.document import Document, Kind
from mfasession.policy.linter import exemptions, findings, granted, grants, names, operators, outcome
from mfasession.policy.linter.findings import Finding, Operations, Rule, Subject
from mfasession.policy.service_actions import operations as known_operations
from mfasession.values import Value

RULES: Mapping[str, Rule] = findings.RULES
"""All rules by slug, in the order of reports."""
ATTACHED_TO = ("user", "group", "role", "scp")
_REPAIRS = 500
"""The most corrections. They are applied one by one, because each may cause or settle others."""


class Settings(Value):
    """Data about a document besides its text."""

    partition: str = ""
    """The policy's partition; empty: that of its other ARNs."""
    attached_to: str = ""
    """One of ATTACHED_TO; empty: unknown."""
    limit: int = document.MANAGED_SIZE
    """The size limit of the document, in characters without white space."""


def lint(policy: Document, *, attached_to: str = "", partition: str = "") -> tuple[Finding, ...]:
    """Return what is wrong with a policy about MFA, in the order of its lines.

    `attached_to`: one of ATTACHED_TO, or empty. `partition`: that of the account; empty: that of most ARNs in it. Each
    finding has a rule (its name, severity and reason), a place (line, column, path), a message and the corrected text.
    Names of actions are checked against the service descriptions that botocore brings. Raises ValueError for another
    value of `attached_to`.

    >>> from mfasession import policy
    >>> rule = policy.deny_all_without_mfa()
    >>> rule["Statement"][0]["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
    >>> for found in policy.lint(policy.read(rule)):
    ...     print(found.place.line, found.place.column, found.rule.severity.value, found.rule.slug)
    18 9 error bool-without-ifexists
    """
    return tuple(check(policy, _settings(attached_to, partition), known_operations))


def fix(policy: Document, *, attached_to: str = "", partition: str = "") -> "Repair":
    """Return the policy with everything fixed that can be, and how many findings that were; arguments as in `lint`.

    The rest of the text is unchanged. Nothing is fixed that would make the policy larger than AWS accepts.

    >>> from mfasession import policy
    >>> rule = policy.deny_all_without_mfa()
    >>> rule["Statement"][0]["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
    >>> repair = policy.fix(policy.read(rule))
    >>> repair.count, policy.read(policy.deny_all_without_mfa()).text == repair.document.text
    (1, True)
    """
    return fixed(policy, _settings(attached_to, partition), known_operations)


def _settings(attached_to: str, partition: str) -> Settings:
    if attached_to not in ("", *ATTACHED_TO):
        raise ValueError(f"{attached_to!r} is not one of {', '.join(ATTACHED_TO)}")
    limit = document.ROLE_SIZE if attached_to == "role" else document.MANAGED_SIZE
    return Settings(partition=partition, attached_to=attached_to, limit=limit)


def check(parsed: Document, settings: Settings, operations: Operations) -> list[Finding]:
    """Return the findings in a document, in the order of its lines."""
    subject = Subject(parsed, settings.partition, settings.attached_to)
    if parsed.kind is not Kind.IDENTITY:
        return _ordered([*granted.check(subject, operations)])
    found = [
        *operators.check(subject),
        *exemptions.check(subject, operations),
        *grants.check(subject),
        *names.check(subject, operations),
        *granted.kms(subject),
    ]
    return _ordered([*found, *outcome.check(subject, found)])


def _ordered(found: list[Finding]) -> list[Finding]:
    order = list(RULES)
    return sorted(found, key=lambda each: (each.place.line, each.place.column, order.index(each.rule.slug)))


class Repair(Value):
    """The fixed document, and the number of fixed findings."""

    document: Document
    count: int


def fixed(parsed: Document, settings: Settings, operations: Operations) -> Repair:
    """Return the document with everything fixed that can be. The rest of the text is unchanged."""
    limit = max(settings.limit, document.SIZES.get(parsed.kind, 0))
    count = 0
    while count < _REPAIRS:
        finding = next((each for each in check(parsed, settings, operations) if each.edits), None)
        if finding is None:
            break
        text = _edited(parsed.text, finding)
        if document.size(text) > limit:
            break
        parsed = document.parse(text, parsed.where, limit=limit, kind=parsed.kind)
        count += 1
    return Repair(document=parsed, count=count)


def _edited(text: str, finding: Finding) -> str:
    for edit in sorted(finding.edits, key=lambda each: each.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text
