"""`mfasession policy test`: what policies let each kind of caller do."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mfasession.policy import rule
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, have_session
from tests.helpers.support import Home

SLUGS = ("key", "session", "mfa", "role")


def written(home: Home, name: str, *statements: dict[str, Any]) -> str:
    """A file with a policy of these statements; each allows everything but for what is said of it."""
    whole = [{"Effect": "Allow", "Action": "*", "Resource": "*"} | each for each in statements]
    (home.folder / name).write_text(json.dumps({"Version": "2012-10-17", "Statement": whole}, indent=2))
    return name


def decisions(home: Home, *words: str) -> dict[str, list[str]]:
    """What each caller gets for each action, as --json prints."""
    done = home.run("policy", "test", "--json", *words)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    return {row["action"]: [row["callers"][slug]["decision"] for slug in SLUGS] for row in rows}


MFA_CONDITION = {"aws:MultiFactorAuthPresent": "false"}


def test_the_rule_itself(home: Home) -> None:
    """Without a file: the rule, beside a policy that allows everything. Nothing is asked of AWS, nor of any file."""
    home.write_credentials("this is no ini file")
    done = home.run("policy", "test")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "ACTION                      LONG-TERM KEY  SESSION WITHOUT MFA  SESSION WITH MFA  ROLE"
    assert "iam:EnableMFADevice         allow          never                allow             allow" in lines
    assert "sts:GetSessionToken         always         never                never             never" in lines
    assert "sts:GetCallerIdentity       always         always               always            always" in lines
    assert "iam:DeactivateMFADevice     deny           never                allow             deny" in lines
    assert "sts:AssumeRole              deny           deny                 allow             deny" in lines
    shown = {line.partition(" ")[0] for line in lines[1:]}
    assert shown > {
        *rule.DENY_ALL_WITHOUT_MFA["Statement"][0]["NotAction"],
        "iam:ChangePassword",
        "s3:ListAllMyBuckets",
    }


def test_a_hole_that_a_word_makes(home: Home) -> None:
    """Bool for BoolIfExists: the rule no longer matches a long-term key, of whose requests MFA is absent."""
    hole = written(home, "hole.json", {"Effect": "Deny", "Condition": {"Bool": MFA_CONDITION}})
    wrong = {"s3:GetObject": ["allow", "deny", "allow", "deny"]}
    assert decisions(home, hole, "--allow-all", "--action", "s3:GetObject") == wrong
    done = home.run("policy", "test", hole, "--allow-all", "--expect", "key:s3:GetObject=deny")
    assert done.returncode == 1
    assert done.stderr == complaint("key:s3:GetObject is allow, but should be deny")


def test_several_policies_and_a_boundary(home: Home) -> None:
    """A boundary must allow as well, and any Deny wins; a policy that allows nothing is reported."""
    s3 = written(home, "s3.json", {"Action": "s3:*"})
    deny = written(home, "deny.json", {"Effect": "Deny", "Action": "s3:Put*"})
    limit = written(home, "limit.json", {"Action": ["s3:Get*", "s3:Put*"]})
    actions = [word for name in ("GetObject", "PutObject", "ListBucket") for word in ("--action", f"s3:{name}")]
    assert [each[0] for each in decisions(home, s3, deny, "--boundary", limit, *actions).values()] == [
        "allow",
        "deny",
        "not allowed",
    ]
    done = home.run("policy", "test", deny, "--action", "s3:GetObject")
    assert done.stderr == complaint(
        "nothing here allows anything", "as if everything were allowed besides: --allow-all"
    )
    assert done.returncode == 0


def test_the_user_the_resource_and_the_condition_keys(home: Home) -> None:
    """Each action is about a resource of its own, of a user of any name; more condition keys can be said."""
    own = written(
        home,
        "own.json",
        {"Action": "iam:*", "Resource": "arn:aws:iam::*:user/${aws:username}"},
        {"Action": "s3:*", "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}},
        {"Action": "ec2:*", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
    )
    words = (own, "--action", "iam:CreateAccessKey")
    assert decisions(home, *words)["iam:CreateAccessKey"] == ["allow", "never", "allow", "not allowed"]
    assert decisions(home, *words, "--user", "bob")["iam:CreateAccessKey"][0] == "allow"
    assert decisions(home, own, "--action", "iam:createaccesskey")["iam:createaccesskey"][0] == "allow"
    others = ("--user", "bob", "--resource", "arn:aws:iam::123456789012:user/alice")
    assert decisions(home, *words, *others)["iam:CreateAccessKey"][0] == "not allowed"
    for values, expected in ((("a", "b"), "allow"), (("a", "c"), "not allowed")):
        keys = [word for value in values for word in ("--context", f"aws:TagKeys={value}")]
        assert decisions(home, own, "--action", "s3:GetObject", *keys)["s3:GetObject"][0] == expected
    address = ("--context", "AWS:sourceip=203.0.113.7")
    assert decisions(home, own, "--action", "ec2:RunInstances", *address)["ec2:RunInstances"][1] == "allow"


def test_why(home: Home) -> None:
    """Each statement about the action: whether it applies, and which of its conditions hold on what value."""
    policy = written(
        home,
        "p.json",
        {"Sid": "Reads", "Action": "s3:Get*", "Resource": "arn:aws:s3:::other/*"},
        {"Sid": "Mfa", "Effect": "Deny", "Condition": {"BoolIfExists": MFA_CONDITION, "Null": {"aws:TagKeys": "true"}}},
        {"Sid": "Others", "Action": "ec2:*"},
    )
    done = home.run("policy", "test", policy, "--why", "--action", "s3:GetObject", "--context", "aws:TagKeys=a")
    assert done.returncode == 0
    assert "\n".join(done.stdout.splitlines()[3:8]) == (
        "s3:GetObject on *, long-term key: not allowed\n"
        "  Reads (p.json, line 4) is not about this resource\n"
        "  Mfa (p.json, line 10) does not apply\n"
        "    BoolIfExists aws:MultiFactorAuthPresent false: holds, it is absent\n"
        "    Null aws:TagKeys true: does not hold, it is a"
    )
    assert "  no identity-based policy allows it\n" in done.stdout
    assert "Others" not in done.stdout
    done = home.run("policy", "test", policy, "--why", "--json", "--action", "s3:GetObject", "--allow-all")
    key = json.loads(done.stdout)[0]["callers"]["key"]
    assert (key["decision"], key["by"]) == ("deny", [{"policy": "p.json", "statement": "Mfa", "line": 10}])
    assert [(each["statement"], each["applies"]) for each in key["statements"]] == [
        ("Reads", False), ("Mfa", True), ("AllowAll", True),
    ]  # fmt: skip
    assert key["statements"][1]["conditions"][0]["value"] is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("e.toml", '[mfa]\n"s3:GetObject" = "allow"\n[key]\n"s3:GetObject" = "deny"\n"iam:GetUser" = "allow"\n'),
        ("e.json", '{"mfa": {"s3:GetObject": "allow"}, "key": {"s3:GetObject": "deny", "iam:GetUser": "allow"}}'),
    ],
)
def test_a_file_of_expectations(home: Home, name: str, text: str) -> None:
    """TOML or JSON, for a CI: their actions are the rows, and the exit code is the answer."""
    (home.folder / name).write_text(text)
    done = home.run("policy", "test", "--expect", name)
    assert (done.returncode, done.stderr) == (0, "mfasession: 3 as expected\n")
    assert len(done.stdout.splitlines()) == 3
    done = home.run("policy", "test", "--expect", name, "--expect", "role:ec2:RunInstances=allow")
    assert done.returncode == 1
    assert done.stderr == complaint("role:ec2:RunInstances is deny, but should be allow")


EXPECTED = "as in --expect mfa:s3:GetObject=allow, or a file of such"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--expect", "root:s3:GetObject=allow"], 2,
         ("--expect: 'root' is not a caller: use one of key, session, mfa, role", EXPECTED)),
        (["--expect", "key:s3:Get*=allow"], 2, ("--expect: 's3:Get*' is not an action such as s3:GetObject", EXPECTED)),
        (["--expect", "key:s3:GetObject=yes"], 2, ("--expect: key:s3:GetObject must be allow or deny", EXPECTED)),
        (["--expect", "none.toml"], 3, ("there is no file none.toml", EXPECTED)),
        (["--expect", "bad.toml"], 3,
         ("bad.toml: key must be a table of actions", 'as in [mfa], and under it: "s3:GetObject" = "allow"')),
        (["--action", "s3:*"], 2, ("'s3:*' is not an action", "as in --action s3:GetObject, without wildcards")),
        (["--context", "aws:SourceIp"], 2,
         ("'aws:SourceIp' is not KEY=VALUE", "as in --context aws:SourceIp=203.0.113.7")),
        (["none.json"], 3, ("there is no file none.json", "name a file that holds a policy, as JSON")),
        (["bad.toml"], 3,
         ("bad.toml, line 1: not JSON: column 1: expected a value", "fix it there: AWS would refuse this policy")),
        (["operator.json"], 3, ("operator.json, line 9: unknown condition operator 'BoolIfExist'",
                                "fix it there: AWS would refuse this policy")),
        (["-", "--boundary", "-"], 2, ("stdin can be one file only", "write the others into files")),
    ],
)  # fmt: skip
def test_input_that_cannot_be_tested(home: Home, words: list[str], code: int, said: tuple[str, str]) -> None:
    """One line with a hint, and nothing on stdout."""
    (home.folder / "bad.toml").write_text('key = "deny"\n')
    written(home, "operator.json", {"Condition": {"BoolIfExist": MFA_CONDITION}})
    done = home.run("policy", "test", *words)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", complaint(*said))


def test_a_policy_on_stdin(home: Home) -> None:
    """What another command prints can be tested: the rule of `policy show` itself."""
    rule_text = home.run("policy", "show").stdout
    done = home.run("policy", "test", "-", "--allow-all", "--action", "s3:GetObject", stdin=rule_text)
    assert done.stdout.splitlines()[1].split() == ["s3:GetObject", "deny", "deny", "allow", "deny"]
    done = home.run("policy", "test", "-", stdin=rule_text[:-3])
    assert done.returncode == 3
    assert done.stderr.startswith("mfasession: stdin, line 23: not JSON")


def test_nothing_of_a_file_reaches_the_terminal_raw(home: Home) -> None:
    """Control characters in names and values are shown as question marks."""
    policy = written(home, "p.json", {"Sid": "\x1b[31m", "Condition": {"StringEquals": {"k\x1b": "\x07"}}})
    done = home.run("policy", "test", policy, "--why", "--context", "k\x1b=\x1b]0;x\x07", "--action", "s3:GetObject")
    assert done.returncode == 0
    assert "StringEquals k? ?: does not hold, it is ?]0;x?" in done.stdout
    assert not any(char in done.stdout for char in "\x1b\x07")


def test_the_examples_of_the_page(home: Home) -> None:
    """docs/policy.md shows what the program prints, and a file of expectations that the rule fulfils."""
    page = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
    (shown,) = re.findall(r"^\$ mfasession (policy test .*)\n((?:.+\n)+?)```", page, re.MULTILINE)
    assert home.run(*shown[0].split()).stdout == shown[1]
    (example,) = re.findall(r"```toml\n(\[key\].*?)```", page, re.DOTALL)
    (home.folder / "rule.toml").write_text(example)
    (home.folder / "rule.json").write_text(home.run("policy", "show").stdout)
    (words,) = re.findall(r"# mfasession (.*)", example)
    done = home.run(*words.split())
    assert (done.returncode, done.stderr) == (0, "mfasession: 3 as expected\n")


def simulations(aws: Sandbox) -> list[dict[str, Any]]:
    """What IAM's simulator was asked."""
    return [dict(call.params) for call in aws.calls() if call.action == "SimulatePrincipalPolicy"]


def test_live_results_of_a_real_user(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """--live: IAM's simulator, through the session, says the same of the rule as we do."""
    have_session(alices_home, alice.devices[0])
    here = alices_home.run("policy", "test", "--user", alice.name)
    aws.forget_calls()
    live = alices_home.run("policy", "test", "--live")
    assert (live.returncode, live.stderr) == (0, "")
    assert [line.split()[:4] for line in live.stdout.splitlines()[1:]] == [
        line.split()[:4] for line in here.stdout.splitlines()[1:]
    ]
    assert live.stdout.splitlines()[0].split("  ")[-1].strip() == "SESSION WITH MFA"
    assert {call.action for call in aws.calls()} == {"GetCallerIdentity", "SimulatePrincipalPolicy"}
    assert len(simulations(aws)) <= 12


def test_the_policies_of_another_user(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """--user names them; a policy of a file is tried besides theirs, and a boundary in the place of theirs."""
    allow = {"Effect": "Allow", "Action": ["s3:*", "ec2:*"], "Resource": "*",
             "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}  # fmt: skip
    bob = aws.add_user(f"bob-of-{alice.name}", policies=[{"Version": "2012-10-17", "Statement": allow}])
    have_session(alices_home, alice.devices[0])
    rule_file = written(
        alices_home, "rule.json", {"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": MFA_CONDITION}}
    )
    limit = written(alices_home, "limit.json", {"Action": "s3:*"})
    words = ("--live", "--user", bob.name, "--action", "s3:GetObject", "--action", "ec2:RunInstances")
    done = alices_home.run("policy", "test", *words)
    assert [line.split("  ")[-1].strip() for line in done.stdout.splitlines()[1:]] == ["not allowed", "not allowed"]
    assert done.stderr == (
        "mfasession: condition keys that the policies ask for, and that were not given with --context: aws:SourceVpc\n"
    )
    given = (*words, "--context", "aws:SourceVpc=vpc-1", rule_file, "--boundary", limit, "--why", "--json")
    rows = json.loads(alices_home.run("policy", "test", *given).stdout)
    assert [[row["callers"][slug]["decision"] for slug in SLUGS[:3]] for row in rows] == [
        ["allow", "deny", "allow"],
        ["not allowed"] * 3,
    ]
    assert rows[1]["callers"]["mfa"]["lacking"] == ["permissions boundary"]
    assert rows[0]["callers"]["session"]["by"] == [{"policy": "PolicyInputList.1", "statement": "", "line": 4}]
    text = alices_home.run("policy", "test", *given[:-1]).stdout
    assert "s3:GetObject on *, session without MFA: deny\n  PolicyInputList.1, line 4, decides\n" in text


def test_a_policy_of_the_account(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """An ARN is a managed policy as it is now; AWS's own are larger than a user's can be."""
    actions = ["s3:Get*", *(f"s3:{'x' * 60}{number}" for number in range(200))]
    arn = aws.add_policy(
        f"large-{alice.name}",
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}},
    )
    have_session(alices_home, alice.devices[0])
    done = alices_home.run("policy", "test", arn, "--action", "s3:GetObject", "--action", "s3:PutObject")
    assert done.stderr == ""
    assert [line.split()[1:3] for line in done.stdout.splitlines()[1:]] == [["allow", "allow"], ["not", "allowed"]]


def test_an_answer_in_pages(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Many actions come in several pages, and all are shown."""
    have_session(alices_home, alice.devices[0])
    aws.forget_calls()
    actions = [f"s3:Get{number}" for number in range(120)]
    words = (word for action in actions for word in ("--action", action))
    done = alices_home.run("policy", "test", "--live", "--json", *words)
    assert [row["action"] for row in json.loads(done.stdout)] == actions
    assert [asked.get("Marker") for asked in simulations(aws)] == [None, "100"] * 3


def test_expectations_of_a_real_user(alices_home: Home, alice: SandboxUser) -> None:
    """An audit in one line: the exit code says whether the account is as it should be."""
    have_session(alices_home, alice.devices[0])
    good = ("--expect", "key:s3:ListAllMyBuckets=deny", "--expect", "mfa:s3:ListAllMyBuckets=allow")
    done = alices_home.run("policy", "test", "--live", *good)
    assert (done.returncode, done.stderr) == (0, "mfasession: 2 as expected\n")
    done = alices_home.run("policy", "test", "--live", "--expect", "role:s3:ListAllMyBuckets=deny")
    assert done.returncode == 1
    assert done.stderr == complaint("role:s3:ListAllMyBuckets was not tested")


def test_a_denied_simulation_names_the_permission(alices_home: Home, alice: SandboxUser) -> None:
    """One line of what AWS said, and what the session's user needs."""
    alice.put_policy(
        "no-simulator",
        {"Statement": {"Effect": "Deny", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}},
    )
    have_session(alices_home, alice.devices[0])
    done = alices_home.run("policy", "test", "--live")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("mfasession: AWS denied SimulatePrincipalPolicy: User: ")
    assert done.stderr.endswith("\n  hint: this session needs iam:SimulatePrincipalPolicy on that user\n")
    done = alices_home.run("policy", "test", "--live", "--user", "nobody")
    assert done.returncode == 4
    assert "NoSuchEntity" not in done.stdout


def test_a_role_has_no_user(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """A role's session may ask about any user, and must name the user."""
    role = aws.add_role(f"admin-of-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    have_session(alices_home, alice.devices[0], "-p", "admin")
    done = alices_home.run("policy", "test", "--live", "-p", "admin")
    assert (done.returncode, done.stderr) == (
        2,
        complaint("the session belongs to a role, which has no user's policies", "name the user: --user NAME"),
    )
    done = alices_home.run("policy", "test", "--live", "-p", "admin", "--user", alice.name, "--action", "s3:GetObject")
    assert done.stdout.splitlines()[1].split() == ["s3:GetObject", "deny", "deny", "allow"]


def test_without_a_session_it_asks_for_no_code(alices_home: Home, aws: Sandbox) -> None:
    """No terminal, no code: exit code 6, and no request but what a login needs."""
    aws.forget_calls()
    done = alices_home.run("policy", "test", "--live", "--no-input")
    assert (done.returncode, done.stdout) == (6, "")
    assert simulations(aws) == []
