"""docs/organisation: the stacks of its templates audit an organization, with the permissions that they have."""

import gzip
import json
import runpy
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxAccount
from tests.helpers.auditing import Estate
from tests.helpers.organizing import Company
from tests.helpers.sandbox_clients import client
from tests.helpers.schemas import FOLDER, invalid

pytestmark = pytest.mark.checkout
FILES = Path(__file__).parents[2] / "docs/organisation"
NAME = "mfasession-audit"
"""The name of the stack, of the state machine, and of the role in each account."""


class Deployed:
    """A company whose member account has the role, and another one that has not; and the stack of the state machine."""

    def __init__(self, estate: Estate, patch: pytest.MonkeyPatch) -> None:
        company = Company(estate)
        other = company.member("other")
        self.aws, self.ours, self.member, self.other = estate.aws, estate.aws.account, company.number, other.account
        for account in (estate.aws, company.account):
            deploy(estate.aws, account, "audit-role.yaml", AuditAccount=self.ours)
        self.s3 = client(estate.aws, "s3", estate.aws.root_key())
        self.s3.create_bucket(Bucket="code")
        self.s3.put_object(Bucket="code", Key="function.zip", Body=b"")
        deploy(estate.aws, estate.aws, "state-machine.yaml", AccountsPerCall="2")
        # moto's interpreter takes seconds to import, in each process that collects tests.
        from tests.helpers.state_machines import StateMachines

        self.states = StateMachines(estate.aws, FILES, patch)
        estate.aws.forget_calls()

    def results(self) -> dict[str, list[str]]:
        """The lines of each object of the results, by its key."""
        (bucket,) = [each["Name"] for each in self.s3.list_buckets()["Buckets"] if "results" in each["Name"]]
        keys = [each["Key"] for each in self.s3.list_objects_v2(Bucket=bucket, Prefix="audit/").get("Contents", [])]
        bodies = (self.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys)
        return {key: gzip.decompress(body).decode().splitlines() for key, body in zip(keys, bodies, strict=True)}

    def called_by(self, role: str) -> set[str]:
        """The permissions that sessions of roles of this name have used."""
        return {call.permission for call in self.aws.calls() if f":assumed-role/{role}" in f"{call.user}"}


def deploy(aws: Sandbox, account: SandboxAccount, template: str, **parameters: str) -> None:
    """Make the stack of a template, with the function's code as `aws cloudformation package` leaves it."""
    key = account._state.add_root_key()
    credentials = {"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret, "SessionToken": None}
    client(aws, "cloudformation", credentials).create_stack(
        StackName=NAME if template.startswith("state") else f"{NAME}-role",
        TemplateBody=(FILES / template).read_text().replace(
            "Code: function", "Code: {S3Bucket: code, S3Key: function.zip}"
        ),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )  # fmt: skip


@pytest.fixture
def deployed(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """The stacks, in an account of their own."""
    yield Deployed(estate, monkeypatch)
    estate.aws.empty()


def allowed(aws: Sandbox, role: str) -> set[str]:
    """The actions of the policy that a role has of its own."""
    moto = aws._state.moto
    (found,) = [each for each in moto.iam.roles.values() if f"{each.name}/".startswith(role)]
    own = json.loads(next(iter(moto.role_policies(found))))
    actions = [statement["Action"] for statement in own["Statement"]]
    return {action for each in actions for action in ([each] if isinstance(each, str) else each)}


def test_an_execution(deployed: Deployed) -> None:
    """An object for each account, with the lines of the schema; one that cannot be read has a line that says so."""
    status, output = deployed.states.run(NAME, {})
    assert (status, output) == ("SUCCEEDED", {"accounts": 3, "accounts_not_read": 1, "users": 3, "users_open": 2})
    groups = [len(event["accounts"]) for event, _ in deployed.states.calls if event["step"] == "audit"]
    assert sorted(groups) == [1, 2]
    day = deployed.states.calls[0][0]["started"][:10]
    parts = deployed.results()
    assert set(parts) == {
        f"audit/date={day}/account={account}/part.jsonl.gz"
        for account in (deployed.ours, deployed.member, deployed.other)
    }
    schema = FOLDER / "policy-audit-lines.json"
    assert not [fault for lines in parts.values() for line in lines for fault in invalid(schema, line)]
    lines = [json.loads(line) for lines in parts.values() for line in lines]
    users = {each["user"]: (each["account"], each["verdict"], each["organization_path"]) for each in lines}
    del users[None]
    assert users == {
        "alice": (deployed.ours, "not covered", None),
        "plain": (deployed.member, "not covered", "root/Workloads/Prod"),
        "ruled": (deployed.member, "covered", "root/Workloads/Prod"),
    }
    (unread,) = [each for each in lines if each["kind"] == "unread account"]
    assert (unread["account"], unread["failure"].startswith("AWS denied AssumeRole: ")) == (deployed.other, True)
    for role, unused in UNUSED.items():
        used = deployed.called_by(role) - {"sts:GetCallerIdentity"}
        assert allowed(deployed.aws, role) - used == unused, role
        assert used <= allowed(deployed.aws, role), role


UNUSED = {
    # Asked about users whose device is not a virtual one.
    f"{NAME}/": {"iam:ListMFADevices"},
    f"{NAME}-lambda": set(),
    # Of the executions of a distributed map, which the interpreter does not start.
    f"{NAME}-StateMachineRole": {"states:StartExecution", "states:DescribeExecution", "states:StopExecution"},
}
"""The permissions of each role that this execution has no use for."""


def test_a_group_that_fails(deployed: Deployed) -> None:
    """The others are read, and the execution fails and names the accounts."""
    given = {"accounts": [deployed.member, deployed.ours, "no account"]}
    status, (error, cause) = deployed.states.run(NAME, given, retries=False)
    assert (status, error) == ("FAILED", "AccountsNotReadError")
    assert "1 accounts have no result: no account" in cause
    assert [f"account={deployed.member}/" in key for key in sorted(deployed.results())].count(True) == 1
    assert len(deployed.results()) == 2


def test_an_account_that_the_report_lacks() -> None:
    """The results of the accounts after it are written all the same; then the group fails and names it."""
    code = runpy.run_path(str(FILES / "audit_accounts.py"))
    own, written = code["audit"].__globals__, dict[str, bytes]()

    def run(accounts: Sequence[str], report: Path) -> str:
        record = {"kind": "unread account", "users": None, "verdict": None}
        report.write_text("".join(json.dumps({**record, "account": each}) + "\n" for each in accounts[::2]))
        return "the sign-in has ended"

    own.update(run=run, put=written.__setitem__)
    accounts = ["111111111111", "222222222222", "333333333333"]
    with pytest.raises(code["AccountsNotReadError"], match="the report lacks 222222222222: the sign-in has ended"):
        code["audit"]({"accounts": accounts, "started": "2026-11-29T05:00:00Z"})
    assert list(written) == [
        f"audit/date=2026-11-29/account={account}/part.jsonl.gz" for account in (accounts[0], accounts[2])
    ]
