"""`policy lint`, `explain` and `test` on what users have: templates, plans, and the answers of AWS."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mfasession.policy import rule
from tests.helpers.checks import complaint
from tests.helpers.support import Home
from tests.helpers.templates import trust_property

if TYPE_CHECKING:
    import subprocess

TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
        }
    ],
}
TEMPLATE = (
    """\
Resources:
  Admin:
    Type: AWS::IAM::Role
    Properties:
"""
    + trust_property("BoolIfExists")
    + """\
  Rule:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          Effect: Deny
          NotAction: ['iam:CreateVirtualMFADevice', 'iam:EnableMFADevice', 'iam:GetUser', 'iam:ListMFADevices',
                      'iam:ListVirtualMFADevices', 'iam:ResyncMFADevice', 'sts:GetSessionToken']
          Resource: '*'
          Condition: {Bool: {aws:MultiFactorAuthPresent: false}}
"""
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home without AWS."""
    return Home(tmp_path, {})


def lint(home: Home, name: str, text: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Lint a file."""
    (home.folder / name).write_text(text)
    return home.run("policy", "lint", name, *words)


def test_a_template(home: Home) -> None:
    """Each policy by where it stands, with the line of the template."""
    done = lint(home, "t.yaml", TEMPLATE)
    said = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert done.returncode == 1
    assert said == [
        "t.yaml, Admin.AssumeRolePolicyDocument:12: error: long-term keys are allowed this too [allow-if-exists]",
        "t.yaml, Rule.PolicyDocument:23: error: long-term keys are not denied anything here [bool-without-ifexists]",
    ]
    result = json.loads(lint(home, "t.yaml", TEMPLATE, "--format", "sarif").stdout)["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("t.yaml", 12)


def test_one_of_its_policies(home: Home) -> None:
    """FILE#NAME is one of them; a name that is not there is answered with those that are."""
    (home.folder / "t.yaml").write_text(TEMPLATE)
    done = home.run("policy", "explain", "t.yaml#Admin")
    assert done.returncode == 0
    assert done.stdout.splitlines()[:2] == ["line 8: statement 1 allows sts:AssumeRole", "  for account 123456789012"]
    both = home.run("policy", "explain", "t.yaml")
    assert "t.yaml, Admin.AssumeRolePolicyDocument:\n" in both.stdout
    assert "\nt.yaml, Rule.PolicyDocument:\n" in both.stdout
    done = home.run("policy", "lint", "t.yaml#Nobody")
    hint = "it has Admin.AssumeRolePolicyDocument, Rule.PolicyDocument"
    assert (done.returncode, done.stderr) == (3, complaint("t.yaml has no policy Nobody", hint))


def test_a_role_as_the_aws_cli_prints_it(home: Home) -> None:
    """`aws iam get-role`: its callers are those that it names."""
    (home.folder / "role.json").write_text(json.dumps({"Role": {"AssumeRolePolicyDocument": TRUST}}, indent=4))
    done = home.run("policy", "test", "role.json", "--allow-all", "--expect", "key:sts:AssumeRole=deny")
    assert done.stdout.splitlines() == [
        "ACTION          LONG-TERM KEY  SESSION WITHOUT MFA  SESSION WITH MFA  ROLE",
        "sts:AssumeRole  allow          not allowed          allow             not allowed",
    ]
    assert done.returncode == 1
    assert "asked as arn:aws:iam::111122223333:user/alice" in done.stderr
    assert "key:sts:AssumeRole is allow, but should be deny" in done.stderr
    fixed = json.loads(json.dumps(TRUST).replace("BoolIfExists", "Bool"))
    done = home.run(
        "policy", "test", "-", "--allow-all", "--expect", "key:sts:AssumeRole=deny", stdin=json.dumps({"Role": fixed})
    )
    assert done.returncode == 0


def test_a_bucket_policy_as_the_aws_cli_prints_it(home: Home) -> None:
    """`aws s3api get-bucket-policy`: JSON in a string; a plain one is fixed in place, this one is not."""
    deny = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    done = lint(home, "bucket.json", json.dumps({"Policy": policy}))
    assert (done.returncode, "bucket.json, Policy:1: error: long-term keys are" in done.stdout) == (1, True)
    before = json.dumps({"Policy": policy})
    done = lint(home, "bucket.json", before, "--fix")
    assert done.returncode == 3
    assert "bucket.json holds its policies inside something else: --fix changes nothing there" in done.stderr
    assert (home.folder / "bucket.json").read_text() == before
    done = lint(home, "plain.json", policy, "--fix")
    assert done.returncode == 0
    assert (home.folder / "plain.json").read_text() == policy.replace('"Bool"', '"BoolIfExists"')


def test_a_percent_encoded_policy(home: Home) -> None:
    """GetPolicyVersion in the API: the document is percent-encoded."""
    from urllib.parse import quote

    encoded = quote(json.dumps(rule.DENY_ALL_WITHOUT_MFA))
    plain = lint(home, "plain.json", json.dumps(rule.DENY_ALL_WITHOUT_MFA))
    assert lint(home, "encoded", encoded).stdout == plain.stdout.replace("plain.json", "encoded")
    answer = {"PolicyVersion": {"Document": encoded}}
    assert "PolicyVersion.Document:1: info" in lint(home, "version.json", json.dumps(answer)).stdout


def test_a_terraform_plan(home: Home) -> None:
    """`terraform show -json`: by the address; what only the apply decides is named."""
    role = {"address": "aws_iam_role.admin", "values": {"assume_role_policy": json.dumps(TRUST)}}
    change = {"address": "aws_iam_policy.later", "change": {"after_unknown": {"policy": True}}}
    planned = {"root_module": {"resources": [role]}}
    plan = {"format_version": "1.2", "planned_values": planned, "resource_changes": [change]}
    done = lint(home, "plan.json", json.dumps(plan))
    assert "plan.json, aws_iam_role.admin.assume_role_policy:1: error" in done.stdout
    assert "decided only when it is applied, and so not looked at: aws_iam_policy.later.policy" in done.stderr


@pytest.mark.parametrize(
    ("name", "text", "message", "hint"),
    [
        ("main.tf", 'resource "aws_iam_policy" "p" {\n  policy = jsonencode({})\n}\n',
         "main.tf is Terraform code: what it makes of it is not known before it is planned", "terraform show -json"),
        ("t.json", '{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}', "there is no policy in t.json", "name a file"),
        ("t.yaml", "Resources: [\n", "t.yaml, line 2: not YAML: ", "fix it there"),
        ("x.json", '{"a": 1}', "x.json, line 1: unknown element 'a'", "fix it there"),
    ],
)  # fmt: skip
def test_a_source_without_a_policy(home: Home, name: str, text: str, message: str, hint: str) -> None:
    """A refusal that says what to do."""
    done = lint(home, name, text)
    assert (done.returncode, done.stdout) == (3, "")
    assert message in done.stderr
    assert hint in done.stderr


def test_yaml_without_pyyaml(home: Home) -> None:
    """It is not a dependency of ours: what brings it is said, as this was installed."""
    folder = home.folder / "shadow"
    folder.mkdir()
    (folder / "yaml.py").write_text("raise ImportError\n")
    (home.folder / "t.yaml").write_text(TEMPLATE)
    done = home.run("policy", "lint", "t.yaml", environ={"PYTHONPATH": str(folder)})
    assert (done.returncode, done.stdout) == (3, "")
    assert "t.yaml is YAML, which needs PyYAML" in done.stderr
    assert "-m pip install pyyaml; or give it as JSON" in done.stderr


def test_several_trust_policies_are_not_tested_together(home: Home) -> None:
    """A request is about one of them."""
    (home.folder / "roles.json").write_text(json.dumps([TRUST, TRUST]))
    done = home.run("policy", "test", "roles.json")
    hint = "choose one by its name behind a #, as in FILE#NAME"
    message = "one trust or resource policy at a time can be tested, and there are 2: roles.json, [0], roles.json, [1]"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", complaint(message, hint))
    assert home.run("policy", "test", "roles.json#[1]").returncode == 0


def test_a_trust_policy_is_not_applied(home: Home) -> None:
    """Users and groups have policies without Principal."""
    home.write_credentials("")
    (home.folder / "trust.json").write_text(json.dumps(TRUST))
    done = home.run("policy", "apply", "trust.json", "--user", "alice")
    assert done.returncode == 3
    assert "trust.json is a trust policy: it has Principal" in done.stderr
    (home.folder / "role.json").write_text(json.dumps({"Role": TRUST}))
    done = home.run("policy", "apply", "role.json", "--user", "alice")
    assert (done.returncode, "role.json is not a policy but holds 1" in done.stderr) == (3, True)


SCP = {
    "Effect": "Deny",
    "NotAction": ["iam:*", "sts:*"],
    "Resource": "*",
    "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
}


def test_a_policy_of_the_organization(home: Home) -> None:
    """Deny alone: FullAWSAccess stands beside it, as in an organization; allowing, it is a list of what is allowed."""
    (home.folder / "scp.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [SCP]}))
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    (home.folder / "all.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    words = ("policy", "test", "all.json", "--action", "s3:ListAllMyBuckets", "--action", "ec2:DescribeInstances")
    done = home.run(*words, "--scp", "scp.json")
    assert [line.split()[1:] for line in done.stdout.splitlines()[1:]] == [["deny", "deny", "allow", "deny"]] * 2
    assert "service control policies do not bind the management account and service-linked roles" in done.stderr
    listed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    (home.folder / "list.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [listed]}))
    done = home.run(*words, "--scp", "scp.json", "--scp", "list.json", "--why")
    assert done.stdout.splitlines()[1].split()[1:] == ["deny", "deny", "allow", "deny"]
    assert "  no service control policy allows it" in done.stdout
    done = home.run(*words, "--scp", "scp.json", "--live")
    message = complaint("--scp and --live do not go together", "IAM asks the organization itself")
    assert (done.returncode, done.stderr) == (2, message)


def test_a_boundary_and_a_policy_of_the_organization_together(home: Home) -> None:
    """Identity, boundary and organization: all must allow."""
    texts = {"own": "*", "boundary": ["s3:*", "ec2:*"], "scp": ["ec2:*", "sns:*"]}
    for name, actions in texts.items():
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        (home.folder / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    actions = [word for each in ("s3:GetObject", "ec2:RunInstances", "sns:Publish") for word in ("--action", each)]
    done = home.run("policy", "test", "own.json", "--boundary", "boundary.json", "--scp", "scp.json", *actions)
    rows = [line.split()[1] for line in done.stdout.splitlines()[1:]]
    assert rows == ["not", "allow", "not"]
    (home.folder / "trust.json").write_text(json.dumps(TRUST))
    done = home.run("policy", "test", "own.json", "--scp", "trust.json")
    assert (done.returncode, "trust.json is a trust policy: --scp takes none" in done.stderr) == (2, True)


def test_levels_of_an_organization(home: Home) -> None:
    """Each must allow: what one lists and the other does not is not allowed, and the level is named."""
    texts = {"own": "*", "root": ["s3:*", "ec2:*"], "prod": ["ec2:*", "sns:*"]}
    for name, actions in texts.items():
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        (home.folder / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    actions = [word for each in ("s3:GetObject", "ec2:RunInstances", "sns:Publish") for word in ("--action", each)]
    levels = ("--scp", "root=root.json", "--scp", "Prod=prod.json")
    done = home.run("policy", "test", "own.json", *levels, *actions, "--why")
    assert [line.split()[1] for line in done.stdout.splitlines()[1:4]] == ["not", "allow", "not"]
    assert "  no service control policy of Prod allows it" in done.stdout
    done = home.run("policy", "explain", "own.json", *levels)
    assert [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("ec2:*")] == [["allow"] * 4]
    assert not any(line.startswith(("s3:*", "sns:*")) for line in done.stdout.splitlines())
    for wrong, hint in ((("=prod.json",), "is not LEVEL=FILE"), (("none", "prod.json"), "goes with no other --scp")):
        done = home.run("policy", "test", "own.json", *(word for each in wrong for word in ("--scp", each)))
        assert (done.returncode, hint in done.stderr) == (2, True)


def test_a_resource_control_policy(home: Home) -> None:
    """It denies what its services do with the resource, and allows nothing."""
    denial = {"Effect": "Deny", "Principal": "*", "Action": ["s3:*", "ec2:*"], "Resource": "*",
              "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}  # fmt: skip
    (home.folder / "rcp.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [denial]}))
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    (home.folder / "all.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    actions = ("--action", "s3:GetObject", "--action", "ec2:RunInstances")
    done = home.run("policy", "test", "all.json", "--rcp", "rcp.json", *actions)
    rows = [line.split()[1:] for line in done.stdout.splitlines()[1:]]
    assert rows == [["deny", "deny", "allow", "deny"], ["allow"] * 4]
    done = home.run("policy", "explain", "all.json", "--rcp", "rcp.json")
    assert [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("s3:*")] == [rows[0]]
    done = home.run("policy", "test", "all.json", "--rcp", "all.json")
    assert (done.returncode, "all.json is not a resource control policy" in done.stderr) == (2, True)


def test_an_account_leaves_it_to_its_own_policies(home: Home) -> None:
    """Without one of these everything is `not allowed`, which is said and not left to be wondered at."""
    (home.folder / "trust.json").write_text(json.dumps(TRUST))
    done = home.run("policy", "test", "trust.json")
    assert done.stderr.startswith(
        complaint(
            "an account that is named leaves it to its own policies, and none of these is here",
            "give them as FILEs, too; or as if they allowed everything: --allow-all",
        )
    )
    done = home.run("policy", "test", "trust.json", "--allow-all")
    assert "leaves it to its own policies" not in done.stderr


def test_policies_that_depend_on_stack_parameters(home: Home) -> None:
    """It is named and not looked at; nothing that CloudFormation takes is said to be refused by AWS."""
    (home.folder / "t.yaml").write_text("""\
Resources:
  Fn::ForEach::Users: [Name, [a, b], {"P${Name}": {Type: AWS::IAM::Policy}}]
  Chosen:
    Properties:
      PolicyDocument: {Statement: [{Effect: !If [Prod, Deny, Allow], Action: '*', Resource: '*'}]}
  Named:
    Properties:
      PolicyDocument: {Statement: {Effect: !Ref Effect, Action: '*', Resource: '*'}}
""")
    done = home.run("policy", "lint", "t.yaml")
    assert done.returncode == 3
    later = "Fn::ForEach::Users, Chosen.PolicyDocument, Named.PolicyDocument"
    assert done.stderr.splitlines()[:2] == [
        f"mfasession: t.yaml: decided only when it is applied, and so not looked at: {later}",
        "mfasession: there is no policy in t.yaml",
    ]


def test_limits_in_an_explanation(home: Home) -> None:
    """Of `explain`, as of `test`: what the table says is what is allowed under them."""
    texts = {"own": "*", "boundary": ["s3:*", "ec2:*"]}
    for name, actions in texts.items():
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        (home.folder / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    (home.folder / "scp.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [SCP]}))
    done = home.run("policy", "explain", "own.json", "--boundary", "boundary.json", "--scp", "scp.json")
    assert (done.returncode, done.stderr) == (
        0, "mfasession: service control policies do not bind the management account and service-linked roles\n"
    )  # fmt: skip
    assert "\nWithin the limits of scp.json, FullAWSAccess, boundary.json\n" in done.stdout
    said = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if ":*" in line}
    assert said["s3:*"] == said["ec2:*"] == ["deny", "deny", "allow", "deny"]
    assert "\nnot allowed: no statement allows it, or no statement of a policy that limits it\n" in done.stdout
    (home.folder / "trust.json").write_text(json.dumps(TRUST))
    done = home.run("policy", "explain", "trust.json", "--scp", "scp.json")
    row = next(line.split() for line in done.stdout.splitlines() if line.startswith("sts:AssumeRole "))
    assert row[1:] == ["allow", "not", "allowed", "allow", "not", "allowed"]
    done = home.run("policy", "explain", "own.json", "--boundary", "trust.json")
    assert (done.returncode, done.stderr) == (
        2, complaint("trust.json is a trust policy: --boundary takes none", "give it as a FILE")
    )  # fmt: skip
    done = home.run("policy", "explain", "-", "--scp", "-")
    assert (done.returncode, "stdin can be one file only" in done.stderr) == (2, True)


def test_keys_of_kms(home: Home) -> None:
    """What IAM policies say of them is not all: said wherever they are asked about."""
    allow = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
    (home.folder / "all.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    done = home.run("policy", "test", "all.json", "--action", "kms:Decrypt")
    assert (done.returncode, "key policies decide" in done.stderr) == (0, True)
    assert "KMS keys have their own policies, which decide" in home.run("policy", "explain", "all.json").stdout
    assert "[kms-key-policy]" in home.run("policy", "lint", "all.json").stdout
