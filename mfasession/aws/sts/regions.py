"""The endpoint of STS in a region, as botocore's endpoint rules have it (tests/contracts/test_sts_requests.py)."""

import re

_SUFFIXES = (
    ("us-gov-", "amazonaws.com"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("cn-", "amazonaws.com.cn"),
    ("eusc-de-", "amazonaws.eu"),
    *((f"{area}-", "amazonaws.com") for area in ("us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx")),
)
"""The beginnings of the regions of each partition, and the partition's domain."""


def endpoint(region: str) -> str:
    """Return the URL of STS in a region; empty when its partition is not known."""
    return next((f"https://sts.{region}.{suffix}" for begins, suffix in _SUFFIXES if _is_in(region, begins)), "")


def is_known(region: str) -> bool:
    """Return whether the partition of a region is known."""
    return bool(endpoint(region))


def _is_in(region: str, begins: str) -> bool:
    # The shape that botocore's partitions have: one more word and a number.
    return region.startswith(begins) and re.fullmatch(r"[a-z]+-[0-9]+", region[len(begins) :]) is not None
