"""docs/organisation.md: its queries, as they stand, over results of four thousand lines, and the same by hand."""

import csv
import gzip
import io
import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.helpers import audit_results
from tests.helpers.sdks import wanted

pytestmark = pytest.mark.checkout
PAGE = (Path(__file__).parents[2] / "docs/organisation.md").read_text()
Lines = list[dict[str, Any]]
Rows = list[tuple[Any, ...]]


def blocks(language: str) -> list[str]:
    """The page's blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def block(mark: str) -> str:
    """The one block of SQL with this text."""
    (found,) = [each for each in blocks("sql") if mark in each]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of 41 accounts, two of which could not be read."""
    made = tmp_path_factory.mktemp("results")
    audit_results.write(made, accounts=41, users=100)
    return made


@pytest.fixture(scope="module")
def lines(folder: Path) -> Lines:
    """All lines of the results."""
    parts = folder.glob("audit/*/*/part.jsonl.gz")
    return [json.loads(line) for part in parts for line in gzip.decompress(part.read_bytes()).splitlines()]


def who(lines: Lines) -> Rows:
    """The users who are open, administrators and old keys first."""
    names = ("account", "organization_path", "user", "administrator", "oldest_active_key_days")
    rows = [tuple(each[name] for name in names) for each in lines if each["verdict"] == "not covered"]
    return sorted(rows, key=lambda row: (not row[3], row[4] is None, -(row[4] or 0), row[0], row[2]))


def counted(lines: Lines, group: Callable[[dict[str, Any]], object]) -> Rows:
    """The numbers of users and of open ones by group."""
    users = [each for each in lines if each["kind"] == "user"]
    every = Counter(map(group, users))
    are_open = Counter(group(each) for each in users if each["verdict"] == "not covered")
    return [(name, every[name], are_open[name]) for name in every]


def unit(line: dict[str, Any]) -> object:
    """The OU of a user's account."""
    return line["organization_path"]


def age(line: dict[str, Any]) -> str:
    """The age of a user's oldest key."""
    days = line["oldest_active_key_days"]
    if days is None:
        return "no active key"
    return "to 90 days" if days <= 90 else "to a year" if days <= 365 else "older"


def test_the_queries_in_duckdb(folder: Path, lines: Lines) -> None:
    """Each row and each number is that of the lines."""
    with duckdb.connect(config={"threads": 1}) as base:
        base.execute(f"SET file_search_path = '{folder}'")
        base.execute(block("CREATE VIEW audit"))

        def rows(mark: str) -> Rows:
            return base.execute(block(mark)).fetchall()

        assert rows("ORDER BY administrator") == who(lines)
        assert rows("GROUP BY organization_path") == sorted(counted(lines, unit), key=lambda row: (-row[2], row[0]))
        assert rows("THEN 'to 90 days'") == sorted(counted(lines, age))
        assert rows("unread account") == [
            ("000000000020", "AWS denied AssumeRole"),
            ("000000000040", "AWS denied AssumeRole"),
        ]


def test_athena_and_duckdb_have_the_same_columns() -> None:
    """The queries are for both; each column is a key of the schema."""
    duck = re.findall(r"[{ ]\"?(\w+)\"?: '", block("CREATE VIEW audit").partition("columns")[2])
    athena = re.findall(r"[( ]`?(\w+)`? (?:string|boolean|int|array)", block("CREATE EXTERNAL TABLE"))
    assert sorted([*duck, "account"]) == sorted(athena)
    schema = json.loads((Path(__file__).parents[2] / "docs/schemas/policy-audit-lines.json").read_text())
    assert set(athena) <= set(schema["properties"])


def test_the_queries_in_polars(folder: Path, lines: Lines) -> None:
    """The same, with the program of the page."""
    (program,) = blocks("python")
    python = wanted("frames", "bin", "python")
    done = subprocess.run([python, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    frames = [list(csv.reader(io.StringIO(each))) for each in done.stdout.strip().split("\n\n")]
    expected = (who(lines), counted(lines, unit), counted(lines, age))
    for (_, *found), rows in zip(frames, expected, strict=True):
        assert sorted(found) == sorted([*map(shown, row)] for row in rows)


def shown(value: object) -> str:
    """A value as Polars writes it in CSV."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
