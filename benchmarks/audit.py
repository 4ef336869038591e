"""The audit of large accounts: how long it takes, beside the AWS that is played, and the most memory it has."""

import os
import subprocess
import time
from pathlib import Path

from benchmarks.tables import table as as_table
from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from mfasession.sandbox import Sandbox
from tests.helpers.auditing import Estate
from tests.helpers.support import MFASESSION

SIZES = (100, 1_000, 10_000)
"""Users; AWS lets an account have 5,000."""


def table(folder: Path) -> str:
    """A report in HTML of accounts of several sizes; half of the users have policies of their own."""
    rows = []
    with Sandbox() as aws:
        for size in SIZES:
            estate = Estate(aws, folder / str(size))
            fill(estate, size)
            seconds, memory = measured(estate)
            rows.append((f"{size:,} users", f"{seconds:.1f} s", f"{memory / 1024:.0f} MB"))
    return as_table(["account", "time", "peak memory"], rows)


def fill(estate: Estate, size: int) -> None:
    """Add users: half of them covered, half of them with a policy that no other has."""
    for number in range(size - 1):
        name, bucket = f"user{number:05}", f"arn:aws:s3:::bucket{number:05}/*"
        own = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": bucket}]}
        policies = [own if number % 2 else ALLOW_ALL, *([DENY_ALL_WITHOUT_MFA] if number % 4 < 2 else [])]
        estate.user(name, *policies).add_device(f"device{number:05}")


def measured(estate: Estate) -> tuple[float, int]:
    """Run the audit once: its seconds, and its largest resident set in kB."""
    words = [MFASESSION, "policy", "audit", "--format", "html", "--output", "report.html"]
    began = time.perf_counter()
    process = subprocess.Popen(words, env=estate.home.environ, cwd=estate.home.folder, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 1:
        raise SystemExit(f"{' '.join(words)} failed")
    return time.perf_counter() - began, usage.ru_maxrss
