"""What is asked of AssumeRole, and what is refused before a code is spent on it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.awsfiles import ini, ini_edit
from mfasession.errors import ConfigurationError
from mfasession.profiles import ROLE_TEXTS, fits, role_options
from mfasession.profiles.role_request import parameters
from mfasession.stores.file import _keys, _session
from mfasession.values import Role
from tests.helpers.support import made_profile, made_session

ARN = "arn:aws:iam::123456789012:role/Admin"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def test_settings_of_a_role_are_sent() -> None:
    """Every key of the profile in AWS's own words; spaces around commas and in the policy count for nothing."""
    role = Role(
        arn=ARN,
        external_id="42",
        session_tags="team = blue, cost-center=4 2,empty=",
        transitive_session_tags="team",
        source_identity="alice",
        policy_arns="arn:aws:iam::aws:policy/ReadOnlyAccess, arn:aws:iam::123456789012:policy/path/own",
        policy=json.dumps(POLICY, indent=2),
    )
    assert parameters(role, "admin") == {
        "RoleArn": ARN,
        "ExternalId": "42",
        "SourceIdentity": "alice",
        "Tags": [
            {"Key": "team", "Value": "blue"},
            {"Key": "cost-center", "Value": "4 2"},
            {"Key": "empty", "Value": ""},
        ],
        "TransitiveTagKeys": ["team"],
        "PolicyArns": [
            {"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
            {"arn": "arn:aws:iam::123456789012:policy/path/own"},
        ],
        "Policy": json.dumps(POLICY, separators=(",", ":")),
    }
    assert parameters(Role(arn=ARN), "admin") == {"RoleArn": ARN}


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("role_arn", {"arn": ""}),
        ("role_arn", {"arn": "Admin"}),
        ("role_arn", {"arn": "arn:aws:iam::123456789012:user/alice"}),
        ("role_arn", {"arn": "arn:aws:iam::1234:role/Admin"}),
        ("role_arn", {"arn": ARN + " "}),
        ("role_session_name", {"session_name": "a"}),
        ("role_session_name", {"session_name": "alice from home"}),
        ("role_session_name", {"session_name": "x" * 65}),
        ("external_id", {"external_id": "4"}),
        ("external_id", {"external_id": "my id"}),
        ("source_identity", {"source_identity": "aws:alice"}),
        ("session_tags", {"session_tags": "team"}),
        ("session_tags", {"session_tags": "=blue"}),
        ("session_tags", {"session_tags": "team=blue,Team=red"}),
        ("session_tags", {"session_tags": "aws:team=blue"}),
        ("session_tags", {"session_tags": f"{'k' * 129}=v"}),
        ("session_tags", {"session_tags": f"k={'v' * 257}"}),
        ("session_tags", {"session_tags": "k=v;w"}),
        ("session_tags", {"session_tags": ",".join(f"k{number}=v" for number in range(51))}),
        ("transitive_session_tags", {"session_tags": "team=blue", "transitive_session_tags": "colour"}),
        ("policy_arns", {"policy_arns": "ReadOnlyAccess"}),
        ("policy_arns", {"policy_arns": ",".join([f"{ARN.replace('role', 'policy')}"] * 11)}),
        ("policy", {"policy": "{"}),
        ("policy", {"policy": "[1]"}),
        ("policy", {"policy": json.dumps({"Statement": "x" * 2048})}),
    ],
)
def test_settings_that_aws_would_refuse_are_reported_with_their_key(key: str, changes: dict[str, Any]) -> None:
    """The message names the profile and the key, and the hint where to fix it."""
    with pytest.raises(ConfigurationError) as caught:
        parameters(Role(**{"arn": ARN, **changes}), "admin")
    assert caught.value.message.startswith(f"profile admin: {key} ")
    assert caught.value.hint == f"fix {key} in the AWS configuration file"


texts = st.text(max_size=12)
roles = st.builds(
    Role,
    arn=st.just(ARN),
    external_id=texts,
    session_name=texts,
    duration=st.integers(900, 3600),
    session_tags=texts,
    source_identity=texts,
    policy=texts,
)


@given(roles, roles)
def test_a_session_is_void_when_anything_of_its_role_changed(then: Role, now: Role) -> None:
    """However the texts look: two roles are one for a kept session only when they are the same, in a file too."""
    made = made_session(role_arn=ARN, role_options=role_options(made_profile(role=then)))
    assert fits(made, made_profile(role=now)) is (then == now)
    text = ini_edit.set_section("", "a", _keys(made))
    assert _session(ini.parse(text)["a"]) == made


def test_a_session_is_void_when_a_role_on_its_way_changed() -> None:
    """A chain: what the first role was assumed with reaches the last one's session (transitive tags, identity)."""
    first = made_profile(name="first", role=Role(arn=ARN + "1", session_tags="team=blue"), source=made_profile())
    last = made_profile(role=Role(arn=ARN), source=first)
    made = made_session(role_arn=ARN, role_options=role_options(last))
    assert made.role_options == f"< {ARN}1 session_tags=team=blue"
    assert fits(made, last)
    for changed in (Role(arn=ARN + "2", session_tags="team=blue"), Role(arn=ARN + "1")):
        assert not fits(made, last.replace(source=first.replace(role=changed)))


def test_a_session_of_before_serves_a_role_without_options() -> None:
    """Kept by a release that wrote no options: good for a role that has none."""
    assert fits(made_session(role_arn=ARN), made_profile(role=Role(arn=ARN)))
    assert not fits(made_session(role_arn=ARN), made_profile(role=Role(arn=ARN, external_id="42")))


def test_the_page_shows_a_role_that_can_be_sent() -> None:
    """The example of docs/roles.md is read as it stands, and uses every key that is handed to AssumeRole."""
    page = (Path(__file__).parents[3] / "docs" / "roles.md").read_text()
    text = next(block for block in page.split("```ini\n") if block.startswith("[profile deploy]")).split("```")[0]
    keys = ini.parse(text)["profile deploy"]
    assert set(ROLE_TEXTS) <= set(keys)
    role = Role(arn=keys["role_arn"], session_name=keys["role_session_name"])
    role = role.replace(**{key: keys[key] for key in ROLE_TEXTS})
    assert set(parameters(role, "deploy")) == {
        "RoleArn", "ExternalId", "SourceIdentity", "Tags", "TransitiveTagKeys", "PolicyArns", "Policy",
    }  # fmt: skip
