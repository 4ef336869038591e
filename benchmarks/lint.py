"""`policy lint` of many files at once, as a pre-commit hook runs it."""

import json
from pathlib import Path

from benchmarks import homes, plots
from benchmarks.interleaved import pinned, timed, weigh
from benchmarks.tables import Measured
from benchmarks.tables import table as as_table
from tests.helpers.support import MFASESSION

SIZES = (1, 10, 100, 1_000)
"""Files."""
RUNS = 5


def table(folder: Path) -> Measured:
    """Lint 1 to 1,000 policies, no two alike; the minimum of five runs."""
    home = homes.in_file(folder / "home")
    files = [str(_policy(folder, number)) for number in range(SIZES[-1])]
    rows, figures, line = [], {}, {}
    with pinned():
        for size in SIZES:
            words = [MFASESSION, "policy", "lint", *files[:size]]
            took = min(timed(words, home) for _ in range(RUNS))
            peak = weigh(words, home) / 1024
            rows.append((f"`mfasession policy lint FILE …`, {size:,} of them", f"{took:.2f}", f"{peak:.0f}"))
            figures[f"{size} files s"] = line[size] = took
    plot = plots.growth("policy lint", "s", {"by the number of files": line})
    return Measured(as_table(["command", "minimum s", "peak MiB"], rows), figures, plots={"lint.svg": plot})


def _policy(folder: Path, number: int) -> Path:
    bucket = f"arn:aws:s3:::bucket{number:05}"
    read = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": [bucket, f"{bucket}/*"]}
    without_mfa = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    keep = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": f"{bucket}/*", "Condition": without_mfa}
    path = folder / f"policy{number:05}.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [read, keep]}, indent=2))
    return path
