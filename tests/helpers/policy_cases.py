"""Cases for the comparison of evaluators: policies and requests, made to overlap more often than by chance.

Left out is what the two are known to read differently: `test_iam_simulate.py` has that one by one.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any

from mfasession.values import Value

REQUESTS = (
    ("s3:GetObject", "arn:aws:s3:::reports/2026/november.csv"),
    ("s3:PutObject", "arn:aws:s3:::home/alice/notes"),
    ("s3:ListBucket", "arn:aws:s3:::reports"),
    ("iam:CreateAccessKey", "arn:aws:iam::123456789012:user/alice"),
    ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:123456789012:table/Thread"),
    ("logs:PutLogEvents", "arn:aws:logs:eu-west-1:123456789012:log-group:app:log-stream:a/b"),
    ("kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    ("sts:AssumeRole", "arn:aws:iam::123456789012:role/app"),
)
ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
ROLE_SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/alice"
PRINCIPALS = ("*", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", USER, ROLE, ROLE_SESSION, "999988887777",
              "arn:aws:iam::999988887777:root", f"arn:aws:iam::{ACCOUNT}:user/bob")  # fmt: skip
VALUES: Mapping[str, tuple[str, ...]] = {
    "String": ("alice", "Alice", "team-blue", "team-*", "", "a.b+c"),
    "Bool": ("true", "false", "True"),
    "Numeric": ("0", "59", "60", "60.0", "-1", "3600.5"),
    "Date": ("2026-11-24T08:00:00Z", "2026-11-24T09:00:00+01:00", "2026-11-24", "2027-01-01T00:00:00Z"),
    "Ip": ("203.0.113.7", "203.0.113.200", "10.1.2.3", "2001:db8::7"),
    "Arn": ("arn:aws:iam::123456789012:user/alice", "arn:aws:sns:eu-west-1:123456789012:topic:sub",
            "arn:aws:s3:::reports"),
    "Binary": ("QUJD", "QUJE"),
}  # fmt: skip
KEYS: Mapping[str, tuple[str, ...]] = {
    "String": ("aws:username", "aws:PrincipalTag/team", "aws:TagKeys"),
    "Bool": ("aws:MultiFactorAuthPresent", "aws:SecureTransport"),
    "Numeric": ("aws:MultiFactorAuthAge", "s3:max-keys"),
    "Date": ("aws:CurrentTime", "aws:TokenIssueTime"),
    "Ip": ("aws:SourceIp",),
    "Arn": ("aws:SourceArn", "aws:PrincipalArn"),
    "Binary": ("my:blob",),
}
SEVERAL = "aws:TagKeys"
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "String": ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike",
               "StringNotLike"),
    "Bool": ("Bool",),
    "Numeric": ("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
                "NumericGreaterThanEquals"),
    "Date": ("DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
             "DateGreaterThanEquals"),
    "Ip": ("IpAddress", "NotIpAddress"),
    "Arn": ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"),
    "Binary": ("BinaryEquals",),
}  # fmt: skip
NETWORKS = ("203.0.113.0/24", "10.0.0.0/8", "2001:db8::/32", "203.0.113.7/32")


class Case(Value):
    """Policies and a request, as JSON has them."""

    identity: list[dict[str, Any]]
    boundary: list[dict[str, Any]] | None
    action: str
    resource: str
    context: dict[str, str | list[str]]
    organization: list[list[dict[str, Any]]] | None = None
    """The service control policies of each level."""
    resource_control: list[dict[str, Any]] | None = None
    granted: dict[str, Any] | None = None
    """The resource's own policy, or the role's trust policy."""
    principal: str = USER

    def line(self) -> str:
        """Return the case as a line of JSON."""
        return json.dumps({name: getattr(self, name) for name in self.__fields__})


def case(random: Random) -> Case:
    """Return a case."""
    action, resource = random.choice(REQUESTS)
    context: dict[str, str | list[str]] = {}
    for kind, keys in KEYS.items():
        for key in keys:
            if random.random() < 0.6:
                context[key] = random.choice(VALUES[kind])
    if SEVERAL in context:
        context[SEVERAL] = random.choices(VALUES["String"][:4], k=random.randint(1, 3))
    maker = _Maker(random, action, resource, context)
    identity = [maker.policy() for _ in range(random.randint(1, 3))]
    boundary = [maker.policy()] if random.random() < 0.3 else None
    levels = random.randint(1, 3) if random.random() < 0.3 else 0
    organization = [[maker.policy() for _ in range(random.randint(1, 2))] for _ in range(levels)] or None
    # To iam these policies do not apply.
    has_control = not action.startswith("iam:") and random.random() < 0.2
    resource_control = [maker.control_policy()] if has_control else None
    # Every KMS key has a policy.
    granted = maker.granting_policy() if action == "kms:Decrypt" or random.random() < 0.4 else None
    return Case(
        identity=identity,
        boundary=boundary,
        action=action,
        resource=resource,
        context=context,
        organization=organization,
        resource_control=resource_control,
        granted=granted,
        principal=random.choice((USER, ROLE_SESSION)),
    )


class _Maker:
    """Makes policies for one request."""

    def __init__(self, random: Random, action: str, resource: str, context: Mapping[str, Any]) -> None:
        self._random = random
        self._action = action
        self._resource = resource
        self._context = context
        names = ("aws:username", "aws:PrincipalTag/team")
        there = [f"${{{name}}}" for name in names if context.get(name)]
        self._variables = (*there, "${*}", "${?}", "${$}", "${aws:PrincipalTag/none, 'blue'}")

    def policy(self) -> dict[str, Any]:
        """Return a policy of some statements."""
        return {"Version": "2012-10-17", "Statement": [self._statement() for _ in range(self._random.randint(1, 3))]}

    def granting_policy(self) -> dict[str, Any]:
        """Return a policy of what is asked for: with principals, and of a role without resources."""
        policy = self.policy()
        for statement in policy["Statement"]:
            statement["Principal"] = self._a_principal()
            if self._action == "sts:AssumeRole":
                statement.pop("Resource", None)
                statement.pop("NotResource", None)
        return policy

    def control_policy(self) -> dict[str, Any]:
        """Return a resource control policy: of one service, for all principals, and it only denies."""
        policy = self.policy()
        for statement in policy["Statement"]:
            statement |= {"Effect": "Deny", "Principal": "*"}
            statement.pop("NotAction", None)
            statement["Action"] = f"{self._action.partition(':')[0]}:*"
        return policy

    def _a_principal(self) -> Any:
        random = self._random
        some = random.choice(("*", *({"AWS": each} for each in PRINCIPALS), {"Service": "ec2.amazonaws.com"}))
        if random.random() < 0.3:
            return {"AWS": random.sample(PRINCIPALS, k=2), "Service": "ec2.amazonaws.com"}
        return some

    def _statement(self) -> dict[str, Any]:
        random = self._random
        statement: dict[str, Any] = {"Effect": random.choice(("Allow", "Allow", "Deny"))}
        statement[random.choice(("Action", "Action", "NotAction"))] = self._several(self._an_action)
        name = random.choice(("Resource", "Resource", "NotResource"))
        statement[name] = self._several(lambda: self._a_resource(self._variables))
        if name == "Resource" and random.random() < 0.1:
            statement[name] = self._a_resource(("${aws:username}",))
        if random.random() < 0.7:
            statement["Condition"] = self._conditions()
        return statement

    def _several(self, make: Callable[[], str]) -> str | list[str]:
        made = [make() for _ in range(self._random.randint(1, 3))]
        return made[0] if len(made) == 1 else made

    def _an_action(self) -> str:
        random = self._random
        action = self._action if random.random() < 0.6 else random.choice(REQUESTS)[0]
        service, _, name = action.partition(":")
        return random.choice(
            (action, f"{service}:{_with_wildcards(random, name)}", f"{service}:*", "*", action.swapcase())
        )

    def _a_resource(self, variables: Sequence[str]) -> str:
        random = self._random
        resource = self._resource if random.random() < 0.6 else random.choice(REQUESTS)[1]
        head, colon, tail = resource.rpartition(":")
        return random.choice(
            (
                "*",
                resource,
                _with_wildcards(random, resource, _after_type(resource)),
                head + colon + tail.replace("alice", random.choice(variables)),
                head + colon + tail.replace("n", "${*}", 1),
            )
        )

    def _conditions(self) -> dict[str, Any]:
        random = self._random
        block: dict[str, Any] = {}
        for _ in range(random.randint(1, 3)):
            kind = random.choice(tuple(OPERATORS))
            key = random.choice(KEYS[kind])
            over = random.choice(("ForAnyValue:", "ForAllValues:")) if key == SEVERAL else ""
            if_exists = "IfExists" if over != "ForAnyValue:" and random.random() < 0.3 else ""
            name = over + random.choice(OPERATORS[kind]) + if_exists
            if random.random() < 0.15:
                block.setdefault("Null", {})[key] = random.choice(("true", "false"))
            else:
                # The same key twice in other letters is not a policy.
                spelled = key.swapcase() if len(name) % 4 == 0 else key
                block.setdefault(name, {})[spelled] = self._several(partial(self._a_value, kind, key))
        return block

    def _a_value(self, kind: str, key: str) -> str:
        random = self._random
        if kind == "Ip":
            return random.choice(NETWORKS)
        there = self._context.get(key)
        value = random.choice(VALUES[kind]) if there is None or random.random() < 0.4 else there
        text = str(random.choice(value) if isinstance(value, Sequence) and not isinstance(value, str) else value)
        if kind in ("String", "Arn") and random.random() < 0.3:
            head, colon, tail = text.rpartition(":")
            return random.choice((head + colon + _with_wildcards(random, tail), text + random.choice(self._variables)))
        return text


def _with_wildcards(random: Random, text: str, at_least: int = 0) -> str:
    """A text with some of it, from a place on, taken out for a star or a question mark."""
    start = random.randint(at_least, len(text))
    end = random.randint(start, len(text))
    if random.random() < 0.4:
        return text[:start] + "?" + text[start + 1 :]
    return text[:start] + "*" + text[end:]


def _after_type(resource: str) -> int:
    """Where the name of a resource begins, after its type; S3's have none."""
    found = re.match(r"arn:aws:s3:::|(?:[^:]*:){5}[^/:]*[/:]", resource)
    assert found
    return found.end()
