"""The actions of services, from the descriptions that botocore brings: for `policy lint`, which does not import it."""

import gzip
import json
import os
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec

SERVICES = (
    *("iam", "sts", "ec2", "sqs", "sns", "dynamodb", "organizations", "cloudformation", "cloudtrail"),
    "secretsmanager",
)
"""Services whose operations have the names of their actions. In others, such as s3, lambda and kms, the names
differ."""
_PERMISSIONS = {
    "iam": (
        *("PassRole", "GetAccountName", "UpdateAccountName", "GetAccountEmailAddress", "UpdateAccountEmailAddress"),
        *("ListSTSRegionalEndpointsStatus", "SetSTSRegionalEndpointStatus", "ListCloudFrontPublicKeys"),
        *("GetCloudFrontPublicKey", "UploadCloudFrontPublicKey", "UpdateCloudFrontPublicKey"),
        "DeleteCloudFrontPublicKey",
    ),
    "sts": ("GetServiceBearerToken", "SetContext", "SetSourceIdentity", "TagGetWebIdentityToken", "TagSession"),
}
"""Actions that are not operations. Source: Service Authorization Reference."""


@lru_cache
def operations(prefix: str) -> Sequence[str]:
    """Return the actions of a service by its prefix; an empty set where botocore's list may be incomplete."""
    if prefix not in SERVICES:
        return ()
    names = _described(prefix)
    return (*names, *_PERMISSIONS.get(prefix, ())) if names else ()


def _described(service: str) -> Sequence[str]:
    """The operations in the newest description of a service: `botocore/data/SERVICE/VERSION/service-2.json.gz`."""
    found = find_spec("botocore")
    folder = os.path.join(os.path.dirname((found.origin if found else "") or ""), "data", service)
    try:
        for version in sorted(os.listdir(folder), reverse=True):
            for ending, opener in ((".gz", gzip.open), ("", open)):
                path = os.path.join(folder, version, f"service-2.json{ending}")
                if os.path.exists(path):
                    with opener(path, "rb") as file:
                        return tuple(json.loads(file.read())["operations"])
    except OSError:
        # Without the descriptions, names are not checked.
        pass
    return ()
