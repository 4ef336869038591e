"""An organization of any number of accounts with all kinds of users and service control policies, and what is known.

What is known is kept here when it is made, and not read back: an audit's report is compared with it.
"""

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from mfasession.sandbox import Sandbox, SandboxAccount, SandboxUser
from mfasession.values import Value
from tests.helpers.organizing import USERS_ONLY, Tree, rule_for_users, statement

SEED = 20261129
DAY = 86400
WITHOUT_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
Policy = Mapping[str, Any]
AUDITOR = statement(
    "Allow",
    Action=["iam:GetAccountAuthorizationDetails", "iam:GenerateCredentialReport", "iam:GetCredentialReport",
            "iam:ListVirtualMFADevices", "iam:ListMFADevices"],
)  # fmt: skip
"""What docs/policy.md says that an audit reads."""
CI = {
    "Version": "2012-10-17",
    "Statement": [
        *AUDITOR["Statement"],
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/auditor"},
        {"Effect": "Allow", "Resource": "*", "Action": [f"organizations:{action}" for action in (
            "ListAccounts", "DescribeOrganization", "ListRoots", "ListParents", "ListPoliciesForTarget",
            "DescribePolicy", "DescribeOrganizationalUnit")]},
    ],
}  # fmt: skip
"""What docs/policy.md says that the caller needs for an organization."""
USERS: Mapping[str, tuple[Policy, ...]] = {
    "plain": (ALLOW_ALL,),
    "ruled": (ALLOW_ALL, DENY_ALL_WITHOUT_MFA),
    "bool-ruled": (ALLOW_ALL, statement("Deny", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})),
    "null-ruled": (ALLOW_ALL, statement("Deny", Condition={"Null": {"aws:MultiFactorAuthPresent": "true"}})),
    "asked": (statement("Allow", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),),
    "asked-if-exists": (statement("Allow", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}),),
    "s3-only": (statement("Allow", Action="s3:*"),),
    "lists-only": (statement("Allow", Action=["dynamodb:List*", "KMS:listkeys", "iam:ListMFADevices"]),),
    "all-but-iam": (statement("Allow", Action=None, NotAction="iam:*"),),
    "s3-ruled": (ALLOW_ALL, statement("Deny", Action="s3:*", Condition=WITHOUT_MFA)),
    "nothing": (),
    "break-glass": (ALLOW_ALL,),
    "service-backup": (statement("Allow", Action=["s3:*", "lambda:*"]),),
}
"""Users by their names: their own policies. Some service control policies exempt the last two."""
GROUPED, BOUNDED, LISTED = "grouped", "bounded", "bounded-list"
"""Users who may do everything but for their group's policy or their boundary."""
MANAGERS = ("break-glass", "service-backup", "ruled", "plain")
"""Users of the management account."""
UNIT_NAMES = ("Geschäft", "開発", "منصة", "Legacy & <b>Co</b>")
OF_ACCOUNTS: Mapping[str, Policy] = {
    "Wider": rule_for_users() | {
        "Statement": [rule_for_users()["Statement"][0] | {"NotAction": ["sts:*", "iam:List*", "iam:GetUser",
                                                                       "s3:ListAllMyBuckets"]}],
    },
    "ButService": rule_for_users(StringNotLike={"aws:username": "service-*"}),
    "Lists": statement("Deny", Action=None, NotAction=["s3:*", "iam:*", "sts:*"]),
}  # fmt: skip
"""Service control policies of accounts."""


class Known(Value):
    """A user, and what the report should say of them."""

    account: str
    user: SandboxUser
    identity: tuple[Policy, ...]
    boundary: tuple[Policy, ...] | None
    levels: tuple[tuple[Policy, ...], ...]
    """The service control policies from the root to the account; empty in the management account."""
    has_device: bool
    has_password: bool
    keys: tuple[tuple[bool, int], ...]
    """Whether each key is active, and its age in days."""


class ManyAccounts(Tree):
    """Root (the rule for users, but not for some accounts and names), three OUs, one of them within another."""

    def __init__(self, aws: Sandbox, accounts: int, users: int) -> None:
        """`users`: the number in each account."""
        super().__init__(aws)
        self._random = Random(SEED)  # noqa: S311  # the same organization each time
        self._of: dict[str, list[Policy]] = {}
        self.known: list[Known] = []
        self.unread = ""
        """The account without the role."""
        self.denying = ""
        """The account in which the role is denied."""
        self.numbers = [aws.account]
        units = [self.unit(UNIT_NAMES[0]), self.unit(UNIT_NAMES[1])]
        units += [self.unit(UNIT_NAMES[2], units[1]), self.unit(UNIT_NAMES[3], units[1])]
        parents = {units[2]: units[1], units[3]: units[1]}
        self._limit(units[0], "Everybody", rule_for_users())
        self._limit(units[2], "S3", statement("Deny", Action="s3:*", Condition=WITHOUT_MFA | USERS_ONLY))
        self._limit(units[3], "Some", statement("Allow", Action=["s3:*", "iam:*", "sts:*", "kms:*"]))
        self.detach(units[3])
        self._of[units[3]].remove(ALLOW_ALL)
        placed = [(self.member(f"a{number}", unit := units[number % 4]), unit) for number in range(accounts - 1)]
        exempt = [account.account for account, _ in placed if self._random.random() < 0.6]
        names = {"aws:PrincipalArn": ["arn:aws:iam::*:user/break-glass", "arn:aws:iam::*:user/service-*"]}
        root = rule_for_users(ArnNotLike=names, StringNotEquals={"aws:PrincipalAccount": exempt or ["0"]})
        self._limit(self.root, "Rule", root)
        for account, unit in placed:
            self._fill(account, users, [self.root, *([parents[unit]] if unit in parents else []), unit])
        self._add_users(aws, MANAGERS[:users], ())

    def _limit(self, target: str, name: str, policy: Policy) -> None:
        """Attach a policy beside FullAWSAccess, and know it."""
        self.attach(f"{name} {target}", policy, target)
        self._of[target] = [*self._of.get(target, [ALLOW_ALL]), policy]

    def _fill(self, account: SandboxAccount, users: int, path: Sequence[str]) -> None:
        number = account.account
        self.numbers.append(number)
        if len(self.numbers) == 2:
            self.unread = number
        else:
            account.add_role("auditor", [f"arn:aws:iam::{self.aws.account}:role/ci"], policies=[AUDITOR])
        if len(self.numbers) == 3:
            self.denying = number
            self._limit(number, "Closed", statement("Deny", Action="iam:GetAccountAuthorizationDetails"))
        elif self._random.random() < 0.4:
            name = self._random.choice(tuple(OF_ACCOUNTS))
            self._limit(number, name, OF_ACCOUNTS[name])
        levels = tuple(tuple(self._of.get(each, [ALLOW_ALL])) for each in (*path, number))
        names = self._random.sample((*USERS, GROUPED, BOUNDED, LISTED), k=users)
        self._add_users(account, names, levels)

    def _add_users(self, account: SandboxAccount, names: Sequence[str], levels: tuple[tuple[Policy, ...], ...]) -> None:
        boundaries = {
            BOUNDED: (ALLOW_ALL["Statement"][0], DENY_ALL_WITHOUT_MFA["Statement"][0]),
            LISTED: ({"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},),
        }
        account.add_role("probed", [f"arn:aws:iam::{account.account}:root"], policies=[])
        for name in names:
            own = USERS.get(name, (ALLOW_ALL,))
            user, boundary = account.add_user(name, own), None
            iam = account._state.moto.iam
            if name == GROUPED:
                iam.create_group("staff")
                iam.put_group_policy("staff", "rule", json.dumps(DENY_ALL_WITHOUT_MFA))
                iam.add_user_to_group("staff", name)
                own = (*own, DENY_ALL_WITHOUT_MFA)
            if name in boundaries:
                boundary = ({"Version": "2012-10-17", "Statement": [*boundaries[name]]},)
                account._state.boundaries[user.unique_id] = account.add_policy(f"limit-{name}", boundary[0])
            self._know(account, user, own, boundary, levels)

    def _know(
        self,
        account: SandboxAccount,
        user: SandboxUser,
        own: tuple[Policy, ...],
        boundary: tuple[Policy, ...] | None,
        levels: tuple[tuple[Policy, ...], ...],
    ) -> None:
        random, keys = self._random, []
        for key in [user.key, *([user.add_key()] if random.random() < 0.3 else [])]:
            is_active, days = key is user.key or random.random() < 0.5, random.choice((0, 30, 100, 200, 400))
            user.age_key(key.access_key_id, days * DAY)
            if not is_active:
                user.set_key_status(key.access_key_id, "Inactive")
            keys.append((is_active, days))
        has_device, has_password = random.random() < 0.6, random.random() < 0.4
        if has_device:
            user.add_device(user.name) if random.random() < 0.7 else user.add_fido_device(user.name)
        if has_password:
            account._state.moto.iam.create_login_profile(user.name, "correct horse battery staple")
        self.known.append(
            Known(account=account.account, user=user, identity=own, boundary=boundary, levels=levels,
                  has_device=has_device, has_password=has_password, keys=tuple(keys))
        )  # fmt: skip
