"""An organization with one member account in an OU, and its service control policies."""

import json
from collections.abc import Mapping
from typing import Any

from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from tests.helpers.auditing import Estate
from tests.helpers.sandbox_clients import client

SCP = "SERVICE_CONTROL_POLICY"
FULL_ACCESS = "p-FullAWSAccess"


class Company:
    """The estate's account manages an organization: root, OU Workloads, OU Prod in it, and there a member account.

    In the member account are the role `auditor`, the user `plain`, who may do everything, and `ruled`, whom the rule
    covers.
    """

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.calls = client(estate.aws, "organizations", estate.aws.root_key())
        self.calls.create_organization(FeatureSet="ALL")
        self.root = self.calls.list_roots()["Roots"][0]["Id"]
        self.calls.enable_policy_type(RootId=self.root, PolicyType=SCP)
        self.workloads = self._unit("Workloads", self.root)
        self.prod = self._unit("Prod", self.workloads)
        status = self.calls.create_account(Email="a@example.org", AccountName="member")["CreateAccountStatus"]
        self.member: str = status["AccountId"]
        self.calls.move_account(AccountId=self.member, SourceParentId=self.root, DestinationParentId=self.prod)
        for target in (self.workloads, self.prod, self.member):
            self.calls.attach_policy(PolicyId=FULL_ACCESS, TargetId=target)
        self.account = estate.aws.add_account(self.member)
        self.account.add_role("auditor", [estate.alice.arn])
        self.account.add_user("plain", [ALLOW_ALL])
        self.account.add_user("ruled", [ALLOW_ALL, DENY_ALL_WITHOUT_MFA])

    def attach(self, name: str, policy: Mapping[str, Any], target: str) -> str:
        """Attach a new service control policy to the root, an OU or an account; return its ID."""
        made = self.calls.create_policy(Content=json.dumps(policy), Description="", Name=name, Type=SCP)
        found: str = made["Policy"]["PolicySummary"]["Id"]
        self.calls.attach_policy(PolicyId=found, TargetId=target)
        return found

    def audit(self, *words: str) -> tuple[int, dict[str, Any], str]:
        """The exit code of an audit of the member account, its report and what it says on stderr."""
        chosen = ("--accounts", self.member, "--role-name", "auditor", "--format", "json", *words)
        done = self.estate.home.run("policy", "audit", *chosen)
        return done.returncode, json.loads(done.stdout), done.stderr

    def forbid(self, *actions: str) -> None:
        """Deny the administrator some of the calls of AWS Organizations."""
        named = [f"organizations:{action}" for action in actions]
        statement = {"Effect": "Deny", "Action": named, "Resource": "*"}
        self.estate.alice.put_policy("forbidden", {"Version": "2012-10-17", "Statement": [statement]})

    def _unit(self, name: str, parent: str) -> str:
        made = self.calls.create_organizational_unit(ParentId=parent, Name=name)
        found: str = made["OrganizationalUnit"]["Id"]
        return found
