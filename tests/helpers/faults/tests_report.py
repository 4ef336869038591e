"""What the tests have noted about the harm they did: the report that `make test` leaves, or one made now."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

HERE = Path(__file__).parents[2] / "faults"
ROOT = Path(__file__).parents[3]
LEFT = ROOT / ".junit.xml"
"""What `make test` leaves."""


class TestsReport:
    """Properties and outcomes, by the modules of the tests."""

    __test__ = False

    def __init__(self, modules: Iterable[str]) -> None:
        """Run these modules' tests when no report was left."""
        with tempfile.TemporaryDirectory() as folder:
            path = LEFT
            if not path.exists():
                path = Path(folder) / "junit.xml"
                files = [str(HERE / f"{module}.py") for module in modules]
                words = ["-q", *files, f"--junitxml={path}", "-o", "junit_family=xunit1"]
                subprocess.run([sys.executable, "-m", "pytest", *words], cwd=ROOT, stdout=sys.stderr, check=False)
            self._tree = ET.parse(path)  # noqa: S314  # pytest's own report

    def noted(self) -> list[tuple[str, str]]:
        """Return all properties, in their order."""
        return [(each.get("name", ""), each.get("value", "")) for each in self._tree.iter("property")]

    def total(self, name: str) -> int:
        """Return the sum of a property."""
        return sum(int(value) for noted, value in self.noted() if noted == name)

    def count(self, name: str) -> int:
        """Return how many tests have noted a property."""
        return sum(noted == name for noted, _ in self.noted())

    def passed(self, *modules: str) -> bool:
        """Return whether each of these modules' tests were run and none failed."""
        return all(self._passed(module) for module in modules)

    def _passed(self, module: str) -> bool:
        cases = [case for case in self._tree.iter("testcase") if case.get("classname", "").endswith(f".{module}")]
        return bool(cases) and not any(each.tag in ("failure", "error") for case in cases for each in case)
