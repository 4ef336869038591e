"""`make faults`: one table of what was done to mfasession and what came of it; ends with 1 when it did not hold.

MFASESSION_FAULTS=short counts what the tests have done (a point of each, seconds a race, a minute of fuzzing); `long`,
the default, does every point, a minute a race and a minute a reader. The canaries are counted from the tests in both.
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

os.environ.setdefault("MFASESSION_FAULTS", "long")

from tests.helpers.faults import races, table
from tests.helpers.faults.injection import IS_LONG
from tests.helpers.faults.targets import TARGETS
from tests.helpers.faults.tests_report import HERE as TESTS_FOLDER
from tests.helpers.faults.tests_report import TestsReport

HERE = Path(__file__).parent
FUZZ_SECONDS = 60
MEMORY = "memory of "
"""What the names of the counts of `test_secrets_left_in_memory` begin with."""
RUNS = re.compile(r"Done (\d+) runs")
CANARIES = tuple(
    path.stem for path in sorted(TESTS_FOLDER.glob("test_*.py")) if "canaries: Canaries" in path.read_text()
)
"""Every module whose tests plant secrets."""
TESTS = {
    "injected": ("test_commands_disturbed",),
    "raced": ("test_races",),
    "fuzzed": ("test_fuzz_targets",),
    "planted": CANARIES,
}
"""The modules of tests that do the short form of each part."""


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


def planted(tests: TestsReport) -> list[Line]:
    """Secrets that must not turn up anywhere, and how many copies stay where they must be: in memory."""
    mine, places, found = (tests.total(name) for name in ("canaries_planted", "places_searched", "canaries_found"))
    memory = {
        name.removeprefix(MEMORY): literal_eval(value) for name, value in tests.noted() if name.startswith(MEMORY)
    }
    held = bool(mine) and not found and tests.passed(*TESTS["planted"])
    done = f"{mine} planted, {places} places searched, {found} found"
    return [Line("canaries", done, held=held), *([in_memory(memory)] if memory else [])]


def injected_by(tests: TestsReport) -> list[Line]:
    """Killed and failing system calls, one of each command."""
    return [
        Line(
            what,
            f"{tests.total(name)} points of {tests.count(name)} commands",
            held=bool(tests.total(name)) and tests.passed(*TESTS["injected"]),
        )
        for what, name in (("killed between system calls", "killed"), ("system calls that fail", "failing"))
    ]


def raced_by(tests: TestsReport) -> Line:
    """Other programs that write the same file meanwhile, for some seconds each."""
    races_run, written, lost, hit = (
        tests.count("race written"),
        *(tests.total(f"race {name}") for name in ("written", "lost", "damaged")),
    )
    done = f"races {races_run}, updates {written}, lost {lost}, bystanders hit {hit}"
    return Line("other tools write the same file", done, held=bool(written) and tests.passed(*TESTS["raced"]))


def fuzzed_by(tests: TestsReport) -> Line:
    """Every reader against bytes that libFuzzer thinks of, a minute in all."""
    done = f"{tests.total('fuzzed')} inputs of {tests.count('fuzzed')} readers"
    return Line("inputs fuzzed", done, held=bool(tests.total("fuzzed")) and tests.passed(*TESTS["fuzzed"]))


def in_memory(counts: Mapping[str, Mapping[str, int]]) -> Line:
    """How often secrets stand in the memory of processes that stand still; none without root, who alone may look."""
    figures = (
        f"{where}: {', '.join(f'{secret} {copies}' for secret, copies in found.items() if copies) or 'none'}"
        for where, found in counts.items()
    )
    return Line(
        "copies in memory", "; ".join(figures).replace("_", " "), held=not any(each["seed"] for each in counts.values())
    )


LONG: Mapping[str, Callable[[], Sequence[Line]]] = {
    "injected": injected,
    "raced": lambda: [raced()],
    "fuzzed": lambda: [fuzzed()],
    "planted": lambda: planted(TestsReport(TESTS["planted"])),
}
SHORT: Mapping[str, Callable[[TestsReport], Sequence[Line]]] = {
    "injected": injected_by,
    "raced": lambda tests: [raced_by(tests)],
    "fuzzed": lambda tests: [fuzzed_by(tests)],
    "planted": planted,
}


def main(names: Sequence[str]) -> int:
    """Do the named parts, or all, and show the table; the progress goes to stderr."""
    parts = names or list(TESTS)
    if IS_LONG:
        lines = [line for name in parts for line in LONG[name]()]
    else:
        tests = TestsReport([module for name in parts for module in TESTS[name]])
        lines = [line for name in parts for line in SHORT[name](tests)]
    sys.stdout.write("\n| what | how often | held |\n| --- | --- | --- |\n")
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0 if all(line.held for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
