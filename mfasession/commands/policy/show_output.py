"""Formats a policy as JSON, a Terraform resource, or a CloudFormation template."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

NAME = "DenyAllWithoutMFA"
_WORD = re.compile(r"[A-Za-z_]\w*")


def as_json(document: Mapping[str, Any]) -> str:
    """Return the document itself."""
    return json.dumps(document, indent=2) + "\n"


def as_terraform(document: Mapping[str, Any]) -> str:
    """Return an `aws_iam_policy`; in HCL `${` begins an expression, so a policy variable is written `$${`."""
    head = f'resource "aws_iam_policy" "deny_all_without_mfa" {{\n  name = "{NAME}"\n'
    return f"{head}  policy = jsonencode({_hcl(document, '  ')})\n}}\n"


def as_cloudformation(document: Mapping[str, Any]) -> str:
    """Return a template with an `AWS::IAM::ManagedPolicy`, in JSON."""
    policy = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"ManagedPolicyName": NAME, "PolicyDocument": document},
    }
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {NAME: policy}}, indent=2) + "\n"


FORMATS = {"json": as_json, "terraform": as_terraform, "cloudformation": as_cloudformation}


def _hcl(value: object, indent: str) -> str:
    """Return a value as `terraform fmt` writes it."""
    inner = indent + "  "
    if isinstance(value, Mapping):
        return "{\n" + "".join(_attributes(value, inner)) + indent + "}"
    if isinstance(value, list):
        return "[\n" + "".join(f"{inner}{_hcl(each, inner)},\n" for each in value) + indent + "]"
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def _attributes(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Yield the lines; the equals signs of neighbouring one-line attributes are aligned."""
    for is_short, these in groupby(value.items(), key=lambda item: not isinstance(item[1], Mapping | list)):
        attributes = [(_key(key), each) for key, each in these]
        width = max(len(key) for key, _ in attributes) if is_short else 0
        yield from (f"{indent}{key.ljust(width)} = {_hcl(each, indent)}\n" for key, each in attributes)


def _key(key: str) -> str:
    return key if _WORD.fullmatch(key) else json.dumps(key)
