"""The parameters of AssumeRole from the AWS configuration file, checked before a code is used.

Bounds and patterns: STS API Reference, AssumeRole; IAM User Guide, "Rules for tagging in IAM and AWS STS".
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from mfasession.errors import ConfigurationError
from mfasession.redaction import is_like_a_secret
from mfasession.values import Role, Value

TAGS = 50
"""The most session tags."""
POLICY_ARNS = 10
"""The most managed policies."""
POLICY_CHARACTERS = 2048
"""The longest session policy, in characters, without white space between its tokens."""


class RequestText(Value):
    """The allowed values of one key of the configuration file, or of its flag."""

    key: str
    pattern: str
    least: int
    most: int
    says: str
    """The text after `must be`."""

    def check(self, value: str, profile: str) -> None:
        """Raise ConfigurationError unless the value is empty or may be sent."""
        if value and not self.fits(value):
            raise _wrong(profile, self.key, f"must be {self.says}")

    def fits(self, value: str) -> bool:
        """Return whether AWS could take a value."""
        return self.least <= len(value) <= self.most and re.fullmatch(self.pattern, value, re.ASCII) is not None


ROLE_ARN = RequestText(
    key="role_arn",
    pattern=r"arn:aws[\w-]*:iam::\d{12}:role/([!-~]+/)?[\w+=,.@-]{1,64}",
    least=20,
    most=2048,
    says="the ARN of a role, as in arn:aws:iam::123456789012:role/NAME",
)
SESSION_NAME = RequestText(
    key="role_session_name", pattern=r"[\w+=,.@-]*", least=2, most=64, says="2 to 64 of A-Z a-z 0-9 _+=,.@-"
)
EXTERNAL_ID = RequestText(
    key="external_id", pattern=r"[\w+=,.@:/-]*", least=2, most=1224, says="2 to 1224 of A-Z a-z 0-9 _+=,.@:/-"
)
_IDENTITY = RequestText(
    key="source_identity",
    pattern=r"(?!aws:)[\w+=,.@-]*",
    least=2,
    most=64,
    says="2 to 64 of A-Z a-z 0-9 _+=,.@-",
)
_POLICY_ARN = RequestText(
    key="policy_arns",
    pattern=r"arn:aws[\w-]*:iam::(\d{12}|aws):policy/[!-~]+",
    least=20,
    most=2048,
    says="comma-separated ARNs of managed policies, as in arn:aws:iam::aws:policy/ReadOnlyAccess",
)


def parameters(role: Role, profile: str) -> dict[str, Any]:
    """Return AssumeRole's parameters besides name, duration and code, for boto3; `profile` is for messages.

    Raises ConfigurationError for values that AWS would always refuse.
    """
    if not role.arn:
        raise _wrong(profile, "role_arn", f"must be {ROLE_ARN.says}")
    ROLE_ARN.check(role.arn, profile)
    SESSION_NAME.check(role.session_name, profile)
    for key, value in (("role_session_name", role.session_name), ("source_identity", role.source_identity)):
        if is_like_a_secret(value):
            # AWS writes both into its logs and into the identity, which is shown.
            raise _wrong(profile, key, "looks like a secret")
    EXTERNAL_ID.check(role.external_id, profile)
    _IDENTITY.check(role.source_identity, profile)
    tags = _tags(role, profile)
    found = {
        "RoleArn": role.arn,
        "ExternalId": role.external_id,
        "SourceIdentity": role.source_identity,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        "TransitiveTagKeys": _transitive(role, tags, profile),
        "PolicyArns": [{"arn": arn} for arn in _policy_arns(role, profile)],
        "Policy": _policy(role, profile),
    }
    return {name: value for name, value in found.items() if value}


def _tags(role: Role, profile: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    for part in _listed(role.session_tags):
        key, equals, value = (word.strip() for word in part.partition("="))
        if not equals or not key:
            raise _wrong(profile, "session_tags", "must be KEY=VALUE, with commas between several")
        if key.lower() in (known.lower() for known in tags):
            raise _wrong(profile, "session_tags", f"names {key} twice: AWS ignores case")
        if key.lower().startswith("aws:") or len(key) > 128 or len(value) > 256 or not _is_tag_text(key + value):
            raise _wrong(
                profile,
                "session_tags",
                "may have keys of 128 and values of 256 letters, digits, spaces and _.:/=+-@ at most, no key with aws:",
            )
        tags[key] = value
    if len(tags) > TAGS:
        raise _wrong(profile, "session_tags", f"may hold {TAGS} tags, and there are {len(tags)}")
    return tags


def _is_tag_text(text: str) -> bool:
    return all(char.isalnum() or char == " " or char in "_.:/=+-@" for char in text)


def _transitive(role: Role, tags: Mapping[str, str], profile: str) -> list[str]:
    keys = _listed(role.transitive_session_tags)
    unknown = [key for key in keys if key not in tags]
    if unknown:
        raise _wrong(profile, "transitive_session_tags", f"names {unknown[0]}, which session_tags does not set")
    return keys


def _policy_arns(role: Role, profile: str) -> list[str]:
    arns = _listed(role.policy_arns)
    for arn in arns:
        _POLICY_ARN.check(arn, profile)
    if len(arns) > POLICY_ARNS:
        raise _wrong(profile, "policy_arns", f"may name {POLICY_ARNS} policies, and there are {len(arns)}")
    return arns


def _policy(role: Role, profile: str) -> str:
    if not role.policy:
        return ""
    try:
        document = json.loads(role.policy)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _wrong(profile, "policy", 'must be a policy in JSON, as in {"Version": "2012-10-17", "Statement": [...]}')
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    if len(text) > POLICY_CHARACTERS:
        raise _wrong(profile, "policy", f"may have {POLICY_CHARACTERS} characters, and there are {len(text)}")
    return text


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _wrong(profile: str, key: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"profile {profile}: {key} {what}", f"fix {key} in the AWS configuration file")
