"""`mfasession policy test`: what policies let each kind of caller do."""

import json
from typing import Any

import pytest

from mfasession.policy import rule
from tests.scripts.checks import complaint
from tests.support import Home

SLUGS = ("key", "session", "mfa", "role")


def written(home: Home, name: str, *statements: dict[str, Any]) -> str:
    """A file with a policy of these statements; each allows everything but for what is said of it."""
    whole = [{"Effect": "Allow", "Action": "*", "Resource": "*"} | each for each in statements]
    (home.folder / name).write_text(json.dumps({"Version": "2012-10-17", "Statement": whole}, indent=2))
    return name


def decisions(home: Home, *words: str) -> dict[str, list[str]]:
    """What each caller gets for each action, as --json tells."""
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
    """Bool for BoolIfExists: the rule no longer meets a long-term key, of whose requests MFA is absent."""
    hole = written(home, "hole.json", {"Effect": "Deny", "Condition": {"Bool": MFA_CONDITION}})
    wrong = {"s3:GetObject": ["allow", "deny", "allow", "deny"]}
    assert decisions(home, hole, "--allow-all", "--action", "s3:GetObject") == wrong
    done = home.run("policy", "test", hole, "--allow-all", "--expect", "key:s3:GetObject=deny")
    assert done.returncode == 1
    assert done.stderr == complaint("key:s3:GetObject is allow, and should be deny")


def test_several_policies_and_a_boundary(home: Home) -> None:
    """A boundary must allow as well, and any Deny wins; a policy that allows nothing is told."""
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
    assert done.stderr == complaint("role:ec2:RunInstances is deny, and should be allow")


EXPECTED = "as in --expect mfa:s3:GetObject=allow, or a file of such"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--expect", "root:s3:GetObject=allow"], 2,
         ("--expect: 'root' is no caller: one of key, session, mfa, role", EXPECTED)),
        (["--expect", "key:s3:Get*=allow"], 2, ("--expect: 's3:Get*' is no action such as s3:GetObject", EXPECTED)),
        (["--expect", "key:s3:GetObject=yes"], 2, ("--expect: key:s3:GetObject must be allow or deny", EXPECTED)),
        (["--expect", "none.toml"], 3, ("there is no file none.toml", EXPECTED)),
        (["--expect", "bad.toml"], 3,
         ("bad.toml: key must be a table of actions", 'as in [mfa], and under it: "s3:GetObject" = "allow"')),
        (["--action", "s3:*"], 2, ("'s3:*' is no action", "as in --action s3:GetObject, without wildcards")),
        (["--context", "aws:SourceIp"], 2,
         ("'aws:SourceIp' is not KEY=VALUE", "as in --context aws:SourceIp=203.0.113.7")),
        (["none.json"], 3, ("there is no file none.json", "name a file that holds a policy, as JSON")),
        (["bad.toml"], 3,
         ("bad.toml, line 1: not JSON: column 1: a value is expected", "IAM would not take it: mend it there")),
        (["operator.json"], 3, ("operator.json, line 9: no condition operator 'BoolIfExist'",
                                "IAM would not take it: mend it there")),
        (["-", "--boundary", "-"], 2, ("stdin can be one file only", "write the others into files")),
    ],
)  # fmt: skip
def test_what_cannot_be_tested(home: Home, words: list[str], code: int, said: tuple[str, str]) -> None:
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
