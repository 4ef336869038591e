"""All rules over one document, and over again until everything is fixed that can be."""

from mfasession.policy import document
from mfasession.policy.document import Document, Kind
from mfasession.policy.lint import exemptions, granted, grants, names, operators, outcome
from mfasession.policy.lint.findings import RULES, Finding, Operations, Subject
from mfasession.values import Value

ATTACHED_TO = ("user", "group", "role", "scp")
_REPAIRS = 500
"""One after the other, for each may bring something to light or settle another; a document holds fewer."""


class Settings(Value):
    """What is known of a document beside its text."""

    partition: str = ""
    """The one that the policy is for; empty: that of its other ARNs."""
    attached_to: str = ""
    """One of ATTACHED_TO; empty: not known."""
    limit: int = document.MANAGED_SIZE
    """Characters that the document may have, white space not counted."""


def check(parsed: Document, settings: Settings, operations: Operations) -> list[Finding]:
    """Return what is wrong with a document, in the order of its lines."""
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
    """A document with everything fixed that can be, and how many findings that were."""

    document: Document
    count: int


def fixed(parsed: Document, settings: Settings, operations: Operations) -> Repair:
    """Return the document with everything fixed that can be. Everything else of the text stays as it is."""
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
