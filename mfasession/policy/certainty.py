"""Decides whether a line of a Condition block holds for all, none or some requests of a kind of caller.

Source: IAM User Guide, "AWS global condition context keys": the keys of a request, and their values for IAM users and
roles.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from mfasession.policy import callers, conditions
from mfasession.policy.callers import Caller
from mfasession.policy.document import Document, Line, Statement
from mfasession.policy.glob_overlap import common
from mfasession.policy.patterns import Context

AGE = "aws:multifactorauthage"
_SAME_FOR_ALL = {
    *("aws:multifactorauthpresent", "aws:viaawsservice", "aws:principalisawsservice", "aws:principaltype"),
    *("aws:securetransport", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast"),
}
"""Keys that are either absent or have one value in all requests of such a caller."""
_NAMES = ("x", "alice", "division/team/Zed+1@example.com", "0")
_ACCOUNTS = (callers.ACCOUNT, "999999999999")
_ARN_PARTS = 6
_VARIABLE = re.compile(r"\$\{[^}]*\}")


def holds(document: Document, statement: Statement, line: Line, caller: Caller, *, is_fresh: bool) -> bool | None:
    """Return whether a line is true for all or no requests of such a caller; None when it depends.

    `is_fresh`: a session with MFA is one minute old; otherwise its age is unknown. An unknown operator is true in
    a Deny and false in an Allow, as in `evaluation`.
    """
    try:
        conditions.check(line.operator)
    except conditions.UnknownOperator:
        return statement.effect == "Deny"
    context = _context(caller)
    key = line.key.lower()
    if key in _SAME_FOR_ALL or (key == AGE and (is_fresh or caller.mfa != "true")) or _asks_for_presence(line, context):
        return _is_true(document, line, context)
    if key in ("aws:principalarn", "aws:userid", "aws:username"):
        return _in_all(document, line, caller)
    return None


@lru_cache(maxsize=16)
def _context(caller: Caller) -> dict[str, str]:
    """Return the condition keys of a caller; not to be changed."""
    known = {name: str(value) for name, value in callers.context(caller).items()}
    known["aws:principalisawsservice"] = "false"
    if caller.is_temporary:
        known["aws:tokenissuetime"] = "2026-01-01T00:00:00Z"
    return known


def _asks_for_presence(line: Line, context: Context) -> bool:
    """Whether the line is a Null test of a key that all or none of such requests have."""
    key = line.key.lower()
    return line.operator.lower() == "null" and (key in context or key in (AGE, "aws:tokenissuetime", "aws:username"))


def _is_true(document: Document, line: Line, context: Context) -> bool:
    return conditions.holds(line.operator, line.key, line.values, context, has_variables=document.has_variables)


def _in_all(document: Document, line: Line, caller: Caller) -> bool | None:
    """The result of a line about the caller's identity for all users, or for all roles."""
    found = {_is_true(document, line, {**_context(caller), **who}) for who in _examples(line, caller)}
    if len(found) > 1:
        return None
    can_match = any(_can_match(each, line.key.lower(), caller) for each in line.values)
    how = conditions.operator(line.operator)
    (answer,) = found
    is_match = answer != how.is_negated
    return None if can_match and not is_match else answer


def _examples(line: Line, caller: Caller) -> Iterator[dict[str, str]]:
    """Yield example values of the identity keys, for different users or roles."""
    partition, accounts = _home(line)
    kind = "role" if caller.is_role else "user"
    for account in accounts:
        for name in _NAMES:
            own = name.rpartition("/")[2]
            who = {"aws:principalarn": f"arn:{partition}:iam::{account}:{kind}/{name}"}
            if caller.is_role:
                yield {**who, "aws:userid": f"AROAEXAMPLE{own.upper()}:{own}"}
            else:
                yield {**who, "aws:userid": f"AIDAEXAMPLE{own.upper()}", "aws:username": own}


def _home(line: Line) -> tuple[str, tuple[str, ...]]:
    """The partition and account in the line's ARN, which are those of the policy's account."""
    partition, _, _, account = [*str(line.values[0]).split(":")[1:], *[""] * 4][:4] if line.values else [""] * 4
    return (
        partition if re.fullmatch(r"aws[a-z-]*", partition) else "aws",
        (account,) if re.fullmatch(r"\d{12}", account) else _ACCOUNTS,
    )


def _can_match(value: str, key: str, caller: Caller) -> bool:
    """Return whether a value, as a pattern, can match such a caller's key."""
    glob = _VARIABLE.sub("*", value)
    if key == "aws:username":
        return not caller.is_role
    if key == "aws:userid":
        return common(glob, "AROA*:*" if caller.is_role else "AIDA*") is not None
    kind = "role/*" if caller.is_role else "user/*"
    parts = glob.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS:
        return common(glob, f"arn:aws*:iam::*:{kind}") is not None
    shapes = ("arn", "aws*", "iam", "", "?" * 12, kind)
    return all(common(part, shape) is not None for part, shape in zip(parts, shapes, strict=True))
