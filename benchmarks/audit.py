"""The audit of large accounts: how long it takes, beside the AWS that is played, its own CPU time, and its memory."""

import resource
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import plots
from benchmarks.interleaved import Failed, ended, weighed
from benchmarks.tables import Measured
from benchmarks.tables import table as as_table
from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from mfasession.sandbox import Sandbox
from tests.helpers.auditing import Estate
from tests.helpers.support import MFASESSION

SIZES = (100, 1_000, 10_000)
"""Users; AWS lets an account have 5,000."""
WORDS = ("policy", "audit", "--format", "html")
NAME = f"`mfasession {' '.join(WORDS)}`"
ACCOUNTS = (10, 40, 160)
"""Accounts of one run."""
USERS = 20
"""The users of each of them."""
MANY = f"`mfasession policy audit --accounts LIST --role-name auditor --format csv`, {USERS} users each"
UNCOVERED = 1
"""The exit code of an audit that has found users without the rule."""


def table(folder: Path) -> Measured:
    """A report in HTML of accounts of several sizes; half of the users have policies of their own."""
    figures: dict[str, float] = {}
    rows, line = [], {}
    with Sandbox() as aws:
        for size in SIZES:
            estate = Estate(aws, folder / str(size))
            fill(estate, size)
            seconds, cpu, memory = measured(estate)
            rows.append((f"{NAME}, {size:,} users", f"{seconds:.1f}", f"{cpu:.1f}", f"{memory / 1024:.0f}"))
            figures |= {f"{size} users s": seconds, f"{size} users CPU s": cpu, f"{size} users MiB": memory / 1024}
            line[size] = seconds
    plot = plots.growth("policy audit", "s", {"by the number of users": line})
    return Measured(
        as_table(["command, account", "s", "its CPU s", "peak MiB"], rows), figures, plots={"audit.svg": plot}
    )


def accounts(folder: Path) -> Measured:
    """A report in CSV of several numbers of accounts, eight at once: what each account adds."""
    figures: dict[str, float] = {}
    rows = []
    with Sandbox() as aws:
        for number in ACCOUNTS:
            estate = Estate(aws, folder / str(number))
            (estate.home.folder / "accounts").write_text("\n".join(_added(estate, each) for each in range(number)))
            words = ("policy", "audit", "--accounts", "accounts", "--role-name", "auditor", "--format", "csv")
            seconds, cpu, memory = measured(estate, words)
            each = f"{cpu / number * 1000:.0f}"
            rows.append((f"{MANY}, {number} accounts", f"{seconds:.1f}", f"{cpu:.1f}", each, f"{memory / 1024:.0f}"))
            figures |= {f"{number} s": seconds, f"{number} CPU s": cpu, f"{number} MiB": memory / 1024}
    head = ["command, accounts", "s", "its CPU s", "its CPU ms for an account", "peak MiB"]
    return Measured(as_table(head, rows), figures)


def _added(estate: Estate, number: int) -> str:
    """Add an account with a role for the auditor, and users of whom half are covered; return its ID."""
    account = estate.aws.add_account(f"{500_000_000_000 + number}")
    account.add_role("auditor", [estate.alice.arn])
    for user in range(USERS):
        account.add_user(f"user{user:02}", [ALLOW_ALL, *([DENY_ALL_WITHOUT_MFA] if user % 2 else [])])
    return account.account


def fill(estate: Estate, size: int) -> None:
    """Add users: half of them covered, half of them with a policy that no other has."""
    for number in range(size - 1):
        name, bucket = f"user{number:05}", f"arn:aws:s3:::bucket{number:05}/*"
        own = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": bucket}]}
        policies = [own if number % 2 else ALLOW_ALL, *([DENY_ALL_WITHOUT_MFA] if number % 4 < 2 else [])]
        estate.user(name, *policies).add_device(f"device{number:05}")


def measured(estate: Estate, command: Sequence[str] = WORDS) -> tuple[float, float, int]:
    """Run the audit once: its seconds, its own of user and system time, its largest resident set in kB. Raises Failed.

    The sandbox is a part of this process, so its time is not in the second figure.
    """
    words = [MFASESSION, *command, "--output", str(estate.home.folder / "report")]
    with weighed(words) as (spawning, weight):
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            spawning, env=estate.home.environ, cwd=estate.home.folder, capture_output=True, check=False
        )
        took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if done.returncode != UNCOVERED:
            raise Failed(f"mfasession {' '.join(command)} {ended(done.returncode, done.stderr.decode())}")
        return took, cpu, int(weight.read_text())
