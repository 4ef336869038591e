"""All rules over one document, and over again until what can be mended is."""

from collections.abc import Sequence

from mfasession.policy import document
from mfasession.policy.document import Document
from mfasession.policy.lint import exemptions, grants, names, operators
from mfasession.policy.lint.findings import RULES, Edit, Finding, Subject
from mfasession.policy.lint.names import Operations
from mfasession.values import Value

ATTACHED_TO = ("user", "group", "role", "scp")
_ROUNDS = 12
"""Of mending: what one repair brings to light is mended in the next."""


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
        *exemptions.check(subject),
        *grants.check(subject),
        *names.check(subject, operations),
    ]
    order = list(RULES)
    return sorted(found, key=lambda each: (each.place.line, each.place.column, order.index(each.rule.slug)))


def fixed(parsed: Document, settings: Settings, operations: Operations) -> Document:
    """Return the document with all mended that can be. Everything else of the text stays as it is."""
    for _ in range(_ROUNDS):
        text = _mended(parsed.text, check(parsed, settings, operations))
        if text == parsed.text or document.size(text) > settings.limit:
            break
        parsed = document.parse(text, parsed.where, limit=settings.limit)
    return parsed


def _mended(text: str, findings: Sequence[Finding]) -> str:
    """Apply the edits of the findings, of each all or none: one that touches another's waits for the next round."""
    accepted: list[Edit] = []
    for finding in findings:
        if finding.edits and not any(_touch(one, other) for one in finding.edits for other in accepted):
            accepted += finding.edits
    for edit in sorted(accepted, key=lambda each: each.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _touch(one: Edit, other: Edit) -> bool:
    return one.start <= other.end and other.start <= one.end
