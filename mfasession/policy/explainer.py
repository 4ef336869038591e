"""Explains a document of any kind, within what limits it."""

import json
from collections.abc import Iterator, Sequence

from mfasession.policy import document, evaluation, explanation, granting, rule
from mfasession.policy.document import Document, Kind
from mfasession.policy.evaluation import Level

_RESOURCE_CONTROL = "RCPFullAWSAccess"


def explain(
    policy: Document,
    *,
    boundary: Sequence[Document] = (),
    organization: Sequence[Level] = (),
    resource_control: Sequence[Document] = (),
) -> tuple[str, ...]:
    """Return lines for people: each statement, then tables of what each kind of caller may do, and their legend.

    Of a trust or resource policy there is a table for each group of principals. The text may change in any version.
    `boundary`, `organization`, `resource_control`: what limits it, as in Policies. Raises Malformed for a condition
    operator that AWS does not have.

    >>> from mfasession import policy
    >>> rule = policy.read(policy.deny_all_without_mfa())
    >>> print(policy.explain(rule)[0])
    line 4: DenyAllWithoutMFA denies every action except:
    """
    evaluation.check(policy)
    limits = [level.documents for level in organization]
    if resource_control:
        full = document.parse(json.dumps(rule.ALLOW_ALL, indent=2), _RESOURCE_CONTROL)
        limits.append((full, *map(evaluation.of_resource_control, resource_control)))
    return tuple(_lines(policy, limits, boundary))


def _lines(policy: Document, limits: Sequence[Sequence[Document]], boundary: Sequence[Document]) -> Iterator[str]:
    if policy.kind is not Kind.IDENTITY:
        yield from granting.explained(policy, limits, boundary)
        return
    yield from explanation.explained(policy, [several for several in (*limits, boundary) if several])
    if granting.concerns_kms(policy):
        yield granting.KEYS_DECIDE
