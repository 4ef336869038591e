"""`python -m benchmarks.results FOLDER [ACCOUNTS]`: the queries of docs/organisation.md over many results.

Writes the results of so many accounts (2,000) of 5,000 users into the folder, unless it has some, and prints a row for
each query: its processor time and the most memory that it had. Polars is that of `make clients`, if it is there.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.tables import table
from tests.helpers import audit_results

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/organisation.md").read_text()
POLARS = ROOT / ".tools/frames/bin/python"
USERS = 5_000
"""As many as AWS lets an account have."""
DUCKDB = """import sys, duckdb
base = duckdb.connect()
base.execute(sys.argv[1])
found = base.execute(sys.argv[2])
while found.fetchmany(10_000):
    pass
"""


def main(words: Sequence[str]) -> None:
    """Write results if there are none, run each query in a process of its own, and print the table."""
    folder, accounts = Path(words[0]), int((*words, "2000")[1])
    if not (folder / "audit").exists():
        audit_results.write(folder, accounts, USERS)
    parts = list(folder.glob("audit/*/*/part.jsonl.gz"))
    print(f"{len(parts):,} objects, {sum(part.stat().st_size for part in parts) / 1e6:,.0f} MB", flush=True)
    rows = [(name, *measured(argv, folder)) for name, argv in queries()]
    print(table(["query", "s", "CPU s", "peak MiB"], rows))


def queries() -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the queries of the page, each with its name and the process that runs it."""
    texts = re.findall(r"^(\S[^\n]*):\n\n```sql\n(SELECT.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (view,) = re.findall(r"^CREATE VIEW.*?;$", PAGE, re.MULTILINE | re.DOTALL)
    for name, text in texts:
        yield f"DuckDB: {name}", (sys.executable, "-c", DUCKDB, view, text)
    if POLARS.exists():
        (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
        yield "Polars: the first three together", (str(POLARS), "-c", program)


def measured(argv: Sequence[str], folder: Path) -> tuple[str, str, str]:
    """Run a process; return its seconds, its CPU seconds and its peak in MiB."""
    began = time.monotonic()
    started = subprocess.Popen(argv, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(started.pid, 0)
    if status:
        raise RuntimeError(f"{argv[:2]} failed")
    cpu = usage.ru_utime + usage.ru_stime
    return f"{time.monotonic() - began:.0f}", f"{cpu:.1f}", f"{usage.ru_maxrss / 1024:.0f}"


if __name__ == "__main__":
    main(sys.argv[1:])
