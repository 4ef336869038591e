"""A check of Prowler: each IAM user is denied everything without MFA, by any policy and in any spelling.

It runs `mfasession policy audit` with Prowler's credentials. MFASESSION is the path of the command; without it, the
one in the PATH.
"""

import json
import os
import subprocess
from collections.abc import Mapping

from prowler.lib.check.models import Check, Check_Report_AWS
from prowler.providers.aws.services.iam.iam_client import iam_client

Line = Mapping[str, object]
STATUS = {"covered": "PASS", "not covered": "FAIL"}


class iam_user_denied_without_mfa(Check):  # noqa: N801  # Prowler finds it by its folder's name
    """Ensure that users can do nothing but enrol a device without MFA."""

    def execute(self) -> list[Check_Report_AWS]:
        """Return a finding for each user. Raises CalledProcessError if nothing could be read."""
        lines = {line["arn"]: line for line in audit() if line["kind"] == "user"}
        findings = []
        for user in iam_client.users:
            report = Check_Report_AWS(metadata=self.metadata(), resource=user)
            report.region = iam_client.region
            report.status, report.status_extended = said(user.name, lines.get(user.arn))
            findings.append(report)
        return findings


def said(name: str, line: Line | None) -> tuple[str, str]:
    """Return the status and the text of a finding."""
    if line is None:
        return "MANUAL", f"User {name} is not in the audit."
    status = STATUS.get(str(line["verdict"]), "MANUAL")
    if status == "PASS":
        return status, f"User {name} is denied everything without MFA ({', '.join(line['covered_by'])})."
    is_known = "can use" if status == "FAIL" else "may be able to use"
    return status, f"User {name} {is_known} without MFA: {', '.join(line['open_without_mfa'] or ['everything'])}."


def audit() -> list[Line]:
    """Return the lines of an audit of Prowler's account."""
    keys = iam_client.session.get_credentials().get_frozen_credentials()
    environ = {name: value for name, value in os.environ.items() if name not in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")}
    environ |= {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}
    if keys.token:
        environ["AWS_SESSION_TOKEN"] = keys.token
    words = [environ.get("MFASESSION", "mfasession"), "policy", "audit", "--ambient", "--format", "jsonl"]
    done = subprocess.run(words, env=environ, stdout=subprocess.PIPE, text=True, check=False)
    # The exit code is 1 or 4 also for what the audit found.
    if not done.stdout:
        done.check_returncode()
    return [json.loads(line) for line in done.stdout.splitlines()]
