"""Wherever we name partitions, regions and hosts of AWS, they are those that botocore knows."""

import json
import re
from pathlib import Path
from typing import Any

import botocore
import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider

from mfasession.aws import client
from mfasession.commands.policy import sources
from mfasession.console import urls
from mfasession.policy import principals, rule
from mfasession.profiles import role_request
from mfasession.sandbox.moto_backend import REGIONS
from mfasession.values import Role, partition_of

DATA = Path(botocore.__file__).parent / "data"
PARTITIONS: dict[str, Any] = json.loads((DATA / "partitions.json").read_text())
KNOWN: dict[str, Any] = {each["id"]: each for each in PARTITIONS["partitions"]}
ISOLATED = {name for name in KNOWN if name.startswith("aws-iso")}
"""Of which no console is known to us, and which the sandbox does not have."""


def regions(partition: str) -> list[str]:
    """The regions of a partition that are real places."""
    return [each for each in KNOWN[partition]["regions"] if not each.endswith("-global")]


def partition_of_region(region: str) -> str:
    """The partition that botocore puts a region into."""
    return next(
        name for name, each in KNOWN.items() if region in each["regions"] or re.match(each["regionRegex"], region)
    )


@pytest.mark.parametrize("named", [rule.PARTITIONS, tuple(urls.PARTITIONS), tuple(REGIONS)])
def test_all_partitions_are_named(named: tuple[str, ...]) -> None:
    """Every one that botocore knows, but for those that are closed to all but some."""
    assert set(named) == set(KNOWN) - ISOLATED


@pytest.mark.parametrize("partition", KNOWN)
def test_the_region_of_a_partition(partition: str) -> None:
    """What is asked without a configured region stays in the partition."""
    region = client.DEFAULT_REGIONS.get(partition, "us-east-1")
    assert partition_of_region(region) == partition
    assert partition_of_region(REGIONS.get(partition, region)) == partition


@pytest.mark.parametrize("partition", KNOWN)
def test_regions_are_known_to_be_of_their_partition(partition: str) -> None:
    """The console's own check of the region."""
    for region in regions(partition):
        urls.check_region(region, partition)


@pytest.mark.parametrize("partition", KNOWN)
def test_arns_of_a_partition(partition: str) -> None:
    """Of roles and of policies, in profiles and on the command line."""
    arn = f"arn:{partition}:iam::123456789012:role/deploy"
    policy = f"arn:{partition}:iam::aws:policy/ReadOnlyAccess"
    assert partition_of(arn) == partition
    parameters = role_request.parameters(Role(arn=arn, policy_arns=policy), "it")
    assert (parameters["RoleArn"], parameters["PolicyArns"]) == (arn, [{"arn": policy}])
    assert sources._POLICY.fullmatch(policy)
    assert principals.account_in(f"arn:{partition}:iam::123456789012:root") == "123456789012"


@pytest.mark.parametrize("partition", sorted(urls.PARTITIONS))
def test_the_sign_in_of_a_partition(partition: str) -> None:
    """Its host is the one of AWS Sign-In's own endpoint rules, with the region or, where that serves, without it."""
    loader = botocore.session.get_session().get_component("data_loader")
    provider = EndpointProvider(
        ruleset_data=loader.load_service_model("signin", "endpoint-rule-set-1"), partition_data=PARTITIONS
    )
    for region in regions(partition):
        theirs = provider.resolve_endpoint(Region=region, UseFIPS=False, UseDualStack=False).url
        ours = urls.site(partition, region).signin
        assert theirs in (ours, ours.replace("https://", f"https://{region}.", 1))
    assert urls.site("aws-eusc", "").signin == "https://eusc-de-east-1.signin.amazonaws-eusc.eu"
