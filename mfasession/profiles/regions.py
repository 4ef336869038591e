"""Names of regions: their shape, the partition of each, and the region of our own calls. No I/O.

Sources: AWS General Reference, "Regions and Zones" and "Partitions"; AWS CLI User Guide, "Environment variables".
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mfasession.errors import ConfigurationError
from mfasession.values import own_region, partition_of

if TYPE_CHECKING:
    from mfasession.profiles import Profile

KNOWN = tuple(
    """
    af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1
    ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1
    cn-north-1 cn-northwest-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3
    eusc-de-east-1 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1 us-east-1 us-east-2 us-gov-east-1
    us-gov-west-1 us-west-1 us-west-2
    """.split()  # noqa: SIM905  # a list for people to read
)
"""The public regions, for completion and for the nearest name; any other name of the right shape is accepted."""
_SHAPE = re.compile(r"[a-z]{2,8}(-[a-z]{1,16}){1,3}-[0-9]{1,2}", re.ASCII)
_PARTITION_OF = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc"), ("us-iso", "aws-iso"),
                 ("eu-iso", "aws-iso"))  # fmt: skip


def is_name(text: str) -> bool:
    """Return whether a text has the shape of a region's name, which becomes a part of host names."""
    return _SHAPE.fullmatch(text) is not None


def is_in(region: str, partition: str) -> bool:
    """Return whether a region is in a partition. All isolated partitions count as one: their regions look alike."""
    its_own = _partition(region)
    return its_own == partition or (its_own == "aws-iso" and partition.startswith(its_own))


def in_use(profile: "Profile", environ: Mapping[str, str]) -> str:
    """Return the region of our own calls for a profile; empty when none is set.

    --region, AWS_REGION, AWS_DEFAULT_REGION and the profile's, in the order of the AWS CLI 2. Passed over are variables
    that `env` has set for another profile, and regions of another partition than the profile's: no call could succeed
    there.
    """
    if profile.kept_region is not None:
        return profile.region
    partition = next(_partitions(profile), "") or (_partition(profile.region) if profile.region else "")
    variables = (own_region(environ, name) for name in ("AWS_REGION", "AWS_DEFAULT_REGION"))
    fitting = (region for region in variables if region and (not partition or is_in(region, partition)))
    return next(fitting, profile.region)


def with_region(profile: "Profile", region: str) -> "Profile":
    """Return the profile, and the profiles whose sessions it needs, with another region for this run.

    Raises ConfigurationError when the region is in another partition than the profile's role or device.
    """
    for partition in _partitions(profile):
        if not is_in(region, partition):
            raise ConfigurationError(
                f"region {region} is not in partition {partition}, where the role or the device of profile "
                f"{profile.name} is",
                f"give a region of {partition}, or leave --region out",
            )
    return profile.replace(
        region=region,
        kept_region=profile.region,
        source=with_region(profile.source, region) if profile.source else None,
    )


def _partition(region: str) -> str:
    return next((of for begins, of in _PARTITION_OF if region.startswith(begins)), "aws")


def _partitions(profile: "Profile") -> Iterator[str]:
    """Yield the partitions that a profile's role and device name."""
    arns = (profile.role.arn if profile.role else "", profile.mfa_serial, profile.suggested_serial)
    return filter(None, map(partition_of, arns))
