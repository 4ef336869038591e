"""Service control policies that are read from AWS Organizations: in the audit, and where policies are tested."""

import json
from typing import Any

import pytest

from mfasession.policy.rule import ALLOW_ALL
from tests.helpers.auditing import Estate, users
from tests.helpers.organizing import SCP, Company, rule_for_users, statement


@pytest.fixture
def company(estate: Estate) -> Company:
    """An organization with a member account."""
    return Company(estate)


def found(report: dict[str, Any]) -> dict[str, tuple[bool | None, list[str], list[str]]]:
    """Cover, its reasons and what is open, by user."""
    return {
        name: (user["covered"], user["covered_by"], user["open_without_mfa"]) for name, user in users(report).items()
    }


def test_a_deny_of_an_ou_covers(company: Company) -> None:
    """Each policy is asked for once; the report names the policy, its level and the statement; the first level too."""
    code, report, said = company.audit()
    assert (code, found(report)["plain"]) == (1, (False, [], ["*"]))
    company.attach("NeedMfa", rule_for_users(), company.prod)
    company.estate.aws.forget_calls()
    code, report, said = company.audit()
    by = "SCP NeedMfa of OU Workloads/Prod (statement DenyAllWithoutMFA)"
    assert (code, found(report)) == (0, {"plain": (True, [by], []), "ruled": (True, ["directly", by], [])})
    assert "service control" not in said
    assert len(company.estate.aws.calls("DescribePolicy")) == 2
    assert [call.params["TargetId"] for call in company.estate.aws.calls("ListPoliciesForTarget")] == [
        company.number, company.root, company.workloads, company.prod,
    ]  # fmt: skip


def test_json_lines_name_the_place_of_an_account(company: Company) -> None:
    """The OU's ID and the names above; an account that was not read is a line of its own."""
    words = ("--accounts", f"{company.number},444444444444", "--role-name", "auditor")
    done = company.estate.home.run("policy", "audit", *words, "--format", "jsonl")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["kind"], each["account"], each["user"]) for each in lines] == [
        ("account", company.number, None),
        ("user", company.number, "plain"),
        ("user", company.number, "ruled"),
        ("unread account", "444444444444", None),
    ]
    assert {(each["organizational_unit"], each["organization_path"]) for each in lines[:3]} == {
        (company.prod, "root/Workloads/Prod")
    }
    assert lines[1]["organization"].startswith("o-")
    assert "FullAWSAccess of OU Workloads/Prod" in lines[0]["service_control_policies"]
    assert lines[3]["failure"].startswith("AWS denied AssumeRole: ")


def test_each_level_must_allow(company: Company) -> None:
    """A list of an OU takes the rest away; the Deny that is narrower than it covers nothing more than that."""
    company.allow_auditor_alone(company.workloads)
    company.attach("OnlyEc2AndS3", statement("Allow", Action=["ec2:*", "s3:*"]), company.workloads)
    without = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    company.attach("S3NeedsMfa", statement("Deny", Action="s3:*", Condition=without), company.number)
    code, report, _ = company.audit()
    assert (code, found(report)["plain"]) == (1, (False, [], ["ec2:*"]))
    assert users(report)["plain"]["administrator"] is False
    company.allow_auditor_alone(company.prod)
    code, report, _ = company.audit()
    assert (code, found(report)["plain"]) == (0, (True, ["the SCPs of OU Workloads/Prod"], []))


def test_the_management_account_is_not_limited(company: Company) -> None:
    """Its users stay open, and the report says why."""
    company.attach("NeedMfa", rule_for_users(), company.root)
    done = company.estate.home.run("policy", "audit", "--format", "json")
    assert (done.returncode, found(json.loads(done.stdout))["alice"][0]) == (1, False)
    assert "this is the management account: service control policies do not apply to it" in done.stderr


def test_policies_that_are_not_enabled_do_not_count(company: Company) -> None:
    """Where the root has the type switched off, attached ones have no effect."""
    company.attach("NeedMfa", rule_for_users(), company.root)
    company.api.disable_policy_type(RootId=company.root, PolicyType=SCP)
    assert found(company.audit()[1])["plain"] == (False, [], ["*"])


@pytest.mark.parametrize("denied", ["DescribeOrganization", "ListParents"])
def test_policies_that_cannot_be_read(company: Company, denied: str) -> None:
    """Those whom nothing else covers are unknown, neither open nor covered; the others are covered all the same."""
    company.attach("NeedMfa", rule_for_users(), company.root)
    company.forbid(denied)
    code, report, said = company.audit()
    assert (code, found(report)) == (
        4, {"plain": (None, ["unknown by SCP"], ["*"]), "ruled": (True, ["directly"], [])},
    )  # fmt: skip
    assert f"service control policies were not read: AWS denied {denied}: " in said
    assert report["totals"]["not known"] == 1
    if denied == "ListParents":
        words = ("--accounts", company.number, "--role-name", "auditor")
        shown = company.estate.home.run("policy", "audit", *words).stdout
        assert "plain  -        unknown by SCP, else open: *  " in shown
        assert company.audit("--scp", "none")[0] == 1
        done = company.estate.home.run("policy", "audit", "--scp", f"organization:{company.number}")
        assert (done.returncode, "is about one account" in done.stderr) == (2, True)


def test_one_policy_that_cannot_be_read(company: Company) -> None:
    """It is named, and taken for one that allows everything; what the others take away counts."""
    company.attach("NeedMfa", rule_for_users(), company.root)
    company.forbid("DescribePolicy")
    code, report, said = company.audit()
    assert (code, found(report)["plain"][1]) == (4, ["unknown by SCP"])
    assert "NeedMfa of root was not read: AWS denied DescribePolicy: " in said
    company.forbid("Nothing")
    company.estate.aws.faults.add("DescribePolicy", "not_there")
    code, report, said = company.audit()
    assert (code, found(report)["plain"][0], "FullAWSAccess of " in said) == (0, True, True)


def test_a_policy_that_no_parser_takes(company: Company) -> None:
    """The rest of the report is there."""
    later = {"LaterOperator": {"aws:MultiFactorAuthPresent": "false"}}
    company.attach("Odd", statement("Allow", Condition=later), company.number)
    code, report, said = company.audit()
    assert (code, found(report)["ruled"][0], found(report)["plain"][0]) == (4, True, None)
    assert f"Odd of account {company.number} was not read: " in said


def test_an_account_outside_the_organization(company: Company) -> None:
    """Its own organization is asked for; an account in none is not limited."""
    other = company.estate.aws.add_account("222222222222")
    other.add_role("auditor", [company.estate.alice.arn])
    other.add_user("loose", [ALLOW_ALL])
    words = ("--accounts", "222222222222", "--role-name", "auditor", "--format", "json")
    done = company.estate.home.run("policy", "audit", *words)
    assert (done.returncode, found(json.loads(done.stdout))) == (1, {"loose": (False, [], ["*"])})


def test_policies_of_an_account_where_policies_are_tested(company: Company) -> None:
    """`test` and `explain` read them, too; what cannot be read is an error, not a table without it."""
    company.attach("NeedMfa", rule_for_users(), company.workloads)
    home, chosen = company.estate.home, f"organization:{company.number}"
    (home.folder / "all.json").write_text(json.dumps(ALLOW_ALL))
    words = ("policy", "test", "all.json", "--action", "s3:ListAllMyBuckets", "--scp")
    done = home.run(*words, chosen, "--why")
    assert done.stdout.splitlines()[1].split()[1:] == ["deny", "deny", "allow", "allow"]
    assert "  DenyAllWithoutMFA (NeedMfa of OU Workloads, line 1" in done.stdout
    done = home.run(*words, "organization")
    assert (done.stdout.splitlines()[1].split()[1:], "this is the management account" in done.stderr) == (
        ["allow"] * 4, True,
    )  # fmt: skip
    assert "NeedMfa of OU Workloads" in home.run("policy", "explain", "all.json", "--scp", chosen).stdout
    company.forbid("ListParents")
    done = home.run(*words, chosen)
    assert (done.returncode, done.stdout) == (4, "")
    assert "service control policies were not read: AWS denied ListParents: " in done.stderr
