"""Whose key assumes which roles: our resolution of profiles beside botocore's, on every graph of three profiles.

The SDKs' shared test vectors: "ignore assume role when static credentials present". botocore is the oracle.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import botocore.credentials
import botocore.exceptions

from mfasession import profiles
from mfasession.config import Config
from mfasession.errors import ConfigurationError
from tests.unit.profiles.test_profiles import Sections

NAMES = "abc"
Graph = dict[str, dict[str, str]]
WRONG = "wrong"
"""What both must refuse: a circle, half a pair, no key at the end, no source."""


def key_of(name: str) -> str:
    """The access key ID of a profile."""
    return f"AKIA{name.upper() * 16}"


def kinds(name: str) -> Iterator[dict[str, str]]:
    """Every kind of profile: with a role or without, with every source, with a pair, half of one or none."""
    pair = {"aws_access_key_id": key_of(name), "aws_secret_access_key": "secret"}
    halves = [{}, pair, *({key: value} for key, value in pair.items())]
    roles = [{}, {"role_arn": f"role-{name}"}]
    sources = [{}, *({"source_profile": other} for other in NAMES)]
    for role, source, keys in product(roles, sources, halves):
        if role or not source:
            yield {**role, **source, **keys}


def graphs() -> Iterator[Graph]:
    """Every way to fill three profiles."""
    for a, b, c in product(*(list(kinds(name)) for name in NAMES)):
        yield {"a": a, "b": b, "c": c}


class _Client:
    """An STS that says who asks for which role."""

    def __init__(self, key: str) -> None:
        self._key = key

    def assume_role(self, **request: str) -> dict[str, dict[str, str]]:
        """The chain so far as the access key ID."""
        ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        key = f"{request['RoleArn']} < {self._key}"
        return {
            "Credentials": {"AccessKeyId": key, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": ends},
            "AssumedRoleUser": {"Arn": "arn"},
        }


class _Builder:
    """botocore's own provider of key pairs, on a graph instead of a file."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def providers(self, profile_name: str, **_: object) -> list[botocore.credentials.SharedCredentialProvider]:
        """What botocore asks of a profile that is not a role, or has a key pair."""
        parse: Callable[[str], Mapping[str, Any]] = lambda _: self._graph  # noqa: E731
        shared = botocore.credentials.SharedCredentialProvider(
            creds_filename="x", profile_name=profile_name, ini_parser=parse
        )
        return [shared]


def by_botocore(graph: Graph) -> str:
    """The roles and the key in the end that botocore would use for profile a."""
    builder = _Builder(graph)
    make: Any = lambda _, aws_access_key_id, **__: _Client(aws_access_key_id)  # noqa: E731
    provider = botocore.credentials.AssumeRoleProvider(
        load_config=lambda: {"profiles": graph},
        client_creator=make,
        cache={},
        profile_name="a",
        profile_provider_builder=builder,
    )
    try:
        found = provider.load() or builder.providers("a")[0].load()
        return str(found.get_frozen_credentials().access_key) if found else WRONG
    except botocore.exceptions.BotoCoreError:
        return WRONG


def by_us(graph: Graph) -> str:
    """The same by us."""
    try:
        profile = profiles.resolve("a", Sections({}, graph), Config())
    except ConfigurationError:
        return WRONG
    if profile.key is None:
        return WRONG
    chain, at = [], profile
    while at.role is not None and at.source is not None:
        chain.append(at.role.arn)
        at = at.source
    return " < ".join([*chain, profile.key.access_key_id])


def test_every_graph_of_three_profiles() -> None:
    """The same roles from the same key, or refused by both."""
    seen: set[str] = set()
    for graph in graphs():
        expected = by_botocore(graph)
        assert by_us(graph) == expected, graph
        seen.add(expected)
    assert {WRONG, key_of("a"), f"role-a < {key_of('b')}", f"role-a < role-b < role-c < {key_of('c')}"} - seen == {
        f"role-a < role-b < role-c < {key_of('c')}"
    }


def test_the_sessions_of_a_source_and_of_its_own_role_are_apart() -> None:
    """As a source it is its user, by itself a role: two sessions, in two sections."""
    graph = {
        "a": {"role_arn": "role-a", "source_profile": "b"},
        "b": {
            "role_arn": "role-b",
            "source_profile": "c",
            **dict(zip(("aws_access_key_id", "aws_secret_access_key"), (key_of("b"), "s"), strict=True)),
        },
        "c": {"aws_access_key_id": key_of("c"), "aws_secret_access_key": "s"},
    }
    sections = Sections({}, graph)
    source = profiles.resolve("a", sections, Config()).source
    assert source is not None
    assert (source.session_section, source.role, source.key and source.key.access_key_id) == (
        "b-user-mfa",
        None,
        key_of("b"),
    )
    alone = profiles.resolve("b", sections, Config())
    assert alone.session_section == "b-mfa"
    assert alone.source is not None
    assert alone.source.name == "c"
