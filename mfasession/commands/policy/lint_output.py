"""Formats findings as text, JSON, SARIF, and GitHub workflow commands."""

import json
from collections.abc import Sequence
from typing import Any

from mfasession.admin.sarif_driver import SARIF_SCHEMA, sarif_driver
from mfasession.policy import RULES, Finding, Severity
from mfasession.text import printable
from mfasession.values import Value

_SARIF_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_GITHUB_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


class Checked(Value):
    """A checked document: its name for people, the path of its file (or empty), its findings.

    `fixed` counts the findings that --fix has fixed; they are not among the others.
    """

    where: str
    path: str
    findings: Sequence[Finding]
    fixed: int = 0


def as_text(checked: Sequence[Checked]) -> str:
    """Return lines of `file:line: severity: message [rule]`, each with the reason and the correction."""
    lines: list[str] = []
    for each in checked:
        for found in each.findings:
            place = f"{each.where}:{found.place.line}: {found.rule.severity.value}: {found.message}"
            lines += [f"{place} [{found.rule.slug}]", f"  at {found.place.path or 'the document'}: {found.rule.why}"]
            if found.corrected:
                lines += [f"  {word} {line}" for word, line in _corrected(found)]
    return "".join(f"{printable(line)}\n" for line in lines)


def as_json(checked: Sequence[Checked]) -> str:
    """Return one array, a record for each finding."""
    return json.dumps([_record(each, found) for each in checked for found in each.findings], indent=2) + "\n"


def as_sarif(checked: Sequence[Checked]) -> str:
    """Return one run in SARIF 2.1.0 (OASIS)."""
    order = {slug: number for number, slug in enumerate(RULES)}
    driver = sarif_driver((rule.slug, rule.title, rule.why, _SARIF_LEVELS[rule.severity]) for rule in RULES.values())
    results = [_result(each, found, order) for each in checked for found in each.findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def as_github(checked: Sequence[Checked]) -> str:
    """Return a workflow command for each finding (GitHub Docs, "Workflow commands for GitHub Actions")."""
    lines = []
    for each in checked:
        for found in each.findings:
            level = _GITHUB_LEVELS[found.rule.severity]
            place = f"line={found.place.line},col={found.place.column},title={_property(found.rule.slug)}"
            where = f"file={_property(each.path)}," if each.path else ""
            command = f"::{level} {where}{place}::{_data(f'{found.message}. {found.rule.why}')}"
            lines.append(f"{printable(command)}\n")
    return "".join(lines)


def _corrected(found: Finding) -> "list[tuple[str, str]]":
    lines = found.corrected.split("\n")
    return [("should be:" if number == 0 else "          ", line) for number, line in enumerate(lines)]


def _record(checked: Checked, found: Finding) -> dict[str, Any]:
    return {
        "file": checked.where,
        "line": found.place.line,
        "column": found.place.column,
        "path": found.place.path,
        "rule": found.rule.slug,
        "severity": found.rule.severity.value,
        "message": found.message,
        "why": found.rule.why,
        "corrected": found.corrected or None,
        "fixable": bool(found.edits),
    }


def _result(checked: Checked, found: Finding, order: dict[str, int]) -> dict[str, Any]:
    region = {"startLine": found.place.line, "startColumn": found.place.column}
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": found.place.path or "document"}]}
    if checked.path:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(checked.path)}, "region": region}
    return {
        "ruleId": found.rule.slug,
        "ruleIndex": order[found.rule.slug],
        "level": _SARIF_LEVELS[found.rule.severity],
        "message": {"text": found.message},
        "locations": [location],
    }


def _uri(path: str) -> str:
    from pathlib import PurePath
    from urllib.parse import quote

    return PurePath(path).as_uri() if PurePath(path).is_absolute() else quote(path.encode(errors="surrogateescape"))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
