"""What every JSON output must be, whichever test has driven the command: valid against its schema in docs/schemas."""

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"
LARGEST = 100_000
"""Characters that are validated: a report of thousands of users has nothing that one of ten has not."""


def faults(words: Sequence[str], stdout: str) -> list[str]:
    """Return what is wrong with the JSON that a command line of ours, without the program's name, has printed."""
    ours = words[: words.index("--")] if "--" in words else words
    if "--help" in ours or not stdout or len(stdout) > LARGEST:
        return []
    path = path_of(ours)
    if path is None:
        return []
    if _has_format(ours, "jsonl"):
        lines = path.with_stem(f"{path.stem}-lines")
        return [fault for line in stdout.splitlines() for fault in invalid(lines, line)]
    wants_json = "--json" in ours or _has_format(ours, "json")
    return invalid(path, stdout) if wants_json else []


def invalid(path: Path, text: str) -> list[str]:
    """Return what is wrong with a JSON text by a schema."""
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(strict(path), format_checker=Draft202012Validator.FORMAT_CHECKER)
    found = validator.iter_errors(json.loads(text))
    return [f"{path.name}: {error.json_path}: {error.message[:300]}" for error in found]


def _has_format(words: Sequence[str], name: str) -> bool:
    return f"--format={name}" in words or ("--format", name) in pairwise(words)


def path_of(words: Sequence[str]) -> Path | None:
    """Return the schema of a command line; None for one without, as `policy show`, whose JSON is AWS's."""
    names = [word for word in words if word.replace("-", "").isalpha() and not word.startswith("-")]
    lines = ("-".join(names[begin : begin + length]) for begin in range(len(names)) for length in (2, 1))
    return next((path for line in lines if (path := FOLDER / f"{line}.json").exists()), None)


@cache
def strict(path: Path) -> Any:
    """Return a schema that refuses fields which it does not describe; for users more fields may come."""
    return _closed(json.loads(path.read_text()))


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    return {"additionalProperties": False, **closed} if "properties" in closed and "required" in closed else closed


def sarif_faults(log: Any) -> list[str]:
    """Return what is wrong with SARIF by its published schema (OASIS), which a package of its authors has."""
    return [f"{error.json_path}: {error.message[:300]}" for error in _published_sarif().iter_errors(log)]


@cache
def _published_sarif() -> Any:
    from jsonschema import Draft7Validator

    from tests.helpers.support import BUILT, missing

    path = BUILT / "reports/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
    if not path.exists():
        missing("SARIF's schema (make tools)")
    return Draft7Validator(json.loads(path.read_text()))
