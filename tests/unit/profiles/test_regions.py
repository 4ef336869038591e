"""Regions: those of botocore are known, and our own calls go where the AWS CLI's would."""

from itertools import chain

import pytest
from botocore.session import Session

from mfasession.errors import ConfigurationError
from mfasession.profiles import regions
from mfasession.values import MARK, Role
from tests.helpers.support import made_profile

NEWER = {"eusc-de-east-1"}
"""Those that the oldest botocore does not list yet; a list without any other is out of date."""
CHINA = "arn:aws-cn:iam::123456789012:mfa/phone"


def test_the_known_regions_are_the_public_ones() -> None:
    """As botocore has them; those of isolated partitions are accepted and not offered."""
    known = Session()
    partitions = [name for name in known.get_available_partitions() if "iso" not in name]
    found = {*chain(*(known.get_available_regions("ec2", partition_name=name) for name in partitions))}
    assert set(regions.KNOWN) - NEWER == found - NEWER
    assert set(regions.KNOWN) >= NEWER
    assert all(map(regions.is_name, regions.KNOWN))
    assert list(regions.KNOWN) == sorted(regions.KNOWN)


@pytest.mark.parametrize("text", ["", "eu-west", "EU-WEST-1", "eu-west-1\n", "eu_west_1", "local", "eu-west-1.evil"])
def test_other_texts_are_no_names(text: str) -> None:
    """A name becomes a part of a host's."""
    assert not regions.is_name(text)


@pytest.mark.parametrize(
    ("environ", "used"),
    [
        ({}, "eu-west-1"),
        ({"AWS_REGION": "us-east-1"}, "us-east-1"),
        ({"AWS_DEFAULT_REGION": "us-east-2"}, "us-east-2"),
        ({"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"}, "us-east-1"),
        ({"AWS_REGION": "cn-north-1", "AWS_DEFAULT_REGION": "us-east-2"}, "us-east-2"),
        ({"AWS_REGION": "us-gov-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "us-east-1", MARK: "us-east-1/us-east-1 other"}, "eu-west-1"),
        ({"AWS_REGION": "us-east-1", MARK: "us-east-1/us-east-1/us-west-1/ other"}, "us-west-1"),
    ],
    ids=str,
)
def test_the_region_of_our_own_calls(environ: dict[str, str], used: str) -> None:
    """The AWS CLI's order; what `env` has set for another profile, and other partitions, do not count."""
    assert regions.in_use(made_profile(region="eu-west-1"), environ) == used


def test_the_partition_of_a_profile_without_names() -> None:
    """Its region says it; without one every variable counts, and --region wins over all."""
    nameless = made_profile(mfa_serial="GAHT12345678", region="cn-north-1")
    assert regions.in_use(nameless, {"AWS_REGION": "us-east-1"}) == "cn-north-1"
    assert regions.in_use(nameless.replace(region=""), {"AWS_REGION": "us-east-1"}) == "us-east-1"
    named = regions.with_region(nameless, "cn-northwest-1")
    assert regions.in_use(named, {"AWS_REGION": "cn-north-1"}) == "cn-northwest-1"


def test_a_named_region_is_that_of_the_whole_chain() -> None:
    """And each profile knows what is kept."""
    role = Role(arn="arn:aws:iam::123456789012:role/x")
    profile = regions.with_region(made_profile(role=role, region="us-east-1", source=made_profile()), "eu-north-1")
    assert profile.source is not None
    assert (profile.region, profile.kept_region) == ("eu-north-1", "us-east-1")
    assert (profile.source.region, profile.source.kept_region) == ("eu-north-1", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"mfa_serial": CHINA},
        {"mfa_serial": "", "suggested_serial": CHINA},
        {"mfa_serial": "", "role": Role(arn="arn:aws-cn:iam::123456789012:role/x")},
        {"mfa_serial": "", "source": made_profile(mfa_serial=CHINA)},
    ],
    ids=str,
)
def test_a_named_region_of_another_partition(changes: dict[str, object]) -> None:
    """No call could succeed there."""
    with pytest.raises(ConfigurationError, match="region us-east-1 is not in partition aws-cn") as caught:
        regions.with_region(made_profile(**changes), "us-east-1")
    assert caught.value.hint == "give a region of aws-cn, or leave --region out"
