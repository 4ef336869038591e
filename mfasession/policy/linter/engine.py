"""Runs all rules on a document, and repeats that until everything that can be fixed is fixed."""

from mfasession.policy import document
from mfasession.policy.document import Document, Kind
from mfasession.policy.linter import exemptions, granted, grants, names, operators, outcome
from mfasession.policy.linter.findings import RULES, Finding, Operations, Subject
from mfasession.values import Value

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
    count = 0
    while count < _REPAIRS:
        finding = next((each for each in check(parsed, settings, operations) if each.edits), None)
        if finding is None:
            break
        text = _edited(parsed.text, finding)
        if document.size(text) > settings.limit:
            break
        parsed = document.parse(text, parsed.where, limit=settings.limit, kind=parsed.kind)
        count += 1
    return Repair(document=parsed, count=count)


def _edited(text: str, finding: Finding) -> str:
    for edit in sorted(finding.edits, key=lambda each: each.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text
