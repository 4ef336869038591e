"""All rules over one document, and over again until what can be mended is."""

from mfasession.policy import document
from mfasession.policy.document import Document
from mfasession.policy.lint import exemptions, grants, names, operators
from mfasession.policy.lint.findings import RULES, Finding, Operations, Subject
from mfasession.values import Value

ATTACHED_TO = ("user", "group", "role", "scp")
_REPAIRS = 500
"""One after the other, for each may bring something to light or settle another; a document holds fewer."""


class Settings(Value):
    """What the rules are told."""

    partition: str = ""
    """The one that the policy is for; empty: that of its other ARNs."""
    attached_to: str = ""
    """One of ATTACHED_TO; empty: not known."""
    limit: int = document.MANAGED_SIZE
    """Characters that the document may have, white space not counted."""


def check(parsed: Document, settings: Settings, operations: Operations) -> list[Finding]:
    """Return what is wrong with a document, in the order of its lines."""
    subject = Subject(parsed, settings.partition, settings.attached_to)
    found = [
        *operators.check(subject),
        *exemptions.check(subject, operations),
        *grants.check(subject),
        *names.check(subject, operations),
    ]
    order = list(RULES)
    return sorted(found, key=lambda each: (each.place.line, each.place.column, order.index(each.rule.slug)))


def fixed(parsed: Document, settings: Settings, operations: Operations) -> Document:
    """Return the document with all mended that can be. Everything else of the text stays as it is."""
    for _ in range(_REPAIRS):
        finding = next((each for each in check(parsed, settings, operations) if each.edits), None)
        if finding is None:
            break
        text = _mended(parsed.text, finding)
        if document.size(text) > settings.limit:
            break
        parsed = document.parse(text, parsed.where, limit=settings.limit)
    return parsed


def _mended(text: str, finding: Finding) -> str:
    for edit in sorted(finding.edits, key=lambda each: each.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text
