"""Policies as users and AWS publish them, each in the fewest words, and what is right to say of it.

Each has a source; the facts are the source's, the text is ours.
"""

from typing import Any

from mfasession.policy import rule
from mfasession.values import Value

PRESENT, AGE = "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"
NO_MFA: dict[str, Any] = {"BoolIfExists": {PRESENT: "false"}}
MFA: dict[str, Any] = {"Bool": {PRESENT: "true"}}
OWN_USER, OWN_DEVICE = "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::*:mfa/${aws:username}"
USERS, ROLES = "arn:aws:iam::*:user/*", "arn:aws:iam::*:role/*"
THE_RULE: dict[str, Any] = rule.document()["Statement"][0]
EXEMPT: list[str] = THE_RULE["NotAction"]


class Published(Value):
    """A policy. `says` are the rules that are right, without those that are information; `informs` are those."""

    source: str
    statements: list[dict[str, Any]]
    says: tuple[str, ...] = ()
    informs: tuple[str, ...] = ()
    attached_to: str = ""
    name: str = "policy.json"


def allow(action: str | list[str], resource: str | list[str] = "*", **condition: Any) -> dict[str, Any]:
    """An Allow; `condition` are operators."""
    return _with({"Effect": "Allow", "Action": action, "Resource": resource}, condition)


def deny(action: str | list[str], resource: str | list[str] = "*", **condition: Any) -> dict[str, Any]:
    """A Deny."""
    return _with({"Effect": "Deny", "Action": action, "Resource": resource}, condition)


def except_(effect: str, actions: str | list[str], **condition: Any) -> dict[str, Any]:
    """A statement with NotAction."""
    return _with({"Effect": effect, "NotAction": actions, "Resource": "*"}, condition)


def _with(statement: dict[str, Any], condition: dict[str, Any]) -> dict[str, Any]:
    return {**statement, "Condition": condition} if condition else statement


def _narrowed(**beside: Any) -> list[dict[str, Any]]:
    return [{**THE_RULE, "Condition": {**NO_MFA, **beside}}]


SELF_MANAGE = [
    allow(["iam:ListUsers", "iam:ListVirtualMFADevices"]),
    allow("iam:CreateVirtualMFADevice", "arn:aws:iam::*:mfa/*"),
    allow(["iam:EnableMFADevice", "iam:ListMFADevices", "iam:ResyncMFADevice"], OWN_USER),
    allow("iam:DeactivateMFADevice", OWN_USER, **MFA),
]
UNDER_THE_RULE = ("first-password",)

PUBLISHED: dict[str, Published] = {
    "self-managed MFA": Published(
        source="IAM User Guide, reference_policies_examples_iam_mfa-selfmanage",
        statements=[
            *SELF_MANAGE,
            except_("Deny", [*(each for each in EXEMPT[:-1] if each != "iam:GetUser"), "iam:ListUsers"], **NO_MFA),
        ],
        informs=("getsessiontoken-missing", "first-password"),
    ),
    "self-managed credentials": Published(
        source="IAM User Guide, reference_policies_examples_aws_my-sec-creds-self-manage",
        statements=rule.document(self_service=True)["Statement"],
        informs=UNDER_THE_RULE,
    ),
    "MFA for one bucket": Published(
        source="IAM User Guide, reference_policies_examples_s3_full-access-except-production",
        statements=[
            allow("s3:ListAllMyBuckets", "arn:aws:s3:::*"),
            allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::*/*"),
            deny("s3:*", ["arn:aws:s3:::prod/*", "arn:aws:s3:::prod"], NumericGreaterThanIfExists={AGE: "1800"}),
        ],
        informs=("some-calls-only",),
    ),
    "MFA to stop instances": Published(
        source="IAM User Guide, reference_policies_examples_ec2_require-mfa",
        statements=[allow("ec2:*"), deny(["ec2:StopInstances", "ec2:TerminateInstances"], **NO_MFA)],
        informs=("some-calls-only",),
    ),
    "MFA between two dates": Published(
        source="IAM User Guide, reference_policies_examples_aws_mfa-dates",
        statements=[allow("s3:*", **MFA, DateGreaterThan={"aws:CurrentTime": "2026-01-01T00:00:00Z"})],
    ),
    "everything but IAM denied": Published(
        source="IAM User Guide, reference_policies_elements_notaction",
        statements=[except_("Deny", "iam:*", **NO_MFA)],
        says=("weak-exemption",),
        informs=("getsessiontoken-missing",),
    ),
    "Bool on the command line": Published(
        source="re:Post, knowledge-center/mfa-iam-user-aws-cli",
        statements=[
            except_(
                "Deny",
                ["iam:DeleteVirtualMFADevice", "iam:ListAccountAliases", *EXEMPT],
                Bool={PRESENT: "false", "aws:ViaAWSService": "false"},
            )
        ],
        says=("weak-exemption", "other-exemption", "bool-without-ifexists"),
    ),
    "the same, repaired": Published(
        source="re:Post, knowledge-center/mfa-iam-user-aws-cli",
        statements=_narrowed(Bool={"aws:ViaAWSService": "false"}),
        informs=UNDER_THE_RULE,
    ),
    "power users": Published(
        source="AWS managed policy PowerUserAccess",
        statements=[except_("Allow", ["iam:*", "organizations:*", "account:*"]), allow("iam:ListRoles")],
        informs=("no-mfa",),
    ),
    "auditors": Published(
        source="AWS managed policy SecurityAudit, of which sessions may not call the second, whatever policies say",
        statements=[allow(["s3:GetBucketAcl", "sts:GetAccessKeyInfo", "sts:GetFederationToken"])],
        informs=("no-mfa",),
    ),
    "a key in quarantine": Published(
        source="AWS managed policy AWSDenyAll",
        statements=[deny("*")],
        informs=("no-mfa",),
    ),
    "administrators with MFA": Published(
        source="https://gist.github.com/coingraham/ff8816b79155b0f277f6",
        statements=[allow("*", **MFA)],
    ),
    "administrators with MFA, and roles": Published(
        source="Crown-Commercial-Service/digitalmarketplace-aws, terraform/modules/iam-common/admin.tf",
        statements=[allow("*", **MFA), deny("sts:AssumeRole", **NO_MFA)],
    ),
    "the older sample": Published(
        source="https://gist.github.com/mixja/15d2969efe806680c2a4b0059daaf697, AWS's sample of 2016",
        statements=[
            allow("iam:ListVirtualMFADevices"),
            allow([*EXEMPT[:2], *EXEMPT[3:4], "iam:ResyncMFADevice"], [OWN_USER, OWN_DEVICE]),
            except_("Deny", ["iam:ChangePassword", *EXEMPT], **NO_MFA),
            {
                "Effect": "Deny",
                "Action": ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:DeactivateMFADevice"],
                "NotResource": [OWN_USER, OWN_DEVICE],
                "Condition": NO_MFA,
            },
        ],
        says=("name-bound-device",),
    ),
    "own devices, and no rule": Published(
        source="https://gist.github.com/khobbits/746b0d44d0d0a144bfd37aa36e134ca9",
        statements=[allow(["iam:CreateVirtualMFADevice", "iam:EnableMFADevice"], [OWN_USER, "arn:aws:iam::*:mfa/*"])],
        informs=("no-mfa",),
        name="manage-own-mfa.json",
    ),
    "a limit that is never reached": Published(
        source="https://gist.github.com/phnahes/da4aa1bdd4a3a579ccc9aac3cc6a734a",
        statements=[deny("*", NumericGreaterThan={AGE: "21600"}, Bool={PRESENT: "false"})],
        says=("lets-through", "bool-without-ifexists"),
    ),
    "a recent MFA for deletions": Published(
        source="https://iamlens.dev/learn/mfa-enforcement-patterns, beside the rule",
        statements=[THE_RULE, deny("s3:Delete*", NumericGreaterThan={AGE: "3600"})],
        informs=UNDER_THE_RULE,
    ),
    "an SCP for users": Published(
        source="AWS Organizations User Guide: SCPs have roles in view, so the rule names users",
        statements=_narrowed(ArnLike={"aws:PrincipalArn": USERS}),
        informs=UNDER_THE_RULE,
        attached_to="scp",
    ),
    "an SCP for all but roles": Published(
        source="The same, the other way round",
        statements=_narrowed(ArnNotLike={"aws:PrincipalArn": ROLES}),
        informs=UNDER_THE_RULE,
        attached_to="scp",
    ),
    "an SCP for everybody": Published(
        source="AWS Organizations User Guide, orgs_manage_policies_scps_examples_ec2",
        statements=[deny(["ec2:StopInstances", "ec2:TerminateInstances"], **NO_MFA)],
        says=("attached-to-roles",),
        informs=("some-calls-only",),
        attached_to="scp",
    ),
    "an SCP that spares one role": Published(
        source="The rule with an exception for the organisation's own role: all other roles are denied",
        statements=_narrowed(StringNotLike={"aws:PrincipalArn": "arn:aws:iam::*:role/OrganizationAccountAccessRole"}),
        says=("attached-to-roles",),
        informs=UNDER_THE_RULE,
        attached_to="scp",
    ),
    "some users": Published(
        source="The rule for one path of users: the others are free",
        statements=_narrowed(ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:user/contractors/*"}),
        says=("narrow-condition",),
        informs=UNDER_THE_RULE,
    ),
    "from one network": Published(
        source="The rule and an office",
        statements=_narrowed(NotIpAddress={"aws:SourceIp": "203.0.113.0/24"}),
        says=("narrow-condition",),
        informs=UNDER_THE_RULE,
    ),
    "instances with a tag": Published(
        source="MFA for what is tagged",
        statements=[deny("ec2:TerminateInstances", **NO_MFA, StringEquals={"ec2:ResourceTag/env": "prod"})],
        informs=("some-calls-only",),
    ),
    "keys and sessions by a statement each": Published(
        source="IAM User Guide, id_credentials_mfa_configure-api-require: Null for keys, Bool for sessions",
        statements=[
            except_("Deny", EXEMPT, Bool={PRESENT: "false"}),
            except_("Deny", EXEMPT, Null={PRESENT: "true"}),
        ],
        informs=UNDER_THE_RULE,
    ),
    "the age of MFA": Published(
        source="Amazon S3 User Guide, bucket policies that require MFA: Null of the age",
        statements=[except_("Deny", EXEMPT, Null={AGE: "true"})],
        informs=("first-password", "null-age"),
    ),
    "no device without MFA may go": Published(
        source="A guard of devices alone",
        statements=[deny(["iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice"], **NO_MFA)],
        informs=("some-calls-only",),
    ),
    "upside down": Published(
        source="Allow for whoever has no MFA",
        statements=[allow("*", **NO_MFA)],
        says=("inverted",),
    ),
    "upside down, for sessions": Published(
        source="The same with Bool",
        statements=[allow("*", Bool={PRESENT: "false"})],
        says=("inverted",),
    ),
    "less without MFA": Published(
        source="Two statements that are right together, and upside down alone",
        statements=[allow("s3:Get*", **NO_MFA), allow("*", **MFA)],
    ),
    "long-term keys only": Published(
        source="A Deny of all temporary credentials, MFA or not",
        statements=[deny("*", Null={"aws:TokenIssueTime": "false"})],
        says=("inverted",),
        informs=("no-mfa",),
    ),
    "no condition": Published(
        source="The rule without its condition",
        statements=[except_("Deny", EXEMPT)],
        says=("nothing-with-mfa",),
        informs=("no-mfa",),
    ),
    "no condition, beside an Allow": Published(
        source="The same in a policy that allows everything",
        statements=[except_("Deny", EXEMPT), allow("*")],
        says=("nothing-with-mfa",),
        informs=("no-mfa",),
    ),
    "everything denied by name": Published(
        source="A Deny that says what it does not do",
        statements=[{**deny("*"), "Sid": "DenyAllWithoutMFA"}],
        says=("nothing-with-mfa",),
        informs=("no-mfa",),
    ),
    "a name and nothing else": Published(
        source="A policy called for what it should do",
        statements=SELF_MANAGE[:3],
        says=("enforces-nothing",),
        informs=("no-mfa",),
        name="ForceMFA.json",
    ),
    "conditions that are always true": Published(
        source="Both values",
        statements=[deny("s3:GetObject"), allow("s3:GetObject", BoolIfExists={PRESENT: ["true", "false"]})],
        says=("enforces-nothing",),
    ),
    "the first device with MFA": Published(
        source="Self-service that needs what it makes",
        statements=[
            allow(["iam:CreateVirtualMFADevice", "iam:EnableMFADevice"], [OWN_USER, "arn:aws:iam::*:mfa/*"], **MFA)
        ],
        says=("first-device",),
    ),
    "the first device denied by a second Deny": Published(
        source="The rule, and a Deny that takes back what it exempts",
        statements=[THE_RULE, deny("iam:CreateVirtualMFADevice", **NO_MFA)],
        says=("first-device",),
        informs=UNDER_THE_RULE,
    ),
    "BoolIfExists under the rule": Published(
        source="An Allow that alone would let keys through",
        statements=[allow("s3:*", BoolIfExists={PRESENT: "true"}), THE_RULE],
        informs=UNDER_THE_RULE,
    ),
}
