"""What a user's policies leave possible without MFA: `verdict` for documents as for texts."""

from collections.abc import Iterable, Mapping, Sequence

from mfasession.policy import callers, evaluation, scp, unplaced, verdict
from mfasession.policy.document import Document, Malformed
from mfasession.policy.evaluation import Level
from mfasession.policy.verdict import Source, Verdict
from mfasession.policy.worst_case import ROLE, WITH_MFA

DIRECTLY = "directly"
"""The source of policies that are not a group's."""
_USER = callers.Person().user_arn

Written = Document | str
"""A policy that is read already, or its JSON."""


def coverage(
    policies: Iterable[Written] | Mapping[str, Iterable[Written]],
    *,
    user: str = _USER,
    boundary: Written | None = None,
    organization: Sequence[Level] = (),
) -> Verdict:
    """Return what a user's policies leave possible without MFA.

    `policies`: the user's identity policies; by their source, as in `directly` and `group staff`, if `Verdict.by` is to
    name these. `user`: the user's ARN, for policies with `${aws:username}` or a condition about the principal.
    `organization`: the levels of service control policies, from the root to the account.

    Requests are derived from the Allow statements, and evaluated as a long-term key and as a session without MFA; for
    unknown condition keys the worst case is assumed. Resource policies are not considered. The actions that may stay
    open are those of the rule and those of AWS's sample policies for MFA (IAM User Guide, "Grant permissions to manage
    own credentials"). Raises Malformed for a policy that AWS would refuse, ValueError for an ARN that is not a user's.

    >>> from mfasession import policy
    >>> everything, rule = policy.read(policy.allow_all()), policy.read(policy.deny_all_without_mfa())
    >>> coverage([everything]).is_covered, coverage([everything]).open
    (False, ('*',))
    >>> found = coverage({"directly": [everything], "group staff": [rule]})
    >>> found.is_covered, found.by
    (True, ('group staff',))
    """
    return verdict.judge(
        _sources(policies), _boundary(boundary), user=_name(user), arn=user, organization=_levels(organization)
    )


def allows(
    policies: Iterable[Written] | Mapping[str, Iterable[Written]],
    actions: Sequence[str],
    *,
    user: str = _USER,
    boundary: Written | None = None,
    organization: Sequence[Level] = (),
) -> bool:
    """Return whether a user with MFA may do each of the actions on some resource. Arguments and errors: `coverage`.

    `user` may also be the ARN of a role's session (`arn:aws:sts::123456789012:assumed-role/app/alice`), which has no
    MFA. The path of its role is not known: a Deny with a condition about `aws:PrincipalArn` does not count.

    >>> from mfasession import policy
    >>> allows([policy.read(policy.allow_all())], ["s3:GetObject"])
    True
    """
    kind, name = (ROLE, "") if ":assumed-role/" in user else (WITH_MFA, _name(user))
    limits = _levels(organization)
    return verdict.allows(
        _sources(policies), _boundary(boundary), actions, user=name, arn=user, organization=limits, kind=kind
    )


def _sources(policies: Iterable[Written] | Mapping[str, Iterable[Written]]) -> tuple[Source, ...]:
    by_source = policies if isinstance(policies, Mapping) else {DIRECTLY: policies}
    return tuple(Source(name=name, texts=tuple(map(_text, these))) for name, these in by_source.items())


def _text(policy: Written) -> str:
    if isinstance(policy, Document):
        evaluation.check(policy)
        return policy.text
    try:
        evaluation.check(unplaced.read(policy))
    except Malformed:
        # The slower reader knows the places of what is wrong.
        evaluation.check(evaluation.read(policy))
    return policy


def _boundary(boundary: Written | None) -> str | None:
    return None if boundary is None else _text(boundary)


def _levels(organization: Sequence[Level]) -> scp.Levels:
    return tuple(
        scp.Level(
            name=level.name,
            policies=tuple(scp.Attached(name=each.where, text=_text(each)) for each in level.documents),
        )
        for level in organization
    )


def _name(user: str) -> str:
    """The name in a user's ARN."""
    name = user.rpartition("/")[2]
    if ":user/" not in user or not name:
        raise ValueError(f"{user!r} is not the ARN of a user")
    return name
