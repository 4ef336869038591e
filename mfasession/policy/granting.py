"""Explains trust and resource policies: each statement in a few lines, then tables for the named principals."""

from collections.abc import Iterator, Sequence

from mfasession.policy import explanation, principals
from mfasession.policy.callers import CALLERS, Caller
from mfasession.policy.document import Document, Kind, Statement
from mfasession.policy.overview import EVERYTHING, Overview, Row
from mfasession.policy.permissions import EVERYWHERE
from mfasession.policy.principals import ANYBODY

CODE_COUNTS = "A code in the AssumeRole request itself counts as MFA, also with a long-term key."
"""Source: IAM User Guide, "Configuring MFA-protected API access"."""
NO_MFA = "AWS services and identity providers have no MFA: a condition that requires it allows them nothing."
KEY_DECIDES = (
    "A KMS key's own policy decides: without an Allow here the key cannot be used, whatever IAM policies allow."
)
KEYS_DECIDE = (
    "KMS keys have their own policies, which decide: an Allow here counts only for keys whose policy leaves the  "
    "decision to the account; a Deny counts for all."
)
"""Source: AWS KMS Developer Guide, "Key policies in AWS KMS"."""
_MFA_KEYS = ("aws:multifactorauthpresent", "aws:multifactorauthage")
_NOT_ALLOWED = "not allowed"
_OTHER = "-"
"""The cell of a caller that cannot be the principal."""

_Sections = tuple[tuple[tuple[str, ...], tuple[Row, ...]], ...]


def explained(
    document: Document, scp: Sequence[Sequence[Document]] = (), boundary: Sequence[Document] = ()
) -> Iterator[str]:
    """Yield the statements, then a table for each group of principals with the same permissions, and a legend.

    `scp`, `boundary`: the service control policies of each level, and the permissions boundaries of these callers.
    """
    limits = [several for several in (*scp, boundary) if several]
    shown: dict[tuple[bool, _Sections], list[str]] = {}
    for name in _allowed(document):
        sections = tuple(_sections(document, name, _limits(name, scp, boundary)))
        shown.setdefault((principals.is_account(name), sections), []).append(name)
    tables = [_table(document, names, sections) for (_, sections), names in shown.items()]
    whole = [each for _, sections in shown for each in sections]
    yield from explanation.paragraphs(
        explanation.statements(document),
        explanation.within(limits),
        *tables,
        [*explanation.legend(whole, (document,), limits), *_notes(document)],
    )


def concerns_kms(document: Document) -> bool:
    """Return whether a policy names actions of KMS, where the keys' policies decide."""
    return any(
        action.lower().startswith("kms:")
        for statement in document.statements
        for action in (*(statement.actions or ()), *(statement.not_actions or ()))
    )


def _allowed(document: Document) -> list[str]:
    """The users, roles and accounts that an Allow names, each once."""
    found: dict[str, None] = {}
    for each in document.statements:
        if each.effect == "Allow":
            found |= dict.fromkeys([ANYBODY] if each.principals is None else principals.of_aws(each.principals))
    return list(found)


def _limits(name: str, scp: Sequence[Sequence[Document]], boundary: Sequence[Document]) -> list[Sequence[Document]]:
    """The limits of one of them: a boundary's missing Allow does not limit a user whom the policy itself names.

    Source: IAM User Guide, "Permissions boundaries for IAM entities" (a Deny in it does bind).
    """
    is_direct = not principals.is_account(name) and ":role/" not in name
    own = [*boundary, explanation.everything()] if boundary and is_direct else boundary
    return [several for several in (*scp, own) if several]


def _sections(
    document: Document, name: str, limits: Sequence[Sequence[Document]]
) -> Iterator[tuple[tuple[str, ...], tuple[Row, ...]]]:
    """The rows of a table for one of them, without those where nothing is allowed."""
    own = document.replace(statements=tuple(each for each in document.statements if principals.concerns(each, name)))
    found = [
        (resources, tuple(_row(row, name) for row in rows))
        for resources, rows in Overview((own,), limits, shown=()).sections()
    ]
    kept = [(resources, tuple(row for row in rows if not _is_empty(row))) for resources, rows in found]
    kept = [(resources, rows) for resources, rows in kept if rows or resources != (EVERYWHERE,)]
    yield from (kept if any(rows for _, rows in kept) else found[:1])


def _row(row: Row, name: str) -> Row:
    words = zip(CALLERS, row.words, strict=True)
    return row.replace(words=tuple(word if _can_be(name, caller) else _OTHER for caller, word in words))


def _is_empty(row: Row) -> bool:
    return row.action == EVERYTHING and set(row.words) <= {_NOT_ALLOWED, _OTHER}


def _can_be(name: str, caller: Caller) -> bool:
    """Whether such a caller may match a principal."""
    return (":user/" not in name) if caller.is_role else (":role/" not in name and ":assumed-role/" not in name)


def _table(document: Document, names: Sequence[str], sections: _Sections) -> Iterator[str]:
    """A table with the names of its principals as its head."""
    called = [principals.called(each) for each in names]
    if names == [ANYBODY] and len(_allowed(document)) > 1:
        called = ["all others"]
    own = ", if their own policies allow it, too" if principals.is_account(names[0]) else ""
    yield from explanation.listed("Allowed actions of", [*called[:-1], f"{called[-1]}{own}:"], none="")
    yield from explanation.table(sections)


def _notes(document: Document) -> Iterator[str]:
    asks = [each for each in document.statements if _asks_for_mfa(each)]
    if any(each.effect == "Allow" and [*principals.others(each)] for each in asks):
        yield NO_MFA
    if document.kind is Kind.TRUST and asks:
        yield CODE_COUNTS
    if concerns_kms(document):
        yield KEY_DECIDES


def _asks_for_mfa(statement: Statement) -> bool:
    return any(line.key.lower() in _MFA_KEYS for line in statement.conditions)
