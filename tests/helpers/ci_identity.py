"""A CI's OIDC identity: the provider, the role `ci` that jobs of one repository assume, and a job's token."""

import base64
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mfasession.policy.rule import ALLOW_ALL

ISSUER = "token.ci.example.com"
CI_ARN = "arn:aws:sts::123456789012:assumed-role/ci/build-7"
NO_OTHERS = {"AWS_EC2_METADATA_DISABLED": "true"}
"""No instance's role: the tests' network stays on loopback."""


def token(**claims: object) -> str:
    """A CI's token, as a JWT; the sandbox does not check its signature."""
    parts = ({"alg": "RS256"}, {"iss": f"https://{ISSUER}", "aud": "sts", "exp": time.time() + 600, **claims})
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "x"]
    )


def trust_ci(iam: Any, folder: Path, policy: Mapping[str, Any] = ALLOW_ALL) -> Mapping[str, str]:
    """Let the CI's jobs of one repository assume the role `ci`; return the variables of a job.

    The token is read from the file `token` of the folder.
    """
    provider = iam.create_open_id_connect_provider(
        Url=f"https://{ISSUER}", ClientIDList=["sts"], ThumbprintList=["0" * 40]
    )["OpenIDConnectProviderArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{ISSUER}:aud": "sts", f"{ISSUER}:sub": "repo:acme/app"}},
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = iam.create_role(RoleName="ci", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="ci", PolicyName="own", PolicyDocument=json.dumps(policy))
    return {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(folder / "token"),
        "AWS_ROLE_ARN": role,
        "AWS_ROLE_SESSION_NAME": "build-7",
        **NO_OTHERS,
    }
