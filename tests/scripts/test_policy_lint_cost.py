"""What `policy lint` costs: its start, each file, and what grows in one file; counted, the same on a busy machine."""

import json

from mfasession.policy.rule import DENY_ALL_WITHOUT_MFA
from tests.helpers.support import Home, imported

AWS = {"boto3", "botocore", "urllib3", "ssl"}


def test_policies_are_checked_without_boto3(home: Home) -> None:
    """It takes longer to import than ten policies to check, and pre-commit runs it for a few files."""
    (home.folder / "policy.json").write_text(json.dumps(DENY_ALL_WITHOUT_MFA))
    assert not AWS & imported(home, "policy", "lint", "policy.json")
