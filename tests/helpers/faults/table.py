"""`python -m tests.helpers.faults.table`: every point of every command, or of those that are named, as one table.

MFASESSION_FAULTS=short tries one point of each. Ends with 1 when something was not survived, and says where.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("MFASESSION_FAULTS", "long")

from mfasession.sandbox import Sandbox
from tests.helpers.faults.commands import COMMANDS
from tests.helpers.faults.injection import Row, Survey


def rows(names: Sequence[str]) -> Iterator[Row]:
    """Disturb the commands of these names, or all; each row is shown as it comes."""
    with Sandbox() as aws:
        for command in COMMANDS:
            if not names or command.name in names:
                with tempfile.TemporaryDirectory() as folder:
                    survey = Survey(command, aws, Path(folder))
                    yield survey.killed()
                    yield from survey.failing()


def main(names: Sequence[str]) -> int:
    """Show the table, its sum and what was not survived."""
    found = list(rows(names))
    failures = [failure for row in found for failure in row.failures]
    tried = sum(row.points for row in found)
    sys.stdout.write(f"{'all':34} {'':8} injected {tried:4}, survived {tried - len(failures):4}\n")
    sys.stdout.writelines(f"\n{failure}\n" for failure in failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
