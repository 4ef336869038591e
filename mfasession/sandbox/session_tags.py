"""Tags and source identity of a role's session: their limits, and their inheritance in a chain of roles.

Sources: IAM User Guide, "Passing session tags in AWS STS" (limits, transitive tags) and "Monitor and control actions
taken with assumed roles" (a source identity cannot be changed, and every role of a chain must allow it).
"""

from collections.abc import Mapping
from typing import Any

from mfasession.sandbox.aws_errors import Refused, denied, invalid_values
from mfasession.sandbox.parameters import Text, check_texts
from mfasession.sandbox.state import Caller
from mfasession.values import Value

MOST_TAGS = 50
_SOURCE_IDENTITY = Text(name="SourceIdentity", least=2, most=64, pattern=r"[\w+=,.@-]*")


class Tags(Value):
    """The tags of one request, and those inherited from the caller's session."""

    requested: Mapping[str, str]
    transitive: tuple[str, ...]
    inherited: Mapping[str, str]

    @property
    def all(self) -> dict[str, str]:
        """Return the tags of the new session."""
        return {**self.inherited, **self.requested}


def of(params: Mapping[str, Any], caller: Caller) -> Tags:
    """Return the tags of an AssumeRole. Raises Refused for those that AWS refuses."""
    keys, values = _members(params, "Tags.member.{}.Key"), _members(params, "Tags.member.{}.Value")
    _check_constraints(keys, values)
    if len({key.lower() for key in keys}) < len(keys):
        raise _invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    transitive = _members(params, "TransitiveTagKeys.member.{}")
    if not set(transitive) <= set(keys):
        raise _invalid("The specified transitive tag key must be included in the requested tags.")
    inherited = {key: value for key, value in caller.tags if key in caller.transitive}
    if {key.lower() for key in inherited} & {key.lower() for key in keys}:
        raise _invalid(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
            "from the calling session."
        )
    return Tags(
        requested=dict(zip(keys, values, strict=True)),
        transitive=tuple(dict.fromkeys((*inherited, *transitive))),
        inherited=inherited,
    )


def source_identity(params: Mapping[str, Any], caller: Caller) -> str:
    """Return the source identity of the new session. Raises Refused for a wrong or a changed one."""
    check_texts(params, _SOURCE_IDENTITY)
    wanted = str(params.get("SourceIdentity") or "")
    if wanted.lower().startswith("aws:"):
        raise invalid_values(
            f"Value '{wanted}' at 'sourceIdentity' failed to satisfy constraint: Member must not start with aws:"
        )
    return wanted or caller.source_identity


def check_unchanged(wanted: str, caller: Caller, protocol: Any, role: str) -> None:
    """Raise the refusal of a source identity that differs from that of the caller's session."""
    if caller.source_identity and wanted != caller.source_identity:
        raise denied(
            protocol, f"User: {caller.arn} is not authorized to perform: sts:SetSourceIdentity on resource: {role}"
        )


def _check_constraints(keys: list[str], values: list[str]) -> None:
    if len(keys) > MOST_TAGS:
        raise invalid_values(
            f"Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to {MOST_TAGS}"
        )
    for number, (key, value) in enumerate(zip(keys, values, strict=True), 1):
        for member, text, least, most in (("key", key, 1, 128), ("value", value, 0, 256)):
            start = f"Value '{text}' at 'tags.{number}.member.{member}' failed to satisfy constraint: Member must "
            if not least <= len(text) <= most:
                raise invalid_values(f"{start}have length between {least} and {most}")
            if not all(char.isalnum() or char.isspace() or char in "_.:/=+-@" for char in text):
                raise invalid_values(
                    f"{start}satisfy regular expression pattern: [\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]+"
                )
        if key.lower().startswith("aws:"):
            raise _invalid("Tag keys must not start with the reserved prefix aws:")


def _members(params: Mapping[str, Any], shape: str) -> list[str]:
    found: list[str] = []
    while (name := shape.format(len(found) + 1)) in params:
        found.append(str(params[name] or ""))
    return found


def _invalid(text: str) -> Refused:
    return Refused("InvalidParameterValue", 400, text)
