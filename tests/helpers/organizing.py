"""An organization of the sandbox: OUs, member accounts, and service control policies."""

import json
from collections.abc import Mapping
from typing import Any

from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from mfasession.sandbox import Sandbox, SandboxAccount
from tests.helpers.auditing import Estate
from tests.helpers.sandbox_clients import client

SCP = "SERVICE_CONTROL_POLICY"
FULL_ACCESS = "p-FullAWSAccess"
USERS_ONLY = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}
"""A condition that exempts roles, whose sessions never have MFA."""


def statement(effect: str, **parts: Any) -> dict[str, Any]:
    """A policy of one statement about everything; None leaves an element out."""
    made = {"Effect": effect, "Action": "*", "Resource": "*", **parts}
    return {"Version": "2012-10-17", "Statement": [{name: part for name, part in made.items() if part is not None}]}


def rule_for_users(**conditions: Mapping[str, Any]) -> dict[str, Any]:
    """The rule as a service control policy, with more conditions if given."""
    rule = json.loads(json.dumps(DENY_ALL_WITHOUT_MFA))
    rule["Statement"][0]["Condition"] |= {**USERS_ONLY, **conditions}
    return dict(rule)


class Tree:
    """An organization that the sandbox's first account manages; service control policies are enabled in it."""

    def __init__(self, aws: Sandbox) -> None:
        self.aws = aws
        self.api = client(aws, "organizations", aws.root_key())
        self.api.create_organization(FeatureSet="ALL")
        self.root: str = self.api.list_roots()["Roots"][0]["Id"]
        self.api.enable_policy_type(RootId=self.root, PolicyType=SCP)

    def unit(self, name: str, parent: str = "") -> str:
        """Add an OU; return its ID."""
        made = self.api.create_organizational_unit(ParentId=parent or self.root, Name=name)
        return str(made["OrganizationalUnit"]["Id"])

    def member(self, name: str, parent: str = "") -> SandboxAccount:
        """Add an account."""
        made = self.api.create_account(Email=f"{name}@example.org", AccountName=name)["CreateAccountStatus"]
        number: str = made["AccountId"]
        if parent:
            self.api.move_account(AccountId=number, SourceParentId=self.root, DestinationParentId=parent)
        return self.aws.add_account(number)

    def attach(self, name: str, policy: Mapping[str, Any], target: str) -> str:
        """Attach a new service control policy to the root, an OU or an account; return its ID."""
        made = self.api.create_policy(Content=json.dumps(policy), Description="", Name=name, Type=SCP)
        found: str = made["Policy"]["PolicySummary"]["Id"]
        self.api.attach_policy(PolicyId=found, TargetId=target)
        return found

    def detach(self, target: str, policy: str = FULL_ACCESS) -> None:
        """Detach a service control policy."""
        self.api.detach_policy(PolicyId=policy, TargetId=target)


class Company(Tree):
    """The estate's account manages an organization: root, OU Workloads, OU Prod in it, and there a member account.

    In the member account are the role `auditor`, the user `plain`, who may do everything, and `ruled`, whom the rule
    covers.
    """

    def __init__(self, estate: Estate) -> None:
        super().__init__(estate.aws)
        self.estate = estate
        self.workloads = self.unit("Workloads")
        self.prod = self.unit("Prod", self.workloads)
        self.account = self.member("member", self.prod)
        self.number = self.account.account
        self.account.add_role("auditor", [estate.alice.arn])
        self.account.add_user("plain", [ALLOW_ALL])
        self.account.add_user("ruled", [ALLOW_ALL, DENY_ALL_WITHOUT_MFA])

    def audit(self, *words: str) -> tuple[int, dict[str, Any], str]:
        """The exit code of an audit of the member account, its report and what it says on stderr."""
        chosen = ("--accounts", self.number, "--role-name", "auditor", "--format", "json", *words)
        done = self.estate.home.run("policy", "audit", *chosen)
        return done.returncode, json.loads(done.stdout), done.stderr

    def allow_auditor_alone(self, unit: str) -> None:
        """Have an OU allow nothing but what the auditor does."""
        auditor = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/auditor"}}
        self.attach(f"OnlyAuditor{unit}", statement("Allow", Condition=auditor), unit)
        self.detach(unit)

    def forbid(self, *actions: str) -> None:
        """Deny the administrator some of the calls of AWS Organizations."""
        named = [f"organizations:{action}" for action in actions]
        self.estate.alice.put_policy("forbidden", statement("Deny", Action=named))
