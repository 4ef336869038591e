"""Rules about the names of keys, operators, actions and partitions, and about the version."""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from mfasession.policy import conditions
from mfasession.policy.document import NEW
from mfasession.policy.linter.findings import Finding, Operations, Rule, Severity, Subject, by_small_name, quoted, rule
from mfasession.policy.located_json import Text, unescaped
from mfasession.text import nearest

if TYPE_CHECKING:
    from mfasession.policy.document import Statement

GLOBAL_KEYS = (
    *("aws:AssumedRoot", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:CurrentTime"),
    *("aws:ChatbotSourceArn", "aws:Ec2InstanceSourcePrivateIPv4", "aws:Ec2InstanceSourceVpc", "aws:EpochTime"),
    *("aws:FederatedProvider", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:PrincipalAccount"),
    *("aws:PrincipalArn", "aws:PrincipalIsAWSService", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"),
    *("aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:PrincipalType", "aws:Referer"),
    *("aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths", "aws:SecureTransport"),
    *("aws:SourceAccount", "aws:SourceArn", "aws:SourceIdentity", "aws:SourceIp", "aws:SourceOrgID"),
    *("aws:SourceOrgPaths", "aws:SourceVpc", "aws:SourceVpcArn", "aws:SourceVpce", "aws:VpceAccount"),
    *("aws:VpceOrgID", "aws:VpceOrgPaths"),
    *("aws:TagKeys", "aws:TokenIssueTime", "aws:UserAgent", "aws:ViaAWSService", "aws:VpcSourceIp"),
    *("aws:userid", "aws:username"),
)
"""Source: IAM User Guide, "AWS global condition context keys"."""
MFA_KEYS = ("aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent")
_TYPO = 2
"""Letters."""
_BASES = (
    *("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike"),
    *("StringNotLike", "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals"),
    *("NumericGreaterThan", "NumericGreaterThanEquals", "DateEquals", "DateNotEquals", "DateLessThan"),
    *("DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals", "Bool", "BinaryEquals", "IpAddress"),
    *("NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
)
OPERATORS = (
    "Null",
    *(
        f"{over}{base}{end}"
        for over in ("", "ForAnyValue:", "ForAllValues:")
        for base in _BASES
        for end in ("", "IfExists")
    ),
)
"""As AWS writes them. Source: IAM User Guide, "IAM JSON policy elements: condition operators"."""
_SMALL_KEYS = frozenset(name.lower() for name in GLOBAL_KEYS)
_ARN = re.compile(r"arn:(aws[a-z-]*):")

OPERATOR = rule(
    "unknown-operator",
    Severity.ERROR,
    "the condition operator does not exist",
    "IAM refuses a policy with an unknown operator.",
)
KEY = rule(
    "misspelt-key",
    Severity.ERROR,
    "a condition key is misspelt",
    "IAM accepts any key. A key that no request has is always absent: BoolIfExists is then always true, others never.",
)
ACTION = rule(
    "misspelt-action",
    Severity.ERROR,
    "an action is misspelt",
    "IAM accepts any name. A name that is not an action has no effect.",
)
PARTITION = rule(
    "wrong-partition",
    Severity.ERROR,
    "an ARN has another partition",
    "Resources have ARNs of the policy's partition: this one matches none of them.",
)
VERSION = rule(
    "old-version",
    Severity.ERROR,
    "variables are not filled in",
    "Policy variables such as ${aws:username} need version 2012-10-17; in older ones, or without any, they are text.",
)


def check(subject: Subject, operations: Operations) -> Iterator[Finding]:
    """Check every name."""
    yield from _version(subject)
    partition = subject.partition or _most(subject)
    for statement in subject.statements:
        yield from _conditions(subject, statement)
        for line in statement.conditions:
            for value in line.values:
                yield from _arn(subject, value, partition)
        for each in (*(statement.actions or ()), *(statement.not_actions or ())):
            yield from _action(subject, each, operations)
        for each in (*(statement.resources or ()), *(statement.not_resources or ())):
            yield from _arn(subject, each, partition)


def _conditions(subject: Subject, statement: "Statement") -> Iterator[Finding]:
    operators = {each.operator.lower() for each in statement.conditions}
    keys: dict[str, set[str]] = {}
    for line in statement.conditions:
        keys.setdefault(line.operator, set()).add(line.key.lower())
    for line in statement.conditions:
        yield from (_free(found, operators) for found in _operator(subject, line.operator))
        yield from (_free(found, keys[line.operator]) for found in _key(subject, line.key))


def _version(subject: Subject) -> Iterator[Finding]:
    document = subject.document
    if document.has_variables or "${" not in unescaped(document.text):
        return
    place, right = document.version_place, f'"Version": "{NEW}"'
    edit = subject.ahead(right) if place is None else subject.written(Text(document.version, place), NEW)
    yield Finding(
        rule=VERSION,
        place=place or subject.root.place,
        message=f"variables are text in version {document.version}",
        edits=(edit,),
        corrected=right,
    )


def _free(found: Finding, taken: Collection[str]) -> Finding:
    """A correction to a name that is present already is left to a person."""
    return found.replace(edits=()) if found.corrected.lower() in taken else found


def _operator(subject: Subject, operator: Text) -> Iterator[Finding]:
    try:
        conditions.check(operator)
    except conditions.UnknownOperator:
        right = _nearest(operator, OPERATORS)
        yield _misspelt(subject, operator, right, OPERATOR, f"{operator} is not a condition operator")


def _key(subject: Subject, key: Text) -> Iterator[Finding]:
    """A name like those of MFA is a misspelling of it; for others, AWS may have keys that we do not know."""
    if key.lower() in _SMALL_KEYS or "/" in key:
        return
    right = _nearest(key, MFA_KEYS) or (_typo_of(key, GLOBAL_KEYS) if key.lower().startswith("aws:") else "")
    if right:
        yield _misspelt(subject, key, right, KEY, f"{key} is not a global condition key")


def _action(subject: Subject, action: Text, operations: Operations) -> Iterator[Finding]:
    prefix, colon, name = action.partition(":")
    if action == "*" or "*" in prefix or "${" in action:
        return
    if not colon:
        yield Finding(rule=ACTION, place=action.place, message=f"{action} has no service prefix, as in iam:GetUser")
        return
    known = operations(prefix.lower())
    if "*" in name or "?" in name or name.lower() in by_small_name(tuple(known)):
        return
    right = _typo_of(name, tuple(known))
    if right:
        yield _misspelt(subject, action, f"{prefix}:{right}", ACTION, f"{action} is not an action")


def _misspelt(subject: Subject, word: Text, right: str, broken: Rule, message: str) -> Finding:
    return Finding(
        rule=broken,
        place=word.place,
        message=f"{message}: did you mean {right}?" if right else message,
        edits=(subject.written(word, right),) if right else (),
        corrected=right,
    )


@lru_cache(maxsize=1024)
def _nearest(word: str, known: tuple[str, ...]) -> str:
    return nearest(word, known, likeness=0.8)


@lru_cache(maxsize=1024)
def _typo_of(word: str, known: tuple[str, ...]) -> str:
    """The known name that differs by two letters at most: with more it is another one (RestoreTableFromAwsBackup)."""
    by_letters = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_letters, cutoff=0.8)
    return next((by_letters[each] for each in near if _distance(word.lower(), each) <= _TYPO), "")


def _distance(one: str, other: str) -> int:
    """The number of letters to insert, delete, change or swap with the next (Damerau and Levenshtein)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for at, char in enumerate(one, 1):
        row = [at]
        for place, wanted in enumerate(other, 1):
            costs = [last[place] + 1, row[-1] + 1, last[place - 1] + (char != wanted)]
            if before and place > 1 and char == other[place - 2] and one[at - 2] == wanted:
                costs.append(before[place - 2] + 1)
            row.append(min(costs))
        before, last = last, row
    return last[-1]


def _arn(subject: Subject, resource: Text, wanted: str) -> Iterator[Finding]:
    found = _ARN.match(resource)
    if not found or not wanted or found[1] == wanted:
        return
    right = f"arn:{wanted}:{resource[found.end() :]}"
    yield Finding(
        rule=PARTITION,
        place=resource.place,
        message=f"{resource} has partition {found[1]}, but the policy is for {wanted}",
        edits=(subject.written(resource, right),),
        corrected=quoted(right),
    )


def _most(subject: Subject) -> str:
    """The partition, by default that of the document's other ARNs."""
    seen: dict[str, int] = {}
    for statement in subject.statements:
        tested = (value for line in statement.conditions for value in line.values)
        for each in (*(statement.resources or ()), *(statement.not_resources or ()), *tested):
            if found := _ARN.match(each):
                seen[found[1]] = seen.get(found[1], 0) + 1
    return max(seen, key=lambda name: seen[name]) if seen else ""
