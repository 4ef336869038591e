"""The audit of large accounts: how long it takes, beside the AWS that is played, its own CPU time, and its memory."""

import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import plots
from benchmarks.interleaved import Failed, ended, weighed
from benchmarks.tables import Measured
from benchmarks.tables import table as as_table
from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from mfasession.sandbox import Sandbox
from tests.helpers.auditing import Estate
from tests.helpers.support import MFASESSION

SIZES = (100, 1_000, 10_000, 50_000)
"""Users; AWS lets an account have 5,000."""
WORDS = ("policy", "audit", "--format", "html")
NAME = f"`mfasession {' '.join(WORDS)}`"
WORST = 10_000
"""Users each of whom has two statements that no other has."""
SMALL, LARGE = 4, 5_000
"""The users of an account in a run of many accounts, and in one of accounts as large as AWS allows."""
RUNS = (*((number, SMALL) for number in (100, 400, 1_600, 5_000)), *((number, LARGE) for number in (1, 2, 4, 8)))
"""Accounts of one run, and the users of each."""
MANY = "`mfasession policy audit --accounts LIST --role-name auditor --format csv`"
WHOLE = 5_000
"""The accounts of a large organization."""
UNCOVERED = 1
"""The exit code of an audit that has found users without the rule."""


def table(folder: Path) -> Measured:
    """A report in HTML of accounts of several sizes; half of the users have policies of their own, or all of them."""
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
        estate = Estate(aws, folder / "worst")
        fill_with_own(estate, WORST)
        seconds, cpu, memory = measured(estate)
        what = f"{NAME}, {WORST:,} users, no two alike"
        rows.append((what, f"{seconds:.1f}", f"{cpu:.1f}", f"{memory / 1024:.0f}"))
        figures |= {"worst s": seconds, "worst CPU s": cpu, "worst MiB": memory / 1024}
    plot = plots.growth("policy audit", "s", {"by the number of users": line})
    return Measured(
        as_table(["command, account", "s", "its CPU s", "peak MiB"], rows), figures, plots={"audit.svg": plot}
    )


def accounts(folder: Path) -> Measured:
    """A report in CSV of several numbers of accounts, eight at once: what each account and each user adds."""
    figures: dict[str, float] = {}
    rows = []
    for number, users in RUNS:
        with Sandbox() as aws:
            estate = Estate(aws, folder / f"{number}-{users}")
            listed = (_added(estate, each, users) for each in range(number))
            (estate.home.folder / "accounts").write_text("\n".join(listed))
            words = ("policy", "audit", "--accounts", "accounts", "--role-name", "auditor", "--format", "csv")
            seconds, cpu, memory = measured(estate, words)
        name = f"{number} of {users} "
        figures |= {f"{name}s": seconds, f"{name}CPU s": cpu, f"{name}MiB": memory / 1024}
        rows.append(
            (f"{MANY}, {number:,} accounts of {users:,} users", f"{seconds:.1f}", f"{cpu:.1f}",
             f"{cpu / number * 1000:.0f}", f"{cpu / number / users * 1e6:.0f}", f"{memory / 1024:.0f}")
        )  # fmt: skip
    whole = _slope(figures, LARGE) * WHOLE
    figures["whole CPU s"] = whole
    rows.append(
        (f"{MANY}, {WHOLE:,} accounts of {LARGE:,} users, extrapolated", "", f"{whole:,.0f}",
         f"{whole / WHOLE * 1000:.0f}", f"{whole / WHOLE / LARGE * 1e6:.0f}", "")
    )  # fmt: skip
    head = ["command, accounts", "s", "its CPU s", "its CPU ms for an account", "its CPU µs for a user", "peak MiB"]
    return Measured(as_table(head, rows), figures)


def _slope(figures: Mapping[str, float], users: int) -> float:
    """What an account of so many users adds, in CPU seconds: between the smallest and the largest run of these."""
    numbers = [number for number, these in RUNS if these == users]
    few, many = min(numbers), max(numbers)
    return (figures[f"{many} of {users} CPU s"] - figures[f"{few} of {users} CPU s"]) / (many - few)


def _added(estate: Estate, number: int, users: int) -> str:
    """Add an account with a role for the auditor, and users: half of them covered, half with a policy of their own."""
    account = estate.aws.add_account(f"{500_000_000_000 + number}")
    account.add_role("auditor", [estate.alice.arn])
    for user in range(users):
        own = one_bucket(number * users + user) if user // 2 % 2 else ALLOW_ALL
        account.add_user(f"user{user:04}", [own, *([DENY_ALL_WITHOUT_MFA] if user % 2 else [])])
    return account.account


def one_bucket(number: int) -> dict[str, Any]:
    """Return a policy that no other user has: another bucket."""
    bucket = f"arn:aws:s3:::bucket{number:05}/*"
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": bucket}]}


def fill(estate: Estate, size: int) -> None:
    """Add users: half of them covered, half of them with a policy that no other has."""
    for number in range(size - 1):
        own = one_bucket(number) if number % 2 else ALLOW_ALL
        policies = [own, *([DENY_ALL_WITHOUT_MFA] if number % 4 < 2 else [])]
        estate.user(f"user{number:05}", *policies).add_device(f"device{number:05}")


SERVICES = ("s3", "ec2", "sqs", "sns", "dynamodb", "kms", "lambda", "logs", "rds", "ecr")


def fill_with_own(estate: Estate, size: int) -> None:
    """Add users of whom no two have a statement in common, but for the rule, which half of them have."""
    for number in range(size - 1):
        actions = [f"{SERVICES[number % 10]}:Get*", f"{SERVICES[number // 10 % 10]}:List{number}*"]
        resources = [f"arn:aws:s3:::bucket{number:05}/*", f"arn:aws:sqs:*:*:queue{number:05}"]
        region = {"StringEquals": {"aws:RequestedRegion": f"eu-west-{number}"}}
        statements = [
            {"Effect": "Allow", "Action": actions, "Resource": resources},
            {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*", "Condition": region},
        ]
        policies = [{"Version": "2012-10-17", "Statement": statements}]
        estate.user(f"user{number:05}", *policies, *([DENY_ALL_WITHOUT_MFA] if number % 2 else []))


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
