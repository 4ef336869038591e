"""`policy apply` in a member account: the service control policies above it are read before anything is changed."""

from collections.abc import Mapping
from typing import Any

import pytest

from mfasession.policy.rule import ALLOW_ALL
from tests.helpers.auditing import Estate
from tests.helpers.checks import complaint
from tests.helpers.organizing import Company, rule_for_users, statement
from tests.helpers.sandbox_clients import client, refusal, session

WORDS = ("policy", "apply", "--ambient", "--yes", "--group", "staff")
ADMIN = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}}


@pytest.fixture
def company(estate: Estate) -> Company:
    """A member account that may read the organization, with the group `staff`, of which are `plain` and `boss`."""
    made = Company(estate)
    made.api.register_delegated_administrator(AccountId=made.number, ServicePrincipal="access-analyzer.amazonaws.com")
    made.account.add_role("admin", [estate.alice.arn])
    boss = made.account.add_user("boss", [ALLOW_ALL])
    boss.add_device("phone")
    iam = made.account._state.moto.iam
    iam.create_group("staff")
    for name in ("plain", "boss"):
        iam.add_user_to_group("staff", name)
    return made


def variables(credentials: Mapping[str, Any]) -> dict[str, str]:
    """The variables that have these credentials."""
    names = {"AWS_ACCESS_KEY_ID": "AccessKeyId", "AWS_SECRET_ACCESS_KEY": "SecretAccessKey"}
    return {name: credentials[of] for name, of in {**names, "AWS_SESSION_TOKEN": "SessionToken"}.items()}


def as_role(company: Company) -> dict[str, str]:
    """The member account's role `admin`."""
    sts = client(company.aws, "sts", company.estate.alice.key)
    arn = f"arn:aws:iam::{company.number}:role/admin"
    return variables(sts.assume_role(RoleArn=arn, RoleSessionName="alice")["Credentials"])


def as_boss(company: Company) -> dict[str, str]:
    """The member account's user `boss`, with MFA."""
    boss = company.account.users[-1]
    return variables(session(company.aws, boss, boss.devices[0]))


def changed(company: Company) -> list[str]:
    """The calls that change something."""
    calls = [call.action for call in company.aws.calls() if call.service == "iam"]
    return [action for action in calls if action.startswith(("Create", "Attach"))]


@pytest.mark.parametrize("who", [as_role, as_boss])
def test_what_would_be_denied_is_refused(company: Company, who: Any) -> None:
    """Before anything is changed; what an exception may allow is tried."""
    company.attach("NoIam", statement("Deny", Action=["iam:Attach*", "iam:CreateUser"]), company.prod)
    environ = who(company)
    done = company.estate.home.run(*WORDS, environ=environ)
    said = "the service control policies of OU Workloads/Prod deny you iam:AttachGroupPolicy"
    hint = "ask for an exception there, or have somebody apply it whom they exempt"
    assert (done.returncode, done.stdout, changed(company)) == (3, "", []), done.stderr
    assert done.stderr.endswith(complaint(said, hint))


def test_whom_a_policy_exempts(company: Company) -> None:
    """Whether a role is exempt is not known beforehand: the role's path is not in its session's ARN."""
    company.attach("NoIam", statement("Deny", Action="iam:*Policy*", Condition=ADMIN), company.prod)
    done = company.estate.home.run(*WORDS, environ=as_role(company))
    assert (done.returncode, changed(company)[-2:]) == (0, ["CreatePolicy", "AttachGroupPolicy"]), done.stderr
    assert "service control policies" not in done.stderr


def test_who_is_covered_already(company: Company) -> None:
    """By whom, for how many of the users."""
    exempt = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/boss"}}
    company.attach("NeedMfa", rule_for_users(**exempt), company.prod)
    done = company.estate.home.run(*WORDS, environ=as_role(company))
    by = "SCP NeedMfa of OU Workloads/Prod (statement DenyAllWithoutMFA)"
    line = f"mfasession: service control policies have the rule already for 1 of 2 users: {by}\n"
    assert (done.returncode, line in done.stderr) == (0, True), done.stderr


def test_the_caller_could_not_undo_it(company: Company) -> None:
    """A service control policy that denies the way back locks out as well."""
    company.attach("NoWayBack", statement("Deny", Action="iam:Detach*"), company.number)
    done = company.estate.home.run(*WORDS, environ=as_boss(company))
    assert (done.returncode, changed(company)) == (3, []), done.stderr
    assert "you, boss, could not undo policy DenyAllWithoutMFA" in done.stderr


def test_an_account_that_may_not_read_them(company: Company) -> None:
    """It is said, and the plan is carried out."""
    company.api.deregister_delegated_administrator(
        AccountId=company.number, ServicePrincipal="access-analyzer.amazonaws.com"
    )
    organizations = client(company.aws, "organizations", company.account.root_key())
    assert refusal(organizations.list_roots)[0] == "AccessDeniedException"
    assert organizations.describe_organization()
    done = company.estate.home.run(*WORDS, environ=as_role(company))
    assert "mfasession: service control policies were not read: AWS denied ListRoots: " in done.stderr
    assert done.returncode == 0
