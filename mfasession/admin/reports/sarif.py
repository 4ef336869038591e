"""The problems as SARIF 2.1.0 (OASIS), for code scanning: GitHub, GitLab and Azure DevOps show them.

GitHub takes only results with a path (GitHub Docs, "SARIF support for code scanning"), so each has that of its ARN.
Those with an exception in force are suppressed.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from mfasession import timestamps
from mfasession.admin.reports import Report
from mfasession.admin.reports.problems import RULES, Problem, problems
from mfasession.admin.sarif_driver import SARIF_SCHEMA, sarif_driver
from mfasession.text import printable

_ORDER = {rule.name: number for number, rule in enumerate(RULES)}


def pieces(report: Report) -> Iterator[str]:
    """Yield the text, a result at a time."""
    when = timestamps.show(int(report.now))
    driver = sarif_driver((rule.name, rule.title, f"{rule.why} {rule.fix}.", rule.level) for rule in RULES)
    head = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": "mfasession/policy-audit/", "guid": report.run},
        "invocations": [
            {"executionSuccessful": True, "endTimeUtc": when, "account": report.reader.arn},
        ],
    }
    start = json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [{**head, "results": []}]})
    # The results come between the brackets.
    opened, closed = start[: -len("]}]}")], start[-len("]}]}") :]
    yield opened
    between = "\n"
    for problem in problems(report):
        yield between + json.dumps(_result(problem))
        between = ",\n"
    yield f"\n{closed}\n"


def _result(problem: Problem) -> Mapping[str, Any]:
    about = problem.arn or problem.name
    place = problem.account.id or "any-account"
    path = f"{place}/{problem.name}"
    found: dict[str, Any] = {
        "ruleId": problem.rule.name,
        "ruleIndex": _ORDER[problem.rule.name],
        "level": problem.rule.level,
        "message": {"text": printable(problem.message)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(path.encode(errors="replace"))},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": printable(about)}],
            }
        ],
        # The same user and problem are one alert in all runs.
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(problem.rule.name, place, problem.uid)},
    }
    if problem.accepted is not None:
        why = f"{problem.accepted.reason} ({problem.accepted.owner}), until {problem.accepted.until}"
        found["suppressions"] = [{"kind": "external", "justification": printable(why)}]
    return found


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()
