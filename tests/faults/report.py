"""`make faults`: one table of what was done to mfasession and what came of it; ends with 1 when it did not hold.

MFASESSION_FAULTS=short takes a few points, a few seconds a race and a minute of fuzzing in all; `long`, the default,
every point, a minute a race and a minute a target. The canaries are counted from the report of the tests when
`make test` has left one, else they are planted anew.
"""

import os
import re
import subprocess
import sys
import tempfile
from ast import literal_eval
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

os.environ.setdefault("MFASESSION_FAULTS", "long")

from tests.faults import races, table
from tests.faults.injection import IS_LONG
from tests.faults.targets import TARGETS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TESTS_REPORT = ROOT / ".junit.xml"
"""What `make test` leaves."""
FUZZ_SECONDS = 60 if IS_LONG else max(60 // len(TARGETS), 3)
MEMORY = "memory of "
"""What the names of the counts of `test_what_stays_in_memory` begin with."""
RUNS = re.compile(r"Done (\d+) runs")


class Line:
    """One line of the table: what was done, how often, and whether it held."""

    def __init__(self, what: str, done: str, *, held: bool) -> None:
        self.what = what
        self.done = done
        self.held = held

    def __str__(self) -> str:
        return f"| {self.what} | {self.done} | {'yes' if self.held else 'NO'} |"


def injected() -> list[Line]:
    """Killed and failing system calls."""
    found = list(table.rows(()))
    lines = []
    for what, chosen in (
        ("killed between system calls", [row for row in found if row.fault == "KILL"]),
        ("system calls that fail", [row for row in found if row.fault != "KILL"]),
    ):
        tried = sum(row.points for row in chosen)
        failures = [failure for row in chosen for failure in row.failures]
        sys.stderr.writelines(f"\n{failure}\n" for failure in failures)
        commands = len({row.command for row in chosen})
        done = f"{tried} points of {commands} commands, {tried - len(failures)} survived"
        lines.append(Line(what, done, held=bool(tried) and not failures))
    return lines


def raced() -> Line:
    """Other programs that write the same file meanwhile."""
    *rows, total = races.rows()
    sys.stderr.writelines(f"{row}\n" for row in rows)
    return Line("other tools write the same file", total, held="bystanders hit 0" in total)


def fuzzed() -> Line:
    """Every reader against bytes that libFuzzer thinks of."""
    runs, failed = Counter[str](), []
    for name in TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [
                    sys.executable,
                    str(HERE / "fuzz.py"),
                    name,
                    f"-max_total_time={FUZZ_SECONDS}",
                    "-max_len=4096",
                    folder,
                ],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
        found = RUNS.search(done.stderr)
        runs[name] = int(found[1]) if found else 0
        if done.returncode or not found:
            failed.append(name)
            sys.stderr.write(done.stderr[-4000:])
        sys.stderr.write(f"fuzzed {name}: {runs[name]} inputs\n")
    return Line("inputs fuzzed", f"{runs.total()} inputs of {len(runs)} readers, {len(failed)} failed", held=not failed)


def planted() -> list[Line]:
    """Secrets that must not turn up anywhere, and how many copies stay where they must be: in memory."""
    report = TESTS_REPORT
    with tempfile.TemporaryDirectory() as folder:
        if not report.exists():
            report = Path(folder) / "junit.xml"
            words = ["-q", str(HERE / "test_canaries.py"), f"--junitxml={report}", "-o", "junit_family=xunit1"]
            subprocess.run([sys.executable, "-m", "pytest", *words], cwd=ROOT, stdout=sys.stderr, check=False)
        tree = ET.parse(report)  # noqa: S314  # pytest's own report
    noted = [(each.get("name", ""), each.get("value", "")) for each in tree.iter("property")]
    sums = Counter[str]()
    for name, value in noted:
        if name in {"canaries_planted", "places_searched", "canaries_found"}:
            sums[name] += int(value)
    done = "{canaries_planted} planted, {places_searched} places searched, {canaries_found} found".format_map(sums)
    failed = [
        each for each in tree.iter("testcase") if "test_canaries" in each.get("classname", "") and _has_failed(each)
    ]
    held = bool(sums["canaries_planted"]) and not sums["canaries_found"] and not failed
    memory = {name.removeprefix(MEMORY): literal_eval(value) for name, value in noted if name.startswith(MEMORY)}
    return [Line("canaries", done, held=held), *([in_memory(memory)] if memory else [])]


def _has_failed(case: ET.Element) -> bool:
    return any(each.tag in ("failure", "error") for each in case)


def in_memory(counts: Mapping[str, Mapping[str, int]]) -> Line:
    """How often secrets stand in the memory of processes that stand still; none without root, who alone may look."""
    told = (
        f"{where}: {', '.join(f'{secret} {copies}' for secret, copies in found.items() if copies) or 'none'}"
        for where, found in counts.items()
    )
    return Line(
        "copies in memory", "; ".join(told).replace("_", " "), held=not any(each["seed"] for each in counts.values())
    )


PARTS: Mapping[str, Callable[[], Sequence[Line]]] = {
    "injected": injected,
    "raced": lambda: [raced()],
    "fuzzed": lambda: [fuzzed()],
    "planted": planted,
}


def main(names: Sequence[str]) -> int:
    """Do the named parts, or all, and show the table; the progress goes to stderr."""
    lines = [line for name in names or PARTS for line in PARTS[name]()]
    sys.stdout.write("\n| what | how often | held |\n| --- | --- | --- |\n")
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0 if all(line.held for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
