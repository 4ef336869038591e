"""`mfasession policy apply`: a plan first, no user locked out, and everything taken back by what it prints."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mfasession.admin.apply_plan import TAKING_BACK
from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from mfasession.sandbox import Sandbox
from tests.helpers.auditing import Estate
from tests.helpers.checks import complaint
from tests.helpers.sandbox_clients import client, refusal
from tests.helpers.seat import seat
from tests.helpers.support import Home, need

ARN = "arn:aws:iam::123456789012:policy/DenyAllWithoutMFA"
DETACH = f"mfasession exec -- aws iam detach-group-policy --group-name staff --policy-arn {ARN}"
DELETE = f"mfasession exec -- aws iam delete-policy --policy-arn {ARN}"
CHANGES = {
    "CreatePolicy",
    "CreatePolicyVersion",
    "DeletePolicyVersion",
    "AttachGroupPolicy",
    "AttachUserPolicy",
    "SetDefaultPolicyVersion",
}


@pytest.fixture
def estate(aws: Sandbox, tmp_path: Path) -> Estate:
    """An administrator with a device, and bob without one, both in the group staff."""
    made = Estate(aws, tmp_path)
    made.user("bob", ALLOW_ALL)
    made.group("staff", "alice", "bob")
    return made


def changes(estate: Estate) -> list[str]:
    """What was changed in the account since the last look."""
    made = [call.action for call in estate.aws.calls() if call.action in CHANGES and call.outcome == "ok"]
    estate.aws.forget_calls()
    return made


def with_statement(effect: str, **parts: Any) -> Mapping[str, Any]:
    """The rule and one more statement."""
    return {
        **DENY_ALL_WITHOUT_MFA,
        "Statement": [*DENY_ALL_WITHOUT_MFA["Statement"], {"Effect": effect, "Resource": "*", **parts}],
    }


def write(home: Home, document: object) -> str:
    """Write a policy into a file of the home, and return its name."""
    (home.folder / "policy.json").write_text(json.dumps(document))
    return "policy.json"


def in_force(estate: Estate) -> Any:
    """The document of the policy as it is in force."""
    version = estate.iam.get_policy(PolicyArn=ARN)["Policy"]["DefaultVersionId"]
    return estate.iam.get_policy_version(PolicyArn=ARN, VersionId=version)["PolicyVersion"]["Document"]


def attached(estate: Estate) -> list[str]:
    """The ARNs of the policies of the group."""
    listed = estate.iam.list_attached_group_policies(GroupName="staff")["AttachedPolicies"]
    return [each["PolicyArn"] for each in listed]


# Done


def test_the_rule_for_a_group_and_back(estate: Estate) -> None:
    """It is in force; run again there is nothing to do; the printed commands take all of it back."""
    need("aws")
    ec2 = client(estate.aws, "ec2", estate.alice.key)
    assert ec2.describe_regions()
    done = estate.home.run("policy", "apply", "--group", "staff", "--yes")
    assert (done.returncode, done.stdout) == (0, f"{DETACH}\n{DELETE}\n")
    assert done.stderr == (
        "mfasession: to do: create policy DenyAllWithoutMFA\n"
        "mfasession: to do: attach DenyAllWithoutMFA to group staff\n"
        "mfasession: 2 users have it then\n"
        "mfasession: without a device they can do nothing then but enrol one: bob\n"
        "  hint: mfa enroll takes their long-term key alone: they can do it themselves\n"
        "mfasession: done: create policy DenyAllWithoutMFA; attach DenyAllWithoutMFA to group staff; to take it back:\n"
    )
    assert changes(estate) == ["CreatePolicy", "AttachGroupPolicy"]
    assert in_force(estate) == DENY_ALL_WITHOUT_MFA
    assert refusal(ec2.describe_regions)[0] == "UnauthorizedOperation"
    again = estate.home.run("policy", "apply", "--group", "staff", "--yes")
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == "mfasession: nothing to do: policy DenyAllWithoutMFA is as wanted, and attached\n"
    assert changes(estate) == []
    for line in done.stdout.splitlines():
        assert estate.home.run_program("bash", "-c", line).returncode == 0
    assert attached(estate) == []
    assert ec2.describe_regions()


def test_users(estate: Estate) -> None:
    """Each of several, once; a name of one's own for the policy."""
    words = ("--user", "bob", "--user", "alice", "--user", "bob", "--name", "Mfa", "--yes")
    done = estate.home.run("policy", "apply", *words)
    assert done.returncode == 0
    assert [line.split("--user-name ")[1].split()[0] for line in done.stdout.splitlines()[:2]] == ["alice", "bob"]
    assert changes(estate) == ["CreatePolicy", "AttachUserPolicy", "AttachUserPolicy"]
    assert "nothing to do" in estate.home.run("policy", "apply", *words).stderr


def test_a_new_version_and_back(estate: Estate) -> None:
    """A changed FILE becomes a version; undone, the one before is in force again."""
    assert estate.home.run("policy", "apply", "--group", "staff", "--yes").returncode == 0
    estate.aws.forget_calls()
    wanted = with_statement("Deny", Sid="NoSupport", Action="support:*")
    done = estate.home.run("policy", "apply", write(estate.home, wanted), "--group", "staff", "--yes")
    assert done.returncode == 0, done.stderr
    assert changes(estate) == ["CreatePolicyVersion"]
    assert in_force(estate) == wanted
    for line in done.stdout.splitlines():
        assert estate.home.run_program("bash", "-c", line).returncode == 0
    assert in_force(estate) == DENY_ALL_WITHOUT_MFA
    assert len(estate.iam.list_policy_versions(PolicyArn=ARN)["Versions"]) == 1


def test_five_versions_are_all_that_aws_keeps(estate: Estate) -> None:
    """The oldest that is not in force goes, which the plan says."""
    estate.aws.add_policy("DenyAllWithoutMFA", ALLOW_ALL)
    for _ in range(4):
        estate.iam.create_policy_version(PolicyArn=ARN, PolicyDocument=json.dumps(ALLOW_ALL))
    estate.aws.forget_calls()
    done = estate.home.run("policy", "apply", "--group", "staff", "--yes")
    assert done.returncode == 0
    assert "to do: delete version v2, the oldest of 5, for good: AWS keeps 5\n" in done.stderr
    assert changes(estate) == ["DeletePolicyVersion", "CreatePolicyVersion", "AttachGroupPolicy"]
    assert in_force(estate) == DENY_ALL_WITHOUT_MFA
    assert "--version-id v1\n" in done.stdout


def test_from_stdin_and_as_json(estate: Estate) -> None:
    """The policy as it comes, and all that a script needs on stdout."""
    wanted = with_statement("Deny", Sid="NoSupport", Action="support:*")
    done = estate.home.run("policy", "apply", "-", "--group", "staff", "--yes", "--json", stdin=json.dumps(wanted))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "policy_arn": ARN,
        "plan": ["create policy DenyAllWithoutMFA", "attach DenyAllWithoutMFA to group staff"],
        "users": 2,
        "users_without_device": ["bob"],
        "done": ["create policy DenyAllWithoutMFA", "attach DenyAllWithoutMFA to group staff"],
        "undo": [DETACH, DELETE],
    }
    assert in_force(estate) == wanted


def test_as_a_role(estate: Estate) -> None:
    """An administrator's role may apply it too: the rule does not touch it."""
    role = estate.aws.add_role("admin", [estate.alice.arn])
    estate.home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    done = estate.home.run("policy", "apply", "--group", "staff", "--yes", "-p", "admin")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == DETACH.replace("exec --", "exec -p admin --")


# Asked


def test_without_a_terminal(estate: Estate) -> None:
    """The plan is shown, nothing is changed, and the hint is the command that does it."""
    for words in ((), ("--no-input",)):
        done = estate.home.run("policy", "apply", "--group", "staff", *words)
        assert (done.returncode, done.stdout) == (6, "")
        assert "mfasession: to do: create policy DenyAllWithoutMFA\n" in done.stderr
        assert done.stderr.endswith(
            complaint(
                "there is no terminal to confirm this",
                " ".join(("mfasession policy apply --group staff", *words, "--yes")),
            )
        )
    planned = estate.home.run("policy", "apply", "--group", "staff", "--json")
    assert planned.returncode == 6
    assert (len(json.loads(planned.stdout)["plan"]), json.loads(planned.stdout)["done"]) == (2, [])
    assert changes(estate) == []


@pytest.mark.parametrize(("answer", "code", "made"), [("y", 0, 2), ("n", 130, 0), ("", 130, 0)])
def test_asked_at_the_terminal(estate: Estate, answer: str, code: int, made: int) -> None:
    """Only yes is yes."""
    with seat(estate.home, "mfasession", "policy", "apply", "--group", "staff") as sitting:
        sitting.see(r"do that in account 123456789012\? \[y/N\] ")
        assert changes(estate) == []
        sitting.line(answer)
        assert sitting.end() == code
    assert len(changes(estate)) == made


# Refused


def refused(estate: Estate, *words: str, code: int = 3) -> str:
    """What is said when nothing is done."""
    done = estate.home.run("policy", "apply", *words, "--yes")
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert "  hint: " in done.stderr
    assert changes(estate) == []
    return done.stderr


@pytest.mark.parametrize(("kind", "profile"), [("group", "default"), ("group", "the work"), ("user", "the work")])
def test_a_hint_is_a_command_that_works(estate: Estate, kind: str, profile: str) -> None:
    """The list of what there is comes with the session of the profile that was named: its bare key may be denied it."""
    words: tuple[str, ...] = ()
    if profile != "default":
        text = estate.home.credentials.read_text()
        estate.home.write_credentials(text.replace("[default", f"[{profile}"))
        words = ("-p", profile)
    done = estate.home.run("policy", "apply", f"--{kind}", "nobody", *words)
    assert done.returncode == 4
    (command,) = re.findall(r"  hint: list them: (.+)\n", done.stderr)
    named = " -p 'the work'" if words else ""
    assert command == f"mfasession exec{named} -- aws iam list-{kind}s"
    estate.alice.put_policy("rule", DENY_ALL_WITHOUT_MFA)
    done = estate.home.run_program("bash", "-c", command)
    assert done.returncode == 0, done.stderr


def test_users_without_a_device(estate: Estate) -> None:
    """99designs/aws-vault#564: a device that is gone since the login would leave nothing but its last session."""
    device = estate.alice.devices[0].serial
    estate.iam.deactivate_mfa_device(UserName="alice", SerialNumber=device)
    assert "user alice has no MFA device\n" in refused(estate, "--group", "staff")
    estate.alice.add_fido_device("yubikey")
    assert "only FIDO devices" in refused(estate, "--group", "staff")


def test_a_session_that_says_nothing_of_mfa(estate: Estate) -> None:
    """It might be one without: the next call would be denied."""
    text = estate.home.credentials.read_text()
    kept = [line for line in text.splitlines(keepends=True) if not line.startswith("mfasession_mfa_serial")]
    estate.home.write_credentials("".join(kept))
    assert "has no record of MFA" in refused(estate, "--group", "staff")


def test_a_policy_that_could_not_be_undone(estate: Estate) -> None:
    """With MFA, what undoing asks for must stay allowed."""
    document = with_statement("Deny", Sid="Kept", Action="iam:Detach*")
    said = refused(estate, write(estate.home, document), "--group", "staff")
    assert "you, alice, could not undo policy DenyAllWithoutMFA: with it you may not, even with MFA, call " in said
    assert all(action in said for action in TAKING_BACK)
    assert estate.home.run("policy", "apply", "policy.json", "--user", "bob", "--yes").returncode == 0


def test_a_policy_that_denies_everything_a_user_may_do(estate: Estate) -> None:
    """A policy that denies all that a user is allowed, whatever it says of MFA."""
    allowed = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    estate.user("carol", allowed)
    document = with_statement("Deny", Sid="NoBuckets", Action="s3:*")
    said = refused(estate, write(estate.home, document), "--user", "carol")
    assert "carol could do nothing any more, even with MFA" in said


def test_a_deny_for_everyone(estate: Estate) -> None:
    """A Deny for all, with MFA too, is an error whoever has it."""
    said = refused(estate, write(estate.home, with_statement("Deny", Sid="All", Action="*")), "--user", "bob")
    assert "All denies sessions with MFA, too" in said


def test_an_error_of_lint_stops_apply(estate: Estate) -> None:
    """Bool lets every long-term key through: an error, with the command that shows it."""
    document = json.loads(json.dumps(DENY_ALL_WITHOUT_MFA).replace("BoolIfExists", "Bool"))
    said = refused(estate, write(estate.home, document), "--group", "staff")
    assert "policy.json, line 1: " in said
    assert "hint: mfasession policy lint policy.json\n" in said


def test_roles(estate: Estate) -> None:
    """Their sessions carry no MFA: neither directly, nor through a policy of that name that one has."""
    assert "is not for roles" in refused(estate, "--user", "arn:aws:iam::123456789012:role/app", code=2)
    estate.aws.add_policy("DenyAllWithoutMFA", ALLOW_ALL)
    estate.aws.add_role("app", [estate.alice.arn])
    estate.iam.attach_role_policy(RoleName="app", PolicyArn=ARN)
    assert "policy DenyAllWithoutMFA is attached to role app" in refused(estate, "--group", "staff")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "for whom?"),
        (("--group", "a b"), 2, "'a b' is not a valid name in IAM"),
        (("--group", "staff", "--name", "x/y"), 2, "'x/y' is not a valid name in IAM"),
        (("--group", "nobody"), 4, "there is no group nobody in account 123456789012"),
        (("--user", "nobody", "--group", "staff"), 4, "there is no user nobody in account 123456789012"),
        (("absent.json", "--group", "staff"), 3, "there is no file absent.json"),
        (("broken.json", "--group", "staff"), 3, "broken.json, line 1: not JSON"),
        (("empty.json", "--group", "staff"), 3, "empty.json, line 1: "),
    ],
)
def test_invalid_requests(estate: Estate, words: tuple[str, ...], code: int, said: str) -> None:
    """One line, a hint where there is one to give, and the account as it was."""
    (estate.home.folder / "broken.json").write_text("{")
    (estate.home.folder / "empty.json").write_text("{}")
    done = estate.home.run("policy", "apply", *words, "--yes")
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert changes(estate) == []


# Half done


def test_a_half_done_change_is_reported(estate: Estate) -> None:
    """The policy is there and attaching it is denied: how to undo that, how to go on; and it goes on."""
    estate.forbid("AttachGroupPolicy")
    done = estate.home.run("policy", "apply", "--group", "staff", "--yes")
    assert (done.returncode, done.stdout) == (4, f"{DELETE}\n")
    assert "mfasession: done: create policy DenyAllWithoutMFA; to take it back:\n" in done.stderr
    assert "AWS denied AttachGroupPolicy" in done.stderr
    assert done.stderr.endswith("; then run it again: it continues where it stopped\n")
    assert changes(estate) == ["CreatePolicy"]
    estate.forbid("Nothing")
    assert estate.home.run("policy", "apply", "--group", "staff", "--yes").returncode == 0
    assert changes(estate) == ["AttachGroupPolicy"]


def test_a_change_that_cannot_be_undone(estate: Estate) -> None:
    """A version was deleted to make room, and the new one is denied: said, with the command that goes on."""
    estate.aws.add_policy("DenyAllWithoutMFA", ALLOW_ALL)
    for _ in range(4):
        estate.iam.create_policy_version(PolicyArn=ARN, PolicyDocument=json.dumps(ALLOW_ALL))
    estate.forbid("CreatePolicyVersion")
    done = estate.home.run("policy", "apply", "--group", "staff", "--yes")
    assert (done.returncode, done.stdout) == (4, "")
    assert "mfasession: done: delete version v2, " in done.stderr
    assert "; that cannot be taken back\n" in done.stderr


def test_nothing_is_changed_where_the_account_may_not_be_read(estate: Estate) -> None:
    """Who would be locked out cannot be known then."""
    estate.forbid("GetAccountAuthorizationDetails")
    assert "AWS denied GetAccountAuthorizationDetails" in refused(estate, "--group", "staff", code=4)


def test_users_with_a_device_are_not_warned_about(estate: Estate) -> None:
    """The plan says so, and does what it can."""
    estate.forbid("ListVirtualMFADevices")
    done = estate.home.run("policy", "apply", "--group", "staff", "--yes", "--json")
    assert done.returncode == 0
    assert "AWS did not say who of them has a device\n" in done.stderr
    assert json.loads(done.stdout)["users_without_device"] is None


def test_throttled(estate: Estate) -> None:
    """Asked again, as AWS has not looked at it."""
    for action in ("CreatePolicy", "AttachGroupPolicy", "ListEntitiesForPolicy"):
        estate.aws.faults.add(action, "throttle")
    assert estate.home.run("policy", "apply", "--group", "staff", "--yes").returncode == 0
    assert attached(estate) == [ARN]


def test_an_answer_that_is_lost(estate: Estate) -> None:
    """The policy may be there or not: the same again finds out, and makes no second one."""
    estate.aws.faults.add("CreatePolicy", "lose_answer")
    assert estate.home.run("policy", "apply", "--group", "staff", "--yes").returncode == 5
    assert estate.home.run("policy", "apply", "--group", "staff", "--yes").returncode == 0
    assert attached(estate) == [ARN]
