"""Policies are found in what CloudFormation, Terraform and AWS write, each with its name and its own lines."""

import cProfile
import json
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from yaml.loader import SafeLoader

from mfasession.policy import document, intrinsics, located_json, rule, unwrap, yaml_nodes
from mfasession.policy.document import Kind
from tests.helpers.templates import trust_property

TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}],
}
RULE = rule.document()


def names(text: str) -> list[str]:
    """The names of the policies in a JSON text."""
    return [each.name for each in unwrap.read(unwrap.tree(text)).found]


def only(text: str) -> document.Document:
    """The one policy in a JSON text."""
    (found,) = unwrap.read(unwrap.tree(text)).found
    return document.parse(found.text, found.name, kind=None, first_line=found.first_line)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ({"PolicyVersion": {"Document": RULE, "VersionId": "v1"}}, "PolicyVersion.Document"),
        ({"PolicyVersion": {"Document": quote(json.dumps(RULE))}}, "PolicyVersion.Document"),
        ({"Role": {"RoleName": "app", "AssumeRolePolicyDocument": TRUST}}, "Role.AssumeRolePolicyDocument"),
        ({"Policy": json.dumps(RULE)}, "Policy"),
        ({"Policy": json.dumps(TRUST), "PolicyName": "default"}, "Policy"),
        ({"Attributes": {"Policy": json.dumps(RULE)}}, "Attributes.Policy"),
        ({"UserDetailList": [{"UserPolicyList": [{"PolicyDocument": RULE}]}]},
         "UserDetailList[0].UserPolicyList[0].PolicyDocument"),
        ([RULE], "[0]"),
    ],
)  # fmt: skip
def test_output_of_the_aws_cli(answer: object, name: str) -> None:
    """Objects, JSON in a string, and JSON for a URL: get-policy-version, get-role, get-bucket-policy and others."""
    text = json.dumps(answer, indent=4)
    assert names(text) == [name]
    found = only(text)
    assert [each.effect for each in found.statements] == [each.effect for each in parsed(answer).statements]


def parsed(answer: object) -> document.Document:
    """RULE or TRUST, whichever an answer holds."""
    policy = TRUST if "AssumeRole" in json.dumps(answer) else RULE
    return document.parse(json.dumps(policy), "it", kind=None)


def test_lines_are_those_of_the_file() -> None:
    """A finding leads to where one has to look; a policy in a string stands on the string's line."""
    lines = json.dumps({"Role": {"Name": "a", "AssumeRolePolicyDocument": TRUST}}, indent=2).split("\n")
    found = only("\n".join(lines))
    place = found.statements[0].place
    assert lines[place.line - 1][place.column - 1] == "{"
    assert "Statement" in lines[place.line - 2]
    of_string = only(json.dumps({"A": 1, "Policy": json.dumps(RULE, indent=2)}, indent=2))
    assert {each.place.line for each in of_string.statements} == {3}


def plan(policy: object, **more: object) -> str:
    """What `terraform show -json` prints of a plan, as far as policies go."""
    bucket = {"address": "module.m.aws_s3_bucket_policy.b", "values": {"bucket": "b", "policy": policy}}
    role = {"address": 'aws_iam_role.r["x"]', "values": {"assume_role_policy": json.dumps(TRUST)}}
    modules = {"resources": [role], "child_modules": [{"resources": [bucket]}]}
    before = {"root_module": {"resources": [{"address": "old", "values": {"policy": json.dumps(RULE)}}]}}
    return json.dumps(
        {"format_version": "1.2", "planned_values": {"root_module": modules}, "prior_state": {"values": before}, **more}
    )


def test_a_terraform_plan() -> None:
    """What will be is looked at, by its address, and not what was; what is decided at apply is named."""
    bucket = json.dumps({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}})
    assert names(plan(bucket)) == ['aws_iam_role.r["x"].assume_role_policy', "module.m.aws_s3_bucket_policy.b.policy"]
    change = {"address": "aws_iam_policy.p", "change": {"after_unknown": {"policy": True, "id": True}}}
    found = unwrap.read(unwrap.tree(plan(None, resource_changes=[change])))
    assert [each.name for each in found.found] == ['aws_iam_role.r["x"].assume_role_policy']
    assert found.unknown == ("aws_iam_policy.p.policy",)


def test_values_unknown_in_a_plan() -> None:
    """A policy inside a block is named, too; the number and the ARN of a new policy are no policies."""
    later = {
        "arn": True, "policy_id": True, "managed_policy_arns": True, "policy": True, "tags_all": {},
        "inline_policy": [{"name": True, "policy": True}, {}],
    }  # fmt: skip
    found = unwrap.read(
        unwrap.tree(plan(None, resource_changes=[{"address": "r.p", "change": {"after_unknown": later}}]))
    )
    assert found.unknown == ("r.p.policy", "r.p.inline_policy.policy")


def test_a_terraform_state() -> None:
    """`terraform show -json` without a plan: values, not planned values."""
    resources = [{"address": "aws_iam_role.r", "values": {"assume_role_policy": json.dumps(TRUST)}}]
    assert names(json.dumps({"format_version": "1.0", "values": {"root_module": {"resources": resources}}})) == [
        "aws_iam_role.r.assume_role_policy"
    ]


TEMPLATE = (
    """\
AWSTemplateFormatVersion: 2010-09-09
Conditions:
  Prod: !Equals [!Ref Env, prod]
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Code:
        ZipFile: |
          # Statement: {"Effect": broken
          x: [y
  Role:
    Type: AWS::IAM::Role
    Properties:
"""
    + trust_property("Bool")
    + """\
      Policies:
        - PolicyName: own
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: ['s3:GetObject', !If [Prod, 's3:PutObject', !Ref AWS::NoValue]]
                Resource: !Join ['/', [!GetAtt Bucket.Arn, !Sub ['${Name}-${!aws:username}', {Name: x}]]]
              - !If
                - Prod
                - {Effect: Deny, Action: 'iam:*', Resource: '*'}
                - !Ref AWS::NoValue
  Bucket:
    Type: AWS::S3::BucketPolicy
    Properties:
      PolicyDocument: !Sub |
        {"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::${Bucket}/*"}}
"""
)


def documents(text: str) -> list[document.Document]:
    """The policies of a YAML text."""
    found = unwrap.read(yaml_nodes.read(text, "it")).found
    return [document.parse(each.text, each.name, kind=None, first_line=each.first_line) for each in found]


def test_a_cloudformation_template_in_yaml() -> None:
    """Short tags are read as their long forms, and what the template decides is decided."""
    role, own, bucket = documents(TEMPLATE)
    assert [each.where for each in (role, own, bucket)] == [
        "Role.AssumeRolePolicyDocument", "Role.Policies[0].PolicyDocument", "Bucket.PolicyDocument",
    ]  # fmt: skip
    assert [each.kind for each in (role, own, bucket)] == [Kind.TRUST, Kind.IDENTITY, Kind.RESOURCE]
    assert role.version == "2012-10-17"
    assert role.statements[0].principals == {"AWS": ("arn:aws:iam::123456789012:root",)}
    assert role.statements[0].conditions[0].values == ("true",)
    assert own.statements[0].actions == ("s3:GetObject", "s3:PutObject")
    assert own.statements[0].resources == ("<Bucket.Arn>/x-${aws:username}",)
    assert own.statements[1].effect == "Deny"
    assert bucket.statements[0].resources == ("arn:aws:s3:::<Bucket>/*",)
    lines = TEMPLATE.split("\n")
    assert [lines[each.statements[0].place.line - 1].strip() for each in (role, own, bucket)] == [
        "- Effect: Allow", "- Effect: Allow", "PolicyDocument: !Sub |",
    ]  # fmt: skip


def _tagged(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    kind = {"mapping": loader.construct_mapping, "sequence": loader.construct_sequence}.get(node.id)
    value = kind(node, deep=True) if kind else loader.construct_scalar(node)
    if suffix == "GetAtt":
        value = str(value).split(".", 1)
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


_READERS = {
    "yaml_multi_constructors": {"!": _tagged},
    "yaml_constructors": {
        **SafeLoader.yaml_constructors,
        "tag:yaml.org,2002:timestamp": lambda _loader, node: node.value,
    },
}
LONG: Any = type("Long", (SafeLoader,), _READERS)
"""Reads a template as CloudFormation does: a short tag is an object of one key."""


def test_yaml_and_json_are_the_same_template() -> None:
    """A template in JSON has the long forms of the functions, and the same policies come out."""
    as_json = json.dumps(yaml.load(TEMPLATE, Loader=LONG), indent=1)  # noqa: S506  # a SafeLoader with tags
    found = unwrap.read(unwrap.tree(as_json)).found
    there = [document.parse(each.text, each.name, kind=None) for each in found]

    def content(each: document.Document) -> Any:
        return each.where, json.loads(each.text)

    assert [content(each) for each in there] == [content(each) for each in documents(TEMPLATE)]


PLAIN: Any = st.recursive(
    st.booleans() | st.none() | st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcS:*-", min_size=1), inner, max_size=3),
    max_leaves=12,
)


@given(PLAIN, st.booleans())
def test_any_yaml_is_read_as_pyyaml_reads_it(value: object, flow: bool) -> None:  # noqa: FBT001  # hypothesis's
    """Block and flow style, quoted or not: laid out as JSON it is what it was."""
    text = yaml.safe_dump({"key": value}, default_flow_style=flow, allow_unicode=True)
    assert json.loads(unwrap.laid_out(yaml_nodes.read(text, "it"))) == {"key": value}


@given(PLAIN, st.sampled_from([None, 1, 4]))
def test_every_value_is_laid_out_where_it_was(value: object, indent: int | None) -> None:
    """Written anew, each value and key of a JSON text has its line, and the text its meaning."""
    text = json.dumps(value, indent=indent)
    root = located_json.read(text)
    again = unwrap.laid_out(root)
    assert json.loads(again) == value
    assert [each.line for each in places(located_json.read(again))] == [each.line for each in places(root)]


def places(node: located_json.Node) -> list[located_json.Place]:
    """Where all values stand."""
    return [node.place, *(place for each in (*node.members.values(), *node.items) for place in places(each))]


def test_aliases_and_merges() -> None:
    """An anchor's value stands wherever its alias does; `<<` adds what is not there."""
    text = "a: &x {k: v, o: p}\nb: *x\nc: {<<: *x, o: own}\n"
    assert json.loads(unwrap.laid_out(yaml_nodes.read(text, "it"))) == {
        "a": {"k": "v", "o": "p"}, "b": {"k": "v", "o": "p"}, "c": {"o": "own", "k": "v"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: [b\n", "expected ',' or ']'"),
        ("a: 1\na: 2\n", "the key 'a' is there twice"),
        ("a: \x07\n", "a character that YAML does not allow"),
        ("\n".join(["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30))]), "too many"),
        ("a: &a [*a]\n", "too many"),
        ("[" * 3000, "values are nested|expected the node content"),
    ],
)
def test_yaml_that_cannot_be_read(text: str, what: str) -> None:
    """One clean refusal each: broken, ambiguous, or standing for more than memory holds."""
    with pytest.raises(located_json.NotJson, match=what.replace("[", r"\[").replace("]", r"\]")):
        yaml_nodes.read(text, "it")


def test_aliases_without_end_are_refused_at_once() -> None:
    """Half a million values took half a minute before the limit was reached."""
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30))]
    with cProfile.Profile() as profile, pytest.raises(located_json.NotJson, match="too many"):
        yaml_nodes.read("\n".join(lines), "it")
    assert sum(entry.callcount for entry in profile.getstats()) < 100_000


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ({"Ref": "AWS::AccountId"}, "123456789012"),
        ({"Ref": "Bucket"}, "<Bucket>"),
        ({"Fn::GetAtt": ["A", "Arn"]}, "<A.Arn>"),
        ({"Fn::ImportValue": "x"}, "<Fn::ImportValue>"),
        ({"Fn::Sub": "a-${B}-${!aws:username}"}, "a-<B>-${aws:username}"),
        ({"Fn::Join": ["", ["a", {"Ref": "AWS::Partition"}]]}, "aaws"),
        ({"Fn::If": ["C", "x", {"Ref": "AWS::NoValue"}]}, "x"),
        ({"Fn::If": ["C", "x", ["y", "z"]]}, ["x", "y", "z"]),
        ([{"Fn::If": ["C", ["x"], "y"]}, "z"], ["x", "y", "z"]),
        ({"a": {"Ref": "AWS::NoValue"}, "b": {"Ref": "X"}}, {"b": "<X>"}),
        ({"Ref": "X", "other": "y"}, {"Ref": "X", "other": "y"}),
    ],
)
def test_functions(value: object, made: object) -> None:
    """What the template alone decides; the rest stands as a name in angle brackets."""
    assert json.loads(unwrap.laid_out(intrinsics.resolved(located_json.read(json.dumps(value))))) == made
