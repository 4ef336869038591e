"""Role profiles: one code for all of them, each session kept and renewed, and what is refused costs no code."""

import json
import re

import pytest

from mfasession.sandbox import Sandbox, SandboxRole, SandboxUser
from mfasession.timestamps import show
from tests.helpers.checks import asked, complaint, log_in, section
from tests.helpers.support import Home

ALL = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
NOBODY = "and there is no terminal to ask for a code"


def profile(name: str, role: str, *more: str, source: str = "default") -> str:
    """A role profile as users write it."""
    lines = (f"[profile {name}]", f"role_arn = {role}", f"source_profile = {source}", *more)
    return "".join(f"{line}\n" for line in lines)


@pytest.fixture
def admin(aws: Sandbox, alice: SandboxUser) -> SandboxRole:
    """A role that trusts Alice with all that a session may carry."""
    return aws.add_role(f"admin-{alice.name}", trusted=[alice.arn], trusted_to=ALL, max_session_duration=4 * 3600)


def test_a_chain_of_any_length(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Four roles, each assumed with the one before, from one code; each session is kept for its own profile."""
    config, trusted, source = "", alice.arn, "default"
    for number in range(4):
        role = aws.add_role(f"r{number}-{alice.name}", trusted=[trusted])
        config += profile(f"r{number}", role.arn, source=source)
        trusted, source = role.arn, f"r{number}"
    alices_home.config.write_text(config)
    log_in(alices_home, alice.devices[0])
    done = alices_home.run("process", "-p", "r3")
    assert done.returncode == 0, done.stderr
    for number in range(4):
        identity = section(alices_home.credentials, f"r{number}-mfa")["mfasession_identity"]
        assert f":assumed-role/r{number}-{alice.name}/" in identity
    assert asked(aws, alice).count("GetSessionToken") == 1


def test_the_key_pair_of_a_source_wins_over_its_role(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """As in every SDK ("ignore assume role when static credentials present"): no other user's code is asked for."""
    role = aws.add_role(f"end-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/other\nsource_profile = nobody\n"
        + profile("end", role.arn, source="default")
    )
    aws.forget_calls()
    done = alices_home.run("login", "-p", "end", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    assert [call.params["RoleArn"] for call in aws.calls("AssumeRole")] == [role.arn]
    user = section(alices_home.credentials, "default-user-mfa")
    assert user["mfasession_identity"] == alice.arn


def test_tags_identity_and_policies_reach_aws(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, admin: SandboxRole
) -> None:
    """99designs/aws-vault's session_tags, transitive_session_tags and source_identity, and policies that narrow."""
    read = aws.add_policy(
        f"read-{alice.name}",
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}]},
    )
    alices_home.config.write_text(
        profile(
            "admin",
            admin.arn,
            "region = eu-west-1",
            "session_tags = team=blue, cost-center=42",
            "transitive_session_tags = team",
            "source_identity = alice",
            f"policy_arns = {read}",
            'policy = {"Version": "2012-10-17",',
            '  "Statement": [{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}]}',
        )
    )
    log_in(alices_home, alice.devices[0], "-p", "admin")
    script = "import boto3\nboto3.client('s3').list_buckets(); boto3.client('ec2').describe_regions()\ntry:\n"
    script += " boto3.client('dynamodb').list_tables()\nexcept Exception as error:\n print(error)"
    done = alices_home.run("exec", "-p", "admin", "--", "python", "-c", script)
    assert "no session policy allows the dynamodb:ListTables action" in done.stdout, done.stderr
    kept = section(alices_home.credentials, "admin-mfa")["mfasession_role_options"]
    assert kept.startswith("session_tags=team=blue,%20%cost-center=42 transitive_session_tags=team source_identity=ali")


@pytest.mark.parametrize(
    "line",
    [
        "external_id = 4711",
        "role_session_name = from-home",
        "duration_seconds = 900",
        "session_tags = team=blue",
        "source_identity = alice",
        'policy = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}',
    ],
)
def test_a_changed_role_is_assumed_anew(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, admin: SandboxRole, line: str
) -> None:
    """A session is void when anything of its role changed; no code is needed, and the next run is a hit again."""
    alices_home.config.write_text(profile("admin", admin.arn))
    log_in(alices_home, alice.devices[0], "-p", "admin")
    before = section(alices_home.credentials, "admin-mfa")["aws_access_key_id"]
    alices_home.config.write_text(profile("admin", admin.arn, line))
    keys = [json.loads(alices_home.run("process", "-p", "admin").stdout)["AccessKeyId"] for _ in range(2)]
    assert keys[0] != before
    assert keys[0] == keys[1]
    assert asked(aws, alice).count("GetSessionToken") == 1


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("role_session_name = alice from home", "role_session_name"),
        ("external_id = x", "external_id"),
        ("session_tags = team", "session_tags"),
        ("policy = {", "policy"),
    ],
)
def test_a_request_that_aws_would_refuse_costs_no_code(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, admin: SandboxRole, line: str, key: str
) -> None:
    """The code that was given is not sent: the same one works once the file is fixed."""
    code = alice.devices[0].code()
    alices_home.config.write_text(profile("admin", admin.arn, line))
    done = alices_home.run("login", "-p", "admin", "--code", code)
    assert done.returncode == 3
    assert done.stderr.startswith(f"mfasession: profile admin: {key} ")
    assert asked(aws, alice) == []
    alices_home.config.write_text(profile("admin", admin.arn))
    assert alices_home.run("login", "-p", "admin", "--code", code).returncode == 0


def test_a_wrong_role_further_up_costs_no_code(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """The whole chain is looked at before the first question."""
    role = "arn:aws:iam::123456789012:role/last"
    alices_home.config.write_text(profile("first", "first") + profile("last", role, source="first"))
    done = alices_home.run("login", "-p", "last", "--code", alice.devices[0].code())
    assert done.returncode == 3
    assert done.stderr.startswith("mfasession: profile first: role_arn must be the ARN of a role")
    assert asked(aws, alice) == []


@pytest.mark.parametrize(
    ("lines", "message", "hint"),
    [
        (
            "role_arn = R\ncredential_source = Ec2InstanceMetadata\n",
            "profile x assumes its role with the credentials of this machine (credential_source), not with yours",
            "name the profile that holds your key pair instead: source_profile = NAME",
        ),
        (
            "role_arn = R\nweb_identity_token_file = /token\n",
            "profile x assumes its role with a web identity token, which needs no MFA code",
            "use it without mfasession: AWS tools read the token by themselves (AWS_PROFILE=x)",
        ),
        (
            "sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Admin\n",
            "profile x uses IAM Identity Center (sso_…), which asks for MFA in the browser",
            "aws sso login --profile x",
        ),
    ],
)
def test_a_role_that_cannot_be_assumed_is_reported(home: Home, lines: str, message: str, hint: str) -> None:
    """Each says what it is and what to do with it."""
    home.config.write_text(f"[profile x]\n{lines}")
    done = home.run("login", "-p", "x")
    assert (done.returncode, done.stderr) == (3, complaint(message, hint))


def test_tags_that_the_role_does_not_trust(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """AWS's answer, and which line of which policy is missing."""
    role = aws.add_role(f"plain-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(profile("admin", role.arn, "session_tags = team=blue"))
    log_in(alices_home, alice.devices[0])
    done = alices_home.run("process", "-p", "admin")
    assert done.returncode == 4
    assert "is not authorized to perform: sts:TagSession on resource" in done.stderr
    assert done.stderr.endswith(
        "  hint: the role's trust policy must allow sts:TagSession, or remove session_tags from the profile\n"
    )


def age(home: Home, name: str, left: int, aws: Sandbox) -> None:
    """Let a kept session say that it has so many seconds left."""
    text = home.credentials.read_text()
    head, mark, tail = text.partition(f"[{name}]\n")
    when = show(int(aws.clock.now()) + left)
    tail = re.sub(r"x_security_token_expires = \S+", f"x_security_token_expires = {when}", tail, count=1)
    home.write_credentials(head + mark + tail)


def test_a_role_is_renewed_while_its_source_lives(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, admin: SandboxRole
) -> None:
    """Without a code, and also when the source's session is inside its margin and cannot be renewed."""
    alices_home.config.write_text(profile("admin", admin.arn))
    log_in(alices_home, alice.devices[0], "-p", "admin")
    before = section(alices_home.credentials, "admin-mfa")["aws_access_key_id"]
    age(alices_home, "default-mfa", 300, aws)
    age(alices_home, "admin-mfa", -10, aws)
    done = alices_home.run("process", "-p", "admin")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["AccessKeyId"] != before
    assert asked(aws, alice).count("GetSessionToken") == 1


def test_an_aging_role_serves_when_its_source_has_expired(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, admin: SandboxRole
) -> None:
    """It is good until it ends; then the source is named, whose code is wanted."""
    alices_home.config.write_text(profile("admin", admin.arn))
    log_in(alices_home, alice.devices[0], "-p", "admin")
    age(alices_home, "default-mfa", -10, aws)
    age(alices_home, "admin-mfa", 120, aws)
    done = alices_home.run("process", "-p", "admin")
    assert (done.returncode, done.stderr) == (0, "")
    age(alices_home, "admin-mfa", -10, aws)
    done = alices_home.run("process", "-p", "admin")
    assert (done.returncode, done.stderr) == (
        6,
        complaint(f"the session of profile default has expired, {NOBODY}", "mfasession login -p default"),
    )


def test_two_roles_that_name_different_devices_share_one_session(
    aws: Sandbox, alices_home: Home, alice: SandboxUser
) -> None:
    """99designs/aws-vault#525: the source names none; the first role's device is asked, and its session serves both."""
    other = alice.add_device(f"other-{alice.name}")
    roles = [aws.add_role(f"{name}-{alice.name}", trusted=[alice.arn], require_mfa=True) for name in ("one", "two")]
    alices_home.config.write_text(
        profile("one", roles[0].arn, f"mfa_serial = {other.serial}")
        + profile("two", roles[1].arn, f"mfa_serial = {alice.devices[0].serial}")
    )
    log_in(alices_home, other, "-p", "one")
    for name in ("two", "one", "default"):
        done = alices_home.run("process", "-p", name)
        assert (done.returncode, done.stderr) == (0, "")
    assert asked(aws, alice).count("GetSessionToken") == 1


def test_a_long_role_of_another_device(aws: Sandbox, alices_home: Home, alice: SandboxUser, admin: SandboxRole) -> None:
    """More than one hour straight from the key: the code is of the device that the role names."""
    own = alice.add_device(f"own-{alice.name}")
    more = ("duration_seconds = 7200", f"mfa_serial = {own.serial}")
    alices_home.config.write_text(
        f"[default]\nmfa_serial = {alice.devices[0].serial}\n" + profile("admin", admin.arn, *more)
    )
    log_in(alices_home, own, "-p", "admin")
    assert alices_home.run("process", "-p", "admin").returncode == 0
    assert asked(aws, alice).count("AssumeRole") == 1


def test_a_long_role_on_a_role_is_refused_before_a_code(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, admin: SandboxRole
) -> None:
    """99designs/aws-vault#263, trek10inc/awsume#73: the cap of role chaining is reported before AWS refuses."""
    config = profile("first", admin.arn) + profile("last", admin.arn, "duration_seconds = 7200", source="first")
    alices_home.config.write_text(config)
    done = alices_home.run("login", "-p", "last", "--code", alice.devices[0].code())
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            "profile last wants 7200 s of a role that another role assumes, and AWS allows 3600",
            "set its duration_seconds to 3600 or less, or remove it",
        ),
    )
    assert asked(aws, alice) == []
